//! Pages of things that are kept in order of their ids.

use service_kit::page;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Bound;
use std::str::FromStr;
use tonic::Status;

/// A page of a map in order of its keys; `pick` renders an item or leaves it out.
pub(super) fn of_map<K, V, T>(
    map: &BTreeMap<K, V>,
    page_size: i32,
    page_token: &str,
    mut pick: impl FnMut(&V) -> Option<T>,
) -> Result<(Vec<T>, String), Status>
where
    K: Ord + FromStr + Display,
{
    let mut wrong = false;
    let page = page::page_of(page_size, page_token, |after| {
        let start = match after.map(|key| key.parse::<K>()) {
            Some(Ok(key)) => Bound::Excluded(key),
            Some(Err(_)) => {
                wrong = true;
                Bound::Unbounded
            }
            None => Bound::Unbounded,
        };
        map.range((start, Bound::Unbounded)).filter_map(|(key, value)| Some((key.to_string(), pick(value)?)))
    })?;
    if wrong { Err(page::token_invalid()) } else { Ok(page) }
}

/// A page of items that are in ascending order of their keys already.
pub(super) fn of_sorted<T>(
    items: Vec<(String, T)>,
    page_size: i32,
    page_token: &str,
) -> Result<(Vec<T>, String), Status> {
    page::page_of(page_size, page_token, |after| {
        items.into_iter().filter(move |(key, _)| after.as_ref().is_none_or(|after| key > after))
    })
}
