//! `make release-check`: the package is installed, started, used and taken away in a Debian of its own.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::shell::{self, Run, say};

/// The script does it; here is only said where it cannot.
pub fn check() -> Outcome<()> {
    let packages: Vec<PathBuf> = super::sorted(&super::dist())
        .unwrap_or_default()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    let [package] = packages.as_slice() else {
        return Err("there is no package in target/dist: make release makes it".into());
    };
    if let Some(missing) = missing() {
        say(format!("The package was not tried: {missing}"));
        return Ok(());
    }
    Run::new(shell::root().join("packaging/debian/check.sh")).arg(package).run()
}

fn missing() -> Option<&'static str> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt as _;
        own.uid() == 0
    });
    let has = |program: &str| {
        ["/usr/sbin", "/usr/bin", "/sbin"]
            .iter()
            .any(|directory| Path::new(directory).join(program).is_file())
    };
    match (is_root, has("debootstrap")) {
        (false, _) => Some("only root can make a Debian of its own"),
        (true, false) => Some("debootstrap is not installed"),
        (true, true) => None,
    }
}
