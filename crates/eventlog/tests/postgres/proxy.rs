//! A proxy before the server that can keep an answer to itself, as a cut cable does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Proxy {
    pub(crate) url: String,
    lose: Arc<AtomicBool>,
}

impl Proxy {
    /// Before the server of `url`.
    pub(crate) async fn before(url: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (front, (credentials, rest)) = (listener.local_addr().unwrap(), url.rsplit_once('@').unwrap());
        let (server, database) = rest.split_once('/').unwrap();
        let server: SocketAddr = server.parse().unwrap();
        let lose = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&lose);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(server).await else { continue };
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(pump(from_client, to_server, None));
                tokio::spawn(pump(from_server, to_client, Some(Arc::clone(&flag))));
            }
        });
        Self { url: format!("{credentials}@{front}/{database}"), lose }
    }

    /// The next answer of the server reaches nobody, and its connection is cut.
    pub(crate) fn lose_next_answer(&self) {
        self.lose.store(true, Ordering::Release);
    }

    /// Whether an answer was lost.
    pub(crate) fn has_lost(&self) -> bool {
        !self.lose.load(Ordering::Acquire)
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, lose: Option<Arc<AtomicBool>>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if lose.as_ref().is_some_and(|lose| lose.swap(false, Ordering::AcqRel)) {
            return;
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
