//! Methods by which the framework lead keeps the register, and by which anybody reads it.

use super::Answer;
use super::fields::{age, own_provider, sexes, status};
use crate::{Vacancies, render};
use api::vacancies as proto;
use care::market::{
    EstablishmentRegistered, PLACES_REGISTERED_MAX, ProviderRegistered, Registration,
    RestrictionNoticeLifted, RestrictionNoticeServed, Sexes, StatementOfPurpose, StatementOfPurposeSet,
};
use care::{CouncilId, EstablishmentUrn, ProviderId, code_sets, london_date};
use geography::{Sector, locate};
use service_kit::page::page_of;
use service_kit::{Caller, Fields, establishment_name, not_found, run_command};
use tonic::{Request, Response};
use vacancies_domain::{Command, RegistrationChanges};

/// Characters of a name that people read.
const NAME_CHARS_MAX: usize = 200;

impl Vacancies {
    pub(super) async fn enter_provider(
        &self,
        request: Request<proto::RegisterProviderRequest>,
    ) -> Answer<proto::Provider> {
        let caller = Caller::of(&request)?;
        caller.require_lead()?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let provider: Option<ProviderId> = fields.parse("provider_id", &form.provider_id);
        let name = fields.text("display_name", &form.display_name, NAME_CHARS_MAX);
        let at = caller.at;
        let entry = fields.finish(|| Some(ProviderRegistered { provider: provider?, name: name?, at }))?;
        let id = entry.provider.clone();
        let command = Command::RegisterProvider(entry);
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, _| {
            render::provider(market, &id)
        })
        .await
    }

    pub(super) async fn enter_establishment(
        &self,
        request: Request<proto::RegisterEstablishmentRequest>,
    ) -> Answer<proto::Establishment> {
        let caller = Caller::of(&request)?;
        caller.require_lead()?;
        let form = request.into_inner();
        let entry = entry(&caller, &form)?;
        let urn = entry.urn.clone();
        let command = Command::RegisterEstablishment(entry);
        self.change_establishment(&caller, &form, &form.request_id, urn, command).await
    }

    pub(super) async fn amend(
        &self,
        request: Request<proto::AmendEstablishmentRequest>,
    ) -> Answer<proto::Establishment> {
        let caller = Caller::of(&request)?;
        caller.require_lead()?;
        let form = request.into_inner();
        let today = london_date(caller.at);
        let mut fields = Fields::new();
        let urn: Option<EstablishmentUrn> = fields.resource("name", &form.name, "establishments");
        let revision =
            if form.etag.is_empty() { Some(None) } else { fields.parse("etag", &form.etag).map(Some) };
        let status = status(&mut fields, form.status);
        let sexes = sexes(&mut fields, "sexes", form.sexes);
        let changes = RegistrationChanges {
            status: status.flatten(),
            grade: form.grade.as_ref().and_then(|it| fields.code("grade", code_sets::GRADE, it, today)),
            age_from: form.age_from.and_then(|it| age(&mut fields, "age_from", it)),
            age_to: form.age_to.and_then(|it| age(&mut fields, "age_to", it)),
            sexes: sexes.flatten(),
            places_registered: form.places_registered.and_then(|it| places_registered(&mut fields, it)),
            sector: Some(form.sector.as_str())
                .filter(|it| !it.is_empty())
                .and_then(|it| sector(&mut fields, it))
                .map(|it| it.to_string()),
        };
        let (urn, revision) = fields.finish(|| Some((urn?, revision?)))?;
        let command = Command::AmendEstablishment { urn: urn.clone(), changes, revision, at: caller.at };
        self.change_establishment(&caller, &form, &form.request_id, urn, command).await
    }

    pub(super) async fn serve_notice(
        &self,
        request: Request<proto::ServeRestrictionNoticeRequest>,
    ) -> Answer<proto::Establishment> {
        let caller = Caller::of(&request)?;
        caller.require_lead()?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let urn = fields.resource("name", &form.name, "establishments");
        let on = fields.date("on", &form.on);
        let at = caller.at;
        let notice = fields.finish(|| Some(RestrictionNoticeServed { urn: urn?, on: on?, at }))?;
        let urn = notice.urn.clone();
        let command = Command::ServeRestrictionNotice(notice);
        self.change_establishment(&caller, &form, &form.request_id, urn, command).await
    }

    pub(super) async fn lift_notice(
        &self,
        request: Request<proto::LiftRestrictionNoticeRequest>,
    ) -> Answer<proto::Establishment> {
        let caller = Caller::of(&request)?;
        caller.require_lead()?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let urn = fields.resource("name", &form.name, "establishments");
        let on = fields.date("on", &form.on);
        let at = caller.at;
        let notice = fields.finish(|| Some(RestrictionNoticeLifted { urn: urn?, on: on?, at }))?;
        let urn = notice.urn.clone();
        let command = Command::LiftRestrictionNotice(notice);
        self.change_establishment(&caller, &form, &form.request_id, urn, command).await
    }

    pub(super) async fn state_purpose(
        &self,
        request: Request<proto::SetStatementOfPurposeRequest>,
    ) -> Answer<proto::Establishment> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let provider = own_provider(&mut fields, &caller, "provider", &form.provider)?;
        let urn = fields.resource("establishment", &form.establishment, "establishments");
        let on = fields.date("on", &form.on);
        let text = fields.text("text", &form.text, StatementOfPurpose::CHARS_MAX);
        let at = caller.at;
        let (provider, stated) = fields.finish(|| {
            let stated = StatementOfPurposeSet { urn: urn?, on: on?, text: text?, at };
            Some((provider?, stated))
        })?;
        self.require_establishment(&provider, &stated.urn)?;
        let urn = stated.urn.clone();
        let command = Command::SetStatementOfPurpose(stated);
        self.change_establishment(&caller, &form, &form.request_id, urn, command).await
    }

    async fn change_establishment<Req>(
        &self,
        caller: &Caller,
        form: &Req,
        request_id: &str,
        urn: EstablishmentUrn,
        command: Command,
    ) -> Answer<proto::Establishment>
    where
        Req: prost::Message + prost::Name,
    {
        let at = caller.at;
        run_command(&self.market, caller, form, request_id, command, move |market, _| {
            render::establishment(market, &urn, at)
        })
        .await
    }

    pub(super) fn establishment(
        &self,
        request: &Request<proto::GetEstablishmentRequest>,
    ) -> Answer<proto::Establishment> {
        let caller = Caller::of(request)?;
        let mut fields = Fields::new();
        let urn: Option<EstablishmentUrn> =
            fields.resource("name", &request.get_ref().name, "establishments");
        let urn = fields.finish(|| urn)?;
        let found = self.market.read(|market| {
            market.establishment(&urn).map(|_| render::establishment(market, &urn, caller.at))
        });
        let unknown = || not_found("ESTABLISHMENT_UNKNOWN", &establishment_name(&urn));
        found.map(Response::new).ok_or_else(unknown)
    }

    pub(super) fn establishment_page(
        &self,
        request: &Request<proto::ListEstablishmentsRequest>,
    ) -> Answer<proto::ListEstablishmentsResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let provider = match form.parent.as_str() {
            "providers/-" => Some(None),
            parent => fields.provider("parent", parent).map(Some),
        };
        let provider = fields.finish(|| provider)?;
        let (establishments, next_page_token) = self.market.read(|market| {
            page_of(form, |after: Option<String>| {
                market
                    .establishments()
                    .filter(|(_, it)| provider.as_ref().is_none_or(|provider| it.provider == *provider))
                    .filter(move |(urn, _)| after.as_deref().is_none_or(|after| urn.as_str() > after))
                    .map(|(urn, _)| (urn.to_string(), render::establishment_listed(market, urn, caller.at)))
            })
        })?;
        Ok(Response::new(proto::ListEstablishmentsResponse { establishments, next_page_token }))
    }
}

fn entry(
    caller: &Caller,
    form: &proto::RegisterEstablishmentRequest,
) -> Result<EstablishmentRegistered, tonic::Status> {
    let mut fields = Fields::new();
    let entry = read_entry(&mut fields, caller, form, Located::Always);
    fields.finish(|| entry)
}

/// Whether an establishment is entered without the sector that it lies in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Located {
    Always,
    IfKnown,
}

/// An establishment as it is entered, by hand or from the regulator's register.
pub(super) fn read_entry(
    fields: &mut Fields,
    caller: &Caller,
    form: &proto::RegisterEstablishmentRequest,
    located: Located,
) -> Option<EstablishmentRegistered> {
    let today = london_date(caller.at);
    let urn = fields.parse("urn", &form.urn);
    let provider = fields.provider("provider", &form.provider);
    let provision = fields.code("provision", code_sets::PROVISION, &form.provision, today);
    let place_code = fields.code("place_code", code_sets::PLACE, &form.place_code, today);
    let utla: Option<CouncilId> = fields.parse("utla", &form.utla);
    let sector = match form.sector.as_str() {
        "" if located == Located::IfKnown => Some(String::new()),
        text => sector(fields, text).map(|it| it.to_string()),
    };
    let operated_by = match form.operated_by.as_str() {
        "" => Some(None),
        name => fields.council("operated_by", name).map(Some),
    };
    let registered_on = fields.date("registered_on", &form.registered_on);
    let status = status(fields, form.status);
    if status == Some(None) {
        fields.violation("status", "must be given");
    }
    let grade = fields.code("grade", code_sets::GRADE, &form.grade, today);
    let age_from = age(fields, "age_from", form.age_from);
    let age_to = age(fields, "age_to", form.age_to);
    let sexes = sexes(fields, "sexes", form.sexes);
    let places_registered = places_registered(fields, form.places_registered);
    Some(EstablishmentRegistered {
        urn: urn?,
        provider: provider?,
        provision: provision?,
        place_code: place_code?,
        utla: utla?.to_string(),
        sector: sector?,
        operated_by: operated_by?,
        registered_on: registered_on?,
        registration: Registration {
            status: status??,
            grade: grade?,
            age_from: age_from?,
            age_to: age_to?,
            sexes: sexes?.unwrap_or(Sexes::Any),
            places_registered: places_registered?,
        },
        at: caller.at,
    })
}

fn places_registered(fields: &mut Fields, places: u32) -> Option<u16> {
    fields.number("places_registered", places, 0..=PLACES_REGISTERED_MAX.into())
}

/// A sector that exists: a home that lies nowhere would be left out of every search by distance.
pub(super) fn sector(fields: &mut Fields, text: &str) -> Option<Sector> {
    let sector: Sector = fields.parse("sector", text)?;
    fields.check("sector", locate(sector)).map(|_| sector)
}
