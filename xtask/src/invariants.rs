//! What the architecture forbids, as far as it can be seen without running anything: who depends on
//! whom, where server functions may stand, who may read the clock, which licences come in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{self, WASM, cargo};
use crate::{Outcome, requirements, rooms, sources};

/// What one check found wrong; empty when all is well.
type Faults = Vec<String>;

type Check = fn() -> Outcome<Faults>;

const CHECKS: [(&str, Check); 12] = [
    ("the browser bundle contains no server code", browser_has_no_server_code),
    ("domain stands on serde, time and idna alone", domain_stands_alone),
    ("migration knows nothing of the crates above it", migration_stands_alone),
    ("the database is reached by service and migration only", database_stays_in_service),
    ("imports lead downstairs, as ARCHITECTURE.md draws them, and in no circle", imports_lead_downstairs),
    ("server functions stand in app/src/api only", server_functions_stand_in_api),
    ("every server function is on the list of the tested ones", server_functions_are_listed),
    ("only server/service/src/base/clock.rs reads the clock", one_place_reads_the_clock),
    ("addresses of pages stand in app/domain/src/route.rs only", one_place_knows_the_addresses),
    ("no file names a path of somebody's machine", no_paths_of_one_machine),
    ("every requirement that is cited exists, and a test names it", requirements_are_known_and_tested),
    ("every dependency has a licence we may ship", licences_are_allowed),
];

/// Runs every check and says what each found: how many passed, and the names of those that failed.
pub fn check() -> (u32, Vec<&'static str>) {
    let (mut passed, mut failed) = (0, Vec::new());
    for (name, check) in CHECKS {
        match check() {
            Ok(faults) if faults.is_empty() => {
                println!("invariant: {name} ... ok");
                passed += 1;
            }
            Ok(faults) => {
                println!("invariant: {name} ... FAILED");
                for fault in faults {
                    println!("    {fault}");
                }
                failed.push(name);
            }
            Err(error) => {
                println!("invariant: {name} ... FAILED\n    {error}");
                failed.push(name);
            }
        }
    }
    (passed, failed)
}

pub fn chore() -> Outcome<()> {
    let (passed, failed) = check();
    println!("{passed} passed, {} failed", failed.len());
    if failed.is_empty() { Ok(()) } else { Err("an invariant is broken".into()) }
}

// --- dependencies ----------------------------------------------------------

struct Dependency {
    name: String,
    features: Vec<String>,
    licence: String,
}

/// What `package` is built from (without what only its tests need).
fn dependencies(package: &str, more: &[&str]) -> Outcome<Vec<Dependency>> {
    let tree = cargo()
        .args([
            "tree",
            "--locked",
            "-p",
            package,
            "-e",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "-f",
            "{p}\t{f}\t{l}",
        ])
        .args(more)
        .output()?;
    let mut all = BTreeMap::new();
    for line in tree.lines() {
        let mut columns = line.split('\t');
        let Some(name) = columns.next().and_then(|package| package.split_whitespace().next()) else {
            continue;
        };
        let features = columns.next().unwrap_or_default().split(',').map(str::to_owned).collect();
        let licence = columns.next().unwrap_or_default().trim_end_matches(" (*)").to_owned();
        all.entry(name.to_owned()).or_insert(Dependency { name: name.to_owned(), features, licence });
    }
    all.remove(package);
    Ok(all.into_values().collect())
}

fn browser_has_no_server_code() -> Outcome<Faults> {
    // (regex is named by leptos_config and falls out when linking: nothing calls it.)
    const SERVER_CODE: [&str; 13] = [
        "service",
        "migration",
        "server",
        "sea-orm",
        "sqlx-core",
        "axum",
        "leptos_axum",
        "hyper",
        "tower-http",
        "mio",
        "rustls",
        "reqwest",
        "image",
    ];
    let mut faults = Vec::new();
    for part in shell::FRONTEND {
        for dependency in dependencies(part, &["--target", WASM])? {
            let opens_sockets =
                dependency.name == "tokio" && dependency.features.iter().any(|feature| feature == "net");
            if SERVER_CODE.contains(&dependency.name.as_str()) || opens_sockets {
                faults.push(format!("{part} is built from {}", dependency.name));
            }
        }
    }
    Ok(faults)
}

fn domain_stands_alone() -> Outcome<Faults> {
    const ALLOWED: [&str; 3] = ["serde", "time", "idna"];
    let direct = dependencies("domain", &["--depth", "1"])?;
    let strangers = direct.iter().filter(|dependency| !ALLOWED.contains(&dependency.name.as_str()));
    Ok(strangers.map(|dependency| format!("domain depends on {}", dependency.name)).collect())
}

fn migration_stands_alone() -> Outcome<Faults> {
    none_of("migration", &["service", "domain", "app", "server", "frontend-pages", "frontend-wizard"])
}

fn database_stays_in_service() -> Outcome<Faults> {
    let mut faults = Vec::new();
    for package in ["app", "server"] {
        for dependency in dependencies(package, &["--depth", "1"])? {
            if dependency.name.starts_with("sea-orm") || dependency.name.starts_with("sqlx") {
                faults.push(format!("{package} depends on {}", dependency.name));
            }
        }
    }
    Ok(faults)
}

fn imports_lead_downstairs() -> Outcome<Faults> {
    let text = fs::read_to_string(shell::root().join("ARCHITECTURE.md")).unwrap_or_default();
    let mut faults = Vec::new();
    for (directory, floors) in rooms::drawings(&text) {
        let imports = rooms::imports_of(&directory)?;
        faults.extend(
            rooms::upstairs(&imports, &floors).into_iter().map(|fault| format!("{directory}: {fault}")),
        );
        let circles = rooms::circles(&imports);
        faults.extend(circles.iter().map(|circle| format!("{directory}: a circle of {}", circle.join(", "))));
    }
    Ok(faults)
}

fn none_of(package: &str, forbidden: &[&str]) -> Outcome<Faults> {
    let all = dependencies(package, &[])?;
    let found = all.iter().filter(|dependency| forbidden.contains(&dependency.name.as_str()));
    Ok(found.map(|dependency| format!("{package} depends on {}", dependency.name)).collect())
}

fn licences_are_allowed() -> Outcome<Faults> {
    let mut faults = Vec::new();
    let browser = shell::FRONTEND.map(|part| (part, WASM));
    for (package, target) in [("server", "x86_64-unknown-linux-gnu")].into_iter().chain(browser) {
        for dependency in dependencies(package, &["--target", target])? {
            if !may_ship(&dependency.licence) {
                faults.push(format!("{}: {}", dependency.name, dependency.licence));
            }
        }
    }
    faults.dedup();
    Ok(faults)
}

/// An SPDX expression, read simply: one of the alternatives must consist of licences we know.
/// The same list stands in deny.toml.
fn may_ship(licence: &str) -> bool {
    const ALLOWED: [&str; 15] = [
        "MIT",
        "MIT-0",
        "Apache-2.0",
        "BSD-1-Clause",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MPL-2.0",
        "Zlib",
        "0BSD",
        "BSL-1.0",
        "CC0-1.0",
        "Unicode-3.0",
        "Unlicense",
        "CDLA-Permissive-2.0",
    ];
    let known = |term: &str| {
        let term = term.trim_matches(['(', ')', ' ']);
        ALLOWED.contains(&term) || term == "Apache-2.0 WITH LLVM-exception"
    };
    // "(MIT OR Apache-2.0) AND Unicode-3.0": every part has an alternative; "A OR B AND C" is read
    // the strict way, too.
    licence.replace('/', " OR ").split(" AND ").all(|part| part.split(" OR ").any(known))
}

// --- sources ---------------------------------------------------------------

/// The Rust of the product; xtask is not held to its rules.
fn rust_sources() -> Outcome<Vec<(PathBuf, String)>> {
    let mut sources = sources::rust()?;
    sources.retain(|(path, _)| !path.starts_with("xtask"));
    Ok(sources)
}

/// "path:line: text" of every line that is code and that `found` recognises.
fn lines_of_code(text: &str, path: &Path, found: impl Fn(&str) -> bool) -> Faults {
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim_start().starts_with("//") && found(line))
        .map(|(number, line)| format!("{}:{}: {}", path.display(), number + 1, line.trim()))
        .collect()
}

fn opens_server_function(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("#[server]") || line.starts_with("#[server(") || line.starts_with("#[leptos::server")
}

fn server_functions_stand_in_api() -> Outcome<Faults> {
    let mut faults = Vec::new();
    for (path, text) in rust_sources()? {
        if !path.starts_with("app/src/api") && !path.ends_with("app/src/api.rs") {
            faults.extend(lines_of_code(&text, &path, opens_server_function));
        }
    }
    Ok(faults)
}

fn one_place_reads_the_clock() -> Outcome<Faults> {
    const CLOCKS: [&str; 5] =
        ["::now_utc(", "::now_local(", "SystemTime::now(", "Utc::now(", "Uuid::now_v7("];
    let mut faults = Vec::new();
    for (path, text) in rust_sources()? {
        // Tests may make up their ids and times as they like.
        let program = sources::program_of(&text);
        if path != Path::new("server/service/src/base/clock.rs")
            && !path.iter().any(|part| part == "tests" || part == "tests.rs")
        {
            let asks = |line: &str| CLOCKS.iter().any(|clock| line.contains(clock));
            faults.extend(lines_of_code(program, &path, asks));
        }
    }
    Ok(faults)
}

fn one_place_knows_the_addresses() -> Outcome<Faults> {
    const HELD: [&str; 3] = ["app/src", "server/src", "server/service/src"];
    let mut faults = Vec::new();
    for (path, text) in rust_sources()? {
        let is_test = path.iter().any(|part| part == "tests" || part == "tests.rs");
        if HELD.iter().any(|held| path.starts_with(held)) && !is_test {
            faults.extend(lines_of_code(sources::program_of(&text), &path, spells_an_address));
        }
    }
    Ok(faults)
}

/// Does the line spell out an address of a page? What the server's router declares has to be spelled.
fn spells_an_address(line: &str) -> bool {
    const FIRST: [&str; 14] = [
        "mine", "review", "subject", "staff", "upkeep", "audit", "notices", "sessions", "services", "lookup",
        "receipt", "form", "r", "files",
    ];
    let mut literals = line.split("\"/").skip(1);
    let ends = |rest: &str| rest.starts_with(['"', '/', '?']);
    !line.contains(".route(")
        && literals.any(|text| {
            // The first part may be a business.
            text.starts_with("{}/") || FIRST.iter().any(|first| text.strip_prefix(first).is_some_and(ends))
        })
}

fn requirements_are_known_and_tested() -> Outcome<Faults> {
    Ok(requirements::faults(&sources::texts()?))
}

fn no_paths_of_one_machine() -> Outcome<Faults> {
    let mut faults = Vec::new();
    for (path, text) in sources::texts()? {
        for (number, line) in text.lines().enumerate() {
            if names_a_machine(line) {
                faults.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    Ok(faults)
}

/// Does the line hold an absolute path into somebody's files?
fn names_a_machine(line: &str) -> bool {
    // In two pieces, so that this file does not find itself.
    let places =
        [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];
    places.iter().any(|place| {
        line.match_indices(place).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | ')' | '*'))
        })
    })
}

// --- the door over the wire ------------------------------------------------

const LIST: &str = "end2end/server-functions.txt";
const LIST_HEAD: &str = "# Every server function, each with a test of who may call it.
# Add the test first, then `make server-functions`.
";

/// The names after `#[server…]`, in order.
fn server_functions() -> Outcome<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for (_, text) in rust_sources()? {
        names.extend(server_functions_in(&text));
    }
    Ok(names)
}

fn server_functions_in(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !opens_server_function(line) {
            continue;
        }
        let name = lines.by_ref().find_map(|line| {
            let (_, rest) = line.split_once("fn ")?;
            line.trim_start()
                .starts_with("pub")
                .then(|| rest.split(['(', '<']).next().unwrap_or_default().to_owned())
        });
        names.extend(name);
    }
    names
}

fn listed() -> BTreeSet<String> {
    let text = fs::read_to_string(shell::root().join(LIST)).unwrap_or_default();
    let names = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    names.map(str::to_owned).collect()
}

fn server_functions_are_listed() -> Outcome<Faults> {
    let (real, listed) = (server_functions()?, listed());
    let mut faults: Faults =
        real.difference(&listed).map(|name| format!("{name} is not in {LIST}: has it a test?")).collect();
    faults.extend(listed.difference(&real).map(|name| format!("{name} is in {LIST} and nowhere else")));
    Ok(faults)
}

pub fn list_server_functions(write: bool) -> Outcome<()> {
    let names = server_functions()?.into_iter().map(|name| name + "\n").collect::<String>();
    if write {
        fs::write(shell::root().join(LIST), format!("{LIST_HEAD}{names}"))?;
    }
    print!("{names}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_functions_are_found_by_their_attribute() {
        let source = "
            /// Who is signed in.
            #[server(input = Json, endpoint = \"who\")]
            pub async fn who() -> Result<Who, ApiError> {
            // #[server] in a comment
            #[server(
                input = Json,
                endpoint = \"save_draft\",
            )]
            pub async fn save_draft(draft: Draft) -> Result<(), ApiError> {
            fn server_side() {}
        ";
        assert_eq!(server_functions_in(source), ["who", "save_draft"]);
    }

    #[test]
    fn a_licence_needs_one_alternative_we_may_ship() {
        for (licence, allowed) in [
            ("MIT OR Apache-2.0", true),
            ("MIT/Apache-2.0", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", true),
            ("Apache-2.0 AND ISC", true),
            ("GPL-3.0", false),
            ("MIT AND AGPL-3.0-only", false),
            ("MIT OR LGPL-2.1-or-later", true),
            ("", false),
        ] {
            assert_eq!(may_ship(licence), allowed, "{licence}");
        }
    }

    #[test]
    fn absolute_paths_into_a_home_are_found_and_relative_ones_are_not() {
        let home = concat!("/ho", "me/");
        assert!(names_a_machine(&format!("cd {home}anna/beian")));
        assert!(names_a_machine(&format!("\"{home}anna\"")));
        assert!(!names_a_machine(&format!("app/src/pages{home}notices.rs")));
        assert!(!names_a_machine("the homepage"));
    }

    #[test]
    fn spelled_out_addresses_are_found_and_what_a_router_declares_is_not() {
        assert!(spells_an_address("let link = Some(format!(\"/mine/filings/{number}\"));"));
        assert!(spells_an_address("<a href=\"/review\">"));
        assert!(spells_an_address("to(\"/lookup?q=1\")"));
        assert!(spells_an_address("format!(\"/{}/{}\", business.code(), action.code())"));
        assert!(!spells_an_address(".route(\"/form/{business}/{action}/{step}\", post(post_step))"));
        assert!(!spells_an_address("action=\"/act/claim\""));
        assert!(!spells_an_address("format!(\"/{}\", bundle.css)"));
        assert!(!spells_an_address("path!(\"mine/filings\")"));
    }
}
