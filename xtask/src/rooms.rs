//! The rooms of a crate: which module names which, read from the sources. Held against the drawing in ARCHITECTURE.md
//! and against circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::sources::program_of;
use crate::{Outcome, sources};

/// A module's path below the crate, `["filing", "record"]`; the crate itself is empty.
pub type Module = Vec<String>;

/// Which module names which others, by `crate::…` and `super::…`, without what only tests name.
pub type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// Prints what each module of the crates (directories of sources) names.
pub fn chore(crates: &[String]) -> Outcome<()> {
    for directory in crates {
        let imports = imports_of(directory)?;
        for (module, named) in &imports {
            let named: Vec<String> = named.iter().map(|named| named.join("::")).collect();
            println!("{} -> {}", module.join("::"), named.join(" "));
        }
        for circle in circles(&imports) {
            println!("circle: {}", circle.join(" "));
        }
    }
    Ok(())
}

/// Of the sources below a directory of the checkout.
pub fn imports_of(directory: &str) -> Outcome<Imports> {
    let below = |path: &Path| Some(path.strip_prefix(directory).ok()?.to_string_lossy().replace('\\', "/"));
    let sources = sources::rust()?;
    let sources: Vec<_> =
        sources.into_iter().filter_map(|(path, text)| Some((below(&path)?, text))).collect();
    Ok(imports(&sources))
}

/// `sources`: each file's path below `src` and its text.
pub fn imports(sources: &[(String, String)]) -> Imports {
    let modules: BTreeMap<Module, &str> =
        sources.iter().filter_map(|(path, text)| Some((module_of(path)?, text.as_str()))).collect();
    let reexported = modules.get(&Module::new()).map(|root| reexports(root)).unwrap_or_default();
    modules
        .iter()
        .map(|(module, text)| {
            let named = paths(program_of(text)).into_iter().filter_map(|path| {
                let mut absolute = absolute(module, path)?;
                if let [first, ..] = absolute.as_slice()
                    && !modules.contains_key(&vec![first.clone()])
                    && let Some(home) = reexported.get(first)
                {
                    absolute = home.clone();
                }
                // The path goes on to an item of the module.
                while !modules.contains_key(&absolute) {
                    absolute.pop()?;
                }
                Some(absolute)
            });
            (module.clone(), named.filter(|named| named != module).collect())
        })
        .collect()
}

/// `a/b.rs` and `a/b/mod.rs` are `a::b`; `lib.rs` and `main.rs` are the crate. Nothing for tests.
fn module_of(path: &str) -> Option<Module> {
    let path = path.strip_suffix(".rs")?;
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod")) {
        parts.pop();
    }
    if parts == ["lib"] || parts == ["main"] {
        parts.clear();
    }
    if parts.iter().any(|part| part == "tests") { None } else { Some(parts) }
}

/// `pub use a::b::{C, D};` in the crate's root: the name, and the module it comes from.
fn reexports(root: &str) -> BTreeMap<String, Module> {
    let mut found = BTreeMap::new();
    for statement in root.split("pub use ").skip(1) {
        let Some((tree, _)) = statement.split_once(';') else { continue };
        for path in use_tree(&mut tokens(tree).into_iter().peekable()) {
            let mut path: Vec<String> =
                path.into_iter().filter(|part| part != "crate" && part != "self").collect();
            if let Some(name) = path.pop() {
                found.insert(name, path);
            }
        }
    }
    found
}

/// Where a path that begins with `crate`, `super` or `self` leads, from `module`.
fn absolute(module: &Module, path: Vec<String>) -> Option<Module> {
    let mut at = module.clone();
    let mut parts = path.into_iter();
    match parts.next()?.as_str() {
        "crate" => at.clear(),
        "super" => {
            at.pop()?;
        }
        _ => {}
    }
    for part in parts {
        if part == "super" {
            at.pop()?;
        } else {
            at.push(part);
        }
    }
    Some(at)
}

/// Every path of the text that begins with `crate::` or `super::`, those in braces one by one.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut tokens = tokens(text).into_iter().peekable();
    let mut before = String::new();
    while let Some(token) = tokens.peek() {
        let begins = (token == "crate" || token == "super") && before != "::";
        if begins {
            found.extend(use_tree(&mut tokens));
            before.clear();
        } else {
            before = tokens.next().unwrap_or_default();
        }
    }
    found.retain(|path| path.len() > 1);
    found
}

/// `a::b::{c, d::e}`, from its first word on.
fn use_tree(tokens: &mut std::iter::Peekable<std::vec::IntoIter<String>>) -> Vec<Vec<String>> {
    let mut path = Vec::new();
    loop {
        match tokens.peek().map(String::as_str) {
            Some("{") => {
                tokens.next();
                let mut all = Vec::new();
                while let Some(token) = tokens.peek() {
                    if token == "}" {
                        tokens.next();
                        break;
                    }
                    if token == "," {
                        tokens.next();
                        continue;
                    }
                    let inner = use_tree(tokens);
                    if inner.is_empty() {
                        tokens.next();
                    }
                    all.extend(inner.into_iter().map(|rest| [path.clone(), rest].concat()));
                }
                return all;
            }
            Some("*") => {
                tokens.next();
                return vec![path];
            }
            Some(word) if is_word(word) => {
                path.push(word.to_owned());
                tokens.next();
                if tokens.peek().map(String::as_str) != Some("::") {
                    if tokens.peek().map(String::as_str) == Some("as") {
                        tokens.next();
                        tokens.next();
                    }
                    return vec![path];
                }
                tokens.next();
            }
            _ => return if path.is_empty() { Vec::new() } else { vec![path] },
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words and signs, without comments and texts.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let line = without_texts(line);
        let line = line.split("//").next().unwrap_or_default();
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = match first {
                _ if word > 0 => word,
                ':' if rest.starts_with("::") => 2,
                other => other.len_utf8(),
            };
            let (token, after) = rest.split_at(length);
            found.push(token.to_owned());
            rest = after.trim_start();
        }
    }
    found
}

/// Blanks instead of what stands between quotes on one line.
fn without_texts(line: &str) -> String {
    let mut out = String::new();
    let mut within = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if within => {
                chars.next();
            }
            '"' => within = !within,
            c if !within => out.push(c),
            _ => {}
        }
    }
    out
}

/// Modules that reach each other, each group of two or more.
pub fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        imports.keys().map(|module| (module, reach(imports, module))).collect();
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for (module, others) in &reached {
        if told.contains(module) || !others.contains(module) {
            continue;
        }
        let circle: Vec<&Module> = others
            .iter()
            .copied()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(module)))
            .collect();
        told.extend(circle.iter().copied());
        circles.push(circle.into_iter().map(|module| module.join("::")).collect());
    }
    circles
}

fn reach<'a>(imports: &'a Imports, from: &Module) -> BTreeSet<&'a Module> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&Module> = imports.get(from).into_iter().flatten().collect();
    while let Some(module) = next.pop() {
        if seen.insert(module) {
            next.extend(imports.get(module).into_iter().flatten());
        }
    }
    seen
}

/// The drawings of a document: blocks that begin with "```rooms DIRECTORY", a line for each floor, the highest first.
/// What follows `#` is said to readers.
pub fn drawings(document: &str) -> Vec<(String, Vec<Vec<String>>)> {
    let mut found: Vec<(String, Vec<Vec<String>>)> = Vec::new();
    let mut within = false;
    for line in document.lines() {
        if let Some(directory) = line.strip_prefix("```rooms ") {
            found.push((directory.trim().to_owned(), Vec::new()));
            within = true;
        } else if line.starts_with("```") {
            within = false;
        } else if let (true, Some((_, floors))) = (within, found.last_mut()) {
            let rooms = line.split('#').next().unwrap_or_default();
            let rooms: Vec<String> = rooms.split_whitespace().map(str::to_owned).collect();
            if !rooms.is_empty() {
                floors.push(rooms);
            }
        }
    }
    found
}

/// Imports that do not lead downstairs. `floors`: the rooms (first parts of module paths) of each floor, the highest first.
pub fn upstairs(imports: &Imports, floors: &[Vec<String>]) -> Vec<String> {
    let floor = |room: &str| floors.iter().position(|rooms| rooms.iter().any(|name| name == room));
    let mut faults = BTreeSet::new();
    for (module, named) in imports {
        // The crate itself stands above everything, and nothing may name it.
        let Some(room) = module.first() else { continue };
        let Some(here) = floor(room) else {
            faults.insert(format!("{room} is not in the drawing"));
            continue;
        };
        for other in named {
            let fault = match other.first() {
                None => Some("the crate's root"),
                Some(other) if other == room => None,
                Some(other) if floor(other).is_some_and(|there| there > here) => None,
                Some(other) => Some(other.as_str()),
            };
            faults.extend(
                fault.map(|other| format!("{} names {other}, which is not below it", module.join("::"))),
            );
        }
    }
    faults.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sources: &[(&str, &str)]) -> Imports {
        let sources: Vec<_> =
            sources.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        imports(&sources)
    }

    fn named(imports: &Imports, module: &str) -> Vec<String> {
        let module: Module = module.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        imports[&module].iter().map(|named| named.join("::")).collect()
    }

    #[test]
    fn imports_are_read_from_every_way_of_writing_them() {
        let imports = read(&[
            ("lib.rs", "pub use core::actor::Actor;\nmod a; mod core;"),
            ("a/mod.rs", "use crate::{Actor, b::{self, c as d}, core::*}; // crate::comment"),
            ("a/x.rs", "let text = \"crate::text\"; super::y::go(crate::b::c());"),
            ("a/y.rs", "pub(crate) fn go() {}\n#[cfg(test)]\nmod tests { use crate::b; }"),
            ("b.rs", "#[cfg(test)]\nmod tests;\nuse crate::core::Clock;"),
            ("core/mod.rs", ""),
            ("core/actor.rs", ""),
        ]);
        assert_eq!(named(&imports, "a"), ["b", "core", "core::actor"]);
        assert_eq!(named(&imports, "a::x"), ["a::y", "b"]);
        assert!(named(&imports, "a::y").is_empty());
        assert_eq!(named(&imports, "b"), ["core"]);
    }

    #[test]
    fn circles_are_found_whole() {
        let imports = read(&[
            ("a.rs", "use crate::b::x;"),
            ("b.rs", "use crate::c::x;"),
            ("c.rs", "use crate::a::x; use crate::d::x;"),
            ("d.rs", ""),
        ]);
        assert_eq!(circles(&imports), [["a", "b", "c"]]);
    }

    #[test]
    fn a_drawing_has_a_line_for_each_floor() {
        let document = "text\n```rooms a/src\ntop beside  # who uses it\n\nlow\n```\nmore\n```\nother\n```";
        let floors = vec![vec!["top".to_owned(), "beside".to_owned()], vec!["low".to_owned()]];
        assert_eq!(drawings(document), [("a/src".to_owned(), floors)]);
    }

    #[test]
    fn imports_lead_downstairs() {
        let imports = read(&[
            ("lib.rs", "use crate::top::x;"),
            ("top/a.rs", "use crate::low::x; use crate::top::b::x;"),
            ("top/b.rs", "use crate::beside::x;"),
            ("beside.rs", "use crate::Service;"),
            ("low.rs", "use crate::top::a::x;"),
        ]);
        let floors = [vec!["top".to_owned(), "beside".to_owned()], vec!["low".to_owned()]];
        assert_eq!(
            upstairs(&imports, &floors),
            [
                "beside names the crate's root, which is not below it",
                "low names top, which is not below it",
                "top::b names beside, which is not below it",
            ]
        );
    }
}
