//! Where the workspace and its target directory are.

use crate::shell::Failure;
use std::path::PathBuf;

pub(crate) struct Place {
    /// The workspace's root.
    pub(crate) root: PathBuf,
    /// Cargo's target directory, which holds all that tasks install too.
    pub(crate) target: PathBuf,
}

impl Place {
    pub(crate) fn find() -> Result<Self, Failure> {
        let own = std::env::var_os("CARGO_MANIFEST_DIR")
            .ok_or_else(|| Failure::Usage("run it through Cargo: cargo xtask TASK".into()))?;
        let root = PathBuf::from(own).join("../..").canonicalize();
        let root = root.map_err(|error| Failure::Missing(format!("the workspace's root: {error}")))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let target = std::path::absolute(target)
            .map_err(|error| Failure::Missing(format!("the target directory: {error}")))?;
        Ok(Self { root, target })
    }
}
