//! Replacing the epoch key and the key file together, so that a crash at any step leaves one pair whole.
//!
//! A key file names its epoch, so the pair in force is the file `OWNER.keys` and whichever epoch file
//! holds the key of that epoch. Renaming the next key file over the old one is the one step that changes
//! which pair that is:
//!
//! 1. `stage`: write the next epoch key and the next key file, sync both and their names. A crash up to
//!    here leaves the old pair in force, and opening removes the next.
//! 2. `commit`: rename the next key file into its place, sync the name. From here on the next epoch
//!    key is in force.
//! 3. `retire`: overwrite the old epoch key, then rename the next over it. A crash in between leaves
//!    the key in force under its next name, and opening does this step again.

use crate::SealingError;
use crate::epoch::EpochKey;
use crate::file::{Paths, overwrite, read, remove, rename, sync_dir, write_private};
use crate::format::decode_head;
use crate::key_file::{Failed, KeyFile, Slot, Slots};
use crate::needs::Needs;

/// Replaces key file and epoch key by new ones that hold exactly these slots.
pub(crate) fn replace(paths: &Paths, owner: &str, slots: &Slots) -> Result<KeyFile, Failed> {
    let file = stage(paths, owner, slots.values())
        .map_err(|error| Failed { error, unchanged: roll_back(paths).is_ok() })?;
    commit(paths).and_then(|()| retire(paths)).map_err(|error| Failed { error, unchanged: false })?;
    Ok(file)
}

/// Opens the pair in force, after finishing or undoing what a crash interrupted; or makes the first. Keys that are needed and not
/// there are refused before the key file is touched.
pub(crate) fn open(paths: &Paths, owner: &str, needs: &Needs) -> Result<(KeyFile, Slots), SealingError> {
    let Some(bytes) = read(&paths.keys)? else {
        if read(&paths.epoch)?.is_some() {
            return Err(SealingError::KeysMissing {
                path: paths.keys.clone(),
                epoch_path: paths.epoch.clone(),
            });
        }
        let mut slots = Slots::new();
        let lost = needs.check(paths, owner, &slots)?;
        let mut file = replace(paths, owner, &slots).map_err(|failed| failed.error)?;
        file.append_lost(lost, &mut slots)?;
        return Ok((file, slots));
    };
    let (epoch_id, head_bytes) = decode_head(&bytes, owner)
        .map_err(|problem| SealingError::BadHead { path: paths.keys.clone(), problem })?;
    let in_force = |epoch: &EpochKey| *epoch.id() == epoch_id;
    let epoch = if let Some(epoch) = EpochKey::read(&paths.epoch)?.filter(in_force) {
        roll_back(paths)?;
        epoch
    } else if let Some(epoch) = EpochKey::read(&paths.next_epoch)?.filter(in_force) {
        // The rename of the key file was seen, but may not have been synced. It must be before the
        // old epoch key goes.
        sync_dir(&paths.dir)?;
        retire(paths)?;
        epoch
    } else {
        return Err(SealingError::EpochMissing { path: paths.epoch.clone(), epoch: hex::encode(epoch_id) });
    };
    KeyFile::load(paths, owner, epoch, &bytes, head_bytes, needs)
}

pub(crate) fn stage<'a>(
    paths: &Paths,
    owner: &str,
    slots: impl Iterator<Item = &'a Slot>,
) -> Result<KeyFile, SealingError> {
    let epoch = EpochKey::generate()?;
    write_private(&paths.next_epoch, &epoch.to_bytes())?;
    let file = KeyFile::write_next(paths, owner, epoch, slots)?;
    sync_dir(&paths.dir)?;
    Ok(file)
}

pub(crate) fn commit(paths: &Paths) -> Result<(), SealingError> {
    rename(&paths.next_keys, &paths.keys)?;
    sync_dir(&paths.dir)
}

fn retire(paths: &Paths) -> Result<(), SealingError> {
    overwrite(&paths.epoch)?;
    rename(&paths.next_epoch, &paths.epoch)?;
    sync_dir(&paths.dir)
}

/// Removes the next pair, which is not in force.
fn roll_back(paths: &Paths) -> Result<(), SealingError> {
    overwrite(&paths.next_epoch)?;
    remove(&paths.next_epoch)?;
    remove(&paths.next_keys)?;
    sync_dir(&paths.dir)
}
