//! Buckets of a real server that speaks S3 (`scripts/s3-server.py`), and a wire to it on which things go wrong.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// One for all tests of a program. It ends with the program, whose end closes its standard input.
static SERVER: OnceLock<Option<(Child, u16)>> = OnceLock::new();

fn start() -> Option<(Child, u16)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = root.ancestors().find(|directory| directory.join("Cargo.lock").exists())?;
    let python = match std::env::var_os("BEIAN_S3_PYTHON") {
        Some(python) => PathBuf::from(python),
        None => root.join("target/s3/bin/python"),
    };
    if !python.exists() {
        eprintln!("skipped: there is no server that speaks S3 (scripts/bootstrap.sh s3 installs one)");
        return None;
    }
    let mut child = Command::new(python)
        .arg(root.join("scripts/s3-server.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().parse().expect("the server that speaks S3 says its port");
    Some((child, port))
}

pub struct Bucket {
    pub name: String,
    pub port: u16,
}

impl Bucket {
    /// A new and empty one; none where no server can be had.
    pub fn new() -> Option<Self> {
        let (_, port) = SERVER.get_or_init(start).as_ref()?;
        let name = format!("b{}", uuid::Uuid::now_v7().simple());
        let bucket = Bucket { name, port: *port };
        let said = bucket.ask("PUT", "");
        assert!(said.starts_with("HTTP/1.1 200") || said.starts_with("HTTP/1.0 200"), "{said}");
        Some(bucket)
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What is in it, as the server lists it.
    pub fn listing(&self) -> String {
        self.ask("GET", "?list-type=2")
    }

    fn ask(&self, method: &str, rest: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!(
            "{method} /{}{rest} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.name, self.port
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        said
    }
}

/// What happens to one request.
#[derive(Debug, Clone)]
pub enum Fault {
    Pass,
    /// Nobody answers.
    Silence,
    /// The answer begins so much later.
    Late(Duration),
    /// The connection is cut after so many bytes of the request …
    CutRequest(usize),
    /// … or of the answer.
    CutAnswer(usize),
    /// This is answered in place of the server.
    Answer(String),
}

impl Fault {
    pub fn status(status: &str, code: &str) -> Self {
        let body =
            format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>Told</Message></Error>");
        let length = body.len();
        Fault::Answer(format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ))
    }
}

/// A wire to the server. What is to happen is said in advance, one for each request; afterwards everything passes,
/// or the last goes on for ever.
#[derive(Clone)]
pub struct Wire {
    pub port: u16,
    faults: Arc<Mutex<(VecDeque<Fault>, Option<Fault>)>>,
    requests: Arc<Mutex<u32>>,
}

impl Wire {
    pub fn to(bucket: &Bucket) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Wire {
            port: listener.local_addr().unwrap().port(),
            faults: Arc::default(),
            requests: Arc::default(),
        };
        let (faults, requests, to) = (wire.faults.clone(), wire.requests.clone(), bucket.port);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                *requests.lock().unwrap() += 1;
                let fault = {
                    let mut faults = faults.lock().unwrap();
                    faults.0.pop_front().or_else(|| faults.1.clone()).unwrap_or(Fault::Pass)
                };
                std::thread::spawn(move || carry(client, to, &fault));
            }
        });
        wire
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// These, one after the other; then everything passes.
    pub fn next(&self, faults: &[Fault]) {
        *self.faults.lock().unwrap() = (faults.iter().cloned().collect(), None);
    }

    pub fn always(&self, fault: Fault) {
        *self.faults.lock().unwrap() = (VecDeque::new(), Some(fault));
    }

    /// So many requests since the last time.
    pub fn requests(&self) -> u32 {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

/// Copies what comes, up to so many bytes.
fn copy(mut from: TcpStream, mut to: TcpStream, most: usize) {
    let mut left = most;
    let mut buffer = [0; 4096];
    while left > 0 {
        let room = left.min(buffer.len());
        let read = match from.read(&mut buffer[..room]) {
            Ok(0) | Err(_) => break,
            Ok(read) => read,
        };
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
        left -= read;
    }
    let _ = to.shutdown(if left == 0 { Shutdown::Both } else { Shutdown::Write });
    if left == 0 {
        let _ = from.shutdown(Shutdown::Both);
    }
}

/// Reads a request to its end, as far as it says where that is.
fn read_request(client: &mut TcpStream) {
    let mut reader = BufReader::new(client);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    let _ = std::io::copy(&mut reader.take(length), &mut std::io::sink());
}

fn carry(mut client: TcpStream, to: u16, fault: &Fault) {
    let (mut up, mut down) = (usize::MAX, usize::MAX);
    match fault {
        Fault::Pass => {}
        Fault::Late(by) => std::thread::sleep(*by),
        Fault::CutRequest(bytes) => up = *bytes,
        Fault::CutAnswer(bytes) => down = *bytes,
        Fault::Silence => {
            let _ = std::io::copy(&mut client, &mut std::io::sink());
            return;
        }
        Fault::Answer(said) => {
            read_request(&mut client);
            let _ = client.write_all(said.as_bytes());
            let _ = client.shutdown(Shutdown::Write);
            let _ = std::io::copy(&mut client, &mut std::io::sink());
            return;
        }
    }
    let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
    let (from, into) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let request = std::thread::spawn(move || copy(from, into, up));
    copy(server, client, down);
    let _ = request.join();
}
