//! What passes between a council and providers before an award: searches, releases, offers and declines.

use super::cascade::settle;
use super::post::check_codes;
use super::shortlist::ended;
use super::{Decision, must_be_open, referral, released_referral};
use crate::assurance::{check_impact, check_mitigations};
use crate::commands::{DeclineReferral, RecordSearch, SubmitOffer, WithdrawOffer};
use crate::events::{
    OfferSubmitted, OfferTerms, OfferWithdrawn, ReferralDeclined, ReferralEvent, SearchRecorded, ShortlistEnd,
};
use crate::rejection::Rejection;
use crate::requirements::Found;
use crate::state::{Answer, Offer, Outcome, Referral, Standing, State};
use care::published::Route;
use care::{Date, Pence, ProviderId, Violation, code_sets, last_day_ahead, london_date};

/// How many offers a referral can get: some for each provider of a busy market.
const OFFERS_MAX: usize = 500;
/// How many places a search keeps as evidence.
const TOP_MAX: usize = 20;

pub(super) fn record_search(state: &State, command: &RecordSearch) -> Decision {
    let referral = referral(state, command.referral)?;
    must_be_open(referral)?;
    // What was judged is not what would be recorded.
    if command.referral_version != referral.version {
        let (expected, current) = (command.referral_version, referral.version);
        return Err(Rejection::VersionChanged { expected, current });
    }
    let event = SearchRecorded {
        council: referral.council,
        referral: referral.id,
        referral_version: referral.version,
        max_distance_miles: command.max_distance_miles,
        market_position: command.market_position,
        candidates: command.candidates,
        excluded: command.excluded.clone(),
        top: command.top.iter().take(TOP_MAX).cloned().collect(),
        digest: Some(command.digest.clone()),
        rules: Some(command.rules.clone()),
        at: command.at,
    };
    Ok(vec![event.into()])
}

pub(super) fn submit_offer(state: &State, command: &SubmitOffer) -> Decision {
    let referral = released_referral(state, command.referral, &command.provider)?;
    if state.offers.contains_key(&command.offer) {
        return Err(Rejection::OfferExists(command.offer));
    }
    must_be_open(referral)?;
    let today = london_date(command.at);
    let violations = offer_violations(&command.terms, referral, today);
    if !violations.is_empty() {
        return Err(Rejection::FieldInvalid(violations));
    }
    let (start, latest) = (command.terms.start, last_day_ahead(today));
    if start > latest {
        return Err(Rejection::StartTooFar { start, latest });
    }
    let answered = command.referral_version.unwrap_or(referral.version);
    if answered != referral.version {
        return Err(Rejection::VersionChanged { expected: answered, current: referral.version });
    }
    if command.terms.route == Route::InHouse && !command.own_establishment {
        return Err(Rejection::InHouseNotOwn(command.terms.urn.clone()));
    }
    let same = |it: &&Offer| {
        (&it.provider, &it.terms.place) == (&command.provider, &command.terms.place)
            && it.stands(referral, command.at)
    };
    // A place is offered once at a time: what is offered of it anew takes the place of what was, and the provider stays on the shortlist.
    let replaced = referral.offers.iter().filter_map(|id| state.offers.get(id)).find(same);
    if referral.offers.len() >= OFFERS_MAX {
        return Err(Rejection::LimitReached { referral: referral.id, what: "offers", most: OFFERS_MAX });
    }
    let replaced = replaced.map(|offer| {
        ReferralEvent::from(OfferWithdrawn {
            council: offer.council,
            offer: offer.id,
            referral: offer.referral,
            provider: offer.provider.clone(),
            at: command.at,
        })
    });
    let event = OfferSubmitted {
        council: referral.council,
        offer: command.offer,
        referral: referral.id,
        referral_version: answered,
        provider: command.provider.clone(),
        terms: command.terms.clone(),
        own_establishment: command.own_establishment,
        at: command.at,
    };
    Ok(replaced.into_iter().chain([event.into()]).collect())
}

/// Everything that is wrong with an offer of this referral made on `today`.
fn offer_violations(terms: &OfferTerms, referral: &Referral, today: Date) -> Vec<Violation> {
    let mut found = Found { year: code_sets::collection_year(today), list: Vec::new() };
    found.unless(
        referral.requirements.provisions.contains(&terms.provision),
        "provision",
        &format!("the referral seeks {}", referral.requirements.provisions.join(", ")),
    );
    found.unless(terms.start >= today, "start", "the first night lies in the past");
    found.unless(terms.valid_until >= today, "valid_until", "the offer's last day lies in the past");
    let latest = last_day_ahead(today);
    found.unless(
        terms.valid_until <= latest,
        "valid_until",
        &format!(
            "an offer is made until {latest} at the latest: the step that it was asked under waits for it"
        ),
    );
    let kinds: Vec<String> = terms.lines.iter().map(|line| line.kind.clone()).collect();
    found.codes("lines.kind", code_sets::PRICE_LINE, &kinds);
    found.unless(
        terms.lines.first().is_some_and(|line| line.kind == "CORE"),
        "lines",
        "the first line must be the CORE fee",
    );
    found.unless(
        terms.lines.iter().all(|line| Pence::from_input(line.weekly.0).is_ok()),
        "lines.weekly_pence",
        &format!("expected 0 to {} pence a week", Pence::MAX_INPUT.0),
    );
    for trouble in terms.lines.iter().filter_map(|line| line.end_trouble(terms.start)) {
        found.unless(false, "lines.until", &trouble);
    }
    check_mitigations(&mut found, &terms.mitigations, referral);
    if let Some(impact) = &terms.impact {
        check_impact(&mut found, impact, referral, today);
    }
    found.list
}

pub(super) fn withdraw_offer(state: &State, command: &WithdrawOffer) -> Decision {
    let offer = state
        .offers
        .get(&command.offer)
        .filter(|offer| offer.provider == command.provider && offer.referral == command.referral)
        .ok_or(Rejection::OfferUnknown(command.offer))?;
    let referral = referral(state, offer.referral)?;
    if offer.withdrawn {
        return Ok(Vec::new());
    }
    let standing = |award: &crate::state::Award| {
        award.proposed.terms.offer == offer.id
            && !matches!(award.outcome, Outcome::Failed { .. } | Outcome::Lapsed { .. })
    };
    if referral.awards.iter().filter_map(|id| state.awards.get(id)).any(standing) {
        return Err(Rejection::OfferTaken(offer.id));
    }
    let event = OfferWithdrawn {
        council: offer.council,
        offer: offer.id,
        referral: offer.referral,
        provider: offer.provider.clone(),
        at: command.at,
    };
    let others = || {
        let offers = referral.offers.iter().filter_map(|id| state.offers.get(id));
        offers.filter(|it| it.id != offer.id && it.provider == offer.provider)
    };
    let still_offers = others().any(|it| it.live(command.at));
    let mut events: Vec<ReferralEvent> = vec![event.into()];
    if !still_offers {
        events.extend(ended(referral, &offer.provider, ShortlistEnd::OfferWithdrawn, command.at));
    }
    // Who was asked again since may still answer that.
    let answered = referral.releases.get(&offer.provider).is_some_and(|it| it.answer == Answer::Offered);
    if answered && !others().any(|it| it.stands(referral, command.at)) {
        events.extend(settle(state, referral, command.at, now(&offer.provider, Standing::Gone)));
    }
    Ok(events)
}

pub(super) fn decline(state: &State, command: &DeclineReferral) -> Decision {
    let referral = released_referral(state, command.referral, &command.provider)?;
    check_codes(command.at, &[("reason", code_sets::DECLINE, &command.reason)])?;
    must_be_open(referral)?;
    if state.has_live_offer(referral, &command.provider, command.at) {
        return Err(Rejection::OfferStillLive(referral.id));
    }
    let declined = Answer::Declined { reason: command.reason.clone(), referral_version: referral.version };
    if referral.releases.get(&command.provider).is_some_and(|release| release.answer == declined) {
        return Ok(Vec::new());
    }
    let event = ReferralDeclined {
        council: referral.council,
        referral: referral.id,
        referral_version: referral.version,
        provider: command.provider.clone(),
        reason: command.reason.clone(),
        at: command.at,
    };
    let ended = ended(referral, &command.provider, ShortlistEnd::Declined, command.at);
    let settled = settle(state, referral, command.at, now(&command.provider, Standing::Declined));
    Ok([event.into()].into_iter().chain(ended).chain(settled).collect())
}

/// What one provider's invitation is about to become.
fn now(who: &ProviderId, standing: Standing) -> impl Fn(&ProviderId) -> Option<Standing> {
    move |provider| (provider == who).then_some(standing)
}
