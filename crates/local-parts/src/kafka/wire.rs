//! Just enough of Kafka's protocol to know that a broker answers.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(2);
/// ApiVersions (18), version 0, correlation id 1, no client id, after its own length.
const WHICH_VERSIONS: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF];

/// Whether a Kafka broker answers at `address`; a port that merely takes connections is none.
pub(super) fn answers(address: &str) -> bool {
    ask(address).is_ok_and(|correlation| correlation == [0, 0, 0, 1])
}

fn ask(address: &str) -> std::io::Result<[u8; 4]> {
    let address = address.to_socket_addrs()?.next().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&WHICH_VERSIONS)?;
    let mut head = [0; 8];
    stream.read_exact(&mut head)?;
    let mut correlation = [0; 4];
    correlation.copy_from_slice(&head[4..]);
    Ok(correlation)
}

/// Waits until a broker answers at `address`, as long as `alive` holds.
pub(super) fn wait_for(address: &str, patience: Duration, mut alive: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < patience && alive() {
        if answers(address) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}

/// Ports of the loopback that nobody listens on. Somebody may take one before it is used: then the start fails and says so.
pub(super) fn free_ports(count: usize) -> std::io::Result<Vec<u16>> {
    let listeners = (0..count).map(|_| TcpListener::bind("127.0.0.1:0"));
    let listeners = listeners.collect::<std::io::Result<Vec<_>>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_closed_or_speaks_otherwise_is_no_broker() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let greeter = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"220 mail.example ESMTP").unwrap();
        });
        assert!(!answers(&address), "it greets like a mail server");
        greeter.join().unwrap();
        assert!(!answers(&address), "it is closed");
    }
}
