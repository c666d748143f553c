//! Methods by which a lead changes its framework.

use super::Answer;
use super::fields::{NAME_CHARS_MAX, REASON_CHARS_MAX, by_level, etag, gate, own_framework, weights};
use super::prices;
use crate::{Contracts, render};
use api::contracts as proto;
use care::{Date, FrameworkId, LotId, code_sets, london_date};
use contracts_domain::frameworks::{
    Change, Lot, NewFramework, Onlooker, PriceSchedule, Regime, SuspensionScope,
};
use contracts_domain::{FrameworkCommand, FrameworkEvent, Frameworks};
use prost::{Message, Name};
use service_kit::{Caller, Fields, Role, run_command};
use std::collections::BTreeMap;
use tonic::{Request, Status};

/// The oldest age that a lot can name, in years: care leavers are looked after up to 25.
const AGE_YEARS_MAX: i64 = 25;

/// The parts that every change has.
pub(super) struct Subject {
    pub(super) framework: Option<FrameworkId>,
    pub(super) expected_version: Option<Option<u32>>,
}

impl Subject {
    pub(super) fn read(
        fields: &mut Fields,
        caller: &Caller,
        named: (&str, &str),
        tag: &str,
    ) -> Result<Self, Status> {
        let framework = own_framework(fields, caller, named.0, named.1)?;
        Ok(Self { framework, expected_version: etag(fields, tag) })
    }

    /// The command, if the fields gave a change.
    pub(super) fn command(
        self,
        fields: Fields,
        change: impl FnOnce() -> Option<Change>,
    ) -> Result<FrameworkCommand, Status> {
        fields.finish(|| {
            Some(FrameworkCommand {
                framework: self.framework?,
                expected_version: self.expected_version?,
                change: change()?,
            })
        })
    }
}

impl Contracts {
    pub(super) async fn create(
        &self,
        request: Request<proto::CreateFrameworkRequest>,
    ) -> Answer<proto::Framework> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("name", &form.name), "")?;
        let name = fields.text("display_name", &form.display_name, NAME_CHARS_MAX);
        let lead = fields.council("lead_council", &form.lead_council);
        let regime = regime(&mut fields, form.regime);
        let starts = fields.date("starts", &form.starts);
        let ends = fields.date("ends", &form.ends);
        let floor = gate(&mut fields, "grade_floor", form.grade_floor.as_ref(), london_date(caller.at));
        let procurement =
            fields.beneath("procurement", |fields| prices::procurement(fields, form.procurement.as_ref()));
        let command = subject.command(fields, || {
            Some(Change::Create(NewFramework {
                name: name?,
                lead: lead?,
                regime: regime?,
                starts: starts?,
                ends: ends?,
                grade_floor: floor?,
                procurement: procurement?,
            }))
        })?;
        self.change_framework(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn member_joins(
        &self,
        request: Request<proto::AddMemberRequest>,
    ) -> Answer<proto::Framework> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("name", &form.name), &form.etag)?;
        let council = fields.council("council", &form.council);
        let from = fields.date("from", &form.from);
        let command =
            subject.command(fields, || Some(Change::AddMember { council: council?, from: from? }))?;
        self.change_framework(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn member_leaves(
        &self,
        request: Request<proto::RemoveMemberRequest>,
    ) -> Answer<proto::Framework> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("name", &form.name), &form.etag)?;
        let council = fields.council("council", &form.council);
        let on = fields.date("on", &form.on);
        let command =
            subject.command(fields, || Some(Change::RemoveMember { council: council?, on: on? }))?;
        self.change_framework(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn lot(&self, request: Request<proto::AddLotRequest>) -> Answer<proto::Framework> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("parent", &form.parent), &form.etag)?;
        let given = form.lot.clone().unwrap_or_default();
        let lot: Option<LotId> = fields.parse("lot.lot", &given.lot);
        let terms = lot_terms(&mut fields, &given, london_date(caller.at));
        let command = subject.command(fields, || Some(Change::AddLot { lot: lot?, terms: terms? }))?;
        self.change_framework(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn admit(
        &self,
        request: Request<proto::AdmitProviderRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("parent", &form.parent), &form.etag)?;
        let lot = fields.parse("lot", &form.lot);
        let provider = fields.provider("provider", &form.provider);
        let from = fields.date("from", &form.from);
        let until = fields.date_optional("until", &form.until);
        let plain = form.prices.iter().map(|price| (price.level.as_str(), price.core_weekly_pence));
        let plain = if form.prices.is_empty() && !form.keyed_prices.is_empty() {
            Some(BTreeMap::new())
        } else {
            by_level(&mut fields, "prices", "core_weekly_pence", plain)
        };
        let ages = subject.framework.as_ref().zip(lot.as_ref()).map_or(prices::EVERY_AGE, |(id, lot)| {
            self.frameworks.read(|state| prices::ages_of(state, id, lot))
        });
        let rows = prices::keyed(&mut fields, "keyed_prices", &form.keyed_prices, ages);
        let branches = prices::establishments(&mut fields, "establishments", &form.establishments);
        let command = subject.command(fields, || {
            let schedule = PriceSchedule {
                from: from?,
                until: until?,
                prices: plain?,
                rows: rows?,
                branches: branches?,
            };
            Some(Change::AdmitProvider { lot: lot?, provider: provider?, schedule })
        })?;
        self.change_provider(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn suspend(
        &self,
        request: Request<proto::SuspendProviderRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("parent", &form.parent), &form.etag)?;
        let provider = fields.provider("provider", &form.provider);
        let urns = prices::scope(&mut fields, &form.establishment, &form.establishments);
        let reason = fields.text("reason", &form.reason, REASON_CHARS_MAX);
        let from = fields.date("from", &form.from);
        let command = subject.command(fields, || {
            let scope = SuspensionScope { urns: urns?, council: None };
            Some(Change::SuspendProvider { provider: provider?, scope, reason: reason?, from: from? })
        })?;
        self.change_provider(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn lift(
        &self,
        request: Request<proto::LiftSuspensionRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("parent", &form.parent), &form.etag)?;
        let provider = fields.provider("provider", &form.provider);
        let urns = prices::scope(&mut fields, &form.establishment, &form.establishments);
        let on = fields.date("on", &form.on);
        let command = subject.command(fields, || {
            let scope = SuspensionScope { urns: urns?, council: None };
            Some(Change::LiftSuspension { provider: provider?, scope, on: on? })
        })?;
        self.change_provider(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn weigh(
        &self,
        request: Request<proto::SetEvaluationWeightsRequest>,
    ) -> Answer<proto::Framework> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("name", &form.name), &form.etag)?;
        let (from, today) = (fields.date("from", &form.from), london_date(caller.at));
        let weights = weights(&mut fields, &form.weights, today);
        let command = subject.command(fields, || {
            Some(Change::SetEvaluationWeights { from: from?, weights: weights?, today })
        })?;
        self.change_framework(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn change_framework<Req: Message + Name>(
        &self,
        caller: &Caller,
        request: &Req,
        request_id: &str,
        command: FrameworkCommand,
    ) -> Answer<proto::Framework> {
        let (id, today) = (command.framework.clone(), london_date(caller.at));
        let answer =
            move |state: &Frameworks, _: &[FrameworkEvent]| render::framework_after(state, &id, today);
        run_command(&self.frameworks, caller, request, request_id, command, answer).await
    }

    /// Runs a command about one provider, and answers with its entry as the caller sees it.
    pub(super) async fn change_provider<Req: Message + Name>(
        &self,
        caller: &Caller,
        request: &Req,
        request_id: &str,
        command: FrameworkCommand,
    ) -> Answer<proto::FrameworkProvider> {
        let id = command.framework.clone();
        let provider = match &command.change {
            Change::AdmitProvider { provider, .. }
            | Change::SuspendProvider { provider, .. }
            | Change::LiftSuspension { provider, .. }
            | Change::NominateLinkAuthority { provider, .. } => Some(provider.clone()),
            _ => None,
        };
        let council = match &caller.role {
            Role::Council(council) => Some(*council),
            Role::Provider(_) | Role::FrameworkLead(_) | Role::Service(_) => None,
        };
        let today = london_date(caller.at);
        let answer = move |state: &Frameworks, _: &[FrameworkEvent]| {
            let onlooker = council.map_or(Onlooker::Lead, Onlooker::Council);
            let shown = |provider| render::provider_after(state, &id, &provider, onlooker, today);
            provider.map(shown).unwrap_or_default()
        };
        run_command(&self.frameworks, caller, request, request_id, command, answer).await
    }
}

fn regime(fields: &mut Fields, regime: i32) -> Option<Regime> {
    match proto::Regime::try_from(regime) {
        Ok(proto::Regime::Pcr2015) => Some(Regime::Pcr2015),
        Ok(proto::Regime::ProcurementAct2023) => Some(Regime::ProcurementAct2023),
        Ok(proto::Regime::Unspecified) | Err(_) => {
            let expected = "expected REGIME_PCR_2015 or REGIME_PROCUREMENT_ACT_2023";
            fields.violation("regime", format!("{regime} is not a regime: {expected}"));
            None
        }
    }
}

fn lot_terms(fields: &mut Fields, lot: &proto::Lot, on: Date) -> Option<Lot> {
    let name = fields.text("lot.display_name", &lot.display_name, NAME_CHARS_MAX);
    let provisions = fields.codes("lot.provisions", code_sets::PROVISION, &lot.provisions, on);
    let age_from = fields.number("lot.age_from", lot.age_from, 0..=AGE_YEARS_MAX);
    let age_to = fields.number("lot.age_to", lot.age_to, 0..=AGE_YEARS_MAX);
    let grade_gate = gate(fields, "lot.grade_gate", lot.grade_gate.as_ref(), on);
    let levels = lot.levels.iter().map(|level| (level.level.as_str(), level.ceiling_weekly_pence));
    let levels = by_level(fields, "lot.levels", "ceiling_weekly_pence", levels);
    let ages = (age_from.unwrap_or(0), age_to.unwrap_or(0));
    let ceilings = prices::keyed(fields, "lot.ceilings", &lot.ceilings, ages);
    Some(Lot {
        name: name?,
        provisions: provisions?.into_iter().collect(),
        age_from: age_from?,
        age_to: age_to?,
        grade_gate: grade_gate?,
        levels: levels?,
        ceilings: ceilings?,
    })
}
