//! The open key file of one owner: read once, then only appended to.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::PathBuf;

use crate::SealingError;
use crate::blob::DataKey;
use crate::epoch::EpochKey;
use crate::file::{Paths, append, cut_back, open_private, sync, write_private};
use crate::format::{Entry, Found, Kept, decode_record, encode_head, encode_record};
use crate::name::KeyName;
use crate::needs::Needs;

/// The most keys in one record, and so in one write.
pub(crate) const RECORD_KEYS_MAX: usize = 1024;

/// A key by its name, or what is known of one that is gone.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) name: KeyName,
    pub(crate) kept: Kept<DataKey>,
}

/// A change of the files that failed.
pub(crate) struct Failed {
    pub(crate) error: SealingError,
    /// Whether what was there before is surely still in force.
    pub(crate) unchanged: bool,
}

/// Keys, tombstones and losses by key id.
pub(crate) type Slots = HashMap<String, Slot>;

/// The key file, with the epoch key that its keys are wrapped under.
pub(crate) struct KeyFile {
    path: PathBuf,
    file: File,
    owner: String,
    epoch: EpochKey,
    /// The records in the file.
    records: u64,
    /// Where the last of them ends.
    length: u64,
}

impl KeyFile {
    /// Writes all slots into the next key file under `epoch`, and syncs it. The file is to be renamed
    /// into its place, to which later appends go.
    pub(crate) fn write_next<'a>(
        paths: &Paths,
        owner: &str,
        epoch: EpochKey,
        slots: impl Iterator<Item = &'a Slot>,
    ) -> Result<Self, SealingError> {
        let entries = slots.map(|slot| wrap(&epoch, owner, slot)).collect::<Result<Vec<_>, _>>()?;
        let mut bytes = encode_head(epoch.id(), owner);
        let mut records = 0;
        for batch in entries.chunks(RECORD_KEYS_MAX) {
            records += 1;
            bytes.extend(encode_record(epoch.id(), records, batch));
        }
        Ok(Self {
            path: paths.keys.clone(),
            file: write_private(&paths.next_keys, &bytes)?,
            owner: owner.to_owned(),
            epoch,
            records,
            length: bytes.len() as u64,
        })
    }

    /// Reads the records of the key file, whose content is `bytes` and whose head is `head_bytes` long, and holds them against
    /// `needs` before anything is changed. Cuts off a torn last record.
    pub(crate) fn load(
        paths: &Paths,
        owner: &str,
        epoch: EpochKey,
        bytes: &[u8],
        head_bytes: usize,
        needs: &Needs,
    ) -> Result<(Self, Slots), SealingError> {
        let mut slots = Slots::new();
        let (mut offset, mut records) = (head_bytes, 0);
        let torn = loop {
            let bad = |problem: String| SealingError::BadRecord {
                path: paths.keys.clone(),
                record: records + 1,
                offset: offset as u64,
                problem,
            };
            match decode_record(&bytes[offset..], epoch.id(), records + 1) {
                Ok(Found::End) => break false,
                Ok(Found::Torn) => break true,
                Ok(Found::Record(entries, length)) => {
                    for entry in entries {
                        let slot = unwrap(&epoch, owner, entry).map_err(bad)?;
                        slots.insert(slot.name.key_id(owner), slot);
                    }
                    offset += length;
                    records += 1;
                }
                Err(problem) => return Err(bad(problem.to_owned())),
            }
        };
        // What a crash tore was never acknowledged, so nobody can need it: else the file was cut by something worse.
        let lost = needs.check(paths, owner, &slots)?;
        let path = paths.keys.clone();
        let mut file = open_private(&path, false)?;
        let length = offset as u64;
        if torn {
            cut_back(&mut file, &path, length)?;
        }
        file.seek(SeekFrom::End(0)).map_err(SealingError::io("seek in", &path))?;
        let mut file = Self { path, file, owner: owner.to_owned(), epoch, records, length };
        file.append_lost(lost, &mut slots)?;
        Ok((file, slots))
    }

    /// Writes down which keys are lost, so that nobody is asked again.
    pub(crate) fn append_lost(&mut self, lost: Vec<KeyName>, slots: &mut Slots) -> Result<(), SealingError> {
        let lost: Vec<Slot> = lost.into_iter().map(|name| Slot { name, kept: Kept::Lost }).collect();
        for batch in lost.chunks(RECORD_KEYS_MAX) {
            self.append(batch).map_err(|failed| failed.error)?;
        }
        slots.extend(lost.into_iter().map(|slot| (slot.name.key_id(&self.owner), slot)));
        Ok(())
    }

    /// Appends the slots as one record and syncs it. After an error that does not say that the file is unchanged it must not be used
    /// again: what is on disk is not certain, and a second sync may report success without writing.
    pub(crate) fn append(&mut self, slots: &[Slot]) -> Result<(), Failed> {
        let entries = slots.iter().map(|slot| wrap(&self.epoch, &self.owner, slot));
        let entries =
            entries.collect::<Result<Vec<_>, _>>().map_err(|error| Failed { error, unchanged: true })?;
        let bytes = encode_record(self.epoch.id(), self.records + 1, &entries);
        append(&mut self.file, &self.path, &bytes).map_err(|error| {
            // As on a full disk. Nothing of it was synced yet, so what is cut off was never there.
            let unchanged = cut_back(&mut self.file, &self.path, self.length).is_ok();
            Failed { error, unchanged }
        })?;
        sync(&self.file, &self.path).map_err(|error| Failed { error, unchanged: false })?;
        self.records += 1;
        self.length += bytes.len() as u64;
        Ok(())
    }

    #[cfg(test)]
    pub(crate) const fn records(&self) -> u64 {
        self.records
    }
}

fn wrap(epoch: &EpochKey, owner: &str, slot: &Slot) -> Result<Entry, SealingError> {
    let kept = match &slot.kept {
        Kept::Key(key) => Kept::Key(epoch.wrap(key.secret(), &slot.name.binding(owner))?),
        Kept::Destroyed => Kept::Destroyed,
        Kept::Lost => Kept::Lost,
    };
    Ok(Entry { name: slot.name.clone(), kept })
}

/// The error says what is wrong with the entry.
fn unwrap(epoch: &EpochKey, owner: &str, entry: Entry) -> Result<Slot, String> {
    let name = entry.name;
    let kept = match entry.kept {
        Kept::Key(wrapped) => {
            let secret = epoch
                .unwrap(&wrapped, &name.binding(owner))
                .ok_or_else(|| format!("key {} does not unwrap", name.key_id(owner)))?;
            Kept::Key(DataKey::new(name.key_id(owner), secret))
        }
        Kept::Destroyed => Kept::Destroyed,
        Kept::Lost => Kept::Lost,
    };
    Ok(Slot { name, kept })
}
