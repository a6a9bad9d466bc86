//! The files of the checkout, and where the program of a file ends and its tests begin.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, shell};

/// Every file of the checkout that could be tracked, relative to the root.
fn files() -> Outcome<Vec<PathBuf>> {
    if let Ok(listed) = shell::Run::new("git")
        .args(["-C"])
        .arg(shell::root())
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
    {
        let mut paths: Vec<PathBuf> =
            listed.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).collect();
        paths.retain(|path| shell::root().join(path).is_file());
        return Ok(paths);
    }
    let mut paths = Vec::new();
    walk(&shell::root(), Path::new(""), &mut paths)?;
    Ok(paths)
}

/// For a copy without git.
fn walk(root: &Path, below: &Path, paths: &mut Vec<PathBuf>) -> Outcome<()> {
    const PASSED_OVER: [&str; 5] = [".git", "target", "data", "node_modules", "test-results"];
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if !PASSED_OVER.iter().any(|name| path.ends_with(name)) {
                walk(root, &path, paths)?;
            }
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// Each file that is text, with its path relative to the root.
pub fn texts() -> Outcome<Vec<(PathBuf, String)>> {
    let text_of = |path: &Path| fs::read_to_string(shell::root().join(path)).ok();
    Ok(files()?.into_iter().filter_map(|path| text_of(&path).map(|text| (path, text))).collect())
}

/// Each file of Rust.
pub fn rust() -> Outcome<Vec<(PathBuf, String)>> {
    let mut sources = Vec::new();
    for path in files()? {
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(shell::root().join(&path))?;
            sources.push((path, text));
        }
    }
    Ok(sources)
}

/// What stands before the tests of a file. Tests in a file of their own (`mod tests;`) end nothing here.
pub fn program_of(text: &str) -> &str {
    text.split("\nmod tests ").next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_ends_where_its_tests_stand_and_not_where_they_are_named() {
        assert_eq!(program_of("a();\n#[cfg(test)]\nmod tests {\nb();"), "a();\n#[cfg(test)]");
        let named = "#[cfg(test)]\nmod tests;\nmod pool;\na();";
        assert_eq!(program_of(named), named);
    }
}
