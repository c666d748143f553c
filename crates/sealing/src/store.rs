//! The key store of one owner: keys in memory, each durable before anyone is given it.

use std::collections::HashSet;
use std::fmt;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::blob::{DataKey, SealedBlob};
use crate::file::{Paths, create_dir, open_private};
use crate::format::Kept;
use crate::key_file::{KeyFile, RECORD_KEYS_MAX, Slot, Slots};
use crate::name::{KeyName, check_owner};
use crate::needs::Needs;
use crate::{SealingError, rotation};

/// The keys of one owner, such as a council, in a directory of their own.
///
/// Two files: `OWNER.keys` has every data key, wrapped under an epoch key; `OWNER.epoch` has the epoch
/// key. Both are readable by their user only (on Unix). Who can read both can read all keys, so
/// the directory must not be backed up together with the logs. An `OWNER.lock` keeps a second writer
/// out; share one store between threads.
///
/// Calls block: see each for when they wait for the disk. From async code run those on a thread
/// that may block, such as Tokio's `spawn_blocking`.
pub struct KeyStore {
    owner: String,
    paths: Paths,
    state: Mutex<State>,
    /// Told whenever the key file was given back or the store was halted.
    changed: Condvar,
    /// Held open for its lock.
    _lock: File,
}

/// The right to open one owner's keys, which one process has at a time.
pub struct OwnerLock {
    owner: String,
    paths: Paths,
    file: File,
}

impl OwnerLock {
    /// Takes it for `owner` in `dir`, which is made if missing.
    ///
    /// # Errors
    /// [`SealingError::InUse`] while another has it; [`SealingError::BadName`], [`SealingError::Io`].
    pub fn take(dir: impl AsRef<Path>, owner: &str) -> Result<Self, SealingError> {
        check_owner(owner)?;
        let paths = Paths::new(dir.as_ref(), owner);
        create_dir(&paths.dir)?;
        let file = open_private(&paths.lock, false)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => SealingError::InUse { path: paths.lock.clone() },
            TryLockError::Error(source) => SealingError::io("lock", &paths.lock)(source),
        })?;
        Ok(Self { owner: owner.to_owned(), paths, file })
    }

    /// Opens the keys; the owner's first files are made if missing. Finishes or undoes what a crash interrupted. `needs` are the keys
    /// that must be there: a file that was cut looks like one whose last write a crash tore, and only whoever holds what was sealed can
    /// tell the two apart.
    ///
    /// # Errors
    /// [`SealingError::KeysLost`], and the key file was not touched; [`SealingError::BadHead`], [`SealingError::BadRecord`],
    /// [`SealingError::KeysMissing`] and [`SealingError::EpochMissing`] when the files are damaged or
    /// incomplete; [`SealingError::Io`], [`SealingError::NoRandomness`].
    pub fn open(self, needs: &Needs) -> Result<KeyStore, SealingError> {
        let (file, slots) = rotation::open(&self.paths, &self.owner, needs)?;
        Ok(KeyStore::new(self, file, slots))
    }
}

/// What the threads share.
pub(crate) struct State {
    /// The durable keys and the tombstones.
    slots: Slots,
    /// Keys asked for that no write has taken yet.
    pub(crate) waiting: Vec<Slot>,
    /// The ids of the keys that are waiting or being written.
    staged: HashSet<String>,
    /// The key file; `None` while one thread writes, or for good once halted.
    pub(crate) file: Option<KeyFile>,
    /// Why a write failed, if one did.
    halted: Option<String>,
}

impl State {
    fn check_halted(&self) -> Result<(), SealingError> {
        match &self.halted {
            Some(reason) => Err(SealingError::Halted { reason: reason.clone() }),
            None => Ok(()),
        }
    }
}

impl KeyStore {
    /// Opens the keys of `owner` in `dir`: [`OwnerLock::take`], then [`OwnerLock::open`].
    ///
    /// # Errors
    /// Theirs.
    pub fn open(dir: impl AsRef<Path>, owner: &str, needs: &Needs) -> Result<Self, SealingError> {
        OwnerLock::take(dir, owner)?.open(needs)
    }

    fn new(lock: OwnerLock, file: KeyFile, slots: Slots) -> Self {
        Self {
            owner: lock.owner,
            paths: lock.paths,
            state: Mutex::new(State {
                slots,
                waiting: Vec::new(),
                staged: HashSet::new(),
                file: Some(file),
                halted: None,
            }),
            changed: Condvar::new(),
            _lock: lock.file,
        }
    }

    /// The owner whose keys these are.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Gives the key of `subject` for `purpose`, and makes it if there was none.
    ///
    /// A new key is on disk before this returns, so no event can be sealed under a key that a crash
    /// takes away. Waits for the disk only then; the threads that wait together share one sync.
    ///
    /// # Errors
    /// [`SealingError::KeyDestroyed`]: a destroyed key is not made again. [`SealingError::Halted`],
    /// [`SealingError::BadName`], [`SealingError::Io`], [`SealingError::NoRandomness`].
    pub fn create_or_get(&self, subject: &str, purpose: &str) -> Result<DataKey, SealingError> {
        let name = KeyName::new(subject, purpose)?;
        let key_id = name.key_id(&self.owner);
        let mut state = self.lock();
        loop {
            match state.slots.get(&key_id).map(|slot| &slot.kept) {
                Some(Kept::Key(key)) => return Ok(key.clone()),
                Some(Kept::Destroyed) => return Err(name.destroyed()),
                Some(Kept::Lost) | None => {}
            }
            state.check_halted()?;
            if !state.staged.contains(&key_id) {
                let key = DataKey::generate(key_id.clone())?;
                state.staged.insert(key_id.clone());
                state.waiting.push(Slot { name: name.clone(), kept: Kept::Key(key) });
            }
            // Whoever finds the file free writes for all who wait. The others wait for that write,
            // and one of them writes the next.
            state = match state.file.take() {
                Some(file) => self.write_waiting(state, file)?,
                None => self.wait(state),
            };
        }
    }

    /// Gives the key of `subject` for `purpose`. Does not touch the disk.
    ///
    /// # Errors
    /// [`SealingError::KeyUnknown`], [`SealingError::KeyDestroyed`], [`SealingError::BadName`].
    pub fn get(&self, subject: &str, purpose: &str) -> Result<DataKey, SealingError> {
        self.find(&KeyName::new(subject, purpose)?.key_id(&self.owner))
    }

    /// Seals `plaintext` under the key of `subject` for `purpose`, which is made if there was none.
    /// `aad` says where the blob belongs: see [`DataKey::seal`]. Waits for the disk if the key is new.
    ///
    /// # Errors
    /// As [`create_or_get`](Self::create_or_get) and [`DataKey::seal`].
    pub fn seal(
        &self,
        subject: &str,
        purpose: &str,
        aad: &str,
        plaintext: &[u8],
    ) -> Result<SealedBlob, SealingError> {
        self.create_or_get(subject, purpose)?.seal(aad, plaintext)
    }

    /// Gives back what was sealed for `aad`. Does not touch the disk.
    ///
    /// # Errors
    /// [`SealingError::KeyUnknown`], [`SealingError::KeyDestroyed`], and as [`DataKey::unseal`].
    pub fn unseal(&self, blob: &SealedBlob, aad: &str) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        self.find(&blob.key_id)?.unseal(blob, aad)
    }

    /// Destroys the key of `subject` for `purpose`, so that nothing sealed under it can be read again.
    /// Only the two names are kept. Destroying it once more is no error.
    ///
    /// Every other key is written to a new file under a new epoch key; the old epoch key is overwritten
    /// in place and removed, so the old file's wrapped keys, wherever its blocks linger, open no more.
    /// Waits for the disk, and costs time in proportion to all keys of this owner.
    ///
    /// What this does not reach, and the operator must answer for:
    /// - a backup or a snapshot of the directory that has the old epoch key, until it expires;
    /// - file systems that copy on write (Btrfs, ZFS, ReFS) or journal data, and disks that move blocks
    ///   themselves (SSD, flash, SAN): overwriting there writes elsewhere. Keep the directory on an
    ///   encrypted volume;
    /// - memory: a [`DataKey`] that a caller still holds, swap, core dumps, a suspended machine's image;
    /// - plaintext that somebody unsealed before.
    ///
    /// # Errors
    /// [`SealingError::KeyUnknown`], [`SealingError::Halted`], [`SealingError::BadName`];
    /// [`SealingError::Io`] and [`SealingError::NoRandomness`]. After the last two the key may or may
    /// not be destroyed: when the store says it is halted, open it again, and destroy again.
    pub fn destroy(&self, subject: &str, purpose: &str) -> Result<(), SealingError> {
        self.destroy_all(&[(subject, purpose)])
    }

    /// As [`destroy`](Self::destroy) for several keys, each a subject and a purpose, at the cost of one; all of them or none.
    ///
    /// # Errors
    /// As [`destroy`](Self::destroy), [`SealingError::KeyUnknown`] when any of them is.
    pub fn destroy_all(&self, keys: &[(&str, &str)]) -> Result<(), SealingError> {
        let named = keys.iter().map(|(subject, purpose)| KeyName::new(subject, purpose));
        let key_ids =
            named.map(|name| Ok(name?.key_id(&self.owner))).collect::<Result<Vec<_>, SealingError>>()?;
        let mut state = self.lock();
        let old_file = loop {
            state.check_halted()?;
            match state.file.take() {
                Some(file) => break file,
                None => state = self.wait(state),
            }
        };
        let mut slots = state.slots.clone();
        let found = key_ids.iter().try_fold(false, |any, key_id| {
            match slots.get_mut(key_id).map(|slot| &mut slot.kept) {
                None | Some(Kept::Lost) => Err(self.unknown(key_id)),
                Some(Kept::Destroyed) => Ok(any),
                Some(kept) => {
                    *kept = Kept::Destroyed;
                    Ok(true)
                }
            }
        });
        if !matches!(found, Ok(true)) {
            state.file = Some(old_file);
            self.changed.notify_all();
            return found.map(drop);
        }
        drop(state);
        let replaced = rotation::replace(&self.paths, &self.owner, &slots);
        let mut state = self.lock();
        // No other thread can have changed the slots: only who holds the file does.
        let result = match replaced {
            Ok(file) => {
                state.slots = slots;
                state.file = Some(file);
                Ok(())
            }
            Err(failed) => {
                if failed.unchanged {
                    state.file = Some(old_file);
                } else {
                    state.halted = Some(failed.error.to_string());
                }
                Err(failed.error)
            }
        };
        self.changed.notify_all();
        result
    }

    /// Writes the keys that wait, without the lock, and gives the file back.
    fn write_waiting<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        mut file: KeyFile,
    ) -> Result<MutexGuard<'a, State>, SealingError> {
        let count = state.waiting.len().min(RECORD_KEYS_MAX);
        let batch: Vec<Slot> = state.waiting.drain(..count).collect();
        drop(state);
        let written = file.append(&batch);
        let mut state = self.lock();
        let result = match written {
            Ok(()) => {
                for slot in batch {
                    let key_id = slot.name.key_id(&self.owner);
                    state.staged.remove(&key_id);
                    state.slots.insert(key_id, slot);
                }
                state.file = Some(file);
                Ok(state)
            }
            Err(failed) => {
                if failed.unchanged {
                    // Whoever waits for these keys makes them anew.
                    for slot in batch {
                        state.staged.remove(&slot.name.key_id(&self.owner));
                    }
                    state.file = Some(file);
                } else {
                    state.halted = Some(failed.error.to_string());
                }
                Err(failed.error)
            }
        };
        self.changed.notify_all();
        result
    }

    fn find(&self, key_id: &str) -> Result<DataKey, SealingError> {
        let state = self.lock();
        let slot = state.slots.get(key_id).ok_or_else(|| self.unknown(key_id))?;
        match &slot.kept {
            Kept::Key(key) => Ok(key.clone()),
            Kept::Destroyed => Err(slot.name.destroyed()),
            Kept::Lost => Err(self.unknown(key_id)),
        }
    }

    fn unknown(&self, key_id: &str) -> SealingError {
        SealingError::KeyUnknown { owner: self.owner.clone(), key_id: key_id.to_owned() }
    }

    /// A thread that panicked cannot have left the state half changed: no change to it can panic midway.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the threads that wait look again.
    #[cfg(test)]
    pub(crate) fn wake(&self) {
        self.changed.notify_all();
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore")
            .field("owner", &self.owner)
            .field("dir", &self.paths.dir)
            .finish_non_exhaustive()
    }
}
