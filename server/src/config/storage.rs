//! Where files are kept: from what is written of it to what may run.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::address::{is_loopback, parse_public_url};
use super::environment::{Variables, replace};
use super::file::ConfigFile;
use super::model::{S3Storage, Storage};
use super::storage_section::{S3Section, StorageSection, Style};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    access_key: String,
    secret_key: SecretString,
}

/// The longest that a request may wait for its file: pages are given up after 30 s, and what comes around the file
/// takes time as well.
const LONGEST_PATIENCE: u16 = 25;

impl StorageSection {
    /// The keys come from the environment together, or not at all.
    fn override_with(&mut self, variables: &mut Variables<'_>, prefix: &str) {
        let StorageSection::S3(s3) = self else { return };
        let access_key = variables.read(&format!("{prefix}_ACCESS_KEY"));
        let secret_key = variables.secret(&format!("{prefix}_SECRET_KEY"));
        let file = variables.read(&format!("{prefix}_CREDENTIALS_FILE"));
        if access_key.is_some() || secret_key.is_some() {
            s3.credentials_file = None;
        }
        if file.is_some() {
            (s3.access_key, s3.secret_key) = (None, None);
        }
        replace(&mut s3.access_key, access_key);
        replace(&mut s3.secret_key, secret_key);
        replace(&mut s3.credentials_file, file);
    }
}

impl ConfigFile {
    pub(super) fn override_storage(&mut self, variables: &mut Variables<'_>) {
        let sections = [("BEIAN_S3", &mut self.storage), ("BEIAN_FORMER_S3", &mut self.former_storage)];
        for (prefix, section) in sections {
            if let Some(section) = section {
                section.override_with(variables, prefix);
            }
        }
    }
}

/// The place of files, and the former one while they are moved.
pub(super) fn storages(
    file: &mut ConfigFile,
    production: bool,
    refusals: &mut Vec<String>,
) -> (Option<Storage>, Option<Storage>) {
    let storage = file.storage.take().and_then(|section| storage("storage", section, production, refusals));
    let former = file.former_storage.take();
    let former = former.and_then(|section| self::storage("former_storage", section, production, refusals));
    if let (Some(storage), Some(former)) = (&storage, &former)
        && storage.is_same_place(former)
    {
        refusals.push("[storage] and [former_storage] are the same place.".into());
    }
    (storage, former)
}

fn storage(
    name: &str,
    section: StorageSection,
    production: bool,
    refusals: &mut Vec<String>,
) -> Option<Storage> {
    match section {
        StorageSection::Local { directory } => Some(Storage::Local { directory }),
        StorageSection::S3(s3) => {
            s3_storage(name, *s3, production, refusals).map(|s3| Storage::S3(Box::new(s3)))
        }
    }
}

fn s3_storage(name: &str, s3: S3Section, production: bool, refusals: &mut Vec<String>) -> Option<S3Storage> {
    let before = refusals.len();
    let mut refuse = |sentence: String| refusals.push(format!("[{name}]: {sentence}"));
    let endpoint = parse_public_url(&s3.endpoint);
    match &endpoint {
        None => refuse("endpoint must be http(s)://host[:port], without the bucket or a path.".into()),
        Some(url) if url.scheme() == "https" || !production || is_loopback(url) => {}
        Some(_) if s3.allow_unencrypted.unwrap_or(false) => tracing::warn!(
            "the wire to [{name}] is trusted as it is: who sits in between sees which files come and go, though not \
             what is in them (allow_unencrypted)"
        ),
        Some(_) => refuse(
            "production reaches a store on another machine over https; say allow_unencrypted = true where the wire \
             is trusted."
                .into(),
        ),
    }
    if !is_bucket(&s3.bucket) {
        refuse("bucket must be 3 to 63 small letters, digits, dots and hyphens.".into());
    }
    if s3.region.is_empty() || !s3.region.chars().all(|c| c.is_ascii_graphic()) {
        refuse("region must be the region of the bucket, such as us-east-1.".into());
    }
    if s3.prefix.as_deref().is_some_and(|prefix| !is_prefix(prefix)) {
        refuse("prefix must be names of letters, digits, dots, hyphens and underscores, parted by /.".into());
    }
    let credentials = credentials(&s3).map_err(&mut refuse).ok();
    let connect = s3.connect_seconds.unwrap_or(3);
    let request = s3.request_seconds.unwrap_or(8);
    let patience = s3.patience_seconds.unwrap_or(20);
    if connect == 0 || request < connect || patience < request || patience > LONGEST_PATIENCE {
        refuse(format!(
            "connect_seconds must be at least 1, request_seconds no less than that, and patience_seconds no less \
             than those and at most {LONGEST_PATIENCE}: a page is given up after 30."
        ));
    }
    let (access_key, secret_key) = credentials?;
    let seconds = |seconds: u16| Duration::from_secs(seconds.into());
    let storage = S3Storage {
        endpoint: endpoint?,
        bucket: s3.bucket,
        region: s3.region,
        prefix: s3.prefix.map(|prefix| prefix.trim_matches('/').to_owned()).filter(|it| !it.is_empty()),
        access_key,
        secret_key,
        is_virtual_hosted: s3.style == Style::Virtual,
        connect_timeout: seconds(connect),
        request_timeout: seconds(request),
        patience: seconds(patience),
    };
    (refusals.len() == before).then_some(storage)
}

fn is_bucket(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    (3..=63).contains(&name.len()) && name.chars().all(fits) && !name.starts_with(['.', '-'])
}

fn is_prefix(prefix: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(fits) && !name.trim_matches('.').is_empty();
    prefix.len() <= 200 && prefix.trim_matches('/').split('/').all(is_name)
}

fn credentials(s3: &S3Section) -> Result<(String, SecretString), String> {
    let nobody = "access_key and secret_key are needed, here, in credentials_file or in the environment \
                  (BEIAN_S3_ACCESS_KEY, BEIAN_S3_SECRET_KEY).";
    let (access_key, secret_key) = match (&s3.access_key, &s3.secret_key, &s3.credentials_file) {
        (None, None, Some(path)) => {
            let read = read_credentials(path)?;
            (read.access_key, read.secret_key)
        }
        (Some(access_key), Some(secret_key), None) => (access_key.clone(), secret_key.clone()),
        (_, _, Some(_)) => return Err("give either the keys or credentials_file, not both.".into()),
        (_, _, None) => return Err(nobody.into()),
    };
    if access_key.is_empty() || secret_key.expose_secret().is_empty() {
        return Err(nobody.into());
    }
    Ok((access_key, secret_key))
}

/// `access_key = "…"` and `secret_key = "…"`, on a line each.
fn read_credentials(path: &Path) -> Result<Credentials, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("credentials_file {} cannot be read: {error}.", path.display()))?;
    let is_open = std::fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o077 != 0);
    if is_open {
        tracing::warn!(path = %path.display(), "others can read the keys of the file store");
    }
    // The error's own excerpt would show the secret.
    toml::from_str(&text).map_err(|_| {
        format!(
            "credentials_file {} must have the two lines access_key = \"…\" and secret_key = \"…\".",
            path.display()
        )
    })
}
