//! What providers answer: an offer of a place that fits, or a decline with its reason.

use super::calibration::assumptions::DECLINES;
use super::chance::Draws;
use super::clients::{At, Clients, DemoError, for_each};
use super::opening::Opened;
use super::season::{Season, days_after};
use super::world::{framework_of, in_house_price, lots};
use api::common::{PriceLine, Route, route};
use api::referrals::{
    DeclineReferralRequest, ListReleasedReferralsRequest, ReleasedReferral, SubmitOfferRequest,
};
use api::vacancies::{ListPlacesRequest, Place, PlaceState};
use care::{CouncilId, Date, FrameworkId, ProviderId};
use std::collections::{BTreeMap, BTreeSet};

/// Assumption: how often a provider with a fitting place declines all the same, per mille; matching leads, as Darlington prints.
const DECLINES_PER_MILLE: u32 = 520;
/// Assumption: the same for the council's own carers and homes.
const OWN_DECLINES_PER_MILLE: u32 = 350;
/// To how many referrals one place is offered in a week: providers do not keep a bed free for one council's answer.
const OFFERS_PER_PLACE: u32 = 3;
/// Assumption: how often an offer asks more than the framework allows, per mille.
const OVERPRICED_PER_MILLE: u32 = 25;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Own,
    External,
}

/// What a provider answers to one referral.
#[allow(clippy::large_enum_variant, reason = "an answer is short-lived and most are the large one")]
enum Answer {
    Offer(SubmitOfferRequest),
    Decline(DeclineReferralRequest),
}

/// All providers with unanswered releases answer. They make up their minds at once; each referral then gets its answers in the order
/// of the providers, so that its stream is the same for the same seed.
pub(crate) async fn answer(season: &mut Season<'_>, who: Who) -> Result<(), DemoError> {
    let asked: BTreeSet<ProviderId> = season
        .children
        .iter()
        .filter(|child| child.is_open())
        .flat_map(|child| child.released.iter().cloned())
        .collect();
    let turn =
        asked.into_iter().filter(|provider| (who == Who::Own) == provider.as_str().starts_with("council-"));
    let this = &*season;
    let minds = for_each(turn, |provider| async move {
        let answering = Answering { season: this, provider: &provider, offered: BTreeMap::new() };
        let answers = answering.answers().await?;
        Ok(answers.into_iter().map(|answer| (provider.clone(), answer)).collect::<Vec<_>>())
    })
    .await?;
    let mut by_referral: BTreeMap<String, Vec<(ProviderId, Answer)>> = BTreeMap::new();
    for (provider, answer) in minds.into_iter().flatten() {
        let referral = match &answer {
            Answer::Offer(request) => request.parent.clone(),
            Answer::Decline(request) => request.name.clone(),
        };
        by_referral.entry(referral).or_default().push((provider, answer));
    }
    let declined = for_each(by_referral.into_values(), |answers| async move {
        let mut declined = Vec::with_capacity(answers.len());
        for (provider, answer) in answers {
            declined.push(send(&this.opened.providers[&provider], answer).await?);
        }
        Ok(declined)
    })
    .await?;
    for reason in declined.into_iter().flatten() {
        match reason {
            None => season.tally.offers += 1,
            Some(reason) => *season.tally.declines.entry(reason).or_default() += 1,
        }
    }
    Ok(())
}

/// Sends an answer; gives the reason if it is a decline.
async fn send(clients: &Clients, answer: Answer) -> Result<Option<String>, DemoError> {
    match answer {
        Answer::Offer(request) => {
            clients.referrals().submit_offer(request).await.at("submit an offer")?;
            Ok(None)
        }
        Answer::Decline(request) => {
            let reason = request.reason.clone();
            clients.referrals().decline_referral(request).await.at("decline a referral")?;
            Ok(Some(reason))
        }
    }
}

struct Answering<'a> {
    season: &'a Season<'a>,
    provider: &'a ProviderId,
    /// To how many referrals each place has been offered this week.
    offered: BTreeMap<String, u32>,
}

impl Answering<'_> {
    async fn answers(mut self) -> Result<Vec<Answer>, DemoError> {
        let clients = &self.season.opened.providers[self.provider];
        let mut answers = Vec::new();
        let request = ListReleasedReferralsRequest {
            parent: format!("providers/{}", self.provider),
            open_only: true,
            page_size: 200,
            page_token: String::new(),
        };
        let mut released =
            clients.referrals().list_released_referrals(request).await.at("list releases")?.referrals;
        released.retain(|referral| {
            referral.decline_reason.is_empty() && referral.offers.iter().all(|offer| !offer.live)
        });
        if released.is_empty() {
            return Ok(answers);
        }
        released.sort_by(|a, b| a.name.cmp(&b.name));
        let request = ListPlacesRequest {
            parent: format!("providers/{}", self.provider),
            page_size: 200,
            ..Default::default()
        };
        let mut places = clients.vacancies().list_places(request).await.at("list places")?.places;
        places.retain(|place| place.state == i32::from(PlaceState::Vacant));
        for referral in &released {
            let mut draws = self.season.chance.of("answer", format!("{}/{}", self.provider, referral.name));
            let declines = if self.provider.as_str().starts_with("council-") {
                OWN_DECLINES_PER_MILLE
            } else {
                DECLINES_PER_MILLE
            };
            let place = places.iter().find(|place| self.fits(place, referral));
            answers.push(match place {
                _ if draws.happens(declines) => self.decline(referral, draws.code(DECLINES)),
                None => self.decline(referral, "NO_PLACE"),
                Some(place) => self.offer(referral, place, &mut draws)?,
            });
        }
        Ok(answers)
    }

    fn fits(&self, place: &Place, referral: &ReleasedReferral) -> bool {
        let establishment =
            place.establishment.strip_prefix("establishments/").and_then(|urn| urn.parse().ok());
        let plan = establishment.and_then(|urn: care::EstablishmentUrn| self.season.establishments.get(&urn));
        let kind =
            plan.is_some_and(|plan| referral.provisions.iter().any(|provision| provision == plan.provision));
        kind && self.offered.get(&place.name).is_none_or(|count| *count < OFFERS_PER_PLACE)
    }

    fn offer(
        &mut self,
        referral: &ReleasedReferral,
        place: &Place,
        draws: &mut Draws,
    ) -> Result<Answer, DemoError> {
        let Some(quote) = quote(self.season.opened, self.provider, referral, draws) else {
            return Err(DemoError::Other(format!("{} has no price for {}", self.provider, referral.name)));
        };
        // A dear offer is the only one of its place this week, so that nobody else's award depends on its refusal.
        let alone = !self.offered.contains_key(&place.name);
        let dear =
            alone && matches!(quote.route, route::Route::Framework(_)) && draws.happens(OVERPRICED_PER_MILLE);
        let core_pence = if dear { quote.core_pence * 3 / 2 } else { quote.core_pence };
        *self.offered.entry(place.name.clone()).or_default() += if dear { OFFERS_PER_PLACE } else { 1 };
        let today = self.season.today;
        let whose = format!("{}/{}/{}/{today}", self.provider, referral.name, place.name);
        let request_id = self.season.chance.request_id("offer", whose);
        let request = offer_request(referral, place, today, Quote { core_pence, ..quote }, request_id);
        Ok(Answer::Offer(request))
    }

    fn decline(&self, referral: &ReleasedReferral, code: &str) -> Answer {
        let whose = format!("{}/{}", self.provider, referral.name);
        Answer::Decline(DeclineReferralRequest {
            name: referral.name.clone(),
            reason: code.to_owned(),
            request_id: self.season.chance.request_id("decline", whose),
        })
    }
}

/// What an offer asks for.
pub(crate) struct Quote {
    pub(crate) core_pence: i64,
    pub(crate) route: route::Route,
}

/// The price and the way of buying, for this council and this kind of provision.
pub(crate) fn quote(
    opened: &Opened,
    provider: &ProviderId,
    referral: &ReleasedReferral,
    draws: &mut Draws,
) -> Option<Quote> {
    let provision = referral.provisions.first()?;
    let council: CouncilId = referral.name.split('/').nth(1)?.parse().ok()?;
    if provider.as_str().starts_with("council-") {
        let price = in_house_price(provision).or_else(|| in_house_price("RESIDENTIAL"))?;
        let core_pence = draws.between(price.low_pence() / 100, price.high_pence() / 100) * 100;
        return Some(Quote { core_pence, route: route::Route::InHouse(api::common::route::InHouse {}) });
    }
    let pick = draws.below(1_000);
    let framework = framework_of(council);
    if let Some((framework, lot, core_pence)) =
        admitted_lot(opened, framework.as_ref(), provider, provision, pick)
    {
        let call_off = api::common::route::FrameworkCallOff {
            framework: format!("frameworks/{framework}"),
            lot,
            level: "core".to_owned(),
            attributes: Vec::new(),
        };
        return Some(Quote { core_pence, route: route::Route::Framework(call_off) });
    }
    let lots = lots();
    let (_, price) = lots.iter().find(|lot| lot.provisions.contains(&provision.as_str()))?.levels.first()?;
    // Assumption: off the framework a place costs from the middle to an eighth above the top of the range.
    let core_pence = draws.between(price.middle_pence() / 100, price.high_pence() / 100 * 9 / 8) * 100;
    let spot = api::common::route::Spot { justification: String::new() };
    Some(Quote { core_pence, route: route::Route::Spot(spot) })
}

/// The lot under which a provider sells this kind of provision to members of the framework, and its price there.
pub(crate) fn admitted_lot(
    opened: &Opened,
    framework: Option<&FrameworkId>,
    provider: &ProviderId,
    provision: &str,
    pick: u32,
) -> Option<(FrameworkId, String, i64)> {
    let framework = framework?;
    let admitted: Vec<_> = lots()
        .into_iter()
        .filter(|lot| lot.provisions.contains(&provision))
        .filter_map(|lot| {
            let price = *opened.schedule.get(&(framework.clone(), provider.clone(), lot.id.clone()))?;
            Some((framework.clone(), lot.id, price))
        })
        .collect();
    let index = usize::try_from(pick).ok()?.checked_rem(admitted.len())?;
    admitted.into_iter().nth(index)
}

pub(crate) fn offer_request(
    referral: &ReleasedReferral,
    place: &Place,
    today: Date,
    quote: Quote,
    request_id: String,
) -> SubmitOfferRequest {
    let needed: Date = referral.needed_from.parse().unwrap_or(today);
    SubmitOfferRequest {
        parent: referral.name.clone(),
        referral_version: referral.version,
        place: place.name.clone(),
        establishment: place.establishment.clone(),
        provision: referral.provisions.first().cloned().unwrap_or_default(),
        start: needed.max(days_after(today, 1)).to_string(),
        lines: vec![PriceLine {
            kind: "CORE".to_owned(),
            weekly_pence: quote.core_pence,
            until: String::new(),
        }],
        route: Some(Route { route: Some(quote.route) }),
        valid_until: days_after(today, 5).to_string(),
        request_id,
        ..Default::default()
    }
}
