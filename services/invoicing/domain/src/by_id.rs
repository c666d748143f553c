//! Maps by entry ids. The ids are hashes already, so that a tree of them is as many cache misses as it is deep, and they come by the million:
//! these are looked up by hash, and whatever reads one as a whole reads it in order of the ids, so that equal maps are always written the same.

use crate::journal::EntryId;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::{BTreeMap, HashMap};

/// What is known by entry ids.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ById<V>(HashMap<EntryId, V>);

impl<V> Default for ById<V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<V> ById<V> {
    /// What is known by an id.
    #[must_use]
    pub fn get(&self, id: &EntryId) -> Option<&V> {
        self.0.get(id)
    }

    /// Whether anything is known by an id.
    #[must_use]
    pub fn contains_key(&self, id: &EntryId) -> bool {
        self.0.contains_key(id)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order of the ids.
    pub fn iter(&self) -> impl Iterator<Item = (&EntryId, &V)> {
        self.in_order().into_iter()
    }

    /// All ids, in order.
    pub fn keys(&self) -> impl Iterator<Item = &EntryId> {
        self.iter().map(|(id, _)| id)
    }

    /// All that is known, in order of the ids.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// All of them in no order: only for what comes out the same in any.
    pub(crate) fn unordered(&self) -> impl Iterator<Item = (&EntryId, &V)> {
        self.0.iter()
    }

    pub(crate) fn get_mut(&mut self, id: &EntryId) -> Option<&mut V> {
        self.0.get_mut(id)
    }

    pub(crate) fn insert(&mut self, id: EntryId, value: V) {
        self.0.insert(id, value);
    }

    pub(crate) fn remove(&mut self, id: &EntryId) {
        self.0.remove(id);
    }

    fn in_order(&self) -> BTreeMap<&EntryId, &V> {
        self.0.iter().collect()
    }
}

impl<V: Serialize> Serialize for ById<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.in_order().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::{ById, EntryId};
    use uuid::Uuid;

    #[test]
    fn it_is_read_and_written_in_order_whatever_came_first() {
        let id = |n: u128| EntryId(Uuid::new_v5(&Uuid::NAMESPACE_OID, &n.to_be_bytes()));
        let of = |ids: &mut dyn Iterator<Item = u128>| {
            let mut map = ById::default();
            ids.for_each(|n| map.insert(id(n), n));
            map
        };
        let (there, back) = (of(&mut (0..1_000)), of(&mut (0..1_000).rev()));
        assert!(there.keys().is_sorted() && there.iter().all(|(key, n)| *key == id(*n)));
        let written = serde_json::to_string(&there).unwrap();
        assert_eq!(written, serde_json::to_string(&back).unwrap());
        assert_eq!(serde_json::from_str::<ById<u128>>(&written).unwrap(), back);
    }
}
