//! Which councils share the market, and under which framework contracts.

use care::{CouncilId, FrameworkId};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A region: the councils that share one market. Kept in `region.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Its framework contracts.
    pub frameworks: Vec<Framework>,
    /// Councils that use the market without a framework of the region.
    pub guests: Vec<CouncilId>,
}

/// A framework contract and the councils that buy under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Framework {
    /// Its id; its lead's principal is bound to it.
    pub id: FrameworkId,
    /// Its name.
    pub name: String,
    /// Its members.
    pub councils: Vec<CouncilId>,
}

/// Where a data folder's region is described.
const REGION_FILE: &str = "region.json";
/// Where the logs lie in a data folder.
pub const LOGS_FOLDER: &str = "logs";

/// A `region.json` that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {detail}")]
pub struct RegionInvalid {
    path: PathBuf,
    detail: String,
}

impl Region {
    /// D2N2 and Tyne Tees with Dorset as a guest: the regions whose strategies this project grew from.
    #[must_use]
    pub fn d2n2_and_tyne_tees() -> Self {
        let councils = |codes: &[&str]| codes.iter().filter_map(|code| code.parse().ok()).collect();
        let framework = |id: &str, name: &str, codes: &[&str]| {
            id.parse().ok().map(|id| Framework { id, name: name.to_owned(), councils: councils(codes) })
        };
        let d2n2 = framework("d2n2", "D2N2", &["E06000015", "E06000018", "E10000007", "E10000024"]);
        let tyne_tees = framework(
            "tyne-tees",
            "Tyne Tees",
            &[
                "E06000001",
                "E06000002",
                "E06000003",
                "E06000004",
                "E06000005",
                "E06000047",
                "E06000057",
                "E08000021",
                "E08000022",
                "E08000023",
                "E08000024",
                "E08000037",
            ],
        );
        Self {
            name: "D2N2 and Tyne Tees".to_owned(),
            frameworks: d2n2.into_iter().chain(tyne_tees).collect(),
            guests: councils(&["E06000059"]),
        }
    }

    /// All councils that it serves, in order of their codes, each once.
    #[must_use]
    pub fn councils(&self) -> Vec<CouncilId> {
        let members = self.frameworks.iter().flat_map(|framework| framework.councils.iter().copied());
        let mut councils: Vec<_> = members.chain(self.guests.iter().copied()).collect();
        councils.sort_unstable();
        councils.dedup();
        councils
    }

    /// A framework by its id.
    #[must_use]
    pub fn framework(&self, id: &FrameworkId) -> Option<&Framework> {
        self.frameworks.iter().find(|framework| framework.id == *id)
    }

    /// Reads `region.json` in `folder`, or writes the default one there if the folder holds no logs yet.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is not a region, naming the line; when it is missing beside logs.
    pub fn load_or_create(folder: &Path) -> Result<Self, RegionInvalid> {
        if let Some(region) = Self::load(folder)? {
            return Ok(region);
        }
        let path = folder.join(REGION_FILE);
        let invalid = |detail: String| RegionInvalid { path: path.clone(), detail };
        if folder.join(LOGS_FOLDER).read_dir().is_ok_and(|mut logs| logs.any(|log| is_log(&log))) {
            // Whose logs they are stood in it: the default would serve some of them and lose sight of the others.
            return Err(invalid("it is missing, though there are logs here: put it back".to_owned()));
        }
        let region = Self::d2n2_and_tyne_tees();
        let text = serde_json::to_vec_pretty(&region).map_err(|error| invalid(error.to_string()))?;
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| invalid(error.to_string()))?;
        Ok(region)
    }

    /// Reads `region.json` in `folder`; none where there is none.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a region, naming the line.
    pub fn load(folder: &Path) -> Result<Option<Self>, RegionInvalid> {
        let path = folder.join(REGION_FILE);
        let invalid = |detail: String| RegionInvalid { path: path.clone(), detail };
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(invalid(error.to_string())),
        };
        let region: Self = serde_json::from_slice(&text).map_err(|error| invalid(error.to_string()))?;
        if region.councils().is_empty() {
            return Err(invalid("it names no council".to_owned()));
        }
        Ok(Some(region))
    }
}

fn is_log(entry: &std::io::Result<std::fs::DirEntry>) -> bool {
    entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|extension| extension == "db"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_not_put_beside_logs_of_another_region() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(LOGS_FOLDER)).unwrap();
        std::fs::write(folder.path().join(LOGS_FOLDER).join("lock"), "").unwrap();
        let written = Region::load_or_create(folder.path()).unwrap();
        std::fs::write(folder.path().join(LOGS_FOLDER).join("vacancies.region.db"), "").unwrap();
        assert_eq!(Region::load_or_create(folder.path()).unwrap(), written);
        std::fs::remove_file(folder.path().join("region.json")).unwrap();
        let error = Region::load_or_create(folder.path()).unwrap_err().to_string();
        assert!(error.contains("region.json") && error.contains("put it back"), "{error}");
        assert!(!folder.path().join("region.json").exists());
    }

    #[test]
    fn the_default_region_has_its_seventeen_councils() {
        let region = Region::d2n2_and_tyne_tees();
        assert_eq!(region.councils().len(), 17);
        assert_eq!(region.frameworks.iter().map(|f| f.councils.len()).collect::<Vec<_>>(), [4, 12]);
    }

    #[test]
    fn it_is_written_once_and_read_back_and_a_broken_one_names_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let written = Region::load_or_create(folder.path()).unwrap();
        assert_eq!(Region::load_or_create(folder.path()).unwrap(), written);
        std::fs::write(
            folder.path().join("region.json"),
            "{\"name\": \"x\", \"frameworks\": [], \"guests\": [\"831x\"]}",
        )
        .unwrap();
        let error = Region::load_or_create(folder.path()).unwrap_err().to_string();
        assert!(error.contains("region.json") && error.contains("831x"), "{error}");
    }
}
