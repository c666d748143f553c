//! File operations that are durable when they return, on files that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::SealingError;
#[cfg(test)]
use crate::tests::fault::step;

/// Called before each change to the disk. Tests replace it, to record the changes and to stop at one.
#[cfg(not(test))]
const fn step(_doing: &'static str, _path: &Path) -> Result<(), SealingError> {
    Ok(())
}

/// The files of one owner, all in one directory.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    pub(crate) dir: PathBuf,
    /// The records of wrapped keys.
    pub(crate) keys: PathBuf,
    /// The key file that a rotation is writing.
    pub(crate) next_keys: PathBuf,
    /// The epoch key.
    pub(crate) epoch: PathBuf,
    /// The epoch key that a rotation is changing to.
    pub(crate) next_epoch: PathBuf,
    /// An empty file that is locked while the store is open.
    pub(crate) lock: PathBuf,
}

impl Paths {
    pub(crate) fn new(dir: &Path, owner: &str) -> Self {
        let path = |extension: &str| dir.join(format!("{owner}.{extension}"));
        Self {
            dir: dir.to_owned(),
            keys: path("keys"),
            next_keys: path("keys.next"),
            epoch: path("epoch"),
            next_epoch: path("epoch.next"),
            lock: path("lock"),
        }
    }
}

/// Makes the directory, open to its owner only, unless it is there.
pub(crate) fn create_dir(dir: &Path) -> Result<(), SealingError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(SealingError::io("create directory", dir))
}

/// Opens for reading and writing, and creates with mode 0600 (on Windows: as the directory allows).
pub(crate) fn open_private(path: &Path, truncate: bool) -> Result<File, SealingError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(truncate);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(SealingError::io("open", path))
}

/// Writes a whole file and syncs its content. Its name is durable after [`sync_dir`].
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<File, SealingError> {
    step("write", path)?;
    let mut file = open_private(path, true)?;
    file.write_all(bytes).map_err(SealingError::io("write", path))?;
    sync(&file, path)?;
    Ok(file)
}

/// Writes at the file's current place. Durable after [`sync`].
pub(crate) fn append(file: &mut File, path: &Path, bytes: &[u8]) -> Result<(), SealingError> {
    step("append", path)?;
    file.write_all(bytes).map_err(SealingError::io("append to", path))
}

/// Cuts off what is beyond `length`, where the next append goes. Durable when it returns.
pub(crate) fn cut_back(file: &mut File, path: &Path, length: u64) -> Result<(), SealingError> {
    step("cut", path)?;
    file.set_len(length).map_err(SealingError::io("cut", path))?;
    file.seek(SeekFrom::Start(length)).map_err(SealingError::io("seek in", path))?;
    sync(file, path)
}

/// Makes a file's content and length durable.
pub(crate) fn sync(file: &File, path: &Path) -> Result<(), SealingError> {
    step("sync", path)?;
    file.sync_all().map_err(SealingError::io("sync", path))
}

/// Reads a whole file into memory that is overwritten when dropped, or says that it is not there.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, SealingError> {
    let fail = |error| SealingError::io("read", path)(error);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    // Room for the whole content at once: a buffer that grows leaves copies behind.
    let length = file.metadata().map_err(fail)?.len();
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(1)));
    file.read_to_end(&mut bytes).map_err(fail)?;
    Ok(Some(bytes))
}

/// Makes the names in a directory durable. Windows has no such call, and NTFS journals names itself.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), SealingError> {
    step("sync directory", dir)?;
    if cfg!(unix) {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(SealingError::io("sync directory", dir))?;
    }
    Ok(())
}

/// Renames, replacing what has the new name. Durable after [`sync_dir`].
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), SealingError> {
    step("rename", from)?;
    fs::rename(from, to).map_err(SealingError::io("rename", from))
}

/// Removes a file, if it is there. Durable after [`sync_dir`].
pub(crate) fn remove(path: &Path) -> Result<(), SealingError> {
    step("remove", path)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(SealingError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Overwrites a file in place with zeros and syncs it, if it is there. The file stays.
///
/// This destroys the bytes where the file system writes in place (ext4, XFS, NTFS on a plain disk). It
/// cannot reach copies that something below or beside the file system keeps: see
/// [`KeyStore::destroy`](crate::KeyStore::destroy).
pub(crate) fn overwrite(path: &Path) -> Result<(), SealingError> {
    step("overwrite", path)?;
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(SealingError::io("open", path)(error)),
    };
    let fail = |error| SealingError::io("overwrite", path)(error);
    let length = file.metadata().map_err(fail)?.len();
    let zeros = vec![0; usize::try_from(length).unwrap_or(0)];
    file.write_all(&zeros).map_err(fail)?;
    sync(&file, path)
}
