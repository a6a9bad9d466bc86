//! Builds what the browser loads: the wasm of `frontend/*` through wasm-bindgen, the style sheet and the
//! assets, each with a name that carries its hash and with compressed copies beside it.
//! `target/site/manifest.json` tells the server the names, and which part of the code has which islands.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{self, Run, WASM};
use crate::{Outcome, style};

/// A part of the browser's code: a crate of its own, since what one of them has must not weigh on the other's pages.
struct Recipe {
    name: &'static str,
    /// Bytes of wasm and JavaScript that its pages may have to load, with brotli.
    limit: u64,
}

/// In the order in which a page looks for its islands.
const PARTS: [Recipe; 2] =
    [Recipe { name: "pages", limit: 130_000 }, Recipe { name: "wizard", limit: 260_000 }];

/// What the pages have to name; the server reads it as `app::Bundle`.
#[derive(Serialize)]
pub struct Bundle {
    css: String,
    /// What seals typed text in the browser, shows proposals below lines of text, goes from step to step.
    kept: String,
    /// What moves on the officers' desk; its pages alone load it.
    desk: String,
    parts: Vec<Part>,
}

#[derive(Serialize, Deserialize)]
struct Part {
    js: String,
    wasm: String,
    islands: Vec<String>,
}

impl Bundle {
    /// Each part with what its pages load, in bytes with brotli, and what they may.
    fn sizes(&self) -> Outcome<Vec<(&'static str, u64, u64)>> {
        let kept = compressed_size(&self.kept)?;
        let size = |(recipe, part): (&Recipe, &Part)| {
            let desk = if recipe.name == "pages" { compressed_size(&self.desk)? } else { 0 };
            let bytes = compressed_size(&part.js)? + compressed_size(&part.wasm)? + kept + desk;
            Ok((recipe.name, bytes, recipe.limit))
        };
        PARTS.iter().zip(&self.parts).map(size).collect()
    }

    /// Says what pages load, and fails when it is too much.
    pub fn weigh(&self) -> Outcome<()> {
        let css = kilobytes(compressed_size(&self.css)?);
        let kept = kilobytes(compressed_size(&self.kept)?);
        println!("with brotli: style {css}; pages without islands load {kept} of JavaScript and no wasm");
        let mut heavy = Vec::new();
        for (name, bytes, limit) in self.sizes()? {
            let sentence = format!(
                "pages with {name} islands load {} of wasm and JavaScript, the limit is {}",
                kilobytes(bytes),
                kilobytes(limit)
            );
            println!("{sentence}");
            if bytes > limit {
                heavy.push(sentence);
            }
        }
        if heavy.is_empty() { Ok(()) } else { Err(heavy.join("\n").into()) }
    }

    fn files(&self) -> impl Iterator<Item = &String> {
        let code = self.parts.iter().flat_map(|part| [&part.js, &part.wasm]);
        [&self.css, &self.kept, &self.desk].into_iter().chain(code)
    }
}

fn kilobytes(bytes: u64) -> String {
    format!("{}.{} KB", bytes / 1000, bytes % 1000 / 100)
}

fn compressed_size(name: &str) -> Outcome<u64> {
    Ok(fs::metadata(shell::site().join(format!("{name}.br")))?.len())
}

pub fn build() -> Outcome<Bundle> {
    let site = shell::site();
    let pkg = site.join("pkg");
    fs::create_dir_all(&pkg)?;
    let parts = PARTS.iter().map(|recipe| code(recipe.name, &pkg)).collect::<Outcome<Vec<_>>>()?;
    let css = hashed(&pkg, "main", "css", style::sheet(&shell::root().join("style"))?.as_bytes())?;
    let kept = hashed(&pkg, "kept", "js", scripts(&["kept", "forms", "visit"])?.as_bytes())?;
    let desk = hashed(&pkg, "desk", "js", scripts(&["desk", "queue", "chart"])?.as_bytes())?;
    let bundle = Bundle { css, kept, desk, parts };
    sweep(&pkg, &bundle)?;
    copy_assets(&shell::root().join("style/assets"), &site)?;
    compress_all(&site)?;
    write_if_changed(&site.join("manifest.json"), serde_json::to_string(&bundle)?.as_bytes())?;
    Ok(bundle)
}

/// Scripts of `frontend/js`, in one.
fn scripts(names: &[&str]) -> Outcome<String> {
    let each = names.iter().map(|name| minified(&shell::root().join(format!("frontend/js/{name}.js"))));
    Ok(each.collect::<Outcome<Vec<_>>>()?.join("\n"))
}

/// The wasm of a part and its JavaScript, made anew only when the compiler's output or a tool is another one.
fn code(name: &str, pkg: &Path) -> Outcome<Part> {
    // One after the other: built together, each would get the other's islands.
    let package = format!("frontend-{name}");
    shell::cargo().args(["build", "-p", &package, "--target", WASM, "--profile", "wasm-release"]).run()?;
    let raw = fs::read(shell::target().join(WASM).join(format!("wasm-release/frontend_{name}.wasm")))?;
    let tools = fs::read(shell::root().join("end2end/package-lock.json")).unwrap_or_default();
    let key = hash(&[&raw, &tools, include_bytes!("bundle.rs"), &[u8::from(terser().is_some())]]);

    let made = shell::target().join("bundle").join(name);
    fs::create_dir_all(&made)?;
    let stamp = made.join("made.json");
    let last = fs::read(&stamp).ok().and_then(|last| serde_json::from_slice::<(String, Part)>(&last).ok());
    if let Some((last_key, part)) = last
        && last_key == key
        && [&part.js, &part.wasm].iter().all(|file| shell::site().join(file).is_file())
    {
        return Ok(part);
    }

    let mut bindgen = Bindgen::new();
    bindgen.input_bytes(name, raw).web(true)?.typescript(false).keep_debug(false);
    bindgen.remove_name_section(true).remove_producers_section(true).omit_default_module_path(false);
    bindgen.generate(&made).map_err(|error| format!("wasm-bindgen: {error:#}"))?;
    let written = made.join(format!("{name}.js"));
    let islands = islands_in(&fs::read_to_string(&written)?);
    let wasm = hashed(pkg, name, "wasm", &fs::read(made.join(format!("{name}_bg.wasm")))?)?;
    let named = minified(&written)?.replace(&format!("{name}_bg.wasm"), wasm.trim_start_matches("pkg/"));
    let js = hashed(pkg, name, "js", named.as_bytes())?;
    // Inline scripts of dependencies, if one should ever have some, keep the place the JavaScript names.
    let snippets = made.join("snippets");
    if snippets.is_dir() {
        copy_assets(&snippets, &pkg.join("snippets"))?;
    }
    let part = Part { js, wasm, islands };
    fs::write(stamp, serde_json::to_string(&(key, &part))?)?;
    Ok(part)
}

/// The names of the islands, as Leptos exports them and writes them into pages: a component's name, `_` and a hash.
fn islands_in(script: &str) -> Vec<String> {
    let exported = script.lines().filter_map(|line| line.strip_prefix("export function "));
    let names = exported.filter_map(|rest| rest.split('(').next());
    names
        .filter(|name| {
            let hash = name.rsplit_once('_').map_or("", |(_, hash)| hash);
            name.starts_with(char::is_uppercase)
                && !hash.is_empty()
                && hash.bytes().all(|byte| byte.is_ascii_digit())
        })
        .map(str::to_owned)
        .collect()
}

/// What makes scripts smaller, where there is a node to run it.
fn terser() -> Option<Run> {
    let terser = shell::end2end().join("node_modules/terser/bin/terser");
    (terser.is_file() && Run::new("node").arg("--version").succeeds()).then(|| Run::new("node").arg(terser))
}

fn minified(path: &Path) -> Outcome<String> {
    match terser() {
        Some(run) => run.arg(path).args(["--module", "--compress", "--mangle"]).output(),
        None => Ok(fs::read_to_string(path)?),
    }
}

fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Writes `pkg/<stem>-<hash>.<extension>` and gives that name, relative to the site.
fn hashed(pkg: &Path, stem: &str, extension: &str, bytes: &[u8]) -> Outcome<String> {
    let file = format!("{stem}-{}.{extension}", hash(&[bytes]));
    write_if_changed(&pkg.join(&file), bytes)?;
    Ok(format!("pkg/{file}"))
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> Outcome<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    // In one move, since a server may be running on it.
    let new = path.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(&new, path)?;
    for copy in compressed_copies(path) {
        if copy.exists() {
            fs::remove_file(copy)?;
        }
    }
    Ok(())
}

fn compressed_copies(path: &Path) -> [PathBuf; 2] {
    let name = path.as_os_str();
    ["br", "gz"].map(|extension| {
        let mut name = name.to_os_string();
        name.push(".");
        name.push(extension);
        PathBuf::from(name)
    })
}

/// Drops the bundles of earlier builds.
fn sweep(pkg: &Path, bundle: &Bundle) -> Outcome<()> {
    let keep: BTreeSet<&str> = bundle.files().filter_map(|name| name.strip_prefix("pkg/")).collect();
    for entry in fs::read_dir(pkg)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let base = name.trim_end_matches(".br").trim_end_matches(".gz");
        if entry.path().is_file() && !keep.contains(base) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn copy_assets(from: &Path, to: &Path) -> Outcome<()> {
    if !from.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let path = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_assets(&entry.path(), &path)?;
        } else {
            write_if_changed(&path, &fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

/// Lays `.br` and `.gz` beside every file that gains by it.
fn compress_all(dir: &Path) -> Outcome<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            compress_all(&path)?;
            continue;
        }
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !matches!(extension, "wasm" | "js" | "css" | "svg" | "txt" | "html") {
            continue;
        }
        let [br, gz] = compressed_copies(&path);
        if br.is_file() && gz.is_file() {
            continue;
        }
        let bytes = fs::read(&path)?;
        let mut brotli = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 22);
        brotli.write_all(&bytes)?;
        fs::write(br, brotli.into_inner())?;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&bytes)?;
        fs::write(gz, gzip.finish()?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn islands_are_told_from_what_else_a_script_exports() {
        let script = "import * as wasm from './x';
export function Modal_13435482956049917147(el) {
export function hydrate() {
export class IntoUnderlyingSource {
export function StepForm_682948172360296065(el) {
function Zoom_4122473895883904144(el) {
export function __wbg_get_imports() {
export { initSync, __wbg_init as default };";
        assert_eq!(islands_in(script), ["Modal_13435482956049917147", "StepForm_682948172360296065"]);
    }
}
