//! Tells the service manager how far the program is (`Type=notify` of systemd). Without one, nothing happens.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Requests are answered from now on.
pub const READY: &str = "READY=1";
/// The end has begun.
pub const STOPPING: &str = "STOPPING=1";

/// Sends the state to whoever asked for it in `NOTIFY_SOCKET`. A failure is a line in the log: the manager will say itself that it
/// waits in vain.
pub fn notify(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(socket.as_encoded_bytes(), state) {
        tracing::warn!(%error, state, "the service manager was not told");
    }
}

fn send(socket: &[u8], state: &str) -> io::Result<()> {
    let address = address(socket)?;
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

/// A path, or after `@` a name that is in no directory.
fn address(socket: &[u8]) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = socket.strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt as _;
        return SocketAddr::from_abstract_name(name);
    }
    use std::os::unix::ffi::OsStrExt as _;
    SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(socket))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn the_manager_is_told_over_a_path_and_over_a_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let name = format!("@beian-notify-{}", std::process::id());
        for socket in [path.to_str().unwrap(), &name] {
            let manager = UnixDatagram::bind_addr(&address(socket.as_bytes()).unwrap()).unwrap();
            send(socket.as_bytes(), READY).unwrap();
            let mut told = [0; 64];
            let length = manager.recv(&mut told).unwrap();
            assert_eq!(&told[..length], b"READY=1", "{socket}");
        }
        assert!(send(b"/nowhere/at/all", READY).is_err());
    }
}
