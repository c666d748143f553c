//! An event, once released, is for ever: each golden file must still decode, and encode to what it says.

use care::Event;
use care::published::SearchEnded;
use care::published::monitoring::{
    HomeSought, InvitationDeclined, InvitationSent, OfferMade, OfferTakenBack,
};
use referrals_domain::{Profile, ReferralEvent};
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

#[test]
fn every_event_type_has_a_golden_file_that_still_reads() {
    for event_type in ReferralEvent::types() {
        let path = folder().join(format!("{event_type}.v1.json"));
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let golden: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let event = ReferralEvent::decode(event_type, 1, &text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let encoded: serde_json::Value = serde_json::from_slice(&event.encode()).unwrap();
        assert_eq!(encoded, golden, "{}", path.display());
    }
}

/// And those that hold what was added to an event since.
#[test]
fn every_golden_file_reads_and_is_written_the_same() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read(&path).unwrap();
        let golden: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let event = ReferralEvent::decode(name.split('.').next().unwrap(), 1, &text)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let encoded: serde_json::Value = serde_json::from_slice(&event.encode()).unwrap();
        assert_eq!(encoded, golden, "{name}");
    }
}

/// What was posted and amended before the form grew: of what it asks now nothing is known.
#[test]
fn a_referral_of_before_the_wider_form_still_reads() {
    for event_type in ["ReferralPosted", "ReferralAmended"] {
        let text = fs::read(folder().join(format!("{event_type}.v1.json"))).unwrap();
        let text_only = String::from_utf8(text.clone()).unwrap();
        assert!(!text_only.contains("profile") && !text_only.contains("background"), "frozen as it was");
        let (requirements, background) = match ReferralEvent::decode(event_type, 1, &text).unwrap() {
            ReferralEvent::ReferralPosted(event) => (event.requirements, event.background),
            ReferralEvent::ReferralAmended(event) => (event.requirements, event.background),
            other => panic!("{other:?}"),
        };
        assert_eq!((requirements.profile, background), (Profile::default(), None));
    }
}

/// And one that was posted with all of it.
#[test]
fn a_referral_with_the_wider_form_still_reads() {
    let text = fs::read(folder().join("ReferralPosted.form.v1.json")).unwrap();
    let golden: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let event = ReferralEvent::decode("ReferralPosted", 1, &text).unwrap();
    let encoded: serde_json::Value = serde_json::from_slice(&event.encode()).unwrap();
    assert_eq!(encoded, golden);
    let ReferralEvent::ReferralPosted(posted) = event else { panic!("{event:?}") };
    assert_eq!(posted.requirements.profile, crate::form::whole());
}

/// Since providers have keys of their own, and before.
#[test]
fn a_shortlisting_with_an_envelope_and_one_without_still_read() {
    for (file, number) in [("ProviderShortlisted", None), ("ProviderShortlisted.envelope", Some(1))] {
        let text = fs::read(folder().join(format!("{file}.v1.json"))).unwrap();
        let golden: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let event = ReferralEvent::decode("ProviderShortlisted", 1, &text).unwrap();
        let encoded: serde_json::Value = serde_json::from_slice(&event.encode()).unwrap();
        assert_eq!(encoded, golden);
        let ReferralEvent::ProviderShortlisted(event) = event else { panic!("{event:?}") };
        assert_eq!(event.envelope.map(|it| it.number), number);
    }
}

/// Events that gained fields, with all of them.
#[test]
fn what_is_said_of_evaluation_still_reads() {
    for name in ["OfferSubmitted.assured", "AwardProposed.choice", "CascadePolicySet.evaluation"] {
        let text = fs::read(folder().join(format!("{name}.v1.json"))).unwrap();
        let golden: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let event_type = name.split('.').next().unwrap();
        let event = ReferralEvent::decode(event_type, 1, &text).unwrap();
        let encoded: serde_json::Value = serde_json::from_slice(&event.encode()).unwrap();
        assert_eq!(encoded, golden, "{name}");
    }
}

/// The market reads of these events no more than this.
#[test]
fn the_end_of_a_search_is_read_from_these_events() {
    for event_type in SearchEnded::TYPES {
        assert!(ReferralEvent::types().contains(event_type));
        let text = fs::read(folder().join(format!("{event_type}.v{}.json", SearchEnded::VERSION))).unwrap();
        let golden: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let read = SearchEnded::decode(event_type, SearchEnded::VERSION, &text).unwrap();
        let expected = [read.council.to_string(), read.referral.to_string(), read.at.to_string()];
        assert_eq!(["council", "referral", "at"].map(|field| golden[field].as_str().unwrap()), expected);
    }
    assert!(SearchEnded::decode("ReferralPosted", SearchEnded::VERSION, b"{}").is_err());
}

/// Monitoring reads of these events no more than this, in every shape that they were released in.
#[test]
fn what_monitoring_reads_stands_in_these_events() {
    type Read = fn(&str, &[u8]) -> Vec<String>;
    let parts: [(&[&str], Read, &[&str]); 5] = [
        (InvitationSent::TYPES, invitation_sent, &["referral", "provider", "at"]),
        (OfferMade::TYPES, offer_made, &["offer", "referral", "provider", "at"]),
        (OfferTakenBack::TYPES, offer_taken_back, &["offer", "referral", "provider"]),
        (InvitationDeclined::TYPES, invitation_declined, &["referral", "provider", "reason"]),
        (HomeSought::TYPES, home_sought, &["referral", "requirements/anchor"]),
    ];
    for (types, read, fields) in parts {
        let mut shapes = 0;
        for entry in fs::read_dir(folder()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some(event_type) = types.iter().find(|it| name.starts_with(&format!("{it}."))) else {
                continue;
            };
            assert!(ReferralEvent::types().contains(event_type));
            let text = fs::read(folder().join(&name)).unwrap();
            let golden: serde_json::Value = serde_json::from_slice(&text).unwrap();
            let stored = fields.iter().map(|field| {
                golden
                    .pointer(&format!("/{field}"))
                    .and_then(|value| value.as_str())
                    .unwrap_or_default()
                    .to_owned()
            });
            assert_eq!(read(event_type, &text), stored.collect::<Vec<_>>(), "{name}");
            shapes += 1;
        }
        assert!(shapes >= types.len(), "{types:?}");
    }
}

fn invitation_sent(event_type: &str, text: &[u8]) -> Vec<String> {
    let read = InvitationSent::decode(event_type, 1, text).unwrap();
    vec![read.referral.to_string(), read.provider.to_string(), read.at.to_string()]
}

fn offer_made(event_type: &str, text: &[u8]) -> Vec<String> {
    let read = OfferMade::decode(event_type, 1, text).unwrap();
    vec![read.offer.to_string(), read.referral.to_string(), read.provider.to_string(), read.at.to_string()]
}

fn offer_taken_back(event_type: &str, text: &[u8]) -> Vec<String> {
    let read = OfferTakenBack::decode(event_type, 1, text).unwrap();
    vec![read.offer.to_string(), read.referral.to_string(), read.provider.to_string()]
}

fn invitation_declined(event_type: &str, text: &[u8]) -> Vec<String> {
    let read = InvitationDeclined::decode(event_type, 1, text).unwrap();
    vec![read.referral.to_string(), read.provider.to_string(), read.reason]
}

fn home_sought(event_type: &str, text: &[u8]) -> Vec<String> {
    let read = HomeSought::decode(event_type, 1, text).unwrap();
    vec![read.referral.to_string(), read.requirements.anchor.unwrap_or_default()]
}

#[test]
fn no_golden_file_is_of_an_event_that_is_gone() {
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let event_type = name.split('.').next().unwrap();
        assert!(ReferralEvent::types().contains(&event_type), "{name} is of no event of this log");
    }
}
