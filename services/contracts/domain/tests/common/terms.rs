//! An agreement whose child lives there, and what both sides do about its terms.

use super::{
    DARLINGTON, DURHAM, award, award_events, claim, facts, fold, framework_events, id, proposal, start,
};
use care::published::{PlacementEnded, PlacementStarted};
use care::spec::{Given, given};
use care::{AgreementId, Date, Pence, Timestamp};
use contracts_domain::Agreements;
use contracts_domain::agreements::terms::{Changes, Consent, LineChange, LinePrice, TermsStep};
use contracts_domain::agreements::{AgreementCommand, AgreementEvent, NoticeGiver};
use contracts_domain::frameworks::{
    Frameworks, Recommended, UpliftAmount, UpliftAsked, UpliftNegotiated, UpliftNegotiation, UpliftRequested,
};
use jiff::civil::date;
use std::collections::BTreeSet;

pub(crate) fn agreement(n: u128) -> AgreementId {
    AgreementId::for_request("award", &award(n).to_string())
}

/// A Monday four weeks after the arrival.
pub(crate) fn told() -> Timestamp {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

pub(crate) fn today() -> Date {
    date(2026, 6, 1)
}

/// The events of an agreement of Durham's for the n-th child, who lives there since [`start`].
pub(crate) fn placed(n: u128) -> Vec<AgreementEvent> {
    let mut events = award_events(proposal(n, DURHAM), claim(n, DURHAM), &facts());
    let started = PlacementStarted {
        correction: None,
        agreement: agreement(n),
        award: award(n),
        council: id(DURHAM),
        place: id("SC000001-01"),
        on: start(),
        at: told(),
    };
    events.push(started.into());
    events
}

pub(crate) fn lives_there() -> Given<Agreements> {
    given::<Agreements>(placed(1))
}

pub(crate) fn left(n: u128, on: Date) -> PlacementEnded {
    PlacementEnded {
        agreement: agreement(n),
        award: award(n),
        council: id(DURHAM),
        place: id("SC000001-01"),
        on,
        reason: "CARPL".to_owned(),
        correction: None,
        ending: None,
        notice_last_day: None,
        at: told(),
    }
}

pub(crate) fn provider() -> NoticeGiver {
    NoticeGiver::Provider(id("P1"))
}

pub(crate) fn by(n: u128, by: NoticeGiver, step: TermsStep) -> AgreementCommand {
    let (agreement, facts) = (agreement(n), facts());
    AgreementCommand::Terms { agreement, by, expected_version: None, step, facts, at: told() }
}

pub(crate) fn council(step: TermsStep) -> AgreementCommand {
    by(1, NoticeGiver::Council, step)
}

pub(crate) fn proposes(changes: Changes) -> AgreementCommand {
    council(TermsStep::Propose(changes))
}

pub(crate) fn consent() -> Consent {
    Consent { post: "Head of commissioning".to_owned(), on: today() }
}

pub(crate) fn signs(amendment: u32) -> TermsStep {
    TermsStep::SignAmendment { amendment, consent: consent() }
}

/// From a day after the arrival.
pub(crate) fn changes() -> Changes {
    Changes::new(date(2026, 6, 8), "ten hours more for a time")
}

pub(crate) fn with_lines(lines: Vec<LineChange>) -> Changes {
    Changes { lines, ..changes() }
}

pub(crate) fn weekly(pence: i64) -> LinePrice {
    LinePrice::Weekly { pence: Pence(pence) }
}

pub(crate) fn adds(kind: &str, price: LinePrice, until: Option<Date>) -> LineChange {
    let (kind, note) = (kind.to_owned(), String::new());
    LineChange::Add { kind, price, until, note, siblings: BTreeSet::new() }
}

pub(crate) fn hours() -> LineChange {
    let price = LinePrice::Quantity { hundredths: 1_000, unit: "hours".to_owned(), rate: Pence(3_500) };
    adds("ONE_TO_ONE", price, Some(date(2026, 9, 7)))
}

pub(crate) fn sibling_discount(siblings: &[u128], pence: i64) -> LineChange {
    LineChange::Add {
        kind: "DISCOUNT_SIBLING".to_owned(),
        price: weekly(pence),
        until: None,
        note: String::new(),
        siblings: siblings.iter().map(|n| agreement(*n)).collect(),
    }
}

/// A change of the core fee.
pub(crate) fn core(pence: i64) -> LineChange {
    LineChange::Change { line: 1, price: weekly(pence), until: None, note: String::new() }
}

/// Proposed by the council and signed by both sides of the n-th agreement.
pub(crate) fn agreed(state: Given<Agreements>, n: u128, changes: Changes) -> Given<Agreements> {
    let state = run(state, by(n, NoticeGiver::Council, TermsStep::Propose(changes)));
    let number = |state: &Agreements| u32::try_from(state.agreements[&agreement(n)].terms.amendments.len());
    let mut amendment = 0;
    let state = state.then_state(|state| amendment = number(state).unwrap());
    assert!(amendment > 0);
    let state = run(state, by(n, NoticeGiver::Council, signs(amendment)));
    run(state, by(n, provider(), signs(amendment)))
}

/// After a command that is accepted.
#[track_caller]
pub(crate) fn run(state: Given<Agreements>, command: AgreementCommand) -> Given<Agreements> {
    state.when(command).then_events(|_| {})
}

pub(crate) fn of(state: &Agreements, n: u128) -> &contracts_domain::agreements::Agreement {
    &state.agreements[&agreement(n)]
}

/// Two children of a family, each by a referral of its own.
pub(crate) fn two_live_there() -> Given<Agreements> {
    given::<Agreements>(placed(1)).and(placed(2))
}

/// The framework's facts with P1's uplift 1, asked for at 5 % from 1 May and negotiated as given; nothing where that goes on.
pub(crate) fn uplift_facts(
    asked: UpliftAmount,
    lot: Option<&str>,
    recommended: Option<Option<(UpliftAmount, Date)>>,
) -> Frameworks {
    let (framework, provider, on) = (id("tyne-tees"), id("P1"), today());
    let (lot, from) = (lot.map(id), date(2026, 5, 1));
    let asked = UpliftAsked { provider, lot, amount: asked, from, grounds: "pay".to_owned() };
    let mut events = framework_events();
    events.push(UpliftRequested { framework, number: 1, asked, requested_on: on }.into());
    if let Some(recommended) = recommended {
        let recommended = recommended.map(|(amount, from)| Recommended { amount, from });
        let (by, reason) = (id(DARLINGTON), "as the accounts show".to_owned());
        let negotiation = UpliftNegotiation { by, recommended, reason, on };
        let (framework, provider) = (id("tyne-tees"), id("P1"));
        events.push(UpliftNegotiated { framework, number: 1, provider, negotiation }.into());
    }
    fold::<Frameworks>(&events)
}
