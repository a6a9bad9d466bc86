//! `cargo xtask pictures DIR`: decodes every picture under a directory with each decoder there is, names
//! those they see differently, and counts. `djpeg` and `dwebp` (packages libjpeg-turbo-progs and webp)
//! are asked, too, where they are installed. Run it over pictures of your own before a decoder is
//! replaced by a newer one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use image::DynamicImage;
use pictures::compare::{Comparison, MOST_DIFFERENCE, Outcome, compare, from_pnm};
use pictures::{Fault, Format};

#[derive(Default)]
struct Count {
    kept: u32,
    refused: BTreeMap<String, u32>,
    /// Kept, and asked of two decoders.
    seen_twice: u32,
    most: u8,
    /// Kept, and the reference program saw it, too.
    with_reference: u32,
    most_of_reference: u8,
    /// Kept, and the reference program saw something else: must be none.
    wrong: u32,
    /// Refused, although decoder and reference program see the same.
    refused_alike: u32,
}

fn main() -> ExitCode {
    let Some(directory) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("Which directory? cargo xtask pictures DIR");
        return ExitCode::from(2);
    };
    let mut files = Vec::new();
    if let Err(failure) = files_under(&directory, &mut files) {
        eprintln!("{} cannot be read: {failure}", directory.display());
        return ExitCode::from(2);
    }
    files.sort();
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for path in files {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let Some(format) = Format::of(&bytes) else { continue };
        let (name, reference) = match format {
            Format::Jpeg => ("jpeg", reference("djpeg", &["-pnm"], &path)),
            Format::Png => ("png", None),
            Format::Webp => ("webp", reference("dwebp", &["-quiet", "-ppm", "-o", "-", "--"], &path)),
        };
        // Files made to break decoders are part of any good corpus; in the server a child bears it.
        let Ok(seen) = std::panic::catch_unwind(|| compare(&bytes, format, reference)) else {
            println!("a decoder panicked  {}", path.display());
            *counts.entry(name).or_default().refused.entry("by a panic".to_owned()).or_default() += 1;
            continue;
        };
        if let Some(remark) = counts.entry(name).or_default().add(&seen) {
            println!("{remark}  {}", path.display());
        }
    }
    let mut is_right = true;
    for (name, count) in &counts {
        is_right &= count.wrong == 0;
        println!(
            "{name}: {} kept, {} of them seen twice (differing by up to {} of 255), {} compared with the \
             reference (up to {}), {} wrong; refused {:?}, {} of them although decoder and reference agree",
            count.kept,
            count.seen_twice,
            count.most,
            count.with_reference,
            count.most_of_reference,
            count.wrong,
            count.refused,
            count.refused_alike
        );
    }
    if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Count {
    /// Counts one picture; gives what is worth a line.
    fn add(&mut self, seen: &Comparison) -> Option<String> {
        let reference = match seen.reference {
            Some(Outcome::Differs(by)) => Some(by),
            Some(Outcome::NoPicture) | None => None,
        };
        if let Some(fault) = seen.refused {
            *self.refused.entry(format!("{fault:?}")).or_default() += 1;
            let is_alike = reference.is_some_and(|by| by <= MOST_DIFFERENCE);
            self.refused_alike += u32::from(is_alike);
            let is_plain = matches!(fault, Fault::Damaged | Fault::TooManyPixels) && seen.reference.is_none();
            return (!is_plain).then(|| format!("refused {fault:?}: {:?} {:?}", seen.second, seen.reference));
        }
        self.kept += 1;
        if let (true, Some(Outcome::Differs(by))) = (seen.has_second, seen.second) {
            self.seen_twice += 1;
            self.most = self.most.max(by);
        }
        let by = reference?;
        self.with_reference += 1;
        self.most_of_reference = self.most_of_reference.max(by);
        if by > MOST_DIFFERENCE {
            self.wrong += 1;
            return Some(format!("WRONG by {by}, second {:?}", seen.second));
        }
        None
    }
}

fn files_under(directory: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files_under(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// What another program sees: nothing at all where it is not installed, no picture where it sees none.
#[allow(clippy::option_option)]
fn reference(program: &str, arguments: &[&str], path: &Path) -> Option<Option<DynamicImage>> {
    let run = Command::new(program).args(arguments).arg(path).stderr(Stdio::null()).output();
    run.ok().map(|output| from_pnm(&output.stdout))
}
