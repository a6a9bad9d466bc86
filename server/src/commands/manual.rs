//! What is made of the command line's own definition: the shells' completions and the man pages.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::command_line::Arguments;
use crate::config::StartupError;

fn refused(what: &str, error: &dyn std::fmt::Display) -> StartupError {
    StartupError(vec![format!("{what}: {error}.")])
}

/// The command as operators see it. Where a definition was read must not change what is said of it.
fn command() -> clap::Command {
    Arguments::command().mut_arg("config", |config| config.hide_env_values(true))
}

/// Prints what the shell needs.
///
/// # Errors
/// When nothing can be printed.
pub fn completions(shell: Shell) -> Result<ExitCode, StartupError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "beian", &mut script);
    let written = std::io::stdout().lock().write_all(&script);
    written.map_err(|error| refused("The completions cannot be printed", &error))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a page for the program and one for each command.
///
/// # Errors
/// When the directory cannot be written.
pub fn man(directory: &Path) -> Result<ExitCode, StartupError> {
    let write = || {
        std::fs::create_dir_all(directory)?;
        clap_mangen::generate_to(command(), directory)
    };
    write().map_err(|error| refused("The man pages cannot be written", &error))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_command_has_a_man_page_and_stands_in_the_completions() {
        let directory = tempfile::tempdir().unwrap();
        man(directory.path()).unwrap();
        for page in ["beian", "beian-serve", "beian-check-config", "beian-keys", "beian-keys-reseal"] {
            let text = std::fs::read_to_string(directory.path().join(format!("{page}.1"))).unwrap();
            assert!(
                text.contains(".TH") && text.contains("Exit codes") || page == "beian-keys",
                "{page}: {text}"
            );
        }
        assert!(!directory.path().join("beian-man.1").exists());
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), "beian", &mut script);
            let script = String::from_utf8(script).unwrap();
            for word in ["check-backup", "reseal", "config"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
