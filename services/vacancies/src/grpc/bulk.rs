//! The method by which a portal says of many places at once how they stand. Each item is answered for itself, and what is accepted is one
//! append: a portal that asks again after an outage with the same request id is answered alike.

use super::Answer;
use super::fields::{own_provider, unknown};
use super::places::advertised;
use crate::Vacancies;
use api::vacancies as proto;
use care::market::{Market, MarketEvent};
use care::{PlaceId, ProviderId, Refusal, Timestamp, Violation};
use proto::{VacancyAction, VacancyOutcome, VacancyResult};
use service_kit::{Caller, Fields, place_name, run_command};
use std::collections::{BTreeMap, BTreeSet};
use tonic::Request;
use vacancies_domain::{Command, Rejection, VacancyChange, refusal_of};

/// What is told of one item's fields at most, so that the answer to many fits.
const VIOLATIONS_MAX: usize = 5;

/// An item as far as it could be read.
enum Item {
    /// Asked of the market.
    Asked(VacancyChange),
    /// The provider has no such place.
    NotOwn(PlaceId),
    /// Something is wrong with its fields.
    Wrong(Option<PlaceId>, Vec<Violation>),
}

impl Vacancies {
    pub(super) async fn upsert(
        &self,
        request: Request<proto::UpsertVacanciesRequest>,
    ) -> Answer<proto::UpsertVacanciesResponse> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let provider = own_provider(&mut fields, &caller, "provider", &form.provider)?;
        if form.items.is_empty() {
            fields.violation("items", "must be given");
        }
        let few = fields.at_most("items", form.items.len(), Command::UPSERT_ITEMS_MAX);
        let provider = fields.finish(|| few.and(provider))?;
        let at = caller.at;
        let mut named = BTreeSet::new();
        let items: Vec<Item> =
            form.items.iter().map(|item| self.read_item(&provider, item, &mut named, at)).collect();
        let asked = items.iter().filter_map(|item| match item {
            Item::Asked(change) => Some(change.clone()),
            Item::NotOwn(_) | Item::Wrong(..) => None,
        });
        let command = Command::UpsertVacancies { changes: asked.collect(), at };
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, events| {
            let became: BTreeMap<&PlaceId, VacancyOutcome> = events.iter().filter_map(outcome).collect();
            let results: Vec<_> = items.iter().map(|item| result(market, &became, item, at)).collect();
            let refused = results.iter().filter(|it| it.outcome() == VacancyOutcome::Refused).count();
            let refused_total = u32::try_from(refused).unwrap_or(u32::MAX);
            proto::UpsertVacanciesResponse { results, refused_total }
        })
        .await
    }

    fn read_item(
        &self,
        provider: &ProviderId,
        item: &proto::VacancyItem,
        named: &mut BTreeSet<PlaceId>,
        at: Timestamp,
    ) -> Item {
        let mut fields = Fields::new();
        let place: Option<PlaceId> = fields.resource("place", &item.place, "places");
        if place.as_ref().is_some_and(|place| !named.insert(place.clone())) {
            fields.violation("place", "is named by an item before: say one thing of each place");
        }
        let change = change(&mut fields, place.as_ref(), item, at);
        let violations = fields.into_violations();
        match change {
            Some(change) if violations.is_empty() => {
                let own = self.require_place(provider, change.place()).is_ok();
                if own { Item::Asked(change) } else { Item::NotOwn(change.place().clone()) }
            }
            _ => Item::Wrong(place, violations),
        }
    }
}

fn change(
    fields: &mut Fields,
    place: Option<&PlaceId>,
    item: &proto::VacancyItem,
    at: Timestamp,
) -> Option<VacancyChange> {
    let action = VacancyAction::try_from(item.action);
    if item.vacancy.is_some() && matches!(action, Ok(VacancyAction::Confirm | VacancyAction::Withdraw)) {
        fields.violation("vacancy", "goes with VACANCY_ACTION_ADVERTISE only");
    }
    match action {
        Ok(VacancyAction::Advertise) => {
            let vacancy = item.vacancy.clone().unwrap_or_default();
            advertised(fields, place.cloned(), &vacancy, at).map(VacancyChange::Advertise)
        }
        Ok(VacancyAction::Confirm) => place.cloned().map(VacancyChange::Confirm),
        Ok(VacancyAction::Withdraw) => place.cloned().map(VacancyChange::Withdraw),
        Ok(VacancyAction::Unspecified) => {
            fields.violation("action", "must be given");
            None
        }
        Err(_) => unknown(fields, "action", item.action),
    }
}

/// What an event says became of its place; nothing of a lease that ended on the way.
fn outcome(event: &MarketEvent) -> Option<(&PlaceId, VacancyOutcome)> {
    let outcome = match event {
        MarketEvent::VacancyAdvertised(_) => VacancyOutcome::Advertised,
        MarketEvent::VacancyConfirmed(_) => VacancyOutcome::Confirmed,
        MarketEvent::VacancyWithdrawn(_) => VacancyOutcome::Withdrawn,
        _ => return None,
    };
    Some((event.place()?, outcome))
}

/// The answer to an item. What was refused left its place as it is, so `market`, which is the market after all items, refuses it again.
fn result(
    market: &Market,
    became: &BTreeMap<&PlaceId, VacancyOutcome>,
    item: &Item,
    at: Timestamp,
) -> VacancyResult {
    match item {
        Item::Wrong(place, violations) => {
            let wrong: BTreeSet<&str> = violations.iter().map(|it| it.field.as_str()).collect();
            let wrong: Vec<&str> = wrong.into_iter().take(VIOLATIONS_MAX).collect();
            let message = format!("wrong in this item: {}", wrong.join(", "));
            let told = violations.iter().take(VIOLATIONS_MAX).cloned().collect();
            refused(place.as_ref(), "FIELD_INVALID", message, told)
        }
        Item::NotOwn(place) => rejected(place, &Rejection::PlaceUnknown(place.clone())),
        Item::Asked(change) => match (became.get(change.place()), refusal_of(market, change, at)) {
            (None, Some(rejection)) => rejected(change.place(), &rejection),
            (outcome, _) => VacancyResult {
                place: place_name(change.place()),
                outcome: outcome.copied().unwrap_or_default().into(),
                ..VacancyResult::default()
            },
        },
    }
}

fn rejected(place: &PlaceId, rejection: &Rejection) -> VacancyResult {
    refused(Some(place), rejection.reason(), rejection.to_string(), rejection.violations())
}

fn refused(
    place: Option<&PlaceId>,
    reason: &str,
    message: String,
    violations: Vec<Violation>,
) -> VacancyResult {
    let told = |it: Violation| proto::ItemViolation { field: it.field, description: it.description };
    VacancyResult {
        place: place.map(place_name).unwrap_or_default(),
        outcome: VacancyOutcome::Refused.into(),
        reason: reason.to_owned(),
        message,
        violations: violations.into_iter().map(told).collect(),
    }
}
