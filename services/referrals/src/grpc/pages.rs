//! Pages of things that are kept in order of their ids.

use service_kit::page::{self, Paged};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Bound;
use std::str::FromStr;
use tonic::Status;

/// A page of a map in order of its keys; `pick` renders an item or leaves it out.
pub(super) fn of_map<K, V, T>(
    map: &BTreeMap<K, V>,
    request: &impl Paged,
    mut pick: impl FnMut(&V) -> Option<T>,
) -> Result<(Vec<T>, String), Status>
where
    K: Ord + FromStr + Display + Copy,
{
    page::page_of(request, |after: Option<K>| {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        map.range((start, Bound::Unbounded)).filter_map(|(key, value)| Some((*key, pick(value)?)))
    })
}

/// A page of items that are in ascending order of their keys already.
pub(super) fn of_sorted<T>(
    items: Vec<(String, T)>,
    request: &impl Paged,
) -> Result<(Vec<T>, String), Status> {
    page::page_of(request, |after: Option<String>| {
        items.into_iter().filter(move |(key, _)| after.as_ref().is_none_or(|after| key > after))
    })
}
