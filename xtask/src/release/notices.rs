//! Names, licences and notices of the crates that are linked into the program: their licences ask for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Outcome;
use crate::shell::{FRONTEND, WASM, cargo};

/// A crate's name and version.
type Named = (String, String);

/// One text for all of them; what several crates say alike stands there once.
pub fn of_the_program(target: &str) -> Outcome<String> {
    let mut linked = tree("server", target)?;
    for part in FRONTEND {
        linked.extend(tree(part, WASM)?);
    }
    let metadata = cargo().args(["metadata", "--format-version", "1", "--locked"]).output()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = String::new();
    for package in metadata.get("packages").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let named = (text("name"), text("version"));
        // The project's own have no source.
        if !linked.contains(&named) || package.get("source").is_none_or(Value::is_null) {
            continue;
        }
        let title = format!("{} {}", named.0, named.1);
        list.push_str(&format!("{title}: {}\n", text("license")));
        let directory = text("manifest_path");
        for notice in notices(Path::new(&directory).parent().unwrap_or(Path::new("/")))? {
            said.entry(notice).or_default().push(title.clone());
        }
    }
    let mut lines: Vec<&str> = list.lines().collect();
    lines.sort_unstable();
    let mut whole =
        format!("Crates that are linked into the program, and their licences.\n\n{}\n", lines.join("\n"));
    let mut texts: Vec<(Vec<String>, String)> =
        said.into_iter().map(|(text, crates)| (crates, text)).collect();
    texts.sort();
    for (crates, text) in texts {
        whole.push_str(&format!("\n{}\n{}\n\n{}\n", "=".repeat(100), crates.join(", "), text.trim_end()));
    }
    Ok(whole)
}

/// What a package depends on where it runs.
fn tree(package: &str, target: &str) -> Outcome<BTreeSet<Named>> {
    let mut run = cargo().args(["tree", "--locked", "-p", package, "--target", target, "--edges", "normal"]);
    if package == "server" {
        run = run.args(super::FEATURES);
    }
    let lines = run.args(["--prefix", "none", "--no-dedupe"]).output()?;
    let named = lines.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    });
    Ok(named.collect())
}

fn notices(directory: &Path) -> Outcome<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let is_notice = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE", "COPYRIGHT"]
            .iter()
            .any(|begin| name.starts_with(begin));
        if is_notice && entry.file_type()?.is_file() {
            texts.push(String::from_utf8_lossy(&fs::read(entry.path())?).replace('\r', ""));
        }
    }
    Ok(texts)
}
