//! What councils ask: they post referrals, record what they tried, search the market, and release to providers.

use super::chance::Chance;
use super::clients::{At, Clients, DemoError};
use super::form;
use super::offering::admitted_lot;
use super::opening::Opened;
use super::season::{Child, Season, Stage};
use super::world::framework_of;
use api::referrals::{
    PostReferralRequest, RecordCascadeStepRequest, ReleaseReferralRequest, SearchReferralRequest,
};
use care::{Date, ProviderId};
use std::collections::BTreeSet;

/// How many external providers a referral is released to in a week.
const RELEASES_PER_WEEK: usize = 4;
/// After how many weeks without a home the framework counts as exhausted.
const FRAMEWORK_WEEKS: u32 = 2;

/// Posts this week's referrals, and searches the market for all that are open.
pub(crate) async fn post_and_search(season: &mut Season<'_>, week: u32) -> Result<(), DemoError> {
    let (chance, opened, today) = (season.chance, season.opened, season.today);
    season
        .each_council(|council, mut children| async move {
            let clients = &opened.councils[&council];
            for child in &mut children {
                if child.plan.week == week {
                    post(clients, chance, child, today).await?;
                }
                if child.is_open() {
                    search(clients, chance, child, week).await?;
                }
            }
            Ok(children)
        })
        .await
}

async fn post(clients: &Clients, chance: Chance, child: &mut Child, today: Date) -> Result<(), DemoError> {
    let plan = &child.plan;
    let request = PostReferralRequest {
        parent: format!("councils/{}", plan.council),
        requirements: Some(form::requirements(plan, chance, today)),
        identity: Some(form::identity(plan, chance, today)),
        request_id: chance.request_id("post", plan.number),
    };
    child.name = clients.referrals().post_referral(request).await.at("post a referral")?.name;
    child.stage = Stage::Open;
    record_step(clients, chance, child, "CONNECTED_CARE", "NOT_SUITABLE").await
}

async fn record_step(
    clients: &Clients,
    chance: Chance,
    child: &Child,
    step: &str,
    outcome: &str,
) -> Result<(), DemoError> {
    let request = RecordCascadeStepRequest {
        name: child.name.clone(),
        step: step.to_owned(),
        outcome: outcome.to_owned(),
        request_id: chance.request_id(step, child.plan.number),
    };
    clients.referrals().record_cascade_step(request).await.at("record a cascade step").map(drop)
}

async fn search(clients: &Clients, chance: Chance, child: &mut Child, week: u32) -> Result<(), DemoError> {
    let request = SearchReferralRequest {
        name: child.name.clone(),
        limit: 50,
        request_id: chance.request_id("search", format!("{}/{week}", child.plan.number)),
        ..SearchReferralRequest::default()
    };
    let found = clients.referrals().search_referral(request).await.at("search the market")?;
    let own: BTreeSet<ProviderId> = found
        .matches
        .iter()
        .filter(|hit| hit.own_establishment)
        .filter_map(|hit| provider_of(&hit.provider))
        .collect();
    for hit in &found.matches {
        if let Some(distance) = hit.distance_tenths_of_mile {
            child.distances.insert(hit.place.clone(), distance);
        }
    }
    let new: Vec<ProviderId> =
        own.into_iter().filter(|provider| !child.released.contains(provider)).collect();
    release(clients, chance, child, &new, &format!("own/{week}")).await
}

/// Turns to the market for those whom the council's own carers and homes could not take.
pub(crate) async fn release_outside(season: &mut Season<'_>, week: u32) -> Result<(), DemoError> {
    let (chance, opened) = (season.chance, season.opened);
    season
        .each_council(|council, mut children| async move {
            let clients = &opened.councils[&council];
            for child in children.iter_mut().filter(|child| child.is_open()) {
                turn_outside(clients, chance, opened, child, week).await?;
            }
            Ok(children)
        })
        .await
}

async fn turn_outside(
    clients: &Clients,
    chance: Chance,
    opened: &Opened,
    child: &mut Child,
    week: u32,
) -> Result<(), DemoError> {
    let framework = framework_of(child.plan.council);
    if !child.turned_outside {
        let outcome = if child.released.is_empty() { "NO_PLACE" } else { "DECLINED" };
        if live_offers(clients, child).await? > 0 {
            return Ok(());
        }
        record_step(clients, chance, child, "IN_HOUSE_FOSTERING", outcome).await?;
        record_step(clients, chance, child, "IN_HOUSE_RESIDENTIAL", outcome).await?;
        if framework.is_none() {
            record_step(clients, chance, child, "FRAMEWORK", "NOT_APPLICABLE").await?;
        }
        child.turned_outside = true;
    }
    let exhausted = framework.is_none() || week >= child.plan.week + FRAMEWORK_WEEKS;
    if framework.is_some() && exhausted && !child.framework_exhausted {
        child.framework_exhausted = true;
        record_step(clients, chance, child, "FRAMEWORK", "NO_PLACE").await?;
    }
    let request = SearchReferralRequest {
        name: child.name.clone(),
        limit: 50,
        request_id: chance.request_id("search outside", format!("{}/{week}", child.plan.number)),
        ..SearchReferralRequest::default()
    };
    let found = clients.referrals().search_referral(request).await.at("search the market")?;
    let mut chosen: Vec<ProviderId> = Vec::new();
    for hit in found.matches.iter().filter(|hit| !hit.own_establishment) {
        let Some(provider) = provider_of(&hit.provider) else { continue };
        // Other councils' own carers and homes are not for sale here.
        if provider.as_str().starts_with("council-") {
            continue;
        }
        let on_framework =
            admitted_lot(opened, framework.as_ref(), &provider, child.plan.provision, 0).is_some();
        let wanted =
            (on_framework || exhausted) && !child.released.contains(&provider) && !chosen.contains(&provider);
        if wanted && chosen.len() < RELEASES_PER_WEEK {
            chosen.push(provider);
        }
    }
    release(clients, chance, child, &chosen, &format!("outside/{week}")).await
}

async fn live_offers(clients: &Clients, child: &Child) -> Result<usize, DemoError> {
    let request = api::referrals::ListOffersRequest {
        parent: child.name.clone(),
        live_only: true,
        ..Default::default()
    };
    Ok(clients.referrals().list_offers(request).await.at("list offers")?.offers.len())
}

/// Releases a referral to more providers.
pub(crate) async fn release(
    clients: &Clients,
    chance: Chance,
    child: &mut Child,
    providers: &[ProviderId],
    why: &str,
) -> Result<(), DemoError> {
    if providers.is_empty() {
        return Ok(());
    }
    let request = ReleaseReferralRequest {
        name: child.name.clone(),
        providers: providers.iter().map(|provider| format!("providers/{provider}")).collect(),
        request_id: chance.request_id("release", format!("{}/{why}", child.plan.number)),
        ..Default::default()
    };
    clients.referrals().release_referral(request).await.at("release a referral")?;
    child.released.extend(providers.iter().cloned());
    Ok(())
}

pub(crate) fn provider_of(name: &str) -> Option<ProviderId> {
    name.strip_prefix("providers/").and_then(|id| id.parse().ok())
}
