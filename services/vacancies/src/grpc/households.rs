//! Methods by which an agency keeps its carer households, and by which others look at them.

use super::Answer;
use super::fields::{age, own_provider, sexes};
use super::register::sector;
use crate::{Vacancies, render_supply};
use api::vacancies as proto;
use care::market::{HouseholdApproval, MarketEvent, Sexes};
use care::{CouncilId, EstablishmentUrn, HouseholdId, ProviderId};
use geography::authority_of;
use service_kit::page::page_of;
use service_kit::{Caller, Fields, Role, establishment_name, household_name, not_found, run_command};
use tonic::{Request, Response};
use vacancies_domain::{Command, HouseholdChanges, RegisterHousehold};

impl Vacancies {
    pub(super) async fn enter_household(
        &self,
        request: Request<proto::RegisterHouseholdRequest>,
    ) -> Answer<proto::Household> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let provider = own_provider(&mut fields, &caller, "provider", &form.provider)?;
        let urn = fields.resource("establishment", &form.establishment, "establishments");
        if form.approval.is_none() {
            fields.violation("approval", "must be given");
        }
        let stated = form.approval.as_ref().and_then(|it| approval(&mut fields, it));
        let lies = lies(&mut fields, &form.sector, &form.utla);
        let (provider, asked) = fields.finish(|| {
            let (sector, utla) = lies?;
            let (sector, utla) = (sector.unwrap_or_default(), utla.unwrap_or_default());
            let asked = RegisterHousehold { urn: urn?, approval: stated?, sector, utla, at: caller.at };
            Some((provider?, asked))
        })?;
        self.require_establishment(&provider, &asked.urn)?;
        let command = Command::RegisterHousehold(asked);
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, events| {
            let entered = events.iter().find_map(|event| match event {
                MarketEvent::HouseholdRegistered(entered) => Some(&entered.household),
                _ => None,
            });
            entered.map(|id| render_supply::household(market, id)).unwrap_or_default()
        })
        .await
    }

    pub(super) async fn change_household(
        &self,
        request: Request<proto::AmendHouseholdRequest>,
    ) -> Answer<proto::Household> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let provider = own_provider(&mut fields, &caller, "provider", &form.provider)?;
        let household = fields.resource("household", &form.household, "households");
        let revision =
            if form.etag.is_empty() { Some(None) } else { fields.parse("etag", &form.etag).map(Some) };
        let stated = match &form.approval {
            None => Some(None),
            Some(stated) => approval(&mut fields, stated).map(Some),
        };
        let lies = lies(&mut fields, &form.sector, &form.utla);
        let (provider, household, revision, changes) = fields.finish(|| {
            let (sector, utla) = lies?;
            let changes = HouseholdChanges { approval: stated?, sector, utla };
            Some((provider?, household?, revision?, changes))
        })?;
        let at = caller.at;
        let id: HouseholdId = household;
        let command = Command::AmendHousehold { household: id.clone(), changes, revision, at };
        self.at_household(&caller, (&form, &form.request_id), (provider, id), command).await
    }

    pub(super) async fn end_household(
        &self,
        request: Request<proto::CloseHouseholdRequest>,
    ) -> Answer<proto::Household> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let provider = own_provider(&mut fields, &caller, "provider", &form.provider)?;
        let household = fields.resource("household", &form.household, "households");
        let on = fields.date("on", &form.on);
        let (provider, household, on) = fields.finish(|| Some((provider?, household?, on?)))?;
        let id: HouseholdId = household;
        let command = Command::CloseHousehold { household: id.clone(), on, at: caller.at };
        self.at_household(&caller, (&form, &form.request_id), (provider, id), command).await
    }

    async fn at_household<Req>(
        &self,
        caller: &Caller,
        (form, request_id): (&Req, &str),
        (provider, id): (ProviderId, HouseholdId),
        command: Command,
    ) -> Answer<proto::Household>
    where
        Req: prost::Message + prost::Name,
    {
        self.require_household(&provider, &id)?;
        run_command(&self.market, caller, form, request_id, command, move |market, _| {
            render_supply::household(market, &id)
        })
        .await
    }

    pub(super) fn household(
        &self,
        request: &Request<proto::GetHouseholdRequest>,
    ) -> Answer<proto::Household> {
        let caller = Caller::of(request)?;
        let mut fields = Fields::new();
        let id: Option<HouseholdId> = fields.resource("name", &request.get_ref().name, "households");
        let id = fields.finish(|| id)?;
        let found = self.market.read(|market| {
            let household = market.household(&id)?;
            let provider = &market.establishment(&household.urn)?.provider;
            may_see(&caller, provider).then(|| render_supply::household(market, &id))
        });
        found.map(Response::new).ok_or_else(|| not_found("HOUSEHOLD_UNKNOWN", &household_name(&id)))
    }

    pub(super) fn household_page(
        &self,
        request: &Request<proto::ListHouseholdsRequest>,
    ) -> Answer<proto::ListHouseholdsResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let urn: Option<EstablishmentUrn> = fields.resource("parent", &form.parent, "establishments");
        let urn = fields.finish(|| urn)?;
        let page = self.market.read(|market| {
            let establishment = market.establishment(&urn).filter(|it| may_see(&caller, &it.provider))?;
            Some(page_of(form, |after: Option<String>| {
                let ids = establishment.households.iter();
                let later = ids.filter(move |id| after.as_deref().is_none_or(|after| id.as_str() > after));
                later.map(|id| (id.to_string(), render_supply::household(market, id)))
            }))
        });
        let unknown = || not_found("ESTABLISHMENT_UNKNOWN", &establishment_name(&urn));
        let (households, next_page_token) = page.ok_or_else(unknown)??;
        Ok(Response::new(proto::ListHouseholdsResponse { households, next_page_token }))
    }
}

/// Where carers live is nothing that one agency learns of another's.
fn may_see(caller: &Caller, provider: &ProviderId) -> bool {
    match &caller.role {
        Role::Council(_) | Role::FrameworkLead(_) => true,
        Role::Provider(own) => own == provider,
        Role::Service(_) => false,
    }
}

fn approval(fields: &mut Fields, it: &proto::HouseholdApproval) -> Option<HouseholdApproval> {
    let approved_on = fields.date("approval.approved_on", &it.approved_on);
    // How many there may be is the market's to say.
    let children = fields.number("approval.children", it.children, 0..=u8::MAX.into());
    let age_from = age(fields, "approval.age_from", it.age_from);
    let age_to = age(fields, "approval.age_to", it.age_to);
    let sexes = sexes(fields, "approval.sexes", it.sexes);
    Some(HouseholdApproval {
        approved_on: approved_on?,
        children: children?,
        exempt: it.exempt,
        age_from: age_from?,
        age_to: age_to?,
        sexes: sexes?.unwrap_or(Sexes::Any),
        sibling_groups: it.sibling_groups,
        short_breaks_only: it.short_breaks_only,
        siblings_only: it.siblings_only,
    })
}

/// The sector and the authority that a household lies in, those that are told. With a sector comes the authority that has most of it.
fn lies(fields: &mut Fields, sector: &str, utla: &str) -> Option<(Option<String>, Option<String>)> {
    let sector = match sector {
        "" => Some(None),
        text => self::sector(fields, text).map(Some),
    };
    let told: Option<Option<CouncilId>> = fields.parse_optional("utla", utla);
    let sector = sector?;
    let of_sector = sector.and_then(|sector| authority_of(sector).ok()).map(|it| it.gss.to_owned());
    let utla = told?.map(|utla| utla.to_string()).or(of_sector);
    Some((sector.map(|sector| sector.to_string()), utla))
}
