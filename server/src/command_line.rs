//! What can be typed: read by the program, and made into man pages and the shells' completions.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Said once, since it is so for every command.
const CODES: &str = "Exit codes:
  0  done, and all is well
  1  done, and something was found that is not as it should be; the sentences say what
  2  refused: the configuration or the arguments are wrong, or what is needed was not there. Nothing was changed

Examples:
  beian --config /etc/beian/beian.toml check-config
  beian --config /etc/beian/beian.toml migrate
  beian --config /etc/beian/beian.toml serve

Each command says more about itself: `beian help backup`.
The configuration is described in /etc/beian/beian.toml, the work of operators in operating.md.";

const MIGRATE: &str = "Example, an upgrade:
  systemctl stop beian
  beian --config /etc/beian/beian.toml backup /backup/before-upgrade
  apt install ./beian_0.2.0_amd64.deb
  beian --config /etc/beian/beian.toml migrate
  systemctl start beian

Exit codes: 0 the shape is today's; 2 nothing was changed, or what was begun goes on at the next call.";

const CHECK_CONFIG: &str = "Example:
  beian --config /etc/beian/beian.toml check-config && systemctl restart beian

Exit codes: 0 complete; 2 one sentence for each thing that is missing or wrong.";

const VERIFY_AUDIT: &str = "Examples:
  beian --config /etc/beian/beian.toml verify-audit
  beian --config /etc/beian/beian.toml verify-audit --since 48213 5ZkX…

Exit codes: 0 whole; 1 broken, and where; 2 nothing was checked.";

const BACKUP: &str = "Example, every night:
  beian --config /etc/beian/beian.toml backup /backup/$(date +%F)

Exit codes: 0 made; 1 made, but a file was lost before; 2 not made, and the directory is not there.";

const CHECK_BACKUP: &str = "Example:
  beian --config /etc/beian/beian.toml check-backup /backup/2026-11-28

Exit codes: 0 whole; 1 not whole, and what is wrong; 2 it was not looked at.";

const RESTORE: &str = "Example, a drill on another machine:
  beian --config /etc/beian/drill.toml restore /backup/2026-11-28

Exit codes: 0 put back and whole; 1 not whole (nothing was written, or what was wrong before is wrong still);
2 nothing was done, as where the database is not empty.";

const RECOUNT: &str = "Example, where the dashboard differs from the lists:
  beian --config /etc/beian/beian.toml recount

Exit codes: 0 counted; 2 nothing was changed.";

const FILES: &str = "Moving to another place, while the servers run:
  1. name the new place in [storage] and the old one in [former_storage], on every server; restart them
  2. beian --config /etc/beian/beian.toml files copy --verify
  3. take [former_storage] away, restart the servers, and empty the old place once a backup was made";

const FILES_COPY: &str = "Example:
  beian --config /etc/beian/beian.toml files copy --verify

Exit codes: 0 all are there; 1 some are missing or damaged, or it was broken off (call it again); 2 nothing was done.";

const FILES_MARK: &str = "Example, after the disk with the files was replaced:
  beian --config /etc/beian/beian.toml files mark && systemctl start beian

Exit codes: 0 marked; 1 files are missing or damaged, and nothing was marked (unless --anyway); 2 nothing was looked at.";

const FILES_CHECK: &str = "Exit codes: 0 all are there; 1 some are not, and which; 2 nothing was looked at.";

const KEYS: &str = "A key is exchanged in four steps, while the servers run:
  1. beian --config /etc/beian/beian.toml keys new     and put its line above the others, on every server
  2. systemctl restart beian                           on every server
  3. beian --config /etc/beian/beian.toml keys reseal
  4. beian --config /etc/beian/beian.toml keys check   says when the old line can go";

const KEYS_INIT: &str = "Examples:
  beian keys init /etc/beian/keys && chown beian:beian /etc/beian/keys
  beian keys init --algorithms national /etc/beian/keys          where the national algorithms (国密) are asked for

Exit codes: 0 made; 2 not made, as where the file is there already.";

const KEYS_NEW: &str = "Exit codes: 0 the line stands on standard output; 2 there is none.";

const KEYS_CHECK: &str = "Exit codes: 0 counted; 2 the keys do not belong to this database.";

const KEYS_RESEAL: &str = "Exit codes: 0 the first key alone is needed now; 1 others are needed still, or it was broken off (call it
again, it goes on); 2 nothing was changed.";

const COMPLETIONS: &str = "Examples:
  beian completions bash > /etc/bash_completion.d/beian
  beian completions zsh > /usr/local/share/zsh/site-functions/_beian
  beian completions fish > ~/.config/fish/completions/beian.fish";

/// The filing platform of network security: people file websites and apps, officers review them, the public looks them up.
///
/// One program: without a command it answers requests. The other commands are for operators and end by themselves;
/// most can run while servers do. They act as the account that calls them, so call them as the account of the
/// service: `runuser -u beian -- beian …`.
#[derive(Debug, Parser)]
#[command(name = "beian", version, after_long_help = CODES, after_help = "`beian --help` says more, also `beian help COMMAND`.")]
pub struct Arguments {
    /// The configuration, a TOML file
    ///
    /// Variables of the environment override what stands in it (`DATABASE_URL`, `BEIAN_…`). Without a file they are
    /// all there is.
    #[arg(long, value_name = "FILE", global = true, env = "BEIAN_CONFIG", value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Development without its sample people and records
    #[arg(long, global = true, hide = cfg!(not(feature = "dev")))]
    pub no_samples: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answers requests, as without any command
    ///
    /// Listens at `addr` of the configuration until SIGTERM or SIGINT, then ends what was begun. What keeps it from
    /// starting is said in a sentence for each thing; nothing is answered until all of it is right. Under systemd
    /// (`Type=notify`) it says when it listens.
    #[command(after_long_help = "Exit codes: 0 it was asked to end and did; 2 it did not start, and why.")]
    Serve,
    /// Brings the shape of the database up to date
    ///
    /// For a new database, and after each upgrade of the program, before it is started again. Make a backup first: a
    /// database of a newer shape is refused by the older program. The role that calls it must own the tables; the
    /// one that serves needs no more than to read, insert, update and delete. Killed half-way, it goes on at the
    /// next call.
    #[command(after_long_help = MIGRATE)]
    Migrate,
    /// Says whether the configuration is complete
    ///
    /// Reads the configuration, the environment and the keys, and says everything that is missing or wrong at once. A
    /// bucket of files is tried. The database and the identity platform are not asked.
    #[command(after_long_help = CHECK_CONFIG)]
    CheckConfig,
    /// Checks the audit log, and all rows against it
    ///
    /// That no line is missing, changed or out of its place, and that every row is as the last line about it left
    /// it. Once a week, before an upgrade, and when somebody is suspected. It reads as of one moment and keeps
    /// nobody from writing.
    #[command(after_long_help = VERIFY_AUDIT)]
    VerifyAudit {
        /// Only from the line on of which number and hash were kept
        ///
        /// The server says both in its log every hour (`the head of the audit log`). That the log was cut off at its
        /// end is found only by comparing with what was kept elsewhere.
        // A hash may begin with a hyphen.
        #[arg(long, num_args = 2, value_names = ["NUMBER", "HASH"], allow_hyphen_values = true)]
        since: Option<Vec<String>>,
    },
    /// Copies database and files into a new directory, while the server runs
    ///
    /// At least daily, to another machine. The keys are not in it, and without them it is worth nothing. Keep what
    /// it prints of the audit log elsewhere.
    #[command(after_long_help = BACKUP)]
    Backup {
        /// Where the copy goes; it must not be there yet
        #[arg(value_hint = clap::ValueHint::DirPath)]
        directory: PathBuf,
    },
    /// Says whether a backup is whole
    ///
    /// Every byte, every row and its files, the keys, the audit log. After each backup: what was not checked is not
    /// a backup yet.
    #[command(after_long_help = CHECK_BACKUP)]
    CheckBackup {
        /// Where the copy is
        #[arg(value_hint = clap::ValueHint::DirPath)]
        directory: PathBuf,
    },
    /// Puts a backup back, into an empty database and directory
    ///
    /// With the version of the program that made it, and with its keys. It checks first, writes, and checks what it
    /// has written. Nothing is ever written over.
    #[command(after_long_help = RESTORE)]
    Restore {
        /// Where the copy is
        #[arg(value_hint = clap::ValueHint::DirPath)]
        directory: PathBuf,
    },
    /// Makes, checks and changes the keys for personal data
    #[command(subcommand, after_long_help = KEYS)]
    Keys(KeysCommand),
    /// Moves stored files to another place, and looks whether all are there
    #[command(subcommand, after_long_help = FILES)]
    Files(FilesCommand),
    /// Makes the counts of the dashboard anew
    ///
    /// They are kept up to date by themselves; this is for a database that was repaired by hand.
    #[command(after_long_help = RECOUNT)]
    Recount,
    /// Prints what a shell needs to complete commands and options
    ///
    /// The packages bring them already.
    #[command(after_long_help = COMPLETIONS)]
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Writes the man pages into a directory
    #[command(hide = true)]
    Man {
        /// Is made where it is not there
        directory: PathBuf,
    },
    /// Fills an empty database with invented filings (development)
    #[cfg(feature = "dev")]
    Seed {
        /// So many
        #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
        filings: u64,
    },
    /// Measures the desk over what is there (development)
    #[cfg(feature = "dev")]
    Bench,
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Makes a file with the first keys of a new platform
    ///
    /// Once, before the first start. Needs no configuration. Keep copies in two places apart from the backups: who
    /// has lost them has lost all personal data, who has them and the database reads it.
    #[command(after_long_help = KEYS_INIT)]
    Init {
        /// Must not be there yet; only its owner can read it
        #[arg(value_hint = clap::ValueHint::FilePath)]
        file: PathBuf,
        /// What seals and what hashes
        ///
        /// What hashes cannot be changed later: people are found, and the audit log is chained, by it. What seals
        /// can, by the line `suite` and `keys reseal`.
        #[arg(long, value_enum, default_value = "international")]
        algorithms: Algorithms,
    },
    /// Prints a line with a fresh key
    ///
    /// The first step of exchanging the key, once a year and when somebody leaves who has seen it. Nothing is
    /// changed by it.
    #[command(after_long_help = KEYS_NEW)]
    New,
    /// Says which keys have sealed how much
    ///
    /// And which line can go. A key that a backup still needs is needed still.
    #[command(after_long_help = KEYS_CHECK)]
    Check,
    /// Seals everything anew with the first key, while the server runs
    ///
    /// After all servers were started with the new key. A hundred rows at a time, each with a line in the audit log.
    #[command(after_long_help = KEYS_RESEAL)]
    Reseal,
}

/// The algorithms of a new platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Algorithms {
    /// AES-256-GCM, HMAC-SHA-256 and SHA-256
    International,
    /// 国密: SM4-GCM, HMAC-SM3 and SM3
    National,
}

impl From<Algorithms> for service::keyring::Algorithms {
    fn from(named: Algorithms) -> Self {
        match named {
            Algorithms::International => Self::International,
            Algorithms::National => Self::National,
        }
    }
}

/// What can be done with stored files.
#[derive(Debug, Subcommand)]
pub enum FilesCommand {
    /// Copies all files from `former_storage` to `storage`, while the server runs
    ///
    /// From a directory to a bucket of S3, back, or between buckets. Meanwhile a file that is not in `storage` yet is read
    /// where it lay before. Broken off and called again, it goes on. What was copied stays where it was, too.
    #[command(after_long_help = FILES_COPY)]
    Copy {
        /// Afterwards read every file back, as `files check` does
        #[arg(long)]
        verify: bool,
    },
    /// Reads the file of every row, and says which are missing, damaged or other than in `former_storage`
    ///
    /// After copying, before the old place is emptied, and when somebody reports a picture that does not open.
    #[command(after_long_help = FILES_CHECK)]
    Check,
    /// Says that the files in `storage` are those of this database
    ///
    /// A server does not start over a place that does not bear the mark of its platform: a share may not be mounted. The first
    /// start, `files copy` and `restore` mark it. This is for files that came there by other means; it reads all of them
    /// first, as `files check` does.
    #[command(after_long_help = FILES_MARK)]
    Mark {
        /// Also where files are missing or damaged: they are lost
        #[arg(long)]
        anyway: bool,
    },
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::CommandFactory as _;

    fn each(command: &clap::Command, look: &mut dyn FnMut(&clap::Command)) {
        look(command);
        command.get_subcommands().for_each(|below| each(below, look));
    }

    #[test]
    fn what_can_be_typed_is_sound_and_each_command_says_what_it_is_for_and_how_it_ends() {
        Arguments::command().debug_assert();
        each(&Arguments::command(), &mut |command| {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            if command.has_subcommands() || command.is_hide_set() || matches!(name, "seed" | "bench") {
                return;
            }
            assert!(command.get_long_about().is_some(), "{name} does not say when to use it");
            let after = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains("Exit codes") || name == "completions", "{name}: {after}");
        });
    }

    #[test]
    fn the_lines_of_the_documentation_are_understood() {
        for line in [
            "beian --config /etc/beian/beian.toml serve",
            "beian serve --config /etc/beian/beian.toml",
            "beian keys init /etc/beian/keys",
            "beian keys init --algorithms national /etc/beian/keys",
            "beian verify-audit --since 48213 -5ZkX",
            "beian completions zsh",
        ] {
            assert!(Arguments::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        assert_eq!(Arguments::try_parse_from(["beian", "backup"]).unwrap_err().exit_code(), 2);
    }
}
