//! The command `doctor`: asks everything the platform needs, and says what is wrong.

mod below;
mod neighbours;
mod work;

use std::process::ExitCode;
use std::time::Duration;

use super::exit_code::FOUND_WRONG;
use crate::config::{Config, StartupError};
use crate::program;

/// What is asked over the network answers within this, or counts as silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was found out about one thing.
enum Verdict {
    Well,
    /// Nothing is broken, but somebody should have a look.
    Look,
    /// The platform cannot do its work.
    Wrong,
}

/// One line for the operator.
struct Finding {
    about: &'static str,
    verdict: Verdict,
    said: String,
}

fn well(about: &'static str, said: impl Into<String>) -> Finding {
    Finding { about, verdict: Verdict::Well, said: said.into() }
}

fn look(about: &'static str, said: impl Into<String>) -> Finding {
    Finding { about, verdict: Verdict::Look, said: said.into() }
}

fn wrong(about: &'static str, said: impl Into<String>) -> Finding {
    Finding { about, verdict: Verdict::Wrong, said: said.into() }
}

/// Asks everything. What rests on something that is wrong is not asked.
///
/// # Errors
/// None; what is wrong is said, and how the process ends.
pub async fn run(config: &Config) -> Result<ExitCode, StartupError> {
    crate::tls::install_crypto();
    let mut findings = vec![below::mode(config)];
    findings.extend(below::data_directory(config));
    // What another account makes in a database of SQLite, the servers cannot write to.
    let is_refused = findings.iter().any(|finding| matches!(finding.verdict, Verdict::Wrong));
    if is_refused {
        return Ok(told(&findings));
    }
    match program::open_database(config).await {
        Err(StartupError(sentences)) => {
            findings.extend(sentences.into_iter().map(|sentence| wrong("database", sentence)));
        }
        Ok(db) => {
            findings.extend(below::database(config, &db).await);
            match program::use_cases(config, &db) {
                Err(StartupError(sentences)) => {
                    findings.extend(sentences.into_iter().map(|sentence| wrong("files", sentence)));
                }
                Ok(service) => {
                    findings.extend(below::files(config, &service).await);
                    let keys = below::keys(config, &service).await;
                    let do_keys_fit = !matches!(keys.verdict, Verdict::Wrong);
                    findings.push(keys);
                    if do_keys_fit {
                        findings.extend(work::all(&service).await);
                    }
                    findings.extend(neighbours::servers(config, &service, &db).await);
                }
            }
        }
    }
    findings.extend(neighbours::outside(config).await);
    Ok(told(&findings))
}

fn told(findings: &[Finding]) -> ExitCode {
    let (mut looks, mut wrongs) = (0, 0);
    for Finding { about, verdict, said } in findings {
        let mark = match verdict {
            Verdict::Well => "ok   ",
            Verdict::Look => {
                looks += 1;
                "look "
            }
            Verdict::Wrong => {
                wrongs += 1;
                "WRONG"
            }
        };
        println!("{mark}  {about:<17}  {said}");
    }
    println!();
    match (wrongs, looks) {
        (0, 0) => println!("All is well."),
        (0, looks) => println!("Nothing is wrong; {looks} to have a look at."),
        (wrongs, looks) => println!("{wrongs} wrong, {looks} to have a look at."),
    }
    if wrongs == 0 { ExitCode::SUCCESS } else { FOUND_WRONG }
}
