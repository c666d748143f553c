//! A provider is told what is released to it, and goes on where it was without loss or repetition.

use crate::bench::{Bench, award_request, fields, neighbour, post_request, reason, requirements};
use crate::shortlist::put_on;
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::published::AgreementRefused;
use proto::ReleasedReferralChange as Change;
use service_kit::{Role, Told};
use std::time::Duration;
use tokio_stream::StreamExt as _;
use tonic::Code;

type Stream = Told<proto::WatchReleasedReferralsResponse>;

fn watch(provider: &str, resume_token: &str) -> proto::WatchReleasedReferralsRequest {
    let (parent, resume_token) = (format!("providers/{provider}"), resume_token.to_owned());
    proto::WatchReleasedReferralsRequest { parent, resume_token }
}

async fn watching(bench: &Bench, resume_token: &str) -> Stream {
    let request = bench.elm(watch("elm", resume_token));
    bench.service.watch_released_referrals(request).await.unwrap().into_inner()
}

/// The next message, within a second.
async fn next(stream: &mut Stream) -> proto::WatchReleasedReferralsResponse {
    let told = tokio::time::timeout(Duration::from_secs(1), stream.next()).await;
    told.expect("told within a second").expect("it goes on").unwrap()
}

/// What a message says, by the referral's name.
fn says(told: &proto::WatchReleasedReferralsResponse) -> (Change, String, String) {
    let name = told.referral.as_ref().map(|it| it.name.clone()).unwrap_or_default();
    (told.change(), name, told.reason.clone())
}

fn said(change: Change, referral: &str, reason: &str) -> (Change, String, String) {
    (change, referral.to_owned(), reason.to_owned())
}

async fn caught_up(stream: &mut Stream) -> String {
    let told = next(stream).await;
    assert_eq!((told.change(), told.referral), (Change::CaughtUp, None));
    told.resume_token
}

/// That nothing more is told for now.
async fn silent(stream: &mut Stream) {
    let told = tokio::time::timeout(Duration::from_millis(200), stream.next()).await;
    assert!(told.is_err(), "{told:?}");
}

async fn amend(bench: &Bench, name: &str, etag: &str) {
    let message = proto::AmendReferralRequest {
        name: name.to_owned(),
        etag: etag.to_owned(),
        requirements: Some(requirements()),
        identity: None,
        request_id: String::new(),
        replace_background: false,
    };
    bench.service.amend_referral(bench.own(message)).await.unwrap();
}

async fn withdraw(bench: &Bench, name: &str) {
    let message = proto::WithdrawReferralRequest {
        name: name.to_owned(),
        reason: "OTHER".to_owned(),
        request_id: String::new(),
    };
    bench.service.withdraw_referral(bench.own(message)).await.unwrap();
}

#[tokio::test]
async fn what_stands_open_is_told_first_and_then_each_change_within_a_second() {
    let bench = Bench::open().await;
    let (open, closed) = (bench.post("r-1").await.name, bench.post("r-2").await.name);
    for name in [&open, &closed] {
        bench.release(name, &["elm", "oak"]).await;
    }
    withdraw(&bench, &closed).await;
    let mut stream = watching(&bench, "").await;
    let standing = next(&mut stream).await;
    assert_eq!(says(&standing), said(Change::Standing, &open, ""));
    assert!(standing.resume_token.is_empty() && standing.change_time.is_none());
    caught_up(&mut stream).await;

    let new = bench.post("r-3").await.name;
    bench.release(&new, &["elm"]).await;
    assert_eq!(says(&next(&mut stream).await), said(Change::Released, &new, ""));
    amend(&bench, &new, "1").await;
    let amended = next(&mut stream).await;
    assert_eq!(says(&amended), said(Change::Amended, &new, ""));
    assert!(amended.referral.is_some_and(|it| it.version == 2) && amended.change_time.is_some());
    bench.service.shortlist_provider(bench.own(put_on(&new, "elm"))).await.unwrap();
    let shortlisted = next(&mut stream).await;
    assert_eq!(says(&shortlisted), said(Change::Shortlisted, &new, ""));
    assert!(shortlisted.referral.is_some_and(|it| it.shortlisted));
    let asked = bench.service.ask_question(bench.elm(crate::questions::ask(&new, "A garden?", "q-1"))).await;
    let question = asked.unwrap().into_inner().name;
    let answer = crate::questions::answer(&question, "There is.", "w-1");
    bench.service.answer_question(bench.own(answer)).await.unwrap();
    let answered = next(&mut stream).await;
    assert_eq!((answered.change(), &answered.question), (Change::QuestionAnswered, &question));
    let decline = proto::DeclineReferralRequest {
        name: new.clone(),
        reason: "NEED".to_owned(),
        request_id: String::new(),
    };
    bench.service.decline_referral(bench.elm(decline)).await.unwrap();
    assert_eq!(says(&next(&mut stream).await), said(Change::Closed, &new, "DECLINED"));
    assert_eq!(says(&next(&mut stream).await), said(Change::ShortlistingEnded, &new, "DECLINED"));
    withdraw(&bench, &open).await;
    assert_eq!(says(&next(&mut stream).await), said(Change::Closed, &open, "WITHDRAWN"));
    silent(&mut stream).await;
}

/// The contract's refusal of an award.
async fn refused(bench: &Bench, award: &proto::Award) -> AgreementRefused {
    let issued = bench.issued(award).await;
    AgreementRefused {
        award: issued.award,
        council: issued.council,
        referral: issued.referral,
        place: issued.place,
        reason: "PRICE_ABOVE_CEILING".to_owned(),
        detail: "the core fee is above the ceiling".to_owned(),
        evidence: issued.evidence,
        at: issued.at,
    }
}

#[tokio::test]
async fn an_award_closes_it_and_a_failure_opens_it_again() {
    let bench = Bench::open().await;
    let (referral, offer) = bench.offered().await;
    let name = referral.name;
    bench.release(&name, &["elm"]).await;
    let mut elm = watching(&bench, "").await;
    let request = bench.oak(watch("oak", ""));
    let mut oak = bench.service.watch_released_referrals(request).await.unwrap().into_inner();
    for stream in [&mut elm, &mut oak] {
        assert_eq!(next(stream).await.change(), Change::Standing);
        caught_up(stream).await;
    }
    let award = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    bench.contracts(refused(&bench, &award).await).await;
    let mut second = award_request(&offer, 0);
    second.request_id = "w-2".to_owned();
    let award = bench.service.award_referral(bench.own(second)).await.unwrap().into_inner();
    bench.contracts(bench.issued(&award).await).await;
    for (stream, outcome) in [(&mut elm, "AWARDED_TO_ANOTHER"), (&mut oak, "AWARDED")] {
        assert_eq!(says(&next(stream).await), said(Change::Closed, &name, "AWARD_IN_PROGRESS"));
        assert_eq!(says(&next(stream).await), said(Change::Reopened, &name, ""));
        assert_eq!(says(&next(stream).await), said(Change::Closed, &name, "AWARD_IN_PROGRESS"));
        assert_eq!(says(&next(stream).await), said(Change::Closed, &name, outcome));
    }
}

#[tokio::test]
async fn what_is_released_to_others_and_what_others_do_stays_hidden() {
    let bench = Bench::open().await;
    let (oaks, both) = (bench.post("r-1").await.name, bench.post("r-2").await.name);
    bench.release(&oaks, &["oak"]).await;
    bench.release(&both, &["oak", "elm"]).await;
    let mut stream = watching(&bench, "").await;
    let standing = next(&mut stream).await;
    assert_eq!(says(&standing), said(Change::Standing, &both, ""));
    let token = caught_up(&mut stream).await;
    amend(&bench, &oaks, "1").await;
    bench.service.shortlist_provider(bench.own(put_on(&both, "oak"))).await.unwrap();
    bench.offer(&both).await;
    let decline = proto::DeclineReferralRequest {
        name: oaks.clone(),
        reason: "NEED".to_owned(),
        request_id: String::new(),
    };
    bench.service.decline_referral(bench.oak(decline)).await.unwrap();
    withdraw(&bench, &oaks).await;
    silent(&mut stream).await;
    // Nor when it goes on, though oak's came to be its own meanwhile: what was before that is none of its business.
    let late = bench.post("r-3").await.name;
    amend(&bench, &late, "1").await;
    bench.release(&late, &["elm"]).await;
    let mut again = watching(&bench, &token).await;
    assert_eq!(says(&next(&mut again).await), said(Change::Released, &late, ""));
    caught_up(&mut again).await;
    silent(&mut again).await;
    let told = format!("{standing:?}");
    for hidden in crate::bench::CANARIES {
        assert!(!told.contains(hidden), "{hidden} in {told}");
    }
    let request = bench.elm(watch("oak", ""));
    let refused = bench.service.watch_released_referrals(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "NOT_YOURS"));
}

#[tokio::test]
async fn a_call_goes_on_from_any_message_also_after_a_restart() {
    let bench = Bench::open().await;
    let first = bench.post("r-1").await.name;
    let mut stream = watching(&bench, "").await;
    let mut tokens = vec![caught_up(&mut stream).await];
    bench.release(&first, &["elm"]).await;
    for etag in ["1", "2", "3"] {
        amend(&bench, &first, etag).await;
    }
    // In another council's log, so that a token holds more than one position.
    let message =
        proto::PostReferralRequest { parent: format!("councils/{}", neighbour()), ..post_request("n-1") };
    let by_neighbour = |message| bench.by(Role::Council(neighbour()), message);
    let posted = bench.service.post_referral(by_neighbour(message)).await.unwrap().into_inner();
    let release = proto::ReleaseReferralRequest {
        name: posted.name.clone(),
        providers: vec!["providers/elm".to_owned()],
        request_id: String::new(),
        cascade_step: String::new(),
    };
    bench.service.release_referral(bench.by(Role::Council(neighbour()), release)).await.unwrap();
    withdraw(&bench, &first).await;
    let mut all = Vec::new();
    for _ in 0..6 {
        let told = next(&mut stream).await;
        all.push((told.change(), told.change_time));
        tokens.push(told.resume_token);
    }
    drop(stream);
    let bench = bench.reopen().await;
    for (heard, token) in tokens.iter().enumerate() {
        let mut stream = watching(&bench, token).await;
        let mut rest = Vec::new();
        for _ in heard..6 {
            let told = next(&mut stream).await;
            rest.push((told.change(), told.change_time));
        }
        caught_up(&mut stream).await;
        silent(&mut stream).await;
        // Each log keeps its order; which log is read first after a restart is not part of what is promised.
        let order = |mut told: Vec<(Change, _)>| {
            told.sort_by_key(|(change, _)| *change as i32);
            told
        };
        assert_eq!(order(rest), order(all[heard..].to_vec()), "after message {heard}");
    }
    let mut stream = watching(&bench, &tokens[6]).await;
    caught_up(&mut stream).await;
    amend_neighbours(&bench, &posted.name).await;
    assert_eq!(says(&next(&mut stream).await), said(Change::Amended, &posted.name, ""));
}

async fn amend_neighbours(bench: &Bench, name: &str) {
    let message = proto::AmendReferralRequest {
        name: name.to_owned(),
        etag: "1".to_owned(),
        requirements: Some(requirements()),
        identity: None,
        request_id: String::new(),
        replace_background: false,
    };
    bench.service.amend_referral(bench.by(Role::Council(neighbour()), message)).await.unwrap();
}

#[tokio::test]
async fn a_token_of_another_provider_or_beyond_the_log_is_refused_by_name() {
    let bench = Bench::open().await;
    let mut stream = watching(&bench, "").await;
    let early = caught_up(&mut stream).await;
    let name = bench.post("r-1").await.name;
    bench.release(&name, &["elm"]).await;
    let late = next(&mut stream).await.resume_token;
    let other = bench.service.watch_released_referrals(bench.oak(watch("oak", &late))).await.unwrap_err();
    let strange = bench.service.watch_released_referrals(bench.elm(watch("elm", "%%%"))).await.unwrap_err();
    // Of a region whose log has more than this one's.
    let shorter = Bench::open().await;
    let beyond =
        shorter.service.watch_released_referrals(shorter.elm(watch("elm", &late))).await.unwrap_err();
    for refused in [other, strange, beyond] {
        assert_eq!(
            (refused.code(), reason(&refused).as_str(), fields(&refused)),
            (Code::InvalidArgument, "RESUME_TOKEN_INVALID", vec!["resume_token".to_owned()])
        );
    }
    assert!(shorter.service.watch_released_referrals(shorter.elm(watch("elm", &early))).await.is_ok());
}

#[tokio::test]
async fn one_that_watches_again_and_again_leaves_room_and_all_end_with_the_service() {
    let bench = Bench::open().await;
    let mut watching = Vec::new();
    let refused = loop {
        match bench.service.watch_released_referrals(bench.elm(watch("elm", ""))).await {
            Ok(stream) => watching.push(stream.into_inner()),
            Err(refused) => break refused,
        }
    };
    assert_eq!((watching.len(), reason(&refused).as_str()), (32, "TOO_MANY_WATCHERS"));
    bench.service.watch_released_referrals(bench.oak(watch("oak", ""))).await.unwrap();
    bench.service.end_calls();
    for mut stream in watching {
        while stream.next().await.is_some() {}
    }
}

/// The whole of it is told, so that it has been opened: once for each version, and not by whom it was not told.
#[tokio::test]
async fn what_is_told_is_recorded_as_opened_once_for_each_version() {
    let bench = Bench::open().await;
    let name = bench.post("r-1").await.name;
    bench.release(&name, &["elm", "oak"]).await;
    let opened = async |number: usize| {
        let count = async || bench.types().await.iter().filter(|it| *it == "InvitationViewed").count();
        for _ in 0..100 {
            if count().await >= number {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(count().await, number);
    };
    let mut stream = watching(&bench, "").await;
    next(&mut stream).await;
    let token = caught_up(&mut stream).await;
    opened(1).await;
    amend(&bench, &name, "1").await;
    next(&mut stream).await;
    opened(2).await;
    bench.service.shortlist_provider(bench.own(put_on(&name, "elm"))).await.unwrap();
    next(&mut stream).await;
    let mut again = watching(&bench, &token).await;
    assert_eq!(next(&mut again).await.change(), Change::Amended);
    next(&mut again).await;
    caught_up(&mut again).await;
    for stream in [&mut stream, &mut again] {
        silent(stream).await;
    }
    opened(2).await;
    let asked = proto::ListInvitationsRequest { parent: name.clone(), ..Default::default() };
    let told = bench.service.list_invitations(bench.own(asked)).await.unwrap().into_inner().invitations;
    let viewed: Vec<_> = told.iter().map(|it| (it.provider.as_str(), it.viewed_version)).collect();
    assert_eq!(viewed, [("providers/elm", 2), ("providers/oak", 0)]);
    // What takes no offers any more is told, and nothing hangs on who opened it.
    amend(&bench, &name, "2").await;
    withdraw(&bench, &name).await;
    assert_eq!(next(&mut stream).await.change(), Change::Amended);
    assert_eq!(next(&mut stream).await.change(), Change::Closed);
}
