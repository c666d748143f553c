//! What must hold of the logs after any number of crashes, whatever was interrupted.

use super::witness::{Answer, Sent};
use care::Date;
use eventlog::{LogId, Owner, Recorded, Service};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

pub(crate) type Logs = BTreeMap<LogId, Vec<Arc<Recorded>>>;

/// Positions and stream versions are dense.
pub(crate) fn dense(logs: &Logs) {
    for (log, events) in logs {
        let mut versions: HashMap<&str, u64> = HashMap::new();
        for (event, position) in events.iter().zip(1..) {
            assert_eq!(event.position, position, "{log}");
            let version = versions.entry(event.stream.as_str()).or_default();
            *version += 1;
            assert_eq!(event.stream_version, *version, "{log}:{position}");
        }
    }
}

/// Every answered command has its events once, every unanswered one once or not at all, and nothing is there that nobody asked for.
/// Gives how many unanswered ones were done all the same.
pub(crate) fn exactly_once(logs: &Logs, witnessed: &BTreeMap<String, Sent>) -> usize {
    let mut effects: BTreeMap<&str, Vec<&Recorded>> = BTreeMap::new();
    for event in logs.values().flatten() {
        if let Some(id) = event.meta.causation.as_deref().and_then(|cause| cause.strip_prefix("request:")) {
            if event.event_type == "RunFinished" {
                // The end of a run has a key of its own, made from the request's: see `charged_once`.
                continue;
            }
            assert!(witnessed.contains_key(id), "{} was made by {id}, which nobody sent", event.reference());
            effects.entry(id).or_default().push(event);
        }
    }
    let mut unanswered_done = 0;
    for (id, sent) in witnessed {
        let (event_type, many) = sent.command.effect();
        let events = effects.get(id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let places: BTreeSet<_> = events.iter().map(|event| (event.log, event.meta.recorded_at)).collect();
        assert!(places.len() <= 1, "{sent:?} had its effect more than once: {events:?}");
        let found = events.iter().filter(|event| event.event_type == event_type).count();
        let whole = found == many || found == 0;
        assert!(whole, "{sent:?}: {found} of {many} events, which is half done or twice: {events:?}");
        match &sent.answer {
            Some(Answer::Yes(_)) => assert_eq!(found, many, "acknowledged and lost: {sent:?}"),
            // An award may be refused by the market or the contract after it was proposed.
            Some(Answer::No(_)) if event_type == "AwardProposed" => {}
            Some(Answer::No(reason)) => assert_eq!(found, 0, "refused with {reason} and done: {sent:?}"),
            None => unanswered_done += usize::from(found > 0),
        }
    }
    unanswered_done
}

fn text(event: &Value, field: &str) -> String {
    event[field].as_str().unwrap_or_else(|| panic!("{field} of {event}")).to_owned()
}

/// What came of one award.
#[derive(Debug, Default)]
struct Saga {
    proposed: usize,
    claimed: usize,
    claim_refused: usize,
    claim_released: usize,
    issued: usize,
    agreement_refused: usize,
    awarded: usize,
    failed: usize,
}

/// Every award has come to its one end, and every claim has an agreement or was released. Gives how many were confirmed and how many failed.
pub(crate) fn sagas(logs: &Logs) -> (usize, usize) {
    let mut sagas: BTreeMap<String, Saga> = BTreeMap::new();
    for event in logs.values().flatten() {
        let payload: Value = serde_json::from_slice(&event.payload).unwrap();
        let step: fn(&mut Saga) -> &mut usize = match event.event_type.as_str() {
            "AwardProposed" => |saga| &mut saga.proposed,
            "PlaceClaimed" => |saga| &mut saga.claimed,
            "ClaimRefused" => |saga| &mut saga.claim_refused,
            "ClaimReleased" => |saga| &mut saga.claim_released,
            "AgreementIssued" => |saga| &mut saga.issued,
            "AgreementRefused" => |saga| &mut saga.agreement_refused,
            "ReferralAwarded" => |saga| &mut saga.awarded,
            "AwardFailed" => |saga| &mut saga.failed,
            _ => continue,
        };
        *step(sagas.entry(text(&payload, "award")).or_default()) += 1;
    }
    let (mut confirmed, mut failed) = (0, 0);
    for (award, saga) in &sagas {
        let Saga { proposed, claimed, claim_refused, claim_released, issued, agreement_refused, .. } = *saga;
        assert_eq!(proposed, 1, "{award}: {saga:?}");
        assert_eq!(claimed + claim_refused, 1, "{award}: {saga:?}");
        assert_eq!(issued + agreement_refused, claimed, "{award}: {saga:?}");
        assert_eq!(claim_released, agreement_refused, "a claim without an agreement: {award}: {saga:?}");
        assert_eq!((saga.awarded, saga.failed), (issued, 1 - issued), "{award}: {saga:?}");
        confirmed += saga.awarded;
        failed += saga.failed;
    }
    (confirmed, failed)
}

/// At no position of the market's log a place has two live claims, be it holds or awards.
pub(crate) fn one_claim_a_place(logs: &Logs) {
    let market = &logs[&LogId { service: Service::Vacancies, owner: Owner::Region }];
    // The fencing token of the live claim, by place.
    let mut live: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for event in market {
        let payload: Value = serde_json::from_slice(&event.payload).unwrap();
        let place = || text(&payload, "place");
        match event.event_type.as_str() {
            "PlaceHeld" => {
                let token = payload["token"].as_u64().unwrap();
                let before = live.insert(place(), (token, text(&payload, "council")));
                assert_eq!(before, None, "{} holds a place that is taken", event.reference());
            }
            "PlaceClaimed" => {
                let council = text(&payload, "council");
                // The hold of the same council becomes the claim.
                let held = live.insert(place(), (payload["token"].as_u64().unwrap(), council.clone()));
                assert!(
                    held.as_ref().is_none_or(|(_, holder)| *holder == council),
                    "{}: {held:?}",
                    event.reference()
                );
            }
            "HoldReleased" | "ClaimReleased" => {
                assert!(live.remove(&place()).is_some(), "{} releases nothing", event.reference());
            }
            _ => {}
        }
    }
}

/// No night of a placement is charged twice, and every run that was answered was finished once. Gives the charged nights.
pub(crate) fn charged_once(logs: &Logs, witnessed: &BTreeMap<String, Sent>) -> usize {
    let mut nights: BTreeSet<(String, Date)> = BTreeSet::new();
    let mut finished: BTreeMap<String, usize> = BTreeMap::new();
    let mut asked: BTreeMap<String, String> = BTreeMap::new();
    for event in
        logs.iter().filter(|(log, _)| log.service == Service::Invoicing).flat_map(|(_, events)| events)
    {
        let payload: Value = serde_json::from_slice(&event.payload).unwrap();
        match event.event_type.as_str() {
            "ChargePosted" => {
                let charge = &payload["charge"];
                assert!(
                    charge["reverses"].is_null(),
                    "{}: nobody left, so nothing is reversed",
                    event.reference()
                );
                let (start, end) = (text(&charge["nights"], "start"), text(&charge["nights"], "end"));
                let end: Date = end.parse().unwrap();
                let all = start.parse::<Date>().unwrap().series(jiff::Span::new().days(1));
                for night in all.take_while(|night| *night < end) {
                    let new = nights.insert((text(charge, "agreement"), night));
                    assert!(new, "{} charges the night of {night} again", event.reference());
                }
            }
            "RunStarted" => {
                let cause = event.meta.causation.as_deref().and_then(|cause| cause.strip_prefix("request:"));
                asked.insert(text(&payload, "run"), cause.unwrap().to_owned());
            }
            "RunFinished" => *finished.entry(text(&payload, "run")).or_default() += 1,
            _ => {}
        }
    }
    for (run, request) in asked {
        let times = finished.get(&run).copied().unwrap_or(0);
        let answered = matches!(witnessed[&request].answer, Some(Answer::Yes(_)));
        assert!(
            times == 1 || (times == 0 && !answered),
            "{run} was finished {times} times, answered: {answered}"
        );
    }
    nights.len()
}

/// A consumer that is not ours finds each event of each published log once, and those of a stream in order.
pub(crate) fn topics_hold_each_position_once(logs: &Logs, records: &[Value]) {
    let mut found: BTreeMap<LogId, BTreeSet<u64>> = BTreeMap::new();
    let mut versions: BTreeMap<(LogId, String), u64> = BTreeMap::new();
    for record in records {
        let log: LogId = text(record, "source").parse().unwrap();
        let position = record["position"].as_u64().unwrap();
        assert!(
            found.entry(log).or_default().insert(position),
            "{log}:{position} is in its topic twice: {record}"
        );
        let event = &logs[&log][usize::try_from(position).unwrap() - 1];
        assert_eq!(text(record, "leaf_hash"), event.leaf_hash().to_string(), "{log}:{position}");
        let version = versions.entry((log, event.stream.to_string())).or_default();
        *version += 1;
        assert_eq!(
            record["stream_version"].as_u64(),
            Some(*version),
            "{log}:{position} is not in its stream's order"
        );
    }
    for (log, events) in logs.iter().filter(|(log, _)| log.service != Service::Audit) {
        let positions = found.get(log).map_or(0, BTreeSet::len);
        assert_eq!(positions, events.len(), "{log}: so many of its events are in its topic");
    }
}

/// Nothing was added to or taken from any log but the audit's: commands that are repeated have no effect.
pub(crate) fn same(before: &Logs, after: &Logs) {
    for (log, events) in before.iter().filter(|(log, _)| log.service != Service::Audit) {
        assert_eq!(after[log].len(), events.len(), "{log} has grown by commands that were only repeated");
        assert_eq!(after[log], *events, "{log}");
    }
}
