//! Methods by which a provider keeps its places, and by which others look at them.

use super::Answer;
use super::fields::{NEEDS_MAX, age, own_provider, sexes};
use crate::render::Viewer;
use crate::{Vacancies, render};
use api::vacancies as proto;
use care::market::{
    FreshnessLevel, MarketEvent, Mix, Place, ReservationTerms, Sexes, Vacancy, VacancyAdvertised,
};
use care::{Date, EstablishmentUrn, Nights, PlaceId, ProviderId, Timestamp, code_sets, london_date};
use service_kit::page::page_of;
use service_kit::{Caller, Fields, Role, run_command};
use std::collections::BTreeSet;
use tonic::{Request, Response};
use vacancies_domain::Command;

/// Characters of a vacancy's note.
const NOTE_CHARS_MAX: usize = 500;
/// Nights of a calendar.
const CALENDAR_NIGHTS_MAX: i64 = 400;
/// More children than live in any one home.
const RESIDENTS_MAX: i64 = 200;

impl Vacancies {
    pub(super) async fn open_more(
        &self,
        request: Request<proto::OpenPlacesRequest>,
    ) -> Answer<proto::OpenPlacesResponse> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let provider = own_provider(&mut fields, &caller, "provider", &form.provider)?;
        let urn: Option<EstablishmentUrn> =
            fields.resource("establishment", &form.establishment, "establishments");
        let count = fields.number("count", form.count, 1..=Command::OPEN_PLACES_MAX.into());
        let household = match form.household.as_str() {
            "" => Some(None),
            name => fields.resource("household", name, "households").map(Some),
        };
        let (provider, urn, count, household) =
            fields.finish(|| Some((provider?, urn?, count?, household?)))?;
        self.require_establishment(&provider, &urn)?;
        let at = caller.at;
        let command = Command::OpenPlaces { urn, count, household, at };
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, events| {
            let opened = events.iter().filter_map(|event| match event {
                MarketEvent::PlaceOpened(opened) => Some(&opened.place),
                _ => None,
            });
            let places = opened.map(|place| render::place(market, place, &Viewer::Provider, at)).collect();
            proto::OpenPlacesResponse { places }
        })
        .await
    }

    pub(super) async fn close(&self, request: Request<proto::ClosePlaceRequest>) -> Answer<proto::Place> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let place = self.own_place(&caller, &form.provider, &form.place)?;
        let command = Command::ClosePlace { place: place.clone(), at: caller.at };
        self.change_place(&caller, &form, &form.request_id, place, command).await
    }

    pub(super) async fn advertise(
        &self,
        request: Request<proto::AdvertiseVacancyRequest>,
    ) -> Answer<proto::Place> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let provider = own_provider(&mut fields, &caller, "provider", &form.provider)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let vacancy = form.vacancy.clone().unwrap_or_default();
        let vacancy = advertised(&mut fields, place, &vacancy, caller.at);
        let (provider, vacancy) = fields.finish(|| Some((provider?, vacancy?)))?;
        self.require_place(&provider, &vacancy.place)?;
        let place = vacancy.place.clone();
        let command = Command::AdvertiseVacancy(vacancy);
        self.change_place(&caller, &form, &form.request_id, place, command).await
    }

    pub(super) async fn withdraw(
        &self,
        request: Request<proto::WithdrawVacancyRequest>,
    ) -> Answer<proto::Place> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let place = self.own_place(&caller, &form.provider, &form.place)?;
        let command = Command::WithdrawVacancy { place: place.clone(), at: caller.at };
        self.change_place(&caller, &form, &form.request_id, place, command).await
    }

    pub(super) async fn confirm(
        &self,
        request: Request<proto::ConfirmVacancyRequest>,
    ) -> Answer<proto::Place> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let place = self.own_place(&caller, &form.provider, &form.place)?;
        let command = Command::ConfirmVacancy { place: place.clone(), at: caller.at };
        self.change_place(&caller, &form, &form.request_id, place, command).await
    }

    fn own_place(&self, caller: &Caller, provider: &str, place: &str) -> Result<PlaceId, tonic::Status> {
        let mut fields = Fields::new();
        let provider = own_provider(&mut fields, caller, "provider", provider)?;
        let place = fields.resource("place", place, "places");
        let (provider, place): (ProviderId, PlaceId) = fields.finish(|| provider.zip(place))?;
        self.require_place(&provider, &place)?;
        Ok(place)
    }

    pub(super) async fn change_place<Req>(
        &self,
        caller: &Caller,
        form: &Req,
        request_id: &str,
        place: PlaceId,
        command: Command,
    ) -> Answer<proto::Place>
    where
        Req: prost::Message + prost::Name,
    {
        let (viewer, at) = (Viewer::of(&caller.role, &self.region), caller.at);
        run_command(&self.market, caller, form, request_id, command, move |market, _| {
            render::place(market, &place, &viewer, at)
        })
        .await
    }

    pub(super) fn place(&self, request: &Request<proto::GetPlaceRequest>) -> Answer<proto::Place> {
        let caller = Caller::of(request)?;
        let mut fields = Fields::new();
        let place: Option<PlaceId> = fields.resource("name", &request.get_ref().name, "places");
        let place = fields.finish(|| place)?;
        self.require_view(&caller, &place)?;
        let viewer = Viewer::of(&caller.role, &self.region);
        Ok(Response::new(self.market.read(|market| render::place(market, &place, &viewer, caller.at))))
    }

    pub(super) fn calendar(
        &self,
        request: &Request<proto::GetPlaceCalendarRequest>,
    ) -> Answer<proto::PlaceCalendar> {
        let caller = Caller::of(request)?;
        let (form, today) = (request.get_ref(), london_date(caller.at));
        let mut fields = Fields::new();
        let place: Option<PlaceId> = fields.resource("name", &form.name, "places");
        let from = fields.date_optional("from", &form.from).map(|from| from.unwrap_or(today));
        let to = fields.date("to", &form.to);
        if let Some(from) = from {
            // What a place was advertised for on past nights, the log says and the market does not keep.
            if from < today {
                fields.violation("from", format!("{from} has passed: give {today} or later"));
            }
            let nights = to.map_or(1, |to| Nights::from_on(from, Some(to)).count());
            if !(1..=CALENDAR_NIGHTS_MAX).contains(&nights) {
                fields.violation("to", format!("must be 1 to {CALENDAR_NIGHTS_MAX} days after {from}"));
            }
        }
        let (place, nights) = fields.finish(|| Some((place?, Nights::from_on(from?, Some(to?)))))?;
        self.require_view(&caller, &place)?;
        let viewer = Viewer::of(&caller.role, &self.region);
        let calendar =
            self.market.read(|market| render::calendar(market, &place, nights, &viewer, caller.at));
        Ok(Response::new(calendar))
    }

    pub(super) fn place_page(
        &self,
        request: &Request<proto::ListPlacesRequest>,
    ) -> Answer<proto::ListPlacesResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let provider = match &caller.role {
            Role::FrameworkLead(_) => fields.provider("parent", &form.parent),
            Role::Council(_) | Role::Provider(_) | Role::Service(_) => {
                own_provider(&mut fields, &caller, "parent", &form.parent)?
            }
        };
        let urn = match form.establishment.as_str() {
            "" => Some(None),
            name => fields.resource("establishment", name, "establishments").map(Some),
        };
        let (provider, urn): (ProviderId, Option<EstablishmentUrn>) =
            fields.finish(|| Some((provider?, urn?)))?;
        let viewer = Viewer::of(&caller.role, &self.region);
        let viewer = &viewer;
        let (places, next_page_token) = self.market.read(|market| {
            page_of(form, |after: Option<String>| {
                let own = market.provider(&provider).map(|it| &it.establishments);
                // The place ids of different establishments interleave, so they are put in order first.
                let mut ids: Vec<&PlaceId> = own
                    .into_iter()
                    .flatten()
                    .filter(|it| urn.as_ref().is_none_or(|urn| urn == *it))
                    .filter_map(|it| market.establishment(it))
                    .flat_map(|it| &it.places)
                    .filter(|id| after.as_deref().is_none_or(|after| id.as_str() > after))
                    .filter(|id| !form.to_confirm || market.place(id).is_some_and(|it| waits(it, caller.at)))
                    .collect();
                ids.sort_unstable();
                ids.into_iter().map(|id| (id.to_string(), render::place(market, id, viewer, caller.at)))
            })
        })?;
        Ok(Response::new(proto::ListPlacesResponse { places, next_page_token }))
    }
}

/// Whether a place waits for its provider's word, recorded as asked about or not.
fn waits(place: &Place, at: Timestamp) -> bool {
    let stale = |it: &Vacancy| it.freshness(at).level == FreshnessLevel::Stale;
    let ahead = Nights::from_on(london_date(at), None);
    let taken = place.claims_on(ahead, at).next().is_some() || place.reservations_on(ahead).next().is_some();
    place.vacancy.as_ref().is_some_and(stale) && !taken
}

pub(super) fn advertised(
    fields: &mut Fields,
    place: Option<PlaceId>,
    vacancy: &proto::Vacancy,
    at: Timestamp,
) -> Option<VacancyAdvertised> {
    let available_from = fields.date("vacancy.available_from", &vacancy.available_from);
    let today = london_date(at);
    let needs = needs_of(fields, "vacancy.needs", &vacancy.needs, today);
    let exclusions = needs_of(fields, "vacancy.exclusions", &vacancy.exclusions, today);
    let mix = match &vacancy.mix {
        Some(stated) => mix(fields, stated, today).map(Some),
        None => Some(None),
    };
    let reservation = match &vacancy.reservation {
        Some(terms) => reservation(fields, terms).map(Some),
        None => Some(None),
    };
    let sexes = sexes(fields, "vacancy.sexes", vacancy.sexes);
    let age_from = age(fields, "vacancy.age_from", vacancy.age_from);
    let age_to = age(fields, "vacancy.age_to", vacancy.age_to);
    if let (Some(from), Some(to)) = (age_from, age_to)
        && to < from
    {
        fields.violation("vacancy.age_to", format!("{to} is below age_from, which is {from}"));
    }
    let note = fields.text_optional("vacancy.note", &vacancy.note, NOTE_CHARS_MAX);
    Some(VacancyAdvertised {
        place: place?,
        available_from: available_from?,
        needs: needs?,
        sexes: sexes?.unwrap_or(Sexes::Any),
        age_from: age_from?,
        age_to: age_to?,
        note: note?,
        exclusions: exclusions?,
        mix: mix?,
        reservation: reservation?,
        at,
    })
}

fn reservation(fields: &mut Fields, terms: &proto::ReservationTerms) -> Option<ReservationTerms> {
    let weekly = fields.pence("vacancy.reservation.weekly_pence", terms.weekly_pence);
    let range = 1..=Command::RESERVATION_NIGHTS_MAX.into();
    let nights_max = fields.number("vacancy.reservation.nights_max", terms.nights_max, range);
    Some(ReservationTerms { weekly: weekly?, nights_max: nights_max? })
}

fn needs_of(fields: &mut Fields, field: &str, codes: &[String], today: Date) -> Option<BTreeSet<String>> {
    let few = fields.at_most(field, codes.len(), NEEDS_MAX);
    let needs = fields.codes(field, code_sets::NEED, codes, today);
    few?;
    Some(needs?.into_iter().collect())
}

/// Who lives in a home. Whether it holds together is the domain's to say.
fn mix(fields: &mut Fields, stated: &proto::Mix, today: Date) -> Option<Mix> {
    let children = fields.number("vacancy.mix.children", stated.children, 0..=RESIDENTS_MAX);
    let age_from = age(fields, "vacancy.mix.age_from", stated.age_from);
    let age_to = age(fields, "vacancy.mix.age_to", stated.age_to);
    let needs = needs_of(fields, "vacancy.mix.needs", &stated.needs, today);
    Some(Mix { children: children?, age_from: age_from?, age_to: age_to?, needs: needs? })
}
