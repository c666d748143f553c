//! Arrivals, departures and what goes with them: identities revealed and erased, approvals given afterwards, referrals withdrawn.

use super::calibration::CHANGE_REASONS;
use super::clients::{At, DemoError};
use super::season::{Child, Season, Stage, days_after};
use api::common::Approval;
use api::contracts::{EndPlacementRequest, StartPlacementRequest};
use api::referrals::{
    EraseIdentityRequest, GiveRetrospectiveApprovalRequest, RevealIdentityRequest, SealedPart,
    WithdrawReferralRequest,
};
use care::Date;

/// After how many weeks some referrals are withdrawn.
const WITHDRAWN_AFTER_WEEKS: u32 = 3;
/// Assumption: how many of those still open then are withdrawn each week, per mille.
const WITHDRAWN_PER_MILLE: u32 = 200;

/// Starts the placements whose first night has come, and ends those whose end was told.
pub(crate) async fn arrivals_and_departures(season: &mut Season<'_>) -> Result<(), DemoError> {
    let (chance, opened, today) = (season.chance, season.opened, season.today);
    let before = counts(&season.children);
    season
        .each_council(|council, mut children| async move {
            let clients = &opened.councils[&council];
            for child in &mut children {
                let (number, name) = (child.plan.number, child.name.clone());
                let leaving = departure(child);
                let late = child.plan.told_late_weeks;
                let Stage::Placed(placed) = &mut child.stage else { continue };
                if !placed.arrived && placed.start <= today {
                    // Before the arrival, whose news reaches the referral when it does.
                    let request = RevealIdentityRequest { name, purpose: "PLACEMENT_PLANNING".to_owned() };
                    opened.providers[&placed.provider]
                        .referrals()
                        .reveal_identity(request)
                        .await
                        .at("learn who comes")?;
                    let request = StartPlacementRequest {
                        name: placed.agreement.clone(),
                        on: placed.start.to_string(),
                        etag: String::new(),
                        request_id: chance.request_id("start", number),
                        correction: String::new(),
                    };
                    clients.contracts().start_placement(request).await.at("start a placement")?;
                    placed.arrived = true;
                }
                let told = |on: Date| days_after(on, i64::from(late) * 7) <= today;
                if let Some(on) = leaving.filter(|on| placed.arrived && !placed.departed && told(*on)) {
                    let mut draws = chance.of("departure", number);
                    let request = EndPlacementRequest {
                        correction: String::new(),
                        ending: String::new(),
                        name: placed.agreement.clone(),
                        on: on.to_string(),
                        reason: draws.weighted(CHANGE_REASONS, |reason| reason.england).code.to_owned(),
                        etag: String::new(),
                        request_id: chance.request_id("end", number),
                    };
                    clients.contracts().end_placement(request).await.at("end a placement")?;
                    placed.departed = true;
                }
            }
            Ok(children)
        })
        .await?;
    let after = counts(&season.children);
    season.tally.placements_started += after.0 - before.0;
    season.tally.identities_revealed += after.0 - before.0;
    season.tally.placements_ended += after.1 - before.1;
    season.tally.told_late += after.2 - before.2;
    Ok(())
}

/// The day on which the child leaves, if it does within the demo.
fn departure(child: &Child) -> Option<Date> {
    let weeks = child.plan.weeks_until_departure?;
    Some(days_after(child.placed()?.start, i64::from(weeks) * 7 + 3))
}

/// How many have arrived, how many have left, and of these how many were told late.
fn counts(children: &[Child]) -> (u64, u64, u64) {
    let mut counts = (0, 0, 0);
    for child in children {
        if let Some(placed) = child.placed() {
            counts.0 += u64::from(placed.arrived);
            counts.1 += u64::from(placed.departed);
            counts.2 += u64::from(placed.departed && child.plan.told_late_weeks > 0);
        }
    }
    counts
}

/// Approves the emergencies.
pub(crate) async fn approve_afterwards(season: &mut Season<'_>) -> Result<(), DemoError> {
    let (chance, opened) = (season.chance, season.opened);
    let owed = |children: &[Child]| {
        children.iter().filter(|child| child.placed().is_some_and(|placed| placed.approval_owed)).count()
    };
    let before = owed(&season.children);
    season
        .each_council(|council, mut children| async move {
            for child in &mut children {
                let number = child.plan.number;
                let Stage::Placed(placed) = &mut child.stage else { continue };
                if placed.approval_owed {
                    let approval = Approval {
                        approver: "director".to_owned(),
                        role: "DIRECTOR_OF_CHILDRENS_SERVICES".to_owned(),
                    };
                    let request = GiveRetrospectiveApprovalRequest {
                        name: placed.award.clone(),
                        approval: Some(approval),
                        request_id: chance.request_id("approve", number),
                    };
                    opened.councils[&council]
                        .referrals()
                        .give_retrospective_approval(request)
                        .await
                        .at("approve afterwards")?;
                    placed.approval_owed = false;
                }
            }
            Ok(children)
        })
        .await?;
    season.tally.approved_afterwards += u64::try_from(before - owed(&season.children)).unwrap_or(0);
    Ok(())
}

/// Some children go home before a place is found: their referral is withdrawn and their identity erased.
pub(crate) async fn withdraw_some(season: &mut Season<'_>, week: u32) -> Result<(), DemoError> {
    let (chance, opened) = (season.chance, season.opened);
    let gone =
        |children: &[Child]| children.iter().filter(|child| matches!(child.stage, Stage::Withdrawn)).count();
    let before = gone(&season.children);
    season
        .each_council(|council, mut children| async move {
            let clients = &opened.councils[&council];
            for child in children.iter_mut().filter(|child| child.is_open()) {
                let due = week >= child.plan.week + WITHDRAWN_AFTER_WEEKS;
                if !due
                    || !chance
                        .of("withdraw", format!("{}/{week}", child.plan.number))
                        .happens(WITHDRAWN_PER_MILLE)
                {
                    continue;
                }
                let request = WithdrawReferralRequest {
                    name: child.name.clone(),
                    reason: "RETURNED_HOME".to_owned(),
                    request_id: chance.request_id("withdraw", child.plan.number),
                };
                clients.referrals().withdraw_referral(request).await.at("withdraw a referral")?;
                let request = EraseIdentityRequest {
                    name: child.name.clone(),
                    parts: vec![SealedPart::Identity.into(), SealedPart::Narrative.into()],
                    request_id: chance.request_id("erase", child.plan.number),
                };
                clients.referrals().erase_identity(request).await.at("erase an identity")?;
                child.stage = Stage::Withdrawn;
            }
            Ok(children)
        })
        .await?;
    season.tally.identities_erased += u64::try_from(gone(&season.children) - before).unwrap_or(0);
    Ok(())
}
