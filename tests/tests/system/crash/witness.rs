//! What the clients know: every command before it was sent, and every answer that came. Kept in a file outside the region, on
//! the disk before a client goes on.

use super::commands::Command;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// Writes the file; cheap to clone.
#[derive(Clone)]
pub(crate) struct Witness {
    lines: Sender<(String, oneshot::Sender<()>)>,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done, with this answer.
    Yes(Vec<u8>),
    /// Refused, for this reason.
    No(String),
}

/// A command that was sent at least once.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// Whose token it was sent with.
    pub(crate) who: String,
    pub(crate) command: Command,
    /// The first answer, if any came.
    pub(crate) answer: Option<Answer>,
}

impl Witness {
    pub(crate) fn open(path: &Path) -> Self {
        let file = File::options().create(true).append(true).open(path).unwrap();
        let (lines, waiting) = channel();
        std::thread::spawn(move || write(file, &waiting));
        Self { lines }
    }

    pub(crate) async fn before(&self, who: &str, command: &Command) {
        let body = hex::encode(command.encode());
        self.line(format!("sent {} {} {who} {body}\n", command.request_id(), command.kind())).await;
    }

    pub(crate) async fn after(&self, command: &Command, answer: &Answer) {
        let id = command.request_id();
        let line = match answer {
            Answer::Yes(bytes) => format!("yes {id} {}\n", hex::encode(bytes)),
            Answer::No(reason) => format!("no {id} {reason}\n"),
        };
        self.line(line).await;
    }

    async fn line(&self, line: String) {
        let (done, written) = oneshot::channel();
        self.lines.send((line, done)).unwrap();
        written.await.unwrap();
    }
}

/// Writes whatever waits, then syncs once.
fn write(mut file: File, waiting: &Receiver<(String, oneshot::Sender<()>)>) {
    while let Ok(first) = waiting.recv() {
        let batch: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
        for (line, _) in &batch {
            file.write_all(line.as_bytes()).unwrap();
        }
        file.sync_data().unwrap();
        for (_, done) in batch {
            // A client that was stopped no longer waits.
            let _ = done.send(());
        }
    }
}

/// Everything in the file, by request id.
pub(crate) fn read(path: &PathBuf) -> BTreeMap<String, Sent> {
    let mut all: BTreeMap<String, Sent> = BTreeMap::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["sent", id, kind, who, body] => {
                let command = Command::decode(kind, &hex::decode(body).unwrap());
                let sent = Sent { who: who.to_owned(), command, answer: None };
                assert!(all.insert(id.to_owned(), sent).is_none(), "{id} was used for two commands");
            }
            ["yes", id, answer] => answered(&mut all, id, Answer::Yes(hex::decode(answer).unwrap())),
            ["yes", id] => answered(&mut all, id, Answer::Yes(Vec::new())),
            ["no", id, reason] => answered(&mut all, id, Answer::No(reason.to_owned())),
            _ => panic!("the witness says {line:?}"),
        }
    }
    all
}

fn answered(all: &mut BTreeMap<String, Sent>, id: &str, answer: Answer) {
    let sent = all.get_mut(id).unwrap_or_else(|| panic!("{id} was answered before it was sent"));
    sent.answer.get_or_insert(answer);
}
