//! Identifiers. Ids that the brokerage makes are UUIDs; ids that the outside world gives (URN, provider, framework,
//! place) are short opaque text, checked for shape and never taken apart.

use crate::in_place;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Text that is not a valid id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is no {kind}: expected {expected}")]
pub struct IdInvalid {
    /// What kind of id was asked for.
    pub kind: &'static str,
    /// The text as it came, cut to 64 characters.
    pub value: String,
    /// What a right one looks like.
    pub expected: &'static str,
}

impl IdInvalid {
    pub(crate) fn new(kind: &'static str, value: &str, expected: &'static str) -> Self {
        Self { kind, value: value.chars().take(64).collect(), expected }
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The id that a request always leads to: a name-based UUID (RFC 9562, version 5) of the requester and
            /// its request id, so that a repeated request names the same thing.
            #[must_use]
            pub fn for_request(requester: &str, request_id: &str) -> Self {
                let name = format!(concat!($kind, "|{}|{}"), requester, request_id);
                Self(Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdInvalid;
            fn from_str(text: &str) -> Result<Self, IdInvalid> {
                // Only the hyphenated form: two spellings of one id would be two names for one thing.
                if text.len() == 36 && let Ok(id) = Uuid::parse_str(text) {
                    return Ok(Self(id));
                }
                Err(IdInvalid::new($kind, text, "a UUID such as 0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b11"))
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        ///
        /// 1 to 40 characters: ASCII letters, digits, `-`, `_` and `.`.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                in_place::parsed(deserializer)
            }
        }

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdInvalid;
            fn from_str(text: &str) -> Result<Self, IdInvalid> {
                if is_opaque_id(text) {
                    return Ok(Self(text.into()));
                }
                Err(IdInvalid::new($kind, text, "1 to 40 letters, digits, '-', '_' or '.'"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdInvalid;
            fn try_from(text: String) -> Result<Self, IdInvalid> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }
    };
}

fn is_opaque_id(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

uuid_id!(
    /// One child's need for a home, as a council posted it.
    ReferralId, "referral id");
uuid_id!(
    /// A provider's offer of one place for one referral.
    OfferId, "offer id");
uuid_id!(
    /// What a provider asked about a referral.
    QuestionId, "question id");
uuid_id!(
    /// A council's attempt to take an offered place; it ends confirmed or failed.
    AwardId, "award id");
uuid_id!(
    /// An individual placement agreement (IPA) between a council and a provider for one child.
    AgreementId, "agreement id");
uuid_id!(
    /// An invoice from a provider to a council.
    InvoiceId, "invoice id");

text_id!(
    /// A provider: the organisation that owns establishments.
    ProviderId, "provider id");
text_id!(
    /// Ofsted's unique reference number of an establishment. Opaque: `SC045099` and `1234567` both occur.
    EstablishmentUrn, "URN");
text_id!(
    /// One place (bed or fostering vacancy slot) of an establishment, such as `SC045099-02`.
    PlaceId, "place id");
text_id!(
    /// A carer household of an agency, such as `SC400001-h02`: a number of the agency's, which says nothing of who the carers are.
    HouseholdId, "household id");
text_id!(
    /// A framework contract, such as `d2n2` or `tyne-tees`.
    FrameworkId, "framework id");
text_id!(
    /// A lot of a framework, such as `residential` or `enhanced`.
    LotId, "lot id");

/// A council by its GSS code (`E06000015`). Parsing also accepts the DfE's three digits (`831`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CouncilId([u8; 9]);

impl Serialize for CouncilId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.gss())
    }
}

impl<'de> Deserialize<'de> for CouncilId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        in_place::parsed(deserializer)
    }
}

impl CouncilId {
    pub(crate) const fn from_gss(gss: &str) -> Self {
        let bytes = gss.as_bytes();
        assert!(bytes.len() == 9, "a GSS code has nine characters");
        let mut code = [0; 9];
        let mut i = 0;
        while i < 9 {
            code[i] = bytes[i];
            i += 1;
        }
        Self(code)
    }

    /// The GSS code.
    #[must_use]
    pub fn gss(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("?")
    }
}

impl fmt::Display for CouncilId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.gss())
    }
}

impl fmt::Debug for CouncilId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.gss())
    }
}

impl From<CouncilId> for String {
    fn from(id: CouncilId) -> String {
        id.gss().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_spelling_per_id() {
        let id = ReferralId::for_request("council:E06000015", "r-1");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().replace('-', "").parse::<ReferralId>().is_err());
        let wrong = "1".parse::<OfferId>().unwrap_err().to_string();
        assert!(wrong.starts_with("\"1\" is no offer id: expected a UUID"), "{wrong}");
        assert_ne!(id.0, OfferId::for_request("council:E06000015", "r-1").0, "kinds never share an id");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,80}") {
            let _ = text.parse::<ReferralId>();
            let _ = text.parse::<PlaceId>();
            let _ = text.parse::<CouncilId>();
        }
    }
}
