//! Figures by quarter: whose they are and who may read them, and as what they are shown.

use super::Answer;
use super::frameworks::may_see_providers;
use crate::{Contracts, print};
use api::contracts as proto;
use care::{Date, london_date};
use contracts_domain::frameworks::Frameworks;
use contracts_domain::monitoring::{
    Facts, Placement, QUARTERS_MAX, Quarter, Quarters, Row, Scope, Unit, Viewer, placements, report,
};
use geography::{Location, Miles, Outcode, Sector, locate, locate_outcode};
use service_kit::{Caller, Fields, Form, Role, not_found};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// How many quarters are told before the last where the first is not given.
const QUARTERS_BEFORE: u8 = 7;
/// What counts as near.
const NEAR: Miles = Miles { tenths: 200 };

impl Contracts {
    pub(super) async fn figures(
        &self,
        request: &Request<proto::GetMonitoringRequest>,
    ) -> Answer<proto::Monitoring> {
        let caller = Caller::of(request)?;
        self.monitoring(&caller, request.get_ref()).await.map(Response::new)
    }

    pub(super) async fn figures_document(
        &self,
        request: &Request<proto::GetMonitoringDocumentRequest>,
    ) -> Answer<proto::MonitoringDocument> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let format = proto::MonitoringFormat::try_from(form.format);
        let mut fields = Fields::new();
        if format.is_err() {
            fields.violation("format", "must be MONITORING_FORMAT_HTML, _SVG or _CSV");
        }
        let format = fields.finish(|| format.ok())?;
        let asked = proto::GetMonitoringRequest {
            scope: form.scope.clone(),
            from_quarter: form.from_quarter.clone(),
            to_quarter: form.to_quarter.clone(),
        };
        let monitoring = self.monitoring(&caller, &asked).await?;
        Ok(Response::new(print::printed_monitoring(&monitoring, format)))
    }

    async fn monitoring(
        &self,
        caller: &Caller,
        form: &proto::GetMonitoringRequest,
    ) -> Form<proto::Monitoring> {
        let today = london_date(caller.at);
        let mut fields = Fields::new();
        let scope = scope(&mut fields, &form.scope);
        let viewer = scope.as_ref().map(|scope| viewer(caller, scope)).transpose()?;
        let quarters = quarters(&mut fields, form, today);
        let (scope, viewer, quarters) = fields.finish(|| Some((scope?, viewer?, quarters?)))?;
        // What is known of frameworks is taken first, so that each log is looked at alone.
        let frameworks = self.frameworks.read(|state| {
            may_read(caller, state, &scope).then(|| state.clone()).ok_or_else(|| unknown(&scope, form))
        })?;
        let of = match &scope {
            Scope::Council(council) => Some(*council),
            Scope::Framework(_) | Scope::Provider(_) => None,
        };
        let agreements = Arc::clone(&self.agreements);
        let rows = self.heard(of, move |heard| {
            let wanted = agreements.iter().filter(|(council, _)| of.is_none_or(|of| of == **council));
            let each =
                wanted.map(|(_, engine)| engine.read(|state| placements(state, &frameworks, quarters)));
            let placements: Vec<Placement> = each.flatten().collect();
            let facts = Facts {
                heard,
                placements: &placements,
                frameworks: &frameworks,
                today,
                within_20_miles: &within_20_miles,
            };
            report(&facts, &scope, &viewer, quarters)
        });
        Ok(proto::Monitoring {
            scope: form.scope.clone(),
            from_quarter: quarters.first().to_string(),
            to_quarter: quarters.last().to_string(),
            rows: rows.await?.into_iter().map(row).collect(),
            as_of: today.to_string(),
        })
    }
}

fn scope(fields: &mut Fields, name: &str) -> Option<Scope> {
    match name.split_once('/').map_or(name, |(collection, _)| collection) {
        "frameworks" => fields.framework("scope", name).map(Scope::Framework),
        "providers" => fields.provider("scope", name).map(Scope::Provider),
        "councils" => fields.council("scope", name).map(Scope::Council),
        _ => {
            let wanted = "must be frameworks/{framework}, providers/{provider} or councils/{gss}";
            fields.violation("scope", wanted);
            None
        }
    }
}

/// As whom the caller reads, as far as its role alone says. What is another's is refused at once, whatever else may be wrong.
fn viewer(caller: &Caller, scope: &Scope) -> Result<Viewer, Status> {
    match (&caller.role, scope) {
        (Role::Council(council), Scope::Framework(_)) => Ok(Viewer::Member(*council)),
        (Role::FrameworkLead(own), Scope::Provider(_)) => Ok(Viewer::Lead(own.clone())),
        (_, Scope::Framework(id)) => caller.require_framework(id).map(|()| Viewer::Lead(id.clone())),
        (_, Scope::Provider(id)) => caller.require_provider(id).map(|()| Viewer::Own),
        (_, Scope::Council(id)) => caller.require_council(*id).map(|()| Viewer::Own),
    }
}

/// Whether the scope is there for the caller: a framework that it has to do with, and of a framework's lead a provider that was admitted to it.
fn may_read(caller: &Caller, state: &Frameworks, scope: &Scope) -> bool {
    match (scope, &caller.role) {
        (Scope::Framework(id), _) => {
            state.get(id).is_some_and(|framework| may_see_providers(caller, framework))
        }
        (Scope::Provider(provider), Role::FrameworkLead(own)) => {
            state.get(own).is_some_and(|framework| framework.admissions.contains_key(provider))
        }
        _ => true,
    }
}

fn unknown(scope: &Scope, form: &proto::GetMonitoringRequest) -> Status {
    let reason = match scope {
        Scope::Provider(_) => "PROVIDER_NOT_ADMITTED",
        Scope::Framework(_) | Scope::Council(_) => "FRAMEWORK_UNKNOWN",
    };
    not_found(reason, &form.scope)
}

fn quarters(fields: &mut Fields, form: &proto::GetMonitoringRequest, today: Date) -> Option<Quarters> {
    let first = fields.parse_optional::<Quarter>("from_quarter", &form.from_quarter);
    let last = fields.parse_optional::<Quarter>("to_quarter", &form.to_quarter);
    let (first, last) = (first?, last?);
    let last = last.unwrap_or_else(|| Quarter::of(today));
    let first = first.unwrap_or_else(|| last.back(QUARTERS_BEFORE));
    let quarters = Quarters::new(first, last);
    if quarters.is_none() {
        let wanted = format!("must be to_quarter ({last}) or one of the {} before it", QUARTERS_MAX - 1);
        fields.violation("from_quarter", wanted);
    }
    quarters
}

/// Whether 20 miles at most lie between two postcode sectors or outcodes; none where one of them is not known.
fn within_20_miles(anchor: &str, home: &str) -> Option<bool> {
    Some(located(anchor)?.within(located(home)?, NEAR))
}

fn located(code: &str) -> Option<Location> {
    let sector = code.parse::<Sector>().ok().and_then(|sector| locate(sector).ok());
    let outcode = || code.parse::<Outcode>().ok().and_then(|outcode| locate_outcode(outcode).ok());
    sector.or_else(outcode)
}

fn row(row: Row) -> proto::MonitoringRow {
    let unit = match row.unit {
        Unit::BasisPoints => proto::MonitoringUnit::BasisPoints,
        Unit::Minutes => proto::MonitoringUnit::Minutes,
        Unit::Days => proto::MonitoringUnit::Days,
    };
    proto::MonitoringRow {
        quarter: row.quarter.to_string(),
        kpi: row.kpi.to_owned(),
        of: row.of,
        value: row.value,
        unit: unit.into(),
        numerator: row.numerator,
        denominator: row.denominator,
        suppressed: row.suppressed.map(|why| why.to_string()).unwrap_or_default(),
    }
}
