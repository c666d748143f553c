//! The bytes of a key file: a head, then records.
//!
//! Head: magic (8 bytes), epoch id (16), owner (length byte, text), SHA-256 over all before (32).
//!
//! Record: length of the content (4, big-endian), its complement (4), the content, SHA-256 over epoch
//! id, record number and content (32). The content is one entry after another:
//! kind (1: 1 a key, 2 a tombstone, 3 a loss), subject, purpose (each a length byte and text), and for a key its
//! wrapped form (60).
//!
//! A record is what one write made durable, and the next is only written after it. So a crash can tear
//! the last record and no other, and what is torn was never acknowledged.

use sha2::{Digest, Sha256};

use crate::epoch::{EpochId, WRAPPED_BYTES, WrappedKey};
use crate::name::{KeyName, push_text};

const MAGIC: &[u8; 8] = b"SEALKEY1";
const CHECKSUM_BYTES: usize = 32;
const KIND_KEY: u8 = 1;
const KIND_TOMBSTONE: u8 = 2;
const KIND_LOST: u8 = 3;

/// What a record says about one key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: KeyName,
    pub(crate) kept: Kept<WrappedKey>,
}

/// What there is of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept<K> {
    /// The key itself.
    Key(K),
    /// It was destroyed, and is not made again.
    Destroyed,
    /// It was lost, and somebody said to go on without it. It may be made anew, as another key.
    Lost,
}

/// What stands at some place of a key file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing: the file ends here.
    End,
    /// An append that a crash cut short.
    Torn,
    /// A record, and the length of it in bytes.
    Record(Vec<Entry>, usize),
}

pub(crate) fn encode_head(epoch: &EpochId, owner: &str) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(epoch);
    push_text(&mut bytes, owner);
    let checksum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    bytes
}

/// Reads the head: the epoch, and the head's length in bytes. The error says what is wrong.
pub(crate) fn decode_head(bytes: &[u8], owner: &str) -> Result<(EpochId, usize), String> {
    let mut reader = Reader(bytes);
    if reader.array() != Some(*MAGIC) {
        return Err("it does not begin as one".to_owned());
    }
    let (epoch, found) = match (reader.array(), reader.text()) {
        (Some(epoch), Some(found)) => (epoch, found),
        _ => return Err("its head is cut short".to_owned()),
    };
    let length = bytes.len() - reader.0.len();
    if reader.array::<CHECKSUM_BYTES>() != Some(Sha256::digest(&bytes[..length]).into()) {
        return Err("the checksum of its head fails".to_owned());
    }
    if found != owner {
        return Err(format!("it belongs to owner {found}, not {owner}"));
    }
    Ok((epoch, length + CHECKSUM_BYTES))
}

pub(crate) fn encode_record(epoch: &EpochId, number: u64, entries: &[Entry]) -> Vec<u8> {
    let mut content = Vec::new();
    for entry in entries {
        let (kind, wrapped) = match &entry.kept {
            Kept::Key(wrapped) => (KIND_KEY, wrapped.as_slice()),
            Kept::Destroyed => (KIND_TOMBSTONE, [].as_slice()),
            Kept::Lost => (KIND_LOST, [].as_slice()),
        };
        content.push(kind);
        push_text(&mut content, entry.name.subject());
        push_text(&mut content, entry.name.purpose());
        content.extend_from_slice(wrapped);
    }
    let length = u32::try_from(content.len()).expect("a batch of keys is far below 4 GiB");
    let mut bytes = Vec::with_capacity(8 + content.len() + CHECKSUM_BYTES);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&(!length).to_be_bytes());
    bytes.extend_from_slice(&content);
    bytes.extend_from_slice(&checksum(epoch, number, &content));
    bytes
}

/// Reads the record that `rest`, the remainder of a key file, begins with. The error says what is wrong.
///
/// A whole last record whose checksum fails is an error and is not taken for torn: it may be an
/// acknowledged key that the disk lost. Torn is only what no finished write can look like: too short, or
/// with zeros in the place of what is written last.
pub(crate) fn decode_record(rest: &[u8], epoch: &EpochId, number: u64) -> Result<Found, &'static str> {
    if rest.is_empty() {
        return Ok(Found::End);
    }
    let mut reader = Reader(rest);
    let (Some(length), Some(complement)) = (reader.array(), reader.array()) else {
        return Ok(Found::Torn);
    };
    let length = u32::from_be_bytes(length);
    if length != !u32::from_be_bytes(complement) {
        return if rest.iter().all(|&byte| byte == 0) {
            Ok(Found::Torn)
        } else {
            Err("its length is damaged")
        };
    }
    // A length that does not fit in memory is beyond the end of the file too.
    let content = usize::try_from(length).ok().and_then(|length| reader.take(length));
    let (Some(content), Some(found)) = (content, reader.array::<CHECKSUM_BYTES>()) else {
        return Ok(Found::Torn);
    };
    if found != checksum(epoch, number, content) {
        return if found == [0; CHECKSUM_BYTES] && reader.0.is_empty() {
            Ok(Found::Torn)
        } else {
            Err("its checksum fails")
        };
    }
    let entries = decode_entries(content).ok_or("its content is not known to this version")?;
    Ok(Found::Record(entries, rest.len() - reader.0.len()))
}

fn decode_entries(content: &[u8]) -> Option<Vec<Entry>> {
    let mut reader = Reader(content);
    let mut entries = Vec::new();
    while !reader.0.is_empty() {
        let [kind] = reader.array()?;
        let name = KeyName::new(reader.text()?, reader.text()?).ok()?;
        let kept = match kind {
            KIND_KEY => Kept::Key(reader.array::<WRAPPED_BYTES>()?),
            KIND_TOMBSTONE => Kept::Destroyed,
            KIND_LOST => Kept::Lost,
            _ => return None,
        };
        entries.push(Entry { name, kept });
    }
    Some(entries)
}

/// The record's number and epoch are hashed too, so that a record lost from the middle, moved or kept
/// from an earlier epoch is noticed.
fn checksum(epoch: &EpochId, number: u64, content: &[u8]) -> [u8; CHECKSUM_BYTES] {
    Sha256::new()
        .chain_update(epoch)
        .chain_update(number.to_be_bytes())
        .chain_update(content)
        .finalize()
        .into()
}

/// The part of the bytes that is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn text(&mut self) -> Option<&'a str> {
        let [length] = self.array()?;
        std::str::from_utf8(self.take(length.into())?).ok()
    }
}
