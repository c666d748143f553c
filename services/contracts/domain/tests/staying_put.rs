//! A foster placement that goes on as Staying Put from the 18th birthday.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::{PlacementEnded, PlacementStarted, StayingPutEnded, StayingPutStarted};
use care::spec::{Given, given};
use care::{AgreementId, Date, Refusal, Timestamp};
use common::{DURHAM, award, award_events, claim, facts, fold, id, line, proposal, start};
use contracts_domain::Agreements;
use contracts_domain::agreements::{AgreementCommand, AgreementEvent, AgreementStatus, PlacementStep};
use jiff::civil::date;

fn agreement_id() -> AgreementId {
    AgreementId::for_request("award", &award(1).to_string())
}

fn told() -> Timestamp {
    "2026-05-06T09:00:00Z".parse().unwrap()
}

/// An award to foster carers of somebody who is 17 on 4 May 2026.
fn awarded(provision: &str, age_years: u8) -> Vec<AgreementEvent> {
    let (mut proposal, mut claim) = (proposal(1, DURHAM), claim(1, DURHAM));
    provision.clone_into(&mut proposal.provision);
    provision.clone_into(&mut claim.evidence.provision);
    (proposal.age_years, claim.evidence.age_years) = (age_years, age_years);
    proposal.terms.route = care::published::Route::Spot { justification: "the carers are known".to_owned() };
    award_events(proposal, claim, &facts())
}

fn placed(provision: &str, age_years: u8) -> Vec<AgreementEvent> {
    let mut events = awarded(provision, age_years);
    let started = PlacementStarted {
        correction: None,
        agreement: agreement_id(),
        award: award(1),
        council: id(DURHAM),
        place: id("SC000001-01"),
        on: start(),
        at: told(),
    };
    events.push(started.into());
    events
}

fn fostered() -> Given<Agreements> {
    given::<Agreements>(placed("FOSTERING", 17))
}

fn step(step: PlacementStep) -> AgreementCommand {
    AgreementCommand::Placement { agreement: agreement_id(), expected_version: None, step, at: told() }
}

fn stay(on: Date) -> AgreementCommand {
    step(PlacementStep::StayPut { on, lines: vec![line("CORE", 20_000)] })
}

fn leave(on: Date) -> AgreementCommand {
    step(PlacementStep::EndStayingPut { on, correction: None })
}

fn correct(on: Date) -> AgreementCommand {
    let (reason, correction) = ("CARPL".to_owned(), "went home instead".to_owned());
    step(PlacementStep::CorrectEnd { on, reason, ending: None, correction })
}

fn birthday() -> Date {
    date(2026, 7, 1)
}

fn ended() -> AgreementEvent {
    PlacementEnded {
        agreement: agreement_id(),
        award: award(1),
        council: id(DURHAM),
        place: id("SC000001-01"),
        on: birthday(),
        reason: "PLACE".to_owned(),
        correction: None,
        ending: Some("STAYED_PUT".to_owned()),
        notice_last_day: None,
        at: told(),
    }
    .into()
}

fn begun() -> AgreementEvent {
    StayingPutStarted {
        agreement: agreement_id(),
        award: award(1),
        council: id(DURHAM),
        provider: id("P1"),
        from: birthday(),
        lines: vec![line("CORE", 20_000)],
        at: told(),
    }
    .into()
}

fn left(on: Date) -> AgreementEvent {
    let (agreement, award, council) = (agreement_id(), award(1), id(DURHAM));
    StayingPutEnded { agreement, award, council, on, correction: None, at: told() }.into()
}

/// The placement ends on the day on which the arrangement begins, so that no night is paid twice and none is left out.
#[test]
fn the_placement_ends_and_the_arrangement_begins_on_the_birthday() {
    fostered()
        .when(stay(birthday()))
        .then([ended(), begun()])
        .then_state(|state| {
            let agreement = &state.agreements[&agreement_id()];
            assert_eq!(agreement.status(), AgreementStatus::Ended);
            let arrangement = agreement.staying_put.as_ref().unwrap();
            assert_eq!(agreement.ended.as_ref().unwrap().on, arrangement.from);
        })
        .when(stay(birthday()))
        .then_refused("AGREEMENT_ENDED");
}

#[test]
fn only_the_18th_birthday_will_do() {
    // Somebody who is 17 on 4 May 2026 turns 18 after that day, and by 4 May 2027.
    for (on, refused) in [
        (date(2026, 5, 4), true),
        (date(2026, 5, 5), false),
        (date(2027, 5, 4), false),
        (date(2027, 5, 5), true),
    ] {
        let decided = fostered().when(stay(on));
        if refused {
            decided.then_refused("NOT_THE_18TH_BIRTHDAY");
        } else {
            decided.then_events(|events| assert_eq!(events.len(), 2, "{on}"));
        }
    }
    given::<Agreements>(placed("FOSTERING", 13)).when(stay(birthday())).then_refused("NOT_THE_18TH_BIRTHDAY");
    fostered().when(stay(date(2026, 5, 3))).then_refused("END_BEFORE_START");
    fostered().when(stay(date(2027, 5, 8))).then_refused("DATE_TOO_FAR");
}

#[test]
fn only_who_lives_with_foster_carers_stays_put() {
    given::<Agreements>(placed("RESIDENTIAL", 17))
        .when(stay(birthday()))
        .then_refused("NOT_A_FOSTER_PLACEMENT");
    given::<Agreements>(awarded("FOSTERING", 17))
        .when(stay(birthday()))
        .then_refused("PLACEMENT_NOT_STARTED");
    let free = step(PlacementStep::StayPut { on: birthday(), lines: vec![line("TRANSPORT", 100)] });
    fostered().when(free).then_refused("FIELD_INVALID");
    let endless = vec![line("CORE", 20_000), line("TRANSPORT", 100)];
    let endless = step(PlacementStep::StayPut { on: birthday(), lines: endless });
    let refused = fostered().when(endless).then_refused("FIELD_INVALID");
    assert_eq!(refused.violations()[0].field, "lines[1].until");
}

#[test]
fn it_ends_once_and_not_before_it_began() {
    let stays = || fostered().and([ended(), begun()]);
    fostered().when(leave(birthday())).then_refused("STAYING_PUT_NOT_STARTED");
    stays().when(leave(date(2026, 6, 30))).then_refused("END_BEFORE_START");
    stays().when(leave(date(2027, 5, 8))).then_refused("DATE_TOO_FAR");
    stays()
        .when(leave(date(2026, 9, 1)))
        .then([left(date(2026, 9, 1))])
        .when(leave(date(2026, 9, 2)))
        .then_refused("STAYING_PUT_ENDED");
}

/// Else the placement would end on one day and the arrangement begin on another.
#[test]
fn the_end_of_the_placement_is_put_right_only_where_no_arrangement_has_a_night() {
    let stays = || fostered().and([ended(), begun()]);
    stays().when(correct(date(2026, 6, 1))).then_refused("STAYING_PUT_RUNS");
    stays().and([left(date(2026, 9, 1))]).when(correct(date(2026, 6, 1))).then_refused("STAYING_PUT_RUNS");
    stays()
        .and([left(birthday())])
        .when(correct(date(2026, 6, 1)))
        .then_events(|events| assert_eq!(events.len(), 1));
}

fn leave_right(on: Date) -> AgreementCommand {
    step(PlacementStep::EndStayingPut { on, correction: Some("typed the wrong month".to_owned()) })
}

#[test]
fn the_end_of_the_arrangement_can_be_put_right() {
    let stays = || fostered().and([ended(), begun()]);
    stays().when(leave_right(date(2026, 9, 1))).then_refused("DEPARTURE_NOT_RECORDED");
    let left_on = |on: Date| stays().and([left(on)]);
    left_on(date(2026, 9, 1))
        .when(leave_right(date(2026, 8, 1)))
        .then_events(|events| {
            let [AgreementEvent::StayingPutEnded(ended)] = events else { panic!("{events:?}") };
            assert_eq!(ended.on, date(2026, 8, 1));
            assert_eq!(ended.correction.as_deref(), Some("typed the wrong month"));
        })
        .then_state(|state| {
            let arrangement = state.agreements[&agreement_id()].staying_put.as_ref().unwrap();
            assert_eq!(arrangement.ended, Some(date(2026, 8, 1)));
        })
        .when(leave_right(date(2026, 8, 1)))
        .then_nothing();
    left_on(date(2026, 9, 1)).when(leave_right(date(2026, 6, 30))).then_refused("END_BEFORE_START");
    // Ended on its first day, and the placement put right since: nobody stays put.
    left_on(birthday())
        .when(correct(date(2026, 6, 1)))
        .then_events(|events| assert_eq!(events.len(), 1))
        .then_state(|state| {
            let end = state.agreements[&agreement_id()].ended.clone().unwrap();
            assert_eq!(end.ending, None, "STAYED_PUT is not kept");
        })
        .when(leave_right(date(2026, 8, 1)))
        .then_refused("STAYING_PUT_NOT_STARTED");
}

/// The end was told first, or the arrangement was ended by mistake.
#[test]
fn it_can_begin_where_the_placement_ended_on_that_birthday() {
    let over = |on: Date, ending: Option<&str>| {
        let (reason, ending) = ("CARPL".to_owned(), ending.map(str::to_owned));
        let end = step(PlacementStep::End { on, reason, ending });
        fostered().when(end).then_events(|events| assert_eq!(events.len(), 1))
    };
    over(birthday(), None)
        .when(stay(birthday()))
        .then_events(|events| {
            let [AgreementEvent::PlacementEnded(ended), AgreementEvent::StayingPutStarted(begun)] = events
            else {
                panic!("{events:?}")
            };
            assert_eq!((ended.on, begun.from), (birthday(), birthday()));
            assert_eq!(ended.ending.as_deref(), Some("STAYED_PUT"));
            assert!(ended.correction.is_some());
        })
        .when(stay(birthday()))
        .then_refused("AGREEMENT_ENDED");
    over(birthday(), Some("INDEPENDENCE")).when(stay(birthday())).then_refused("AGREEMENT_ENDED");
    over(date(2026, 7, 2), None).when(stay(birthday())).then_refused("AGREEMENT_ENDED");
    // Begun again after it ended on its first day: the placement's end says so already.
    let mistaken = fostered().and([ended(), begun(), left(birthday())]);
    mistaken.when(stay(birthday())).then([begun()]);
    let lasted = fostered().and([ended(), begun(), left(date(2026, 9, 1))]);
    lasted.when(stay(birthday())).then_refused("AGREEMENT_ENDED");
    // Who never came stays nowhere.
    let cancel = step(PlacementStep::Cancel { reason: "OTHER".to_owned() });
    given::<Agreements>(awarded("FOSTERING", 17))
        .when(cancel)
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(stay(start()))
        .then_refused("AGREEMENT_ENDED");
}

/// What the fold knows of the age it has from whichever half of the award came last.
#[test]
fn the_age_is_known_whichever_half_came_first() {
    let state = fold::<Agreements>(&placed("FOSTERING", 17));
    assert_eq!(state.agreements[&agreement_id()].age_years, Some(17));
}
