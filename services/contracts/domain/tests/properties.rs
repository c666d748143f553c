//! Invariant 3 on the contract's side (eligibility is judged at the award instant and its evidence is in the event), the
//! contract's part of 8 (no night before the arrival or after the departure), and of 9 (nothing of one council in another's log).
//!
//! The oracle reads the list of framework events and never the folded state, so that a wrong fold shows.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::{AgreementIssued, ClaimReleased, PLACE_WITHDRAWN, Route};
use care::{CouncilId, Date, Domain, Event, Pence, ProviderId};
use common::{
    DARLINGTON, DORSET, DURHAM, at, award, call_off, claim, command, create, fold, good_or_better, id, line,
    lot, prices, proposal, share,
};
use contracts_domain::agreements::{
    AgreementCommand, AgreementEvent, ClaimNoted, Outcome, PlacementStep, ProposalLapsed, ProposalNoted,
};
use contracts_domain::frameworks::{Change, FrameworkEvent, Frameworks, Lot, PriceSchedule, SuspensionScope};
use contracts_domain::{Agreements, CallOffQuestion, GradeGate, judge_call_off};
use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use std::collections::BTreeMap;

fn day(n: i64) -> Date {
    date(2026, 4, 1).saturating_add(n.days())
}

fn councils() -> impl Strategy<Value = CouncilId> {
    prop_oneof![Just(id(DARLINGTON)), Just(id(DURHAM)), Just(id(DORSET))]
}

fn providers() -> impl Strategy<Value = ProviderId> {
    prop_oneof![Just(id("P1")), Just(id("P2"))]
}

fn days() -> impl Strategy<Value = Date> {
    (-3_i64..40).prop_map(day)
}

fn levels() -> impl Strategy<Value = BTreeMap<String, Pence>> {
    prop::collection::btree_map(
        prop_oneof![Just("STANDARD".to_owned()), Just("ENHANCED".to_owned())],
        (0_i64..800_000).prop_map(Pence),
        0..3,
    )
}

fn lots() -> impl Strategy<Value = Lot> {
    (levels(), 0_u8..20, 0_u8..20, any::<bool>(), prop::option::of(any::<bool>())).prop_map(
        |(levels, age_from, age_to, education, gate)| Lot {
            provisions: [if education { "RESIDENTIAL_EDUCATION" } else { "RESIDENTIAL" }.to_owned()].into(),
            age_from,
            age_to,
            levels,
            grade_gate: gate.map(|widest| if widest { GradeGate::widest() } else { good_or_better() }),
            ..lot()
        },
    )
}

fn scopes() -> impl Strategy<Value = SuspensionScope> {
    let urns = prop::collection::btree_set(prop_oneof![Just(id("SC000001")), Just(id("SC000002"))], 0..3);
    let scope = (urns, prop::option::weighted(0.2, councils()));
    scope.prop_map(|(urns, council)| SuspensionScope { urns, council })
}

fn changes() -> impl Strategy<Value = Change> {
    let reason = || "Inadequate at inspection".to_owned();
    prop_oneof![
        (councils(), days()).prop_map(|(council, from)| Change::AddMember { council, from }),
        (councils(), days()).prop_map(|(council, on)| Change::RemoveMember { council, on }),
        lots().prop_map(|terms| Change::AddLot { lot: id("other"), terms }),
        (any::<bool>(), providers(), days(), levels()).prop_map(|(first, provider, from, prices)| {
            Change::AdmitProvider {
                lot: id(if first { "residential" } else { "other" }),
                provider,
                schedule: PriceSchedule::plain(from, prices),
            }
        }),
        (providers(), scopes(), days()).prop_map(move |(provider, scope, from)| Change::SuspendProvider {
            provider,
            scope,
            reason: reason(),
            from
        }),
        (providers(), scopes(), days()).prop_map(|(provider, scope, on)| Change::LiftSuspension {
            provider,
            scope,
            on
        }),
    ]
}

/// What comes of a series of changes; those that are refused change nothing. Four in five frameworks start furnished, so
/// that many awards get far enough to be judged on prices.
fn happened(changes: &[Change], furnished: bool) -> Vec<FrameworkEvent> {
    let mut all = vec![create()];
    if furnished {
        let from = day(0);
        all.push(command(Change::AddLot { lot: id("residential"), terms: lot() }));
        all.push(command(Change::AddMember { council: id(DURHAM), from }));
        for (from, standard) in [(from, 450_000), (day(20), 250_000)] {
            let (lot, provider) = (id("residential"), id("P1"));
            let prices = prices(&[("STANDARD", standard), ("ENHANCED", 700_000)]);
            all.push(command(Change::AdmitProvider {
                lot,
                provider,
                schedule: PriceSchedule::plain(from, prices),
            }));
        }
    }
    all.extend(changes.iter().cloned().map(command));
    let (mut state, mut events) = (Frameworks::default(), Vec::new());
    for command in all {
        for event in Frameworks::decide(&state, &command).unwrap_or_default() {
            Frameworks::evolve(&mut state, &event);
            events.push(event);
        }
    }
    events
}

fn awards() -> impl Strategy<Value = (ProposalNoted, ClaimNoted)> {
    let grade = prop_oneof![4 => Just("GOOD"), 1 => Just("NONE"), 1 => Just("INADEQUATE")];
    let provision = prop_oneof![6 => Just("RESIDENTIAL"), 1 => Just("UNREGISTERED")];
    let route = prop_oneof![
        4 => Just(call_off("STANDARD")),
        1 => Just(call_off("ENHANCED")),
        1 => Just(Route::InHouse),
        1 => "[ a]{0,2}".prop_map(|justification| Route::Spot { justification }),
    ];
    let money = (0_i64..800_000, prop_oneof![4 => Just(10_000_u32), 1 => 1_u32..20_000]);
    let who = (councils(), prop_oneof![3 => Just(id("P1")), 1 => providers()]);
    (who, (grade, provision, 6_u8..19), (0_i64..40, 0_i64..10), route, money).prop_map(
        |((council, provider), (grade, provision, age), (on, notice), route, (core, shares))| {
            let mut proposal = proposal(1, council.gss());
            proposal.provider = provider;
            proposal.provision = provision.to_owned();
            proposal.start = day(on + notice);
            proposal.age_years = age;
            proposal.terms.route = route;
            proposal.terms.lines = vec![line("CORE", core), line("THERAPY", 10_000)];
            proposal.terms.funders = vec![share("SOCIAL_CARE", shares)];
            let mut claim = claim(1, council.gss());
            claim.provider = proposal.provider.clone();
            claim.start = proposal.start;
            claim.evidence.grade = grade.to_owned();
            claim.evidence.provision = provision.to_owned();
            claim.evidence.age_years = age;
            claim.claimed_at = day(on).in_tz("Europe/London").unwrap().timestamp();
            (proposal, claim)
        },
    )
}

/// Whether, by the list of events alone, the council is a member on a day.
fn member_by_events(events: &[FrameworkEvent], council: CouncilId, on: Date) -> bool {
    let mut member = false;
    let mut since = None;
    for event in events {
        match event {
            FrameworkEvent::CouncilJoined(e) if e.council == council => since = Some(e.from),
            FrameworkEvent::CouncilLeft(e) if e.council == council => {
                member |= since.is_some_and(|from| from <= on && on < e.on);
                since = None;
            }
            _ => {}
        }
    }
    member || since.is_some_and(|from| from <= on)
}

/// Whether, by the list of events alone, a suspension held on a day. A lifting ends the earlier suspension of its scope.
fn suspended_by_events(events: &[FrameworkEvent], issued: &AgreementIssued, on: Date) -> bool {
    events.iter().enumerate().any(|(n, event)| {
        let FrameworkEvent::ProviderSuspended(suspended) = event else { return false };
        let lifted = events[n..].iter().find_map(|event| match event {
            FrameworkEvent::SuspensionLifted(e)
                if (&e.provider, &e.urn, &e.urns, e.council)
                    == (&suspended.provider, &suspended.urn, &suspended.urns, suspended.council) =>
            {
                Some(e.on)
            }
            _ => None,
        });
        suspended.provider == issued.provider
            && suspended.urn.as_ref().is_none_or(|urn| *urn == issued.urn)
            && (suspended.urns.is_empty() || suspended.urns.contains(&issued.urn))
            && suspended.council.is_none_or(|council| council == issued.council)
            && suspended.from <= on
            && lifted.is_none_or(|lifted| on < lifted)
    })
}

/// The price of the latest schedule that holds on a day, by the list of events alone.
fn price_by_events(
    events: &[FrameworkEvent],
    issued: &AgreementIssued,
    level: &str,
    on: Date,
) -> Option<Pence> {
    let admitted = events.iter().filter_map(|event| match event {
        FrameworkEvent::ProviderAdmitted(e) if e.provider == issued.provider && e.from <= on => Some(e),
        _ => None,
    });
    let latest = admitted.filter(|e| e.lot.as_str() == "residential").max_by_key(|e| e.from)?;
    latest.prices.get(level).copied()
}

/// What must hold of every agreement.
fn eligible(
    events: &[FrameworkEvent],
    issued: &AgreementIssued,
    claim: &ClaimNoted,
    on: Date,
) -> Result<(), TestCaseError> {
    prop_assert!(issued.provision != "UNREGISTERED");
    prop_assert_eq!(issued.terms.funders.iter().map(|share| share.basis_points).sum::<u32>(), 10_000);
    prop_assert!(!issued.evidence.checks.is_empty());
    prop_assert!(issued.evidence.checks.iter().all(|check| check.passed));
    prop_assert_eq!(issued.evidence.contracts_position, u64::try_from(events.len()).unwrap());
    let member = member_by_events(events, issued.council, on);
    let mut suspended_on = on;
    while member && suspended_on <= issued.start {
        prop_assert!(!suspended_by_events(events, issued, suspended_on), "suspended on {}", suspended_on);
        suspended_on = suspended_on.saturating_add(1.day());
    }
    let grade = claim.evidence.grade.as_str();
    match &issued.terms.route {
        Route::InHouse => {}
        Route::Spot { justification } => {
            prop_assert!(justification.contains('a'));
            prop_assert!(grade != "INADEQUATE");
        }
        Route::Framework { level, .. } => {
            prop_assert!(member && on <= date(2030, 3, 31));
            prop_assert!((8..=17).contains(&claim.evidence.age_years));
            prop_assert!(issued.provision == "RESIDENTIAL");
            prop_assert!(grade == "GOOD", "the framework's floor is GOOD");
            let price = price_by_events(events, issued, level, on);
            prop_assert!(price.is_some_and(|price| issued.terms.lines[0].weekly <= price));
            prop_assert!(issued.terms.lines[0].weekly <= lot().levels[level]);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn an_agreement_is_issued_only_where_it_is_allowed(
        changes in prop::collection::vec(changes(), 0..30),
        furnished in prop::bool::weighted(0.8),
        (proposal, claim) in awards(),
        claim_first in any::<bool>(),
    ) {
        let events = happened(&changes, furnished);
        let facts = fold::<Frameworks>(&events).facts_for(&proposal.provider);
        let on = care::london_date(claim.claimed_at);
        let halves = [
            AgreementCommand::NoteProposal { proposal: proposal.clone(), facts: facts.clone(), at: at() },
            AgreementCommand::NoteClaim { claim: claim.clone(), facts: facts.clone(), at: at() },
        ];
        let mut state = Agreements::default();
        let mut decided = Vec::new();
        for n in if claim_first { [1, 0] } else { [0, 1] } {
            for event in Agreements::decide(&state, &halves[n]).unwrap() {
                Agreements::evolve(&mut state, &event);
                decided.push(event);
            }
        }
        prop_assert_eq!(decided.len(), 3);
        match &decided[2] {
            AgreementEvent::AgreementIssued(issued) => eligible(&events, issued, &claim, on)?,
            AgreementEvent::AgreementRefused(refused) => {
                let failed: Vec<_> = refused.evidence.checks.iter().filter(|check| !check.passed).collect();
                prop_assert_eq!(&failed[0].check, &refused.reason);
                prop_assert_eq!(&failed[0].found, &refused.detail);
            }
            other => prop_assert!(false, "neither issued nor refused but {:?}", other),
        }
        // The council that asks beforehand hears what the award will hear.
        let question = CallOffQuestion {
            council: claim.council, provider: &claim.provider, urn: &claim.urn, provision: &claim.evidence.provision,
            grade: &claim.evidence.grade, age_years: claim.evidence.age_years, on, start: claim.start,
            route: &proposal.terms.route, lines: &proposal.terms.lines, funders: &proposal.terms.funders,
            shown: contracts_domain::Shown::default(),
        };
        let asked = judge_call_off(&fold::<Frameworks>(&events), &question);
        prop_assert_eq!(asked.refusal().is_none(), matches!(decided[2], AgreementEvent::AgreementIssued(_)));
    }

    #[test]
    fn no_series_of_changes_breaks_a_framework(
        changes in prop::collection::vec(changes(), 0..60),
        furnished in any::<bool>(),
    ) {
        let state = fold::<Frameworks>(&happened(&changes, furnished));
        let framework = state.get(&id("tyne-tees")).unwrap();
        for memberships in framework.members.values() {
            for pair in memberships.windows(2) {
                prop_assert!(pair[0].until.is_some_and(|until| until <= pair[1].from));
            }
        }
        for (lot, schedules) in framework.admissions.values().flatten() {
            prop_assert!(schedules.windows(2).all(|pair| pair[0].from < pair[1].from));
            for (level, price) in schedules.iter().flat_map(|schedule| &schedule.prices) {
                prop_assert!(*price > Pence::ZERO && *price <= framework.lots[lot].levels[level]);
            }
        }
        for suspensions in framework.suspensions.values() {
            let open: Vec<_> = suspensions.iter().filter(|s| s.until.is_none()).map(|s| &s.scope).collect();
            prop_assert!(open.iter().enumerate().all(|(n, scope)| !open[..n].contains(scope)));
        }
    }
}

/// News of awards, as it may come from two logs: in any order, twice, and by mistake of another council.
#[derive(Debug, Clone)]
enum News {
    Proposed(u128),
    Claimed(u128),
    ClaimRefused(u128),
    ClaimReleased(u128),
}

fn to_command(news: &News, council: &str) -> AgreementCommand {
    let facts = common::facts();
    match news {
        News::Proposed(n) => {
            AgreementCommand::NoteProposal { proposal: proposal(*n, council), facts, at: at() }
        }
        News::Claimed(n) => AgreementCommand::NoteClaim { claim: claim(*n, council), facts, at: at() },
        News::ClaimRefused(n) => AgreementCommand::NoteClaimRefused(ProposalLapsed {
            award: award(*n),
            council: id(council),
            reason: "PLACE_TAKEN".to_owned(),
        }),
        News::ClaimReleased(n) => release(*n, council),
    }
}

fn release(n: u128, council: &str) -> AgreementCommand {
    let released = ClaimReleased {
        award: award(n),
        council: id(council),
        place: id("SC000001-01"),
        reason: "ACCOMMODATION_RESTRICTED".to_owned(),
        at: at(),
    };
    AgreementCommand::NoteClaimReleased { released, contracts_position: 5, at: at() }
}

fn news() -> impl Strategy<Value = News> {
    prop_oneof![
        (0_u128..4).prop_map(News::Proposed),
        (0_u128..4).prop_map(News::Claimed),
        (0_u128..4).prop_map(News::ClaimRefused),
        (0_u128..4).prop_map(News::ClaimReleased),
    ]
}

fn steps() -> impl Strategy<Value = PlacementStep> {
    let reason = || "OTHER".to_owned();
    prop_oneof![
        (0_i64..60).prop_map(|n| PlacementStep::Start { on: day(n) }),
        (0_i64..60).prop_map(move |n| PlacementStep::End { on: day(n), reason: reason(), ending: None }),
        Just(PlacementStep::Cancel { reason: reason() }),
    ]
}

proptest! {
    #[test]
    fn an_award_is_settled_once_and_only_in_its_councils_log(
        all in prop::collection::vec((news(), prop::bool::weighted(0.8)), 1..40),
    ) {
        // The first news that says anything here makes it that council's log; a release of what is unknown does not.
        let first = all.iter().find(|(news, _)| !matches!(news, News::ClaimReleased(_)));
        let durhams = first.is_none_or(|(_, of_durham)| *of_durham);
        let own = if durhams { DURHAM } else { DORSET };
        let (mut state, mut log) = (Agreements::default(), Vec::new());
        for (news, of_durham) in &all {
            let council = if *of_durham { DURHAM } else { DORSET };
            for event in Agreements::decide(&state, &to_command(news, council)).unwrap() {
                Agreements::evolve(&mut state, &event);
                log.push(event);
            }
        }
        prop_assert!(log.iter().all(|event| event.council() == Some(id(own))), "another council's news in the log");
        let settling = |event: &&AgreementEvent| !matches!(
            event,
            AgreementEvent::ProposalNoted(_) | AgreementEvent::ClaimNoted(_) | AgreementEvent::PlacementEnded(_)
        );
        prop_assert_eq!(log.iter().filter(settling).count(), state.settled.len());
        for (award, outcome) in &state.settled {
            prop_assert!(!state.proposals.contains_key(award) && !state.claims.contains_key(award));
            if let Outcome::Issued { agreement } = outcome {
                prop_assert_eq!(state.agreements[agreement].issued.award, *award);
            }
        }
        let both = state.proposals.keys().any(|award| state.claims.contains_key(award));
        prop_assert!(!both, "an award of which both halves are known was not settled");
        // No award outlives the place that it had when its release was told: by the list of news alone.
        let told = |wanted: u128, news: &News| {
            matches!(news, News::Proposed(n) | News::Claimed(n) | News::ClaimRefused(n) if *n == wanted)
        };
        let of_own: Vec<&News> =
            all.iter().filter(|(_, of_durham)| *of_durham == durhams).map(|(news, _)| news).collect();
        for (i, news) in of_own.iter().enumerate() {
            let News::ClaimReleased(n) = news else { continue };
            if !of_own[..i].iter().any(|before| told(*n, before)) {
                continue;
            }
            match &state.settled[&award(*n)] {
                Outcome::Issued { agreement } => {
                    let end = state.agreements[agreement].ended.as_ref();
                    let end = end.map(|end| (end.on, end.reason.as_str()));
                    prop_assert_eq!(end, Some((common::start(), PLACE_WITHDRAWN)));
                }
                Outcome::Refused { .. } | Outcome::Lapsed { .. } => {}
            }
        }
    }

    #[test]
    fn a_placement_lies_between_its_agreed_night_and_its_one_end(
        // None: the market takes the place back.
        all in prop::collection::vec(prop::option::weighted(0.9, steps()), 0..12),
    ) {
        let events = common::award_events(proposal(1, DURHAM), claim(1, DURHAM), &common::facts());
        let mut state = fold::<Agreements>(&events);
        let agreement = *state.agreements.keys().next().unwrap();
        let at = day(40).in_tz("Europe/London").unwrap().timestamp();
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        for step in all {
            let released = step.is_none();
            let command = step.map_or_else(
                || release(1, DURHAM),
                |step| AgreementCommand::Placement { agreement, expected_version: None, step, at },
            );
            for event in Agreements::decide(&state, &command).unwrap_or_default() {
                Agreements::evolve(&mut state, &event);
                prop_assert!(!released || starts.is_empty(), "a release ended a placement that had started");
                match event {
                    AgreementEvent::PlacementStarted(e) => starts.push(e.on),
                    AgreementEvent::PlacementEnded(e) => ends.push(e.on),
                    other => prop_assert!(false, "a step gave {:?}", other),
                }
            }
        }
        prop_assert!(starts.len() <= 1 && ends.len() <= 1);
        prop_assert!(starts.iter().all(|start| (common::start()..=day(41)).contains(start)));
        let first = starts.first().copied().unwrap_or(common::start());
        let ends_well = |end: &Date| *end == first || (!starts.is_empty() && *end > first);
        prop_assert!(ends.iter().all(ends_well));
    }
}
