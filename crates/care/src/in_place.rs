//! Reads ids and names of accounts from the text as it stands in an event: logs hold them by the million, and no copy is made only to be taken
//! apart.

use serde::Deserializer;
use serde::de::{Error, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

struct Parsed<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// What a string says, as its own `FromStr` reads it.
///
/// # Errors
/// When it is no string, or not one that `T` can be read from; the words are those of `T`.
pub fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Parsed(PhantomData))
}

#[cfg(test)]
mod tests {
    use crate::{CouncilId, PlaceId};

    #[test]
    fn ids_are_read_as_they_are_parsed_and_written_as_they_were() {
        let council: CouncilId = serde_json::from_str("\"E06000015\"").unwrap();
        assert_eq!(serde_json::to_string(&council).unwrap(), "\"E06000015\"");
        let place: PlaceId = serde_json::from_str("\"SC045099-\\u00301\"").unwrap();
        assert_eq!(place.as_str(), "SC045099-01", "an escaped spelling is read too");
        let wrong = serde_json::from_str::<CouncilId>("\"E06\"").unwrap_err().to_string();
        assert!(wrong.starts_with("\"E06\" is not a council"), "{wrong}");
        assert!(serde_json::from_str::<PlaceId>("7").is_err());
    }
}
