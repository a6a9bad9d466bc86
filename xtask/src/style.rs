//! Puts the style sheets together: the files of style/ in the order of their names, without comments
//! and needless space. The order matters, since the first file declares the cascade's layers.

use std::fs;
use std::path::Path;

use crate::Outcome;

/// All `*.css` of `dir`, in one. `main.css` is left out: it only names the others, for cargo-leptos.
pub fn sheet(dir: &Path) -> Outcome<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "css") && !path.ends_with("main.css") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut whole = String::new();
    for path in paths {
        let part = minify(&fs::read_to_string(&path)?);
        if !is_closed(&part) {
            return Err(format!("{}: a block is not closed, or closed twice", path.display()).into());
        }
        whole.push_str(&part);
        whole.push('\n');
    }
    Ok(minify(&whole))
}

/// Whether every block that is opened is closed. A browser says nothing of a brace that a merge has lost: what follows
/// then counts only on wide screens, say. No string of ours holds a brace.
fn is_closed(css: &str) -> bool {
    let mut depth = 0_i32;
    for c in css.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

/// Drops comments and the space that means nothing. Strings are left as they are. Space before `:`, `(`
/// and around `+ - * /` is kept: it tells `a :hover` from `a:hover` and is part of `calc()`.
pub fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css.chars().peekable();
    let mut space = false;
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'*') => {
                rest.next();
                let mut last = ' ';
                for c in rest.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            c if c.is_whitespace() => space = true,
            '"' | '\'' => {
                flush(&mut out, &mut space, c);
                out.push(c);
                while let Some(inner) = rest.next() {
                    out.push(inner);
                    if inner == '\\' {
                        out.extend(rest.next());
                    } else if inner == c {
                        break;
                    }
                }
            }
            '}' => {
                space = false;
                while out.ends_with(';') {
                    out.pop();
                }
                out.push('}');
            }
            c => {
                flush(&mut out, &mut space, c);
                out.push(c);
            }
        }
    }
    out
}

fn flush(out: &mut String, space: &mut bool, next: char) {
    let means_something =
        !matches!(next, '{' | ';' | ',') && !out.is_empty() && !out.ends_with(['{', '}', ';', ',', ':']);
    if std::mem::take(space) && means_something {
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn the_sheet_of_cargo_leptos_imports_the_others_in_the_same_order() {
        let style = crate::shell::root().join("style");
        let mut names: Vec<_> = fs::read_dir(&style)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.retain(|name| name.ends_with(".css") && name != "main.css");
        names.sort();
        let main = fs::read_to_string(style.join("main.css")).unwrap();
        let imported: Vec<_> = main.lines().filter_map(|line| line.strip_prefix("@import \"./")).collect();
        assert_eq!(imported, names.iter().map(|name| format!("{name}\";")).collect::<Vec<_>>());
    }

    #[test]
    fn a_lost_brace_is_found() {
        assert!(is_closed("@media print{a{b:c}}"));
        for lost in ["@media print{a{b:c}", "a{b:c}}", "}a{b:c}{"] {
            assert!(!is_closed(lost), "{lost}");
        }
    }

    #[test]
    fn minifying_keeps_the_meaning() {
        for (css, expected) in [
            ("a { color : red ; }\n", "a{color :red}"),
            ("a :hover, b > c { top: 0 }", "a :hover,b > c{top:0}"),
            (".a /* why */ .b { }", ".a .b{}"),
            ("p { width: calc(1px + 2px * (3 - 1)) }", "p{width:calc(1px + 2px * (3 - 1))}"),
            ("p::after { content: \" ; }  /* \\\" */ \" }", "p::after{content:\" ; }  /* \\\" */ \"}"),
            (
                "@layer reset, tokens;\n\n@layer reset { * { margin: 0; } }",
                "@layer reset,tokens;@layer reset{*{margin:0}}",
            ),
            (
                "@media (width >= 48rem) and (print) { a { b: c } }",
                "@media (width >= 48rem) and (print){a{b:c}}",
            ),
            (
                "i { --x: url(\"data:image/svg+xml,%3Csvg a='b  c'\") }",
                "i{--x:url(\"data:image/svg+xml,%3Csvg a='b  c'\")}",
            ),
        ] {
            assert_eq!(minify(css), expected, "{css}");
        }
    }
}
