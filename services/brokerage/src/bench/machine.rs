//! What a measurement depends on: the machine's cores, and where its data lies.

use serde::Serialize;
use std::path::{Path, PathBuf};

/// The machine as far as the figures depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Machine {
    /// How many threads run at once.
    pub(crate) cores: usize,
    /// The type of the file system that the data is on; "unknown" where the system does not say.
    pub(crate) file_system: String,
}

impl Machine {
    /// This machine, with data in a folder.
    pub(crate) fn with_data_in(folder: &Path) -> Self {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            file_system: file_system(&mounts, &folder).unwrap_or("unknown").to_owned(),
        }
    }

    /// Whether a sync there is a sync to memory.
    pub(crate) fn keeps_data_in_memory(&self) -> bool {
        matches!(self.file_system.as_str(), "tmpfs" | "ramfs")
    }
}

/// The type of the file system that a folder is on, by the mounts as `proc_pid_mountinfo(5)` lists them: the fifth field is the mount
/// point, and the type follows the field "-". A later mount hides an earlier one at the same point.
fn file_system<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mounted = mounts.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let point = unescaped(before.split(' ').nth(4)?);
        folder.starts_with(&point).then_some((point.components().count(), after.split(' ').next()?))
    });
    mounted.max_by_key(|(depth, _)| *depth).map(|(_, name)| name)
}

/// A path in which blanks, tabs, line ends and backslashes are written as three octal digits.
fn unescaped(text: &str) -> PathBuf {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes.iter().fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain)).into()
}

/// What this process has used of all cores so far, in hundredths of a second; none where the system does not say.
pub(crate) fn cpu_ticks() -> Option<u64> {
    ticks(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// User and system time as `proc_pid_stat(5)` has them, in its fields 14 and 15, in ticks of which Linux shows 100 a second. The second
/// field, the program's name, may hold blanks and brackets.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map_while(|field| field.parse::<u64>().ok());
    Some(times.next()? + times.next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_a_process_are_found_behind_any_name() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 31 0 0 20 0 4 0 5 6 7";
        assert_eq!(ticks(stat), Some(281));
        assert_eq!(ticks("7 (a) S 1 7"), None);
    }

    const MOUNTS: &str = "\
        21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
        30 21 0:26 / /tmp rw,nosuid - tmpfs tmpfs rw\n\
        31 30 254:3 / /tmp/real\\040disk rw master:7 propagate_from:2 - xfs /dev/vdb rw\n\
        32 21 254:4 / /data rw - ext4 /dev/vdc rw\n\
        33 32 0:27 / /data rw - ramfs none rw\n";

    #[test]
    fn the_deepest_and_latest_mount_counts() {
        let of = |folder: &str| file_system(MOUNTS, Path::new(folder));
        assert_eq!(of("/home/anyone"), Some("ext4"));
        assert_eq!(of("/tmp/x"), Some("tmpfs"));
        assert_eq!(of("/tmpfiles"), Some("ext4"), "only whole names count");
        assert_eq!(of("/tmp/real disk/x"), Some("xfs"));
        assert_eq!(of("/data"), Some("ramfs"));
        assert_eq!(file_system("", Path::new("/data")), None);
    }

    #[test]
    fn memory_is_no_disk() {
        let on = |name: &str| Machine { cores: 2, file_system: name.to_owned() }.keeps_data_in_memory();
        assert_eq!(["tmpfs", "ramfs", "ext4", "unknown"].map(on), [true, true, false, false]);
    }
}
