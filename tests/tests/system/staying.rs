//! A child moves: notice, the next home, one night in one place, and the figures of the year, across all services of a running region.

use crate::seed::two_sides;
use crate::world::{Party, TODAY, World, award, offered};
use api::contracts::{EndPlacementRequest, GiveNoticeRequest, StartPlacementRequest};
use api::invoicing::{AccrueNightsRequest, ListChargesRequest};
use api::referrals::{
    DeadlineKind, Follows, GetStabilityRequest, LinkReferralRequest, ListDeadlinesRequest, Stability,
};

/// What this is about of a council's deadlines: kind, award, and due time in seconds.
async fn deadlines(world: &World, council: &Party) -> Vec<(DeadlineKind, String, i64)> {
    world.settled().await;
    let asked = ListDeadlinesRequest { parent: council.name(), ..Default::default() };
    let page = council.referrals().list_deadlines(asked).await.unwrap().into_inner();
    let wanted =
        [DeadlineKind::NoticeLastDay, DeadlineKind::FormerPlacementEnd, DeadlineKind::DisruptionMeeting];
    let shown = page.deadlines.into_iter().filter(|it| wanted.contains(&it.kind()));
    shown.map(|it| (it.kind(), it.award.clone(), it.due_time.unwrap_or_default().seconds)).collect()
}

fn instant(text: &str) -> i64 {
    text.parse::<care::Timestamp>().unwrap().as_second()
}

async fn stability(council: &Party) -> Stability {
    let name = format!("{}/stability/2027", council.name());
    let asked = GetStabilityRequest { name, with_referrals: true };
    council.referrals().get_stability(asked).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_under_notice_is_one_night_in_one_place() {
    let (world, [derby, _]) = two_sides().await;
    let (council, provider) = (&derby.council, &derby.provider);
    let (agreement, former) = (&derby.names["agreement"], &derby.names["award"]);
    let notice = GiveNoticeRequest {
        parent: agreement.clone(),
        given_on: TODAY.to_owned(),
        reason: "NEEDS".to_owned(),
        ..Default::default()
    };
    provider.contracts().give_notice(notice).await.unwrap();
    let last_day = (DeadlineKind::NoticeLastDay, former.clone(), instant("2026-06-29T23:00:00Z"));
    assert_eq!(deadlines(&world, council).await, [last_day]);

    let offer = offered(&world, council, provider, &derby.names["my_place"]).await;
    let won = award(council, &offer, None).await.unwrap();
    let follows = Follows { award: former.clone(), kind: "MOVE".to_owned(), respite: String::new() };
    let link =
        LinkReferralRequest { name: won.referral.clone(), follows: Some(follows), request_id: String::new() };
    council.referrals().link_referral(link).await.unwrap();
    let start =
        StartPlacementRequest { name: won.agreement.clone(), on: TODAY.to_owned(), ..Default::default() };
    council.contracts().start_placement(start).await.unwrap();
    let both: Vec<_> =
        deadlines(&world, council).await.into_iter().map(|(kind, award, _)| (kind, award)).collect();
    let expected = [DeadlineKind::FormerPlacementEnd, DeadlineKind::NoticeLastDay];
    assert_eq!(both, expected.map(|kind| (kind, former.clone())));

    let end = EndPlacementRequest {
        name: agreement.clone(),
        on: TODAY.to_owned(),
        reason: "CREQO".to_owned(),
        ending: "DISRUPTION".to_owned(),
        ..Default::default()
    };
    let ended = council.contracts().end_placement(end).await.unwrap().into_inner();
    assert!(ended.ended_early, "four weeks before the notice ran out");
    let meeting = (DeadlineKind::DisruptionMeeting, former.clone(), instant("2026-06-29T23:00:00Z"));
    assert_eq!(deadlines(&world, council).await, [meeting], "twenty working days after 1 June");

    // From 25 May up to the night of 3 June the child is somewhere each night, and nowhere twice.
    world.clock.advance_to("2026-06-04T09:00:00Z".parse().unwrap());
    let through = "2026-06-04".to_owned();
    let accrue = AccrueNightsRequest { parent: council.name(), through, ..Default::default() };
    council.invoicing().accrue_nights(accrue).await.unwrap();
    let list = ListChargesRequest { parent: council.name(), ..Default::default() };
    let charges = council.invoicing().list_charges(list).await.unwrap().into_inner().charges;
    assert_eq!(charges.iter().map(|it| it.nights).sum::<i64>(), 10);

    let year = stability(council).await;
    let named = |count: Option<api::referrals::StabilityCount>| count.unwrap().referrals;
    assert_eq!(named(year.placed), [won.referral]);
    assert_eq!(named(year.disrupted_within_90_days), [derby.names["referral"].clone()]);
    assert_eq!(year.three_or_more.unwrap().count, 0);
}
