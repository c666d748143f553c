//! Given/when/then for questions about a referral and their answers.

use crate::support::{
    agreement, at, award, council, decided, framework, posted, propose, provider, referral, released,
    requirements, sealed, submitted,
};
use care::spec::given;
use care::{Domain, QuestionId, Refusal};
use referrals_domain::{
    AnswerQuestion, AskQuestion, ConfirmAward, QuestionAnswered, QuestionAsked, ReferralEvent, Referrals,
    State, WithdrawReferral,
};

fn question(n: u128) -> QuestionId {
    QuestionId(uuid::Uuid::from_u128(0x5000 + n))
}

fn ask(n: u128, name: &str) -> AskQuestion {
    let (question, referral, provider) = (question(n), referral(1), provider(name));
    AskQuestion { question, referral, provider, text: sealed("why"), at: at(4) }
}

fn answer(n: u128) -> AnswerQuestion {
    AnswerQuestion { referral: referral(1), question: question(n), text: sealed("so"), at: at(5) }
}

fn asked(n: u128, name: &str) -> ReferralEvent {
    let (council, question, referral, provider) = (council(), question(n), referral(1), provider(name));
    QuestionAsked {
        council,
        question,
        referral,
        referral_version: 1,
        provider,
        text: sealed("why"),
        at: at(4),
    }
    .into()
}

fn answered(n: u128) -> ReferralEvent {
    let (council, question, referral) = (council(), question(n), referral(1));
    QuestionAnswered { council, question, referral, text: sealed("so"), at: at(5) }.into()
}

fn invited() -> Vec<ReferralEvent> {
    vec![posted(requirements()), released("oak"), released("elm")]
}

#[test]
fn who_was_invited_asks_and_the_council_answers_once() {
    given::<Referrals>(invited())
        .when(ask(1, "oak"))
        .then([asked(1, "oak")])
        .when(answer(1))
        .then([answered(1)])
        .then_state(|state| {
            let questions = &state.referrals[&referral(1)].questions;
            assert_eq!(questions.len(), 1);
            assert_eq!(questions[0].answer, Some((sealed("so"), at(5))));
        })
        .when(answer(1))
        .then_refused("QUESTION_ANSWERED");
}

#[test]
fn nobody_else_asks_and_nothing_else_is_answered() {
    given::<Referrals>(invited()).when(ask(1, "ash")).then_refused("REFERRAL_UNKNOWN");
    given::<Referrals>(invited()).when(answer(1)).then_refused("QUESTION_UNKNOWN");
    given::<Referrals>([]).when(answer(1)).then_refused("REFERRAL_UNKNOWN");
    given::<Referrals>(invited())
        .when(ask(1, "oak"))
        .then([asked(1, "oak")])
        .when(ask(1, "elm"))
        .then_refused("QUESTION_EXISTS");
}

#[test]
fn a_provider_asks_twenty_times_and_a_referral_takes_a_hundred() {
    let mut events = invited();
    events.extend((0..20).map(|n| asked(n, "oak")));
    let refused = given::<Referrals>(events.clone()).when(ask(20, "oak")).then_refused("LIMIT_REACHED");
    assert!(refused.to_string().contains("20 questions of yours"), "{refused}");
    given::<Referrals>(events.clone()).when(ask(20, "elm")).then([asked(20, "elm")]);
    events.extend((20..100).map(|n| asked(n, &format!("p{}", n / 20))));
    let refused = given::<Referrals>(events).when(ask(100, "elm")).then_refused("LIMIT_REACHED");
    assert!(refused.to_string().contains("100 questions"), "{refused}");
}

#[test]
fn questions_are_read_while_the_search_goes_on() {
    let read = |events: &[ReferralEvent], name: &str| {
        let mut state = State::default();
        events.iter().for_each(|event| Referrals::evolve(&mut state, event));
        let found = state.questions_for(referral(1), &provider(name), at(9));
        found.map(|it| it.questions.len()).map_err(|refused| refused.reason())
    };
    let mut events = invited();
    events.extend([asked(1, "oak"), submitted(framework(), false)]);
    assert_eq!(read(&events, "elm"), Ok(1));
    assert_eq!(read(&events, "ash"), Err("REFERRAL_UNKNOWN"));
    let withdraw = WithdrawReferral { referral: referral(1), reason: "OTHER".to_owned(), at: at(6) };
    let mut withdrawn = events.clone();
    withdrawn.extend(decided(&events, withdraw));
    assert_eq!(read(&withdrawn, "elm"), Err("REFERRAL_NOT_OPEN"));
    given::<Referrals>(withdrawn.clone()).when(ask(2, "oak")).then_refused("REFERRAL_NOT_OPEN");
    given::<Referrals>(withdrawn).when(answer(1)).then_refused("REFERRAL_NOT_OPEN");
    events.extend(crate::support::cascade());
    events.extend(decided(&events, propose()));
    assert_eq!(read(&events, "elm"), Ok(1), "the award may still fail");
    given::<Referrals>(events.clone()).when(ask(2, "oak")).then_refused("AWARD_IN_PROGRESS");
    events.extend(decided(&events, ConfirmAward { award: award(1), agreement: agreement(), at: at(7) }));
    assert_eq!(read(&events, "elm"), Err("REFERRAL_NOT_OPEN"));
    assert_eq!(read(&events, "oak"), Ok(1), "it may see who the child is");
}
