//! Builds what the browser loads: the wasm of `frontend` through wasm-bindgen and wasm-opt, the style
//! sheet and the assets, each with a name that carries its hash and with compressed copies beside it.
//! `target/site/manifest.json` tells the server the names.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{self, Run, WASM, say};
use crate::{Outcome, lay, snip, style};

const NAME: &str = "beian";

/// wasm-opt's inlining makes the file smaller and what is sent larger (by an eighth, with brotli), so it stays off.
const WASM_OPT: [&str; 9] = [
    "--no-inline=*",
    "-O2",
    "--converge",
    "--flatten",
    "--rereloop",
    "-O2",
    "--converge",
    "--strip-producers",
    "--strip-target-features",
];

/// Features by name: with `--all-features` wasm-opt writes compact imports, which browsers refuse.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// What the pages have to name.
pub struct Bundle {
    pub js: String,
    pub wasm: String,
    pub css: String,
    /// What seals typed text in the browser.
    pub kept: String,
}

impl Bundle {
    /// Bytes of the code as sent with brotli: wasm and JavaScript.
    pub fn code_size(&self) -> Outcome<u64> {
        Ok(compressed_size(&self.js)? + compressed_size(&self.wasm)? + compressed_size(&self.kept)?)
    }

    pub fn summary(&self) -> String {
        let size = |name| compressed_size(name).map_or_else(|_| "?".into(), kilobytes);
        format!(
            "bundle: {} {}, {} {}, {} {} (brotli)",
            self.wasm,
            size(&self.wasm),
            self.js,
            size(&self.js),
            self.css,
            size(&self.css)
        )
    }
}

pub fn kilobytes(bytes: u64) -> String {
    format!("{}.{} KB", bytes / 1000, bytes % 1000 / 100)
}

fn compressed_size(name: &str) -> Outcome<u64> {
    Ok(fs::metadata(shell::site().join(format!("{name}.br")))?.len())
}

pub fn build() -> Outcome<Bundle> {
    say("Compiling the browser's part (some minutes the first time, then only what changed)");
    shell::cargo().args(["build", "-p", "frontend", "--target", WASM, "--profile", "wasm-release"]).run()?;

    let site = shell::site();
    let pkg = site.join("pkg");
    fs::create_dir_all(&pkg)?;
    let (js, wasm) = code(&pkg)?;
    let css = hashed(&pkg, "main", "css", style::sheet(&shell::root().join("style"))?.as_bytes())?;
    let kept = hashed(&pkg, "kept", "js", script(&shell::root().join("frontend/js/kept.js"))?.as_bytes())?;
    let bundle = Bundle { js, wasm, css, kept };
    sweep(&pkg, &bundle)?;
    copy_assets(&shell::root().join("style/assets"), &site)?;
    compress_all(&site)?;
    let Bundle { js, wasm, css, kept } = &bundle;
    let manifest = format!("{{\"js\":\"{js}\",\"wasm\":\"{wasm}\",\"css\":\"{css}\",\"kept\":\"{kept}\"}}\n");
    write_if_changed(&site.join("manifest.json"), manifest.as_bytes())?;
    Ok(bundle)
}

/// The wasm and its JavaScript, made anew only when the compiler's output or a tool is another one.
fn code(pkg: &Path) -> Outcome<(String, String)> {
    let raw = fs::read(shell::target().join(WASM).join("wasm-release/frontend.wasm"))?;
    let wasm_opt = shell::end2end().join("node_modules/binaryen/bin/wasm-opt");
    let optimises = wasm_opt.is_file() && Run::new("node").arg("--version").succeeds();
    let recipe = fs::read(shell::root().join("end2end/package-lock.json")).unwrap_or_default();
    let key = hash(&[
        &raw,
        WASM_OPT.join(" ").as_bytes(),
        WASM_FEATURES.join(" ").as_bytes(),
        snip::RECIPE.as_bytes(),
        lay::RECIPE.as_bytes(),
        &recipe,
        &[u8::from(optimises)],
    ]);

    let made = shell::target().join("bundle");
    fs::create_dir_all(&made)?;
    let stamp = made.join("made");
    if let Ok(last) = fs::read_to_string(&stamp)
        && let [last_key, js, wasm] = last.lines().collect::<Vec<_>>().as_slice()
        && *last_key == key
        && exists(&shell::site().join(js))
        && exists(&shell::site().join(wasm))
    {
        return Ok((js.to_string(), wasm.to_string()));
    }

    say("Writing the JavaScript around the wasm (wasm-bindgen)");
    let mut bindgen = Bindgen::new();
    bindgen.input_module(NAME, snip::snip(&raw)?).web(true)?.typescript(false).keep_debug(false);
    bindgen.remove_name_section(true).remove_producers_section(true).omit_default_module_path(false);
    bindgen.generate(&made).map_err(|error| format!("wasm-bindgen: {error:#}"))?;

    let plain = made.join(format!("{NAME}_bg.wasm"));
    let script_file = made.join(format!("{NAME}.js"));
    let (wasm, script) = if optimises {
        shrunk(&made, &plain, &script_file)?
    } else {
        say("No node with end2end/node_modules: the wasm stays larger than it needs to be");
        (fs::read(&plain)?, fs::read_to_string(&script_file)?)
    };
    let wasm = hashed(pkg, NAME, "wasm", &wasm)?;
    let wasm_file = wasm.trim_start_matches("pkg/");
    let js = hashed(pkg, NAME, "js", script.replace(&format!("{NAME}_bg.wasm"), wasm_file).as_bytes())?;
    // Inline scripts of dependencies, if one should ever have some, keep the place the JavaScript names.
    let snippets = made.join("snippets");
    if snippets.is_dir() {
        copy_assets(&snippets, &pkg.join("snippets"))?;
    }
    fs::write(stamp, format!("{key}\n{js}\n{wasm}\n"))?;
    Ok((js, wasm))
}

/// A script written by hand, minified where there is a node to do it.
fn script(path: &Path) -> Outcome<String> {
    let terser = shell::end2end().join("node_modules/terser/bin/terser");
    if !terser.is_file() || !Run::new("node").arg("--version").succeeds() {
        return Ok(fs::read_to_string(path)?);
    }
    Run::new("node").arg(terser).arg(path).args(["--module", "--compress", "--mangle"]).output()
}

/// The wasm and its script, as small as they get: optimised, laid out for brotli, with short names between them.
fn shrunk(made: &Path, plain: &Path, script: &Path) -> Outcome<(Vec<u8>, String)> {
    let modules = shell::end2end().join("node_modules");
    let wasm_opt = |from: &Path, to: &Path, how: &[&str]| {
        let run = Run::new("node").arg(modules.join("binaryen/bin/wasm-opt")).args(how).args(WASM_FEATURES);
        run.arg(from).arg("-o").arg(to).run()
    };
    say("Shrinking the wasm (wasm-opt, a minute or two)");
    let (small, named, laid) = (made.join("small.wasm"), made.join("named.wasm"), made.join("laid.wasm"));
    wasm_opt(plain, &small, &WASM_OPT)?;
    fs::write(&named, lay::named_by_likeness(&fs::read(&small)?)?)?;
    wasm_opt(&named, &laid, &["--reorder-functions-by-name", "--strip-debug"])?;
    let (wasm, short) = lay::with_short_names(&fs::read(&laid)?, &fs::read_to_string(script)?)?;
    let (long, minified) = (made.join("short.js"), made.join("min.js"));
    fs::write(&long, short)?;
    let run = Run::new("node").arg(modules.join("terser/bin/terser")).arg(&long);
    run.args(["--module", "--compress", "--mangle", "--output"]).arg(&minified).run()?;
    Ok((wasm, fs::read_to_string(minified)?))
}

fn exists(path: &Path) -> bool {
    path.is_file()
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
    let keep: BTreeSet<&str> = [&bundle.js, &bundle.wasm, &bundle.css, &bundle.kept]
        .into_iter()
        .filter_map(|name| name.strip_prefix("pkg/"))
        .collect();
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
