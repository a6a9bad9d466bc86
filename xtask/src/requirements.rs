//! The numbers of requirements (`R17`) that code, tests and documents cite, held against docs/requirements.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::sources::program_of;

const DOCUMENT: &str = "docs/requirements.md";

/// Numbers that are cited and do not exist, and numbers that no test names. `files` are those that can be tracked:
/// path and text.
pub fn faults(files: &[(PathBuf, String)]) -> Vec<String> {
    let listed = files
        .iter()
        .find(|(path, _)| path == Path::new(DOCUMENT))
        .map(|(_, text)| listed(text))
        .unwrap_or_default();
    let mut faults = Vec::new();
    let mut tested = BTreeSet::new();
    let mut strangers: BTreeMap<u32, String> = BTreeMap::new();
    for (path, text) in files.iter().filter(|(path, _)| may_cite(path)) {
        let tests_begin = tests_begin(path, text);
        for (number, line) in text.lines().enumerate() {
            for cited in numbers(line) {
                if number >= tests_begin {
                    tested.insert(cited);
                }
                if !listed.contains(&cited) {
                    strangers.entry(cited).or_insert_with(|| format!("{}:{}", path.display(), number + 1));
                }
            }
        }
    }
    if listed.is_empty() {
        faults.push(format!("{DOCUMENT} lists nothing"));
    }
    faults.extend(
        strangers
            .iter()
            .map(|(number, place)| format!("{place} cites R{number}, which is not in {DOCUMENT}")),
    );
    faults.extend(listed.difference(&tested).map(|number| format!("no test names R{number}")));
    faults
}

/// Programs, tests, styles and documents; not what others wrote (lock files, lists of data).
fn may_cite(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    matches!(extension, "rs" | "mjs" | "js" | "css" | "md" | "toml") && path != Path::new(DOCUMENT)
}

/// The line from which on the file is tests.
fn tests_begin(path: &Path, text: &str) -> usize {
    let is_test = path.iter().any(|part| part == "tests" || part == "specs" || part == "tests.rs");
    if is_test { 0 } else { program_of(text).lines().count() }
}

/// The numbers that the document defines, by their anchors.
fn listed(text: &str) -> BTreeSet<u32> {
    text.split("<a id=\"r").skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect()
}

/// Each `R` with one to three digits that stands alone.
fn numbers(line: &str) -> impl Iterator<Item = u32> + '_ {
    line.match_indices('R').filter_map(|(at, _)| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (before, after) = (line.get(..at)?, line.get(at + 1..)?);
        let digits = after.find(|c: char| !c.is_ascii_digit()).map_or(after, |end| &after[..end]);
        let stands_alone = !before.ends_with(is_word) && !after.get(digits.len()..)?.starts_with(is_word);
        (stands_alone && (1..=3).contains(&digits.len())).then(|| digits.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_alone() {
        let found: Vec<u32> = numbers("// R20, R7: see (R82) but not SR71, R2D2, R1234, R or Rust").collect();
        assert_eq!(found, [20, 7, 82]);
    }

    #[test]
    fn a_number_that_is_unknown_or_untested_is_told() {
        let document = "| <a id=\"r1\"></a>R1 | <a id=\"r2\"></a>R2 |";
        let files = [
            (DOCUMENT, document),
            ("app/src/a.rs", "// R1 R2\n// R3\nmod tests {\n// R1\n}"),
            ("app/src/b.rs", "mod tests;\n// R2"),
            ("app/src/a.txt", "R4"),
        ];
        let files = files.map(|(path, text)| (PathBuf::from(path), text.to_owned()));
        assert_eq!(
            faults(&files),
            ["app/src/a.rs:2 cites R3, which is not in docs/requirements.md", "no test names R2"]
        );
    }
}
