//! How places are won and lost: councils hold and award, several for the same place.

use super::asking::release;
use super::clients::{At, Clients, DemoError, for_each, reason};
use super::offering::{offer_request, quote};
use super::season::{Child, Placed, Season, Stage};
use super::world::framework_of;
use api::common::{Approval, route};
use api::referrals::{
    Award, AwardReferralRequest, AwardState, GetReleasedReferralRequest, ListOffersRequest, Offer,
};
use api::vacancies::{HoldPlaceRequest, ListPlacesRequest, Place, PlaceState};
use care::{CouncilId, ProviderId};
use std::collections::{BTreeMap, BTreeSet};

/// How often a week those who lost a place try their next offer.
pub(crate) const PASSES: u32 = 3;
/// How long a place is held while the award is made.
const LEASE_SECONDS: u32 = 1_800;
/// The fewest councils that make a race.
const RACERS_MIN: usize = 3;

/// A council's wish for a place.
struct Want {
    /// The child's index.
    child: usize,
    offer: Offer,
}

/// Every open referral takes the best offer that it has not tried.
pub(crate) async fn take_best_offers(season: &mut Season<'_>) -> Result<(), DemoError> {
    let open = season.children.iter().enumerate().filter(|(_, child)| child.is_open());
    let opened = season.opened;
    let wants = for_each(open, |(index, child)| async move {
        let offers = live_offers(&opened.councils[&child.plan.council], child).await?;
        Ok(best(child, offers).map(|offer| Want { child: index, offer }))
    })
    .await?;
    take(season, wants.into_iter().flatten().collect()).await
}

pub(crate) async fn live_offers(clients: &Clients, child: &Child) -> Result<Vec<Offer>, DemoError> {
    let request = ListOffersRequest {
        parent: child.name.clone(),
        page_size: 200,
        live_only: true,
        page_token: String::new(),
    };
    Ok(clients.referrals().list_offers(request).await.at("list offers")?.offers)
}

/// The council's own provision first, then near before far, then the cheaper; the name settles ties.
fn best(child: &Child, offers: Vec<Offer>) -> Option<Offer> {
    let far = |offer: &Offer| child.distances.get(&offer.place).is_none_or(|tenths| *tenths > 200);
    offers
        .into_iter()
        .filter(|offer| !child.tried.contains(&offer.name))
        .min_by_key(|offer| (!offer.own_establishment, far(offer), offer.weekly_pence, offer.name.clone()))
}

/// Holds, then awards. Who comes to a place first is drawn by the seed; the awards of all, with a hold or without,
/// then go in together.
async fn take(season: &mut Season<'_>, wants: Vec<Want>) -> Result<(), DemoError> {
    let mut by_establishment: BTreeMap<String, Vec<Want>> = BTreeMap::new();
    for want in wants {
        by_establishment.entry(want.offer.establishment.clone()).or_default().push(want);
    }
    let this = &*season;
    let held = for_each(by_establishment.into_values(), |mut queue| async move {
        queue.sort_by_key(|want| this.chance.request_id("queue", &this.children[want.child].name));
        let mut held = Vec::with_capacity(queue.len());
        for want in queue {
            let token = hold(this, &want).await?;
            held.push((want, token));
        }
        Ok(held)
    })
    .await?;
    let results = for_each(held.into_iter().flatten(), |(want, token)| async move {
        let outcome = award(this, &want, token).await?;
        Ok((want, outcome))
    })
    .await?;
    for (want, outcome) in results {
        settle_award(season, want, outcome);
    }
    Ok(())
}

/// The fencing token, if the place could be held.
async fn hold(season: &Season<'_>, want: &Want) -> Result<Option<u64>, DemoError> {
    let child = &season.children[want.child];
    let request = HoldPlaceRequest {
        council: format!("councils/{}", child.plan.council),
        place: want.offer.place.clone(),
        referral: child.name.clone(),
        referral_version: want.offer.referral_version,
        lease_seconds: LEASE_SECONDS,
        first_night: String::new(),
        request_id: season.chance.request_id("hold", &want.offer.name),
    };
    match season.opened.councils[&child.plan.council].vacancies().hold_place(request).await {
        Ok(hold) => Ok(Some(hold.into_inner().token)),
        Err(status) if status.code() == tonic::Code::FailedPrecondition => Ok(None),
        Err(status) => {
            Err(DemoError::Other(format!("hold a place: {} {}", reason(&status), status.message())))
        }
    }
}

async fn award(
    season: &Season<'_>,
    want: &Want,
    hold_token: Option<u64>,
) -> Result<Result<Award, String>, DemoError> {
    let child = &season.children[want.child];
    let emergency = child.plan.urgency == "EMERGENCY"
        && child.plan.number.is_multiple_of(2)
        && !want.offer.own_establishment;
    let approval =
        Approval { approver: "duty-head-of-service".to_owned(), role: "HEAD_OF_SERVICE".to_owned() };
    let spot = is_spot(&want.offer);
    let request = AwardReferralRequest {
        name: child.name.clone(),
        offer: want.offer.name.clone(),
        hold_token,
        approval: (!emergency).then_some(approval),
        emergency,
        spot_justification: if spot {
            "no framework provider could offer a place".to_owned()
        } else {
            String::new()
        },
        wait_seconds: Some(30),
        request_id: season.chance.request_id("award", &want.offer.name),
        ..Default::default()
    };
    match season.opened.councils[&child.plan.council].referrals().award_referral(request).await {
        Ok(award) => Ok(Ok(award.into_inner())),
        Err(status) if status.code() == tonic::Code::FailedPrecondition => Ok(Err(reason(&status))),
        Err(status) => Err(DemoError::Other(format!("award: {} {}", reason(&status), status.message()))),
    }
}

fn is_spot(offer: &Offer) -> bool {
    matches!(offer.route.as_ref().and_then(|route| route.route.as_ref()), Some(route::Route::Spot(_)))
}

fn settle_award(season: &mut Season<'_>, want: Want, outcome: Result<Award, String>) {
    let Some(child) = season.children.get_mut(want.child) else { return };
    match outcome {
        Ok(award) if award.state == i32::from(AwardState::Confirmed) => {
            season.tally.awards_confirmed += 1;
            let provider = award.provider.strip_prefix("providers/").and_then(|id| id.parse().ok());
            let urn = award.establishment.strip_prefix("establishments/").and_then(|urn| urn.parse().ok());
            if let (Some(provider), Some(urn), Ok(start)) = (provider, urn, award.start.parse()) {
                child.stage = Stage::Placed(Placed {
                    provider,
                    urn,
                    start,
                    weekly_pence: award.weekly_pence,
                    own: want.offer.own_establishment,
                    spot: is_spot(&want.offer),
                    distance_tenths: child.distances.get(&award.place).copied(),
                    approval_owed: award.approval.is_none() && award.approval_due_time.is_some(),
                    arrived: false,
                    departed: false,
                    award: award.name,
                    agreement: award.agreement,
                });
            }
        }
        Ok(award) => {
            child.tried.insert(want.offer.name);
            *season.tally.awards_refused.entry(format!("PENDING_{}", award.state)).or_default() += 1;
        }
        Err(reason) => {
            child.tried.insert(want.offer.name);
            *season.tally.awards_refused.entry(reason).or_default() += 1;
        }
    }
}

/// One provider offers its last place to a child of every council of a framework that still seeks one, and all of them want it.
pub(crate) async fn race_for_a_last_place(season: &mut Season<'_>, week: u32) -> Result<(), DemoError> {
    let Some((provider, place)) = contested_place(season, week).await? else { return Ok(()) };
    let racers = racers(season);
    if racers.len() < RACERS_MIN {
        return Ok(());
    }
    let mut wants = Vec::new();
    for index in racers {
        let (chance, opened, today) = (season.chance, season.opened, season.today);
        let Some(child) = season.children.get_mut(index) else { continue };
        if !child.released.contains(&provider) {
            release(
                &opened.councils[&child.plan.council],
                chance,
                child,
                std::slice::from_ref(&provider),
                &format!("race/{week}"),
            )
            .await?;
        }
        let clients = &opened.providers[&provider];
        let request = GetReleasedReferralRequest { name: child.name.clone() };
        let referral = clients.referrals().get_released_referral(request).await.at("read a release")?;
        if !referral.decline_reason.is_empty() {
            continue;
        }
        let mut draws = chance.of("race", &child.name);
        let Some(quote) = quote(opened, &provider, &referral, &mut draws) else { continue };
        if matches!(quote.route, route::Route::Spot(_)) {
            continue;
        }
        let request_id = chance.request_id("race offer", format!("{provider}/{}/{week}", child.name));
        let request = offer_request(&referral, &place, today, quote, request_id);
        let offer = clients.referrals().submit_offer(request).await.at("offer the last place")?;
        season.tally.offers += 1;
        wants.push(Want { child: index, offer });
    }
    if wants.len() >= RACERS_MIN {
        season.tally.races += 1;
        season.tally.racers += u64::try_from(wants.len()).unwrap_or(0);
        take(season, wants).await?;
    }
    Ok(())
}

/// An external fostering place that is still vacant, drawn by the seed.
async fn contested_place(season: &Season<'_>, week: u32) -> Result<Option<(ProviderId, Place)>, DemoError> {
    let sellers: BTreeSet<ProviderId> = season
        .opened
        .schedule
        .keys()
        .filter(|(_, _, lot)| lot.contains("standard"))
        .map(|(_, provider, _)| provider.clone())
        .collect();
    let mut order: Vec<ProviderId> = sellers.into_iter().collect();
    order.sort_by_key(|provider| season.chance.request_id("race host", format!("{week}/{provider}")));
    for provider in order {
        let request = ListPlacesRequest {
            parent: format!("providers/{provider}"),
            page_size: 200,
            ..Default::default()
        };
        let places = season.opened.providers[&provider]
            .vacancies()
            .list_places(request)
            .await
            .at("list places")?
            .places;
        let free = places.into_iter().find(|place| {
            let urn = place.establishment.strip_prefix("establishments/").and_then(|urn| urn.parse().ok());
            let plan = urn.and_then(|urn: care::EstablishmentUrn| season.establishments.get(&urn));
            place.state == i32::from(PlaceState::Vacant)
                && plan.is_some_and(|plan| plan.provision == "FOSTERING" && !plan.suspended)
        });
        if let Some(place) = free {
            return Ok(Some((provider, place)));
        }
    }
    Ok(None)
}

/// One open fostering referral of each council in a framework that has turned to the market.
fn racers(season: &Season<'_>) -> Vec<usize> {
    let mut seen: BTreeSet<CouncilId> = BTreeSet::new();
    let open =
        season.children.iter().enumerate().filter(|(_, child)| {
            child.turned_outside && child.is_open() && child.plan.provision == "FOSTERING"
        });
    open.filter(|(_, child)| framework_of(child.plan.council).is_some() && seen.insert(child.plan.council))
        .map(|(index, _)| index)
        .collect()
}
