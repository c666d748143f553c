//! The cable between a process and the broker or the database that it uses, which can be cut: nothing comes through any more, and neither end is
//! told.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One end of a cable that leads nowhere yet.
pub(crate) struct Socket {
    listener: TcpListener,
    front: SocketAddr,
}

impl Socket {
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { front: listener.local_addr().unwrap(), listener }
    }

    pub(crate) const fn front(&self) -> SocketAddr {
        self.front
    }

    /// Lays the cable.
    pub(crate) fn to(self, back: SocketAddr) -> Cable {
        let (state, watched) = watch::channel(State { cut: false, torn: 0 });
        let mut tasks = JoinSet::new();
        tasks.spawn(carry(self.listener, back, watched));
        Cable { front: self.front, state, _carrying: tasks }
    }
}

/// A cable. It carries nothing any more once it is dropped.
pub(crate) struct Cable {
    front: SocketAddr,
    state: watch::Sender<State>,
    _carrying: JoinSet<()>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    cut: bool,
    /// How often every connection through it was torn.
    torn: u64,
}

impl Cable {
    /// Where the process finds what is at the other end.
    pub(crate) const fn front(&self) -> SocketAddr {
        self.front
    }

    /// From here on nothing comes through.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| state.cut = true);
    }

    /// What was underway arrives late. If `torn`, it never does: each end hears that its connection is no more.
    pub(crate) fn mend(&self, torn: bool) {
        self.state.send_modify(|state| {
            state.cut = false;
            state.torn += u64::from(torn);
        });
    }
}

async fn carry(listener: TcpListener, back: SocketAddr, mut state: watch::Receiver<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((near, _)) = listener.accept().await else { return };
        let Ok(torn) = state.wait_for(|state| !state.cut).await.map(|state| state.torn) else { return };
        while connections.try_join_next().is_some() {}
        let state = state.clone();
        connections.spawn(async move {
            let Ok(far) = TcpStream::connect(back).await else { return };
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            // The end of one direction is the end of both: no protocol here shuts one only.
            tokio::select! {
                () = pump(near_in, far_out, state.clone(), torn) => {}
                () = pump(far_in, near_out, state, torn) => {}
            }
        });
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>, torn: u64) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => read,
            _ = state.wait_for(|state| state.torn != torn) => return,
        };
        let Ok(read @ 1..) = read else { return };
        match state.wait_for(|state| !state.cut).await.map(|state| state.torn) {
            Ok(now) if now == torn => {}
            _ => return,
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
