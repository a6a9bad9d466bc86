//! Files of strangers are read in a child process, the program itself started with one argument: a file
//! made to exhaust the stack, the memory or the time of a decoder then costs that child and not the
//! server, and the memory a large picture takes is given back when the child ends. The child gets no
//! environment and no files; it lowers its own limits before it reads the first byte, and the parent
//! puts an end to it after `PATIENCE`.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::files::upload::answer::{Answer, Said};
use crate::files::upload::{MAX_BYTES, UploadRefusal, check_size, pdf, picture};

/// How long a child may take; an ordinary document takes some hundredths of a second, a photo one half.
const PATIENCE: Duration = Duration::from_secs(15);

const ADDRESS_SPACE: u64 = 1024 * 1024 * 1024;

const STACK: usize = 64 * 1024 * 1024;

/// Of documents and of pictures: memory and processors are bounded by it.
const AT_ONCE: usize = 2;

/// Stands before the answer, so that nothing else a program prints is taken for one.
const MARK: &[u8] = b"file-verdict:";

/// A picture and its thumbnail, and some.
const LONGEST_ANSWER: u64 = 4 * MAX_BYTES as u64;

/// What a child is asked about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// To look through a document.
    Document,
    /// To make what is kept of a picture.
    Picture,
}

impl Task {
    const ALL: [Task; 2] = [Task::Document, Task::Picture];

    /// The argument that makes the server's program do this task: its `main` must then do nothing but
    /// return [`run_from_stdin`], before it reads a configuration or starts a runtime.
    pub fn argument(self) -> &'static str {
        match self {
            Task::Document => "check-pdf",
            Task::Picture => "check-picture",
        }
    }

    pub fn from_argument(argument: &str) -> Option<Task> {
        Task::ALL.into_iter().find(|task| task.argument() == argument)
    }

    fn cpu_seconds(self) -> u64 {
        match self {
            Task::Document => 5,
            Task::Picture => 10,
        }
    }

    /// What is said of a file that brought its child down.
    fn refusal(self) -> UploadRefusal {
        match self {
            Task::Document => UploadRefusal::TooComplexPdf,
            Task::Picture => UploadRefusal::TooComplexPicture,
        }
    }

    fn damage(self) -> UploadRefusal {
        match self {
            Task::Document => UploadRefusal::DamagedPdf,
            Task::Picture => UploadRefusal::DamagedPicture,
        }
    }

    fn done(self, bytes: &[u8]) -> Result<Answer, UploadRefusal> {
        match self {
            Task::Document => {
                pdf::inspect(bytes).map(|pages| Answer { said: Said::Pages(pages), made: Vec::new() })
            }
            Task::Picture => picture::make(bytes),
        }
    }
}

/// How files are read. Cheap to clone; clones share the number of children at once.
#[derive(Debug, Clone)]
pub struct FileCheck {
    place: Place,
    pub(super) patience: Duration,
    documents: Arc<Semaphore>,
    pictures: Arc<Semaphore>,
}

#[derive(Debug, Clone)]
enum Place {
    Child { program: PathBuf, arguments: Vec<OsString> },
    ThisProcess,
}

impl FileCheck {
    /// The running program, started anew; what production uses.
    pub fn by_this_program() -> std::io::Result<Self> {
        // The link to the running file works also after an upgrade has replaced it on disk.
        let link = PathBuf::from("/proc/self/exe");
        let program = if link.exists() { link } else { std::env::current_exe()? };
        Ok(Self::by_program(program, Vec::new()))
    }

    /// Any program that behaves as [`run_from_stdin`] when the task's argument comes last.
    pub fn by_program(program: PathBuf, arguments: Vec<OsString>) -> Self {
        Self::at(Place::Child { program, arguments })
    }

    /// Without a child, for tests of what comes after the check. Not for production: a file that exhausts
    /// the memory takes the process with it.
    pub fn in_this_process() -> Self {
        Self::at(Place::ThisProcess)
    }

    fn at(place: Place) -> Self {
        let at_once = || Arc::new(Semaphore::new(AT_ONCE));
        Self { place, patience: PATIENCE, documents: at_once(), pictures: at_once() }
    }

    /// Runs on the async threads; the work is done elsewhere.
    pub(super) async fn ask(&self, task: Task, bytes: Arc<[u8]>) -> Result<Answer, UploadRefusal> {
        let at_once = match task {
            Task::Document => &self.documents,
            Task::Picture => &self.pictures,
        };
        let _permit = at_once.acquire().await.map_err(|_| UploadRefusal::CheckUnavailable)?;
        match &self.place {
            Place::Child { program, arguments } => {
                let asked = ask_child(program, arguments, task, &bytes);
                match tokio::time::timeout(self.patience, asked).await {
                    Ok(answer) => answer,
                    Err(_) => Err(task.refusal()), // the child is killed on drop
                }
            }
            Place::ThisProcess => tokio::task::spawn_blocking(move || on_a_large_stack(task, &bytes))
                .await
                .map_err(|_| UploadRefusal::CheckUnavailable)?,
        }
    }
}

async fn ask_child(
    program: &PathBuf,
    arguments: &[OsString],
    task: Task,
    bytes: &[u8],
) -> Result<Answer, UploadRefusal> {
    let unavailable = |failure: std::io::Error| {
        tracing::error!(%failure, "the program that reads files cannot be run");
        UploadRefusal::CheckUnavailable
    };
    let mut child = Command::new(program)
        .args(arguments)
        .arg(task.argument())
        .env_clear() // no secret of ours in reach of the decoder
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(unavailable)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A child that died early closes the pipe; its end tells why.
            let _ = stdin.write_all(bytes).await;
            let _ = stdin.shutdown().await;
        }
    };
    let read = async {
        let mut said = Vec::new();
        if let Some(stdout) = stdout {
            let _ = stdout.take(LONGEST_ANSWER).read_to_end(&mut said).await;
        }
        said
    };
    let ((), said) = tokio::join!(write, read);
    let status = child.wait().await.map_err(unavailable)?;

    match understood(&said) {
        Some(Answer { said: Said::Refused(refusal), .. }) => Err(refusal),
        Some(answer) => Ok(answer),
        // Ended by a signal: a limit was reached, or the decoder fell over the file.
        None if status.code().is_none() => {
            tracing::warn!(%status, task = task.argument(), "a file brought its reader down");
            Err(task.refusal())
        }
        None => {
            tracing::error!(%status, task = task.argument(), "the program that reads files gave no answer");
            Err(UploadRefusal::CheckUnavailable)
        }
    }
}

/// The line after the mark and what follows it.
fn understood(said: &[u8]) -> Option<Answer> {
    let at = said.windows(MARK.len()).position(|piece| piece == MARK)?;
    let rest = said.get(at + MARK.len()..)?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, made) = rest.split_at_checked(end)?;
    let said = serde_json::from_slice(line).ok()?;
    Some(Answer { said, made: made.get(1..)?.to_vec() })
}

/// What the child does: limits itself, reads a file from standard input, prints the answer.
pub fn run_from_stdin(task: Task) -> ExitCode {
    if let Err(failure) = limit_this_process(task) {
        eprintln!("the limits of the reader cannot be set: {failure}");
        return ExitCode::FAILURE;
    }
    let mut bytes = Vec::new();
    if let Err(failure) = std::io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes) {
        eprintln!("the file cannot be read: {failure}");
        return ExitCode::FAILURE;
    }
    let answer = check_size(&bytes)
        .and_then(|()| on_a_large_stack(task, &bytes))
        .unwrap_or_else(|refusal| Answer { said: Said::Refused(refusal), made: Vec::new() });
    let told = serde_json::to_string(&answer.said).map_err(std::io::Error::other).and_then(|said| {
        // A line of its own, whatever was printed before.
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(b"\n")?;
        stdout.write_all(MARK)?;
        writeln!(stdout, "{said}")?;
        stdout.write_all(&answer.made)?;
        stdout.flush()
    });
    if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(unix)]
fn limit_this_process(task: Task) -> std::io::Result<()> {
    use nix::sys::resource::{Resource, setrlimit};
    setrlimit(Resource::RLIMIT_AS, ADDRESS_SPACE, ADDRESS_SPACE)?;
    setrlimit(Resource::RLIMIT_CPU, task.cpu_seconds(), task.cpu_seconds())?;
    // Room for a refusal, should someone redirect it into a file; nothing else is written.
    setrlimit(Resource::RLIMIT_FSIZE, 4096, 4096)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?; // a core dump would be someone's document
    Ok(())
}

#[cfg(not(unix))]
fn limit_this_process(_task: Task) -> std::io::Result<()> {
    Ok(())
}

/// On a thread whose stack is large, and whose panic is a verdict.
fn on_a_large_stack(task: Task, bytes: &[u8]) -> Result<Answer, UploadRefusal> {
    std::thread::scope(|scope| {
        let work = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || task.done(bytes))
            .map_err(|_| UploadRefusal::CheckUnavailable)?;
        work.join().unwrap_or(Err(task.damage()))
    })
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::*;

    /// This test program as the child: it runs the one test [`the_child`], which is told apart by an
    /// argument the test harness takes for a second name.
    fn this_test_program() -> FileCheck {
        let arguments =
            ["--exact", "files::upload::child::tests::the_child", "--nocapture", "--test-threads=1"];
        FileCheck::by_program(std::env::current_exe().unwrap(), arguments.map(OsString::from).to_vec())
    }

    pub(crate) fn child() -> FileCheck {
        this_test_program()
    }

    #[test]
    fn the_child() {
        let Some(last) = std::env::args().next_back() else { return };
        if let Some(task) = Task::from_argument(&last) {
            if std::env::args().any(|argument| argument == "greedy") {
                limit_this_process(task).unwrap();
                // More than the limit: the process ends by a signal before it can say anything.
                let much = vec![1u8; usize::try_from(ADDRESS_SPACE).unwrap()];
                println!("file-verdict:{{\"Pages\":{}}}", much.len());
            }
            assert_eq!(run_from_stdin(task), ExitCode::SUCCESS);
        }
    }

    fn shell(script: &str) -> FileCheck {
        FileCheck::by_program("/bin/sh".into(), vec!["-c".into(), script.into()])
    }

    async fn asked(check: &FileCheck, task: Task) -> Result<Answer, UploadRefusal> {
        check.ask(task, b"a file".as_slice().into()).await
    }

    #[cfg(unix)]
    #[test]
    fn the_child_lowers_its_limits() {
        use nix::sys::resource::{Resource, getrlimit};
        // In a process of its own: limits cannot be raised again.
        if std::env::args().next_back().as_deref() != Some("limits") {
            let this = std::env::current_exe().unwrap();
            let name = "files::upload::child::tests::the_child_lowers_its_limits";
            let run = std::process::Command::new(this).args(["--exact", name, "limits"]).output().unwrap();
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
            return;
        }
        for task in [Task::Picture, Task::Document] {
            limit_this_process(task).unwrap();
            assert_eq!(getrlimit(Resource::RLIMIT_CPU).unwrap(), (task.cpu_seconds(), task.cpu_seconds()));
            assert_eq!(getrlimit(Resource::RLIMIT_AS).unwrap(), (ADDRESS_SPACE, ADDRESS_SPACE));
            assert_eq!(getrlimit(Resource::RLIMIT_CORE).unwrap(), (0, 0));
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_child_that_takes_too_much_memory_is_ended() {
        let Place::Child { program, mut arguments } = this_test_program().place else { panic!("no child") };
        arguments.push("greedy".into());
        let greedy = FileCheck::by_program(program, arguments);
        assert_eq!(asked(&greedy, Task::Picture).await, Err(UploadRefusal::TooComplexPicture));
        assert_eq!(asked(&greedy, Task::Document).await, Err(UploadRefusal::TooComplexPdf));
    }

    #[tokio::test]
    async fn a_child_that_hangs_dies_or_babbles_is_survived() {
        for (task, ended) in [
            (Task::Document, UploadRefusal::TooComplexPdf),
            (Task::Picture, UploadRefusal::TooComplexPicture),
        ] {
            let mut hanging = shell("exec sleep 600");
            hanging.patience = Duration::from_millis(300);
            assert_eq!(asked(&hanging, task).await, Err(ended));
            for (script, expected) in [
                ("kill -SEGV $$", ended),
                ("cat >/dev/null; kill -KILL $$", ended),
                ("exit 0", UploadRefusal::CheckUnavailable),
                ("exit 2", UploadRefusal::CheckUnavailable),
                ("echo garbage", UploadRefusal::CheckUnavailable),
                ("echo 'file-verdict:{\"Pages\":'", UploadRefusal::CheckUnavailable),
                ("head -c 100000000 /dev/zero", UploadRefusal::CheckUnavailable),
                ("echo 'file-verdict:{\"Refused\":\"EncryptedPdf\"}'", UploadRefusal::EncryptedPdf),
            ] {
                assert_eq!(asked(&shell(script), task).await, Err(expected), "{script}");
            }
            let missing = FileCheck::by_program("/nowhere/server".into(), vec![]);
            assert_eq!(asked(&missing, task).await, Err(UploadRefusal::CheckUnavailable));
        }
        assert!(UploadRefusal::CheckUnavailable.is_temporary());
    }

    #[tokio::test]
    async fn no_more_than_two_children_of_a_kind_run_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path().display();
        // Each leaves a mark while it runs and says how many there are.
        let script = format!(
            "touch {here}/$$; sleep 0.2; n=$(ls {here} | wc -l); rm {here}/$$; echo \"file-verdict:{{\\\"Pages\\\":$n}}\""
        );
        let check = shell(&script);
        let all = futures::future::join_all((0..8).map(|_| asked(&check, Task::Picture))).await;
        for answer in all {
            let Said::Pages(running) = answer.unwrap().said else { panic!("no number") };
            assert!((1..=2).contains(&running), "{running} at once");
        }
    }

    #[tokio::test]
    async fn the_child_gets_nothing_of_our_environment() {
        // The test harness sets variables for its children, so there is something not to see.
        assert!(std::env::var_os("PATH").is_some());
        let script = "test \"$(/usr/bin/env | /bin/grep -c -v -e '^PWD=' -e '^_=' -e '^SHLVL=' -e '^OLDPWD=')\" = 0 && echo 'file-verdict:{\"Pages\":7}'";
        assert_eq!(asked(&shell(script), Task::Document).await.unwrap().said, Said::Pages(7));
    }
}
