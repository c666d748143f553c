//! Questions about a referral: who asks, who answers, who reads what, and nothing of it in clear on the disk.

use crate::bench::{Bench, award_request, fields, post_request, reason};
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::QuestionId;
use tonic::Code;

pub(crate) fn ask(referral: &str, text: &str, request_id: &str) -> proto::AskQuestionRequest {
    let (parent, text, request_id) = (referral.to_owned(), text.to_owned(), request_id.to_owned());
    proto::AskQuestionRequest { parent, text, request_id }
}

pub(crate) fn answer(question: &str, text: &str, request_id: &str) -> proto::AnswerQuestionRequest {
    let (name, text, request_id) = (question.to_owned(), text.to_owned(), request_id.to_owned());
    proto::AnswerQuestionRequest { name, text, request_id }
}

fn list(referral: &str) -> proto::ListQuestionsRequest {
    proto::ListQuestionsRequest { parent: referral.to_owned(), ..Default::default() }
}

async fn invited(bench: &Bench) -> proto::Referral {
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak", "elm"]).await
}

#[tokio::test]
async fn all_who_were_invited_read_question_and_answer_and_not_who_asked() {
    let bench = Bench::open().await;
    let referral = invited(&bench).await;
    let name = &referral.name;
    let asked = bench.service.ask_question(bench.oak(ask(name, "How is school?", "q-1"))).await;
    let asked = asked.unwrap().into_inner();
    assert_eq!((asked.text.as_str(), asked.own, asked.provider.as_str()), ("How is school?", true, ""));
    let seen = bench.service.list_questions(bench.elm(list(name))).await.unwrap().into_inner();
    assert!(seen.questions.is_empty(), "the council has not seen to it yet: {seen:?}");
    let own = bench.service.list_questions(bench.own(list(name))).await.unwrap().into_inner();
    assert_eq!((own.questions[0].provider.as_str(), own.questions[0].own), ("providers/oak", false));
    let said = bench.service.answer_question(bench.own(answer(&asked.name, "Going well.", "w-1"))).await;
    let said = said.unwrap().into_inner();
    assert_eq!((said.text.as_str(), said.answer.as_str()), ("How is school?", "Going well."));
    for (own, role) in [(true, bench.oak(list(name))), (false, bench.elm(list(name)))] {
        let seen = bench.service.list_questions(role).await.unwrap().into_inner().questions;
        let expected = proto::Question { own, provider: String::new(), ..said.clone() };
        assert_eq!(seen, [expected]);
    }
    let ash = proto::ListQuestionsRequest { ..list(name) };
    let stranger = bench.by(service_kit::Role::Provider("ash".parse().unwrap()), ash);
    let refused = bench.service.list_questions(stranger).await.unwrap_err();
    assert_eq!(reason(&refused), "REFERRAL_UNKNOWN");
}

#[tokio::test]
async fn a_repeat_says_the_same_and_another_text_is_another_request() {
    let bench = Bench::open().await;
    let referral = invited(&bench).await;
    let asked = bench.service.ask_question(bench.oak(ask(&referral.name, "How?", "q-1"))).await.unwrap();
    let again = bench.service.ask_question(bench.oak(ask(&referral.name, "How?", "q-1"))).await.unwrap();
    assert_eq!(asked.into_inner(), again.get_ref().clone());
    let other = bench.service.ask_question(bench.oak(ask(&referral.name, "Why?", "q-1"))).await.unwrap_err();
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");
    let name = again.into_inner().name;
    let said = bench.service.answer_question(bench.own(answer(&name, "So.", "w-1"))).await.unwrap();
    let repeat = bench.service.answer_question(bench.own(answer(&name, "So.", "w-1"))).await.unwrap();
    assert_eq!(said.into_inner(), repeat.into_inner());
    let second = bench.service.answer_question(bench.own(answer(&name, "No.", "w-2"))).await.unwrap_err();
    assert_eq!((second.code(), reason(&second).as_str()), (Code::FailedPrecondition, "QUESTION_ANSWERED"));
}

#[tokio::test]
async fn no_answer_names_the_child_and_a_question_that_does_is_kept_back() {
    let bench = Bench::open().await;
    let referral = invited(&bench).await;
    let asked = bench.service.ask_question(bench.oak(ask(&referral.name, "Is it Zebedee?", "q-1"))).await;
    let asked = asked.unwrap().into_inner();
    let named = answer(&asked.name, "Zebedee it is.", "w-1");
    let refused = bench.service.answer_question(bench.own(named)).await.unwrap_err();
    assert_eq!(
        (reason(&refused).as_str(), fields(&refused)),
        ("PERSONAL_DATA_IN_TEXT", vec!["text".to_owned()])
    );
    let said = answer(&asked.name, "We do not say who it is.", "w-2");
    bench.service.answer_question(bench.own(said)).await.unwrap();
    let seen = bench.service.list_questions(bench.elm(list(&referral.name))).await.unwrap().into_inner();
    assert_eq!((seen.questions[0].text.as_str(), seen.questions[0].text_withheld), ("", true));
    let own = bench.service.list_questions(bench.oak(list(&referral.name))).await.unwrap().into_inner();
    assert_eq!((own.questions[0].text.as_str(), own.questions[0].text_withheld), ("Is it Zebedee?", false));
}

#[tokio::test]
async fn a_question_is_a_text_of_a_bounded_length_and_ends_with_the_search() {
    let bench = Bench::open().await;
    let (referral, offer) = bench.offered().await;
    for text in
        [String::new(), "x".repeat(2_001), "Is it\u{202e} so?".to_owned(), "Is it\u{7} so?".to_owned()]
    {
        let refused =
            bench.service.ask_question(bench.oak(ask(&referral.name, &text, ""))).await.unwrap_err();
        assert_eq!(fields(&refused), ["text"]);
    }
    bench.service.ask_question(bench.oak(ask(&referral.name, &"x".repeat(2_000), ""))).await.unwrap();
    let stranger = bench.service.ask_question(bench.elm(ask(&referral.name, "Who?", ""))).await.unwrap_err();
    assert_eq!((stranger.code(), reason(&stranger).as_str()), (Code::NotFound, "REFERRAL_UNKNOWN"));
    bench.release(&referral.name, &["elm"]).await;
    let award = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    bench.contracts(bench.issued(&award).await).await;
    let over = bench.service.list_questions(bench.elm(list(&referral.name))).await.unwrap_err();
    assert_eq!((over.code(), reason(&over).as_str()), (Code::FailedPrecondition, "REFERRAL_NOT_OPEN"));
    let own = bench.service.list_questions(bench.own(list(&referral.name))).await.unwrap().into_inner();
    assert_eq!(own.questions.len(), 1);
}

/// A referral of which nothing was sealed gets its narrative's key with the first question; without it a region does not start.
#[tokio::test]
async fn the_key_of_a_question_is_needed_like_a_narratives() {
    let bench = Bench::open().await;
    let unnamed = proto::PostReferralRequest {
        requirements: Some(proto::Requirements {
            age_years: Some(14),
            max_distance_miles: None,
            ..crate::bench::requirements()
        }),
        identity: None,
        ..post_request("r-1")
    };
    let posted = bench.post_as(unnamed).await;
    bench.release(&posted.name, &["oak"]).await;
    bench.service.ask_question(bench.oak(ask(&posted.name, "How?", "q-1"))).await.unwrap();
    let bench = bench.reopen().await;
    let own = bench.service.list_questions(bench.own(list(&posted.name))).await.unwrap().into_inner();
    assert_eq!(own.questions[0].text, "How?");
    let bench = bench.close().await.lose_keys().await;
    let refused = bench.service.ask_question(bench.oak(ask(&posted.name, "How?", "q-1"))).await.unwrap_err();
    assert_eq!(reason(&refused), "REPEAT_UNRECOGNISABLE");
    let own = bench.service.list_questions(bench.own(list(&posted.name))).await.unwrap().into_inner();
    assert_eq!(own.questions[0].text, "", "lost with its key");
}

/// Of an unaccompanied child nothing may be known at first.
#[tokio::test]
async fn an_answer_that_turns_out_to_name_the_child_is_kept_back_from_then_on() {
    let bench = Bench::open().await;
    let unnamed = proto::PostReferralRequest {
        requirements: Some(proto::Requirements {
            age_years: Some(14),
            max_distance_miles: None,
            ..crate::bench::requirements()
        }),
        identity: None,
        ..post_request("r-1")
    };
    let posted = bench.post_as(unnamed).await;
    bench.release(&posted.name, &["oak"]).await;
    let asked = bench.service.ask_question(bench.oak(ask(&posted.name, "How?", "q-1"))).await.unwrap();
    let said = answer(&asked.into_inner().name, "Zebedee does well.", "w-1");
    bench.service.answer_question(bench.own(said)).await.unwrap();
    let seen = async |request| bench.service.list_questions(request).await.unwrap().into_inner().questions;
    assert_eq!(seen(bench.oak(list(&posted.name))).await[0].answer, "Zebedee does well.");
    let amended = proto::AmendReferralRequest {
        name: posted.name.clone(),
        etag: posted.etag.clone(),
        requirements: posted.requirements.clone(),
        identity: Some(proto::Identity { given_name: "Zebedee".to_owned(), ..Default::default() }),
        ..Default::default()
    };
    bench.service.amend_referral(bench.own(amended)).await.unwrap();
    let now = seen(bench.oak(list(&posted.name))).await;
    assert_eq!((now[0].answer.as_str(), now[0].answer_withheld, now[0].text.as_str()), ("", true, "How?"));
    assert_eq!(seen(bench.own(list(&posted.name))).await[0].answer, "Zebedee does well.");
}

/// Whoever guesses another's request id does not find its question by it.
#[tokio::test]
async fn the_name_of_a_question_tells_nothing_of_who_asked_and_a_repeat_means_the_same() {
    let bench = Bench::open().await;
    let referral = invited(&bench).await;
    let asked = bench.service.ask_question(bench.oak(ask(&referral.name, "How?", "q-1"))).await.unwrap();
    let asked = asked.into_inner();
    let actor = bench.oak(()).extensions().get::<service_kit::Caller>().unwrap().actor();
    assert!(!asked.name.ends_with(&QuestionId::for_request(&actor, "q-1").to_string()));
    let without = ask(&referral.name, "How?", "");
    let other = bench.service.ask_question(bench.oak(without)).await.unwrap().into_inner();
    assert_ne!(other.name, asked.name);
    let withdraw = proto::WithdrawReferralRequest {
        name: referral.name.clone(),
        reason: "OTHER".to_owned(),
        request_id: String::new(),
    };
    let bench = bench.reopen().await;
    bench.service.withdraw_referral(bench.own(withdraw)).await.unwrap();
    let again = bench.service.ask_question(bench.oak(ask(&referral.name, "How?", "q-1"))).await.unwrap();
    assert_eq!(again.into_inner(), asked, "though no question is taken any more");
}
