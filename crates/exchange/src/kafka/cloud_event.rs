//! An event as a Kafka record: CloudEvents 1.0 in the binary mode of its Kafka binding.
//!
//! Any CloudEvents client can read it. The key is the stream, the value the payload byte for byte, and everything else a header.
//! What CloudEvents has no name for is an extension attribute. The leaf's hash goes along, so whatever is changed on the way is
//! noticed: it covers every field and, by its digest, the payload. A code over that hash, made with a key that only the region's services
//! have, shows that one of them wrote it.
//!
//! A W3C `traceparent` is carried when there is one. It is not part of the event: a log does not keep it, so no hash covers it.

use super::record_key::RecordKey;
use care::{StreamId, Timestamp};
use eventlog::{LogId, Meta, Recorded};
use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

const CONTENT_TYPE: &str = "content-type";
const SPEC_VERSION: &str = "ce_specversion";
const ID: &str = "ce_id";
const SOURCE: &str = "ce_source";
const TYPE: &str = "ce_type";
const SUBJECT: &str = "ce_subject";
const TIME: &str = "ce_time";
const PARTITION_KEY: &str = "ce_partitionkey";
const SEQUENCE: &str = "ce_sequence";
const POSITION: &str = "ce_position";
const STREAM_VERSION: &str = "ce_streamversion";
const DATA_VERSION: &str = "ce_dataversion";
const ACTOR: &str = "ce_actor";
const CAUSATION: &str = "ce_causation";
const CORRELATION: &str = "ce_correlation";
const COUNCIL: &str = "ce_council";
const EFFECTIVE: &str = "ce_effective";
const LEAF_HASH: &str = "ce_leafhash";
const CODE: &str = "ce_mac";
const TRACE_PARENT: &str = "traceparent";

const JSON: &str = "application/json";
const CLOUD_EVENTS: &str = "1.0";

/// Every header: its name, whether a record must have it, and what it is. The AsyncAPI document is made from this too.
pub(super) const HEADERS: [(&str, bool, &str); 20] = [
    (CONTENT_TYPE, true, "`application/json`"),
    (SPEC_VERSION, true, "`1.0`"),
    (ID, true, "The log and the position, such as `vacancies/region:12`. The event's identity, everywhere"),
    (SOURCE, true, "The log, such as `vacancies/region` or `referrals/E06000015`"),
    (TYPE, true, "The event's type, such as `PlaceClaimed`"),
    (SUBJECT, true, "The stream, which is the record's key too"),
    (TIME, true, "When it was recorded: RFC 3339, UTC, to the microsecond"),
    (PARTITION_KEY, true, "The record's key"),
    (SEQUENCE, true, "The position in 20 digits, so that it sorts as text"),
    (POSITION, true, "The position in the log, from 1, without gaps"),
    (STREAM_VERSION, true, "The version within the stream, from 1, without gaps"),
    (DATA_VERSION, true, "The version of the type's shape"),
    (ACTOR, true, "Who caused it: a pseudonym, never a name"),
    (
        CAUSATION,
        false,
        "What caused it: an event's id, `request:` and a request's, or `trace:` and a step of a trace",
    ),
    (CORRELATION, false, "The thread it belongs to across services"),
    (COUNCIL, false, "The council it concerns, by its GSS code"),
    (EFFECTIVE, false, "The date from which it holds, where that is not the day it was recorded"),
    (LEAF_HASH, true, "The RFC 6962 hash of the event's leaf, in hex: a changed record does not match it"),
    (
        CODE,
        true,
        "HMAC-SHA256 of that hash under the key of the region's services, in hex: nobody else can make it",
    ),
    (TRACE_PARENT, false, "W3C Trace Context, as it came"),
];

/// A record to publish. It borrows from its event.
#[derive(Debug, PartialEq, Eq)]
pub struct Encoded<'a> {
    /// The record's key: the stream.
    pub key: &'a str,
    /// Its headers, in a fixed order.
    pub headers: Vec<(&'static str, Cow<'a, str>)>,
    /// Its value: the payload.
    pub value: &'a [u8],
}

/// A record as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received<'a> {
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its headers.
    pub headers: Vec<(&'a str, Option<&'a [u8]>)>,
    /// Its value.
    pub value: Option<&'a [u8]>,
}

/// What a record said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The event.
    pub event: Recorded,
    /// The trace that its publication belongs to.
    pub traceparent: Option<String>,
}

/// Why a record is no event of the log that its topic belongs to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It lacks something.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// It has a header twice.
    #[error("it has the header {0} twice")]
    Twice(&'static str),
    /// A header cannot be read.
    #[error("its header {header} is {found:?}, which is no {expected}")]
    Unreadable {
        /// The header.
        header: &'static str,
        /// What it says, shortened.
        found: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// A header says something else than it must in this place.
    #[error("its header {header} is {found:?} where {expected:?} belongs")]
    Other {
        /// The header.
        header: &'static str,
        /// What it says, shortened.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// Something in it was changed after it was recorded.
    #[error(
        "it was changed on the way: its leaf has the hash {found}, and its header ce_leafhash says {said:?}"
    )]
    Changed {
        /// The hash of the event as it came.
        found: String,
        /// What the header says, shortened.
        said: String,
    },
    /// It is whole, but none of the region's services wrote it, or one with other keys.
    #[error(
        "its header ce_mac is not what the region's services would have written: somebody else wrote it, or a service whose token keys are \
         not the same"
    )]
    Forged,
}

/// Writes an event as a record of the region that has this key.
#[must_use]
pub fn encode<'a>(key: &RecordKey, event: &'a Recorded, traceparent: Option<&'a str>) -> Encoded<'a> {
    let stream = event.stream.as_str();
    let mut headers: Vec<(&'static str, Cow<'a, str>)> = Vec::with_capacity(HEADERS.len());
    let leaf_hash = event.leaf_hash();
    headers.push((CONTENT_TYPE, JSON.into()));
    headers.push((SPEC_VERSION, CLOUD_EVENTS.into()));
    headers.push((ID, event.reference().to_string().into()));
    headers.push((SOURCE, event.log.to_string().into()));
    headers.push((TYPE, event.event_type.as_str().into()));
    headers.push((SUBJECT, stream.into()));
    headers.push((TIME, format!("{:.6}", event.meta.recorded_at).into()));
    headers.push((PARTITION_KEY, stream.into()));
    headers.push((SEQUENCE, sequence(event.position).into()));
    headers.push((POSITION, event.position.to_string().into()));
    headers.push((STREAM_VERSION, event.stream_version.to_string().into()));
    headers.push((DATA_VERSION, event.version.to_string().into()));
    headers.push((ACTOR, event.meta.actor.as_str().into()));
    let optional = [
        (CAUSATION, event.meta.causation.as_deref().map(Cow::from)),
        (CORRELATION, event.meta.correlation.as_deref().map(Cow::from)),
        (COUNCIL, event.council.map(|council| council.to_string().into())),
        (EFFECTIVE, event.effective.map(|date| date.to_string().into())),
        (LEAF_HASH, Some(hex::encode(leaf_hash).into())),
        (CODE, Some(key.code(leaf_hash.as_bytes()).into())),
        (TRACE_PARENT, traceparent.map(Cow::from)),
    ];
    headers.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    Encoded { key: stream, headers, value: &event.payload }
}

/// Reads a record of the topic that belongs to `log`. Headers that are not known are left alone, as CloudEvents asks.
///
/// # Errors
/// When it is not an event of this log, or not as it was recorded, or not written by a service of the region that has this key.
pub fn decode(record_key: &RecordKey, log: LogId, record: &Received<'_>) -> Result<Decoded, Fault> {
    let headers = Headers::read(record)?;
    headers.is(SPEC_VERSION, CLOUD_EVENTS)?;
    headers.is(CONTENT_TYPE, JSON)?;
    headers.is(SOURCE, &log.to_string())?;
    let position = headers.parsed(POSITION, "position")?;
    headers.is(ID, &format!("{log}:{position}"))?;
    headers.is(SEQUENCE, &sequence(position))?;
    let key =
        record.key.and_then(|key| std::str::from_utf8(key).ok()).ok_or(Fault::Missing("key that is text"))?;
    headers.is(SUBJECT, key)?;
    headers.is(PARTITION_KEY, key)?;
    let text = |name| headers.optional(name).map(str::to_owned);
    let event = Recorded {
        log,
        position,
        stream: StreamId::from_stored(key),
        stream_version: headers.parsed(STREAM_VERSION, "version")?,
        event_type: headers.required(TYPE)?.to_owned(),
        version: headers.parsed(DATA_VERSION, "version")?,
        payload: record.value.ok_or(Fault::Missing("value"))?.to_vec(),
        effective: headers.parsed_if_there(EFFECTIVE, "date")?,
        council: headers.parsed_if_there(COUNCIL, "council")?,
        meta: Meta {
            actor: headers.required(ACTOR)?.to_owned(),
            causation: text(CAUSATION),
            correlation: text(CORRELATION),
            recorded_at: headers.parsed::<Timestamp>(TIME, "time")?,
        },
    };
    let leaf_hash = event.leaf_hash();
    let (found, said) = (hex::encode(leaf_hash), headers.required(LEAF_HASH)?);
    if found != said {
        return Err(Fault::Changed { found, said: shortened(said) });
    }
    if !record_key.made(headers.required(CODE)?, leaf_hash.as_bytes()) {
        return Err(Fault::Forged);
    }
    Ok(Decoded { event, traceparent: text(TRACE_PARENT) })
}

fn sequence(position: u64) -> String {
    format!("{position:020}")
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The known headers of a record, each at the index of its line in [`HEADERS`].
struct Headers<'a>([Option<&'a str>; HEADERS.len()]);

impl<'a> Headers<'a> {
    fn read(record: &Received<'a>) -> Result<Self, Fault> {
        let mut known = [None; HEADERS.len()];
        for (name, value) in &record.headers {
            let Some(index) = HEADERS.iter().position(|header| header.0 == *name) else { continue };
            let header = HEADERS[index].0;
            let value = value.ok_or(Fault::Missing(header))?;
            let text = std::str::from_utf8(value).map_err(|_| Fault::Unreadable {
                header,
                found: shortened(&String::from_utf8_lossy(value)),
                expected: "text",
            })?;
            if known[index].replace(text).is_some() {
                return Err(Fault::Twice(header));
            }
        }
        Ok(Self(known))
    }

    fn optional(&self, name: &str) -> Option<&'a str> {
        HEADERS.iter().position(|header| header.0 == name).and_then(|index| self.0[index])
    }

    fn required(&self, name: &'static str) -> Result<&'a str, Fault> {
        self.optional(name).ok_or(Fault::Missing(name))
    }

    fn is(&self, name: &'static str, expected: &str) -> Result<(), Fault> {
        let found = self.required(name)?;
        if found == expected {
            return Ok(());
        }
        Err(Fault::Other { header: name, found: shortened(found), expected: expected.to_owned() })
    }

    fn parsed_if_there<T: FromStr<Err: Display>>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, Fault> {
        let Some(found) = self.optional(name) else { return Ok(None) };
        let unreadable = |_| Fault::Unreadable { header: name, found: shortened(found), expected };
        found.parse().map(Some).map_err(unreadable)
    }

    fn parsed<T: FromStr<Err: Display>>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<T, Fault> {
        self.parsed_if_there(name, expected)?.ok_or(Fault::Missing(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use care::{CouncilId, Date};
    use eventlog::Service;
    use proptest::prelude::*;

    const LOG: LogId = LogId::region(Service::Vacancies);

    fn received<'a>(record: &'a Encoded<'a>) -> Received<'a> {
        let headers = record.headers.iter().map(|(name, value)| (*name, Some(value.as_bytes())));
        Received { key: Some(record.key.as_bytes()), headers: headers.collect(), value: Some(record.value) }
    }

    fn key() -> RecordKey {
        RecordKey::new(&[7; 32])
    }

    fn event() -> Recorded {
        Recorded {
            log: LOG,
            position: 12,
            stream: StreamId::new("place", "SC045099-02"),
            stream_version: 3,
            event_type: "PlaceClaimed".into(),
            version: 2,
            payload: "{\"note\":\"£\"}".into(),
            effective: Some(Date::constant(2026, 4, 6)),
            council: "E06000015".parse().ok(),
            meta: Meta {
                actor: "council:E06000015/case-system".into(),
                causation: Some("referrals/E06000015:7".into()),
                correlation: Some("referral/1".into()),
                recorded_at: Timestamp::from_microsecond(1_770_000_000_123_400).unwrap(),
            },
        }
    }

    #[test]
    fn a_record_is_pinned_header_by_header() {
        let event = event();
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let record = encode(&key(), &event, Some(trace));
        let lines: Vec<_> = record.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected = [
            "content-type=application/json",
            "ce_specversion=1.0",
            "ce_id=vacancies/region:12",
            "ce_source=vacancies/region",
            "ce_type=PlaceClaimed",
            "ce_subject=place/SC045099-02",
            "ce_time=2026-02-02T02:40:00.123400Z",
            "ce_partitionkey=place/SC045099-02",
            "ce_sequence=00000000000000000012",
            "ce_position=12",
            "ce_streamversion=3",
            "ce_dataversion=2",
            "ce_actor=council:E06000015/case-system",
            "ce_causation=referrals/E06000015:7",
            "ce_correlation=referral/1",
            "ce_council=E06000015",
            "ce_effective=2026-04-06",
            &format!("ce_leafhash={}", hex::encode(event.leaf_hash())),
            &format!("ce_mac={}", key().code(event.leaf_hash().as_bytes())),
            "traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ];
        assert_eq!(lines, expected);
        assert_eq!((record.key, record.value), ("place/SC045099-02", &event.payload[..]));
        let decoded = decode(&key(), LOG, &received(&record)).unwrap();
        assert_eq!(decoded, Decoded { event: event.clone(), traceparent: Some(trace.to_owned()) });
    }

    #[test]
    fn attribute_names_are_what_cloud_events_allows() {
        let extensions = HEADERS.iter().filter_map(|header| header.0.strip_prefix("ce_"));
        for name in extensions {
            let allowed = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            assert!(allowed && name.len() <= 20, "{name}");
        }
    }

    #[test]
    fn every_required_header_is_missed_by_its_name_and_a_second_one_is_refused() {
        let event = event();
        let encoded = encode(&key(), &event, None);
        let whole = received(&encoded);
        for (name, required, _) in HEADERS {
            let mut without = whole.clone();
            without.headers.retain(|header| header.0 != name);
            let outcome = decode(&key(), LOG, &without);
            if required {
                assert_eq!(outcome, Err(Fault::Missing(name)));
            } else if name != TRACE_PARENT {
                assert!(matches!(outcome, Err(Fault::Changed { .. })), "{name}: the hash covers it");
            }
            let mut twice = whole.clone();
            twice.headers.extend([(name, Some(&b"1"[..])), (name, Some(&b"1"[..]))]);
            assert_eq!(decode(&key(), LOG, &twice), Err(Fault::Twice(name)));
        }
        assert_eq!(
            decode(&key(), LOG, &Received { key: None, ..whole.clone() }),
            Err(Fault::Missing("key that is text"))
        );
        assert_eq!(decode(&key(), LOG, &Received { value: None, ..whole }), Err(Fault::Missing("value")));
        assert!(decode(&key(), LOG, &Received::default()).is_err());
    }

    #[test]
    fn any_changed_header_or_value_is_noticed_and_an_unknown_header_is_not_minded() {
        let event = event();
        let encoded = encode(&key(), &event, None);
        let whole = received(&encoded);
        for index in 0..whole.headers.len() {
            let mut changed = whole.clone();
            changed.headers[index].1 = Some(b"7");
            let name = whole.headers[index].0;
            let fault = decode(&key(), LOG, &changed).expect_err(name).to_string();
            // Another position is noticed by the id, which comes first; what no other header repeats, by the hash.
            assert!(fault.contains(name) || fault.contains("leaf") || name == POSITION, "{name}: {fault}");
        }
        let fault = decode(&key(), LOG, &Received { value: Some(b"{}"), ..whole.clone() }).unwrap_err();
        assert!(matches!(fault, Fault::Changed { .. }));
        let other = LogId::council(Service::Referrals, "E06000015".parse().unwrap());
        let fault = decode(&key(), other, &whole).unwrap_err();
        assert!(matches!(fault, Fault::Other { header: SOURCE, .. }), "another log's event in this topic");
        let mut more = whole;
        more.headers.push(("x-seen-by", Some(b"mirror")));
        assert!(decode(&key(), LOG, &more).is_ok());
    }

    #[test]
    fn a_whole_record_that_another_wrote_is_forged() {
        let event = event();
        let other = encode(&RecordKey::new(&[8; 32]), &event, None);
        assert_eq!(decode(&key(), LOG, &received(&other)), Err(Fault::Forged));
        // A code of another event of the region fits no better.
        let next = Recorded { position: 13, ..event.clone() };
        let (own, next) = (encode(&key(), &event, None), encode(&key(), &next, None));
        let mut mixed = received(&own);
        let code = received(&next).headers.into_iter().find(|header| header.0 == CODE).unwrap();
        mixed.headers.retain(|header| header.0 != CODE);
        mixed.headers.push(code);
        assert_eq!(decode(&key(), LOG, &mixed), Err(Fault::Forged));
    }

    fn text() -> impl Strategy<Value = String> {
        "\\PC{0,40}"
    }

    prop_compose! {
        fn any_event()(
            position in 1u64.., stream_version in 1u64.., version in any::<u16>(), stream in text(), event_type in text(),
            payload in proptest::collection::vec(any::<u8>(), 0..200), actor in text(),
            causation in proptest::option::of(text()), correlation in proptest::option::of(text()),
            council in proptest::option::of(0..care::councils().len()),
            effective in proptest::option::of((-9999i16..=9999, 1i8..=12, 1i8..=28)),
            microsecond in -300_000_000_000_000_000i64..250_000_000_000_000_000,
        ) -> Recorded {
            let council: Option<CouncilId> = council.map(|index| care::councils()[index].id);
            let recorded_at = Timestamp::from_microsecond(microsecond).unwrap();
            Recorded {
                log: council.map_or(LOG, |council| LogId::council(Service::Contracts, council)),
                position, stream: StreamId::from_stored(&stream), stream_version, event_type, version, payload,
                effective: effective.map(|(year, month, day)| Date::constant(year, month, day)),
                council, meta: Meta { actor, causation, correlation, recorded_at },
            }
        }
    }

    proptest! {
        #[test]
        fn any_event_comes_out_as_it_went_in(event in any_event(), trace in proptest::option::of(text())) {
            let record = encode(&key(),&event, trace.as_deref());
            let decoded = decode(&key(), event.log, &received(&record));
            let Decoded { event: back, traceparent } = decoded.unwrap();
            prop_assert_eq!(back.leaf_hash(), event.leaf_hash());
            prop_assert_eq!((back, traceparent), (event, trace));
        }

        #[test]
        fn no_record_makes_it_panic(
            stream in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
            headers in proptest::collection::vec((0..HEADERS.len(), proptest::collection::vec(any::<u8>(), 0..20)), 0..25),
        ) {
            let headers = headers.iter().map(|(index, value)| (HEADERS[*index].0, Some(&value[..]))).collect();
            let _ = decode(&key(), LOG, &Received { key: stream.as_deref(), headers, value: Some(b"{}") });
        }
    }
}
