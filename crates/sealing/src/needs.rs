//! Which keys must be there when a store is opened, and what is done about those that are not.

use crate::SealingError;
use crate::file::Paths;
use crate::key_file::Slots;
use crate::name::KeyName;

/// The keys that something was sealed with.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    names: Vec<KeyName>,
    accept_lost: bool,
}

impl Needs {
    /// Nothing was sealed yet, or whoever opens the store does not know.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The keys of these, each a subject and a purpose.
    ///
    /// # Errors
    /// [`SealingError::BadName`].
    pub fn of<'a>(parts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, SealingError> {
        let names = parts.into_iter().map(|(subject, purpose)| KeyName::new(subject, purpose));
        Ok(Self { names: names.collect::<Result<_, _>>()?, accept_lost: false })
    }

    /// Those that are not there are given up for good, and the store remembers it: what was sealed with them is lost.
    #[must_use]
    pub fn accepting_lost(self) -> Self {
        Self { accept_lost: true, ..self }
    }

    /// The keys to be given up: what is needed and was neither kept, nor destroyed, nor given up before.
    pub(crate) fn check(
        &self,
        paths: &Paths,
        owner: &str,
        slots: &Slots,
    ) -> Result<Vec<KeyName>, SealingError> {
        let missing = |name: &&KeyName| !slots.contains_key(&name.key_id(owner));
        let missing: Vec<KeyName> = self.names.iter().filter(missing).cloned().collect();
        match missing.first() {
            Some(first) if !self.accept_lost => Err(SealingError::KeysLost {
                path: paths.keys.clone(),
                missing: missing.len(),
                needed: self.names.len(),
                subject: first.subject().to_owned(),
                purpose: first.purpose().to_owned(),
            }),
            _ => Ok(missing),
        }
    }
}
