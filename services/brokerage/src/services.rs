//! The services of a process: all of a region's, or one of them.

use audit::Audit;
use care::CouncilId;
use contracts::Contracts;
use eventlog::{LogId, Service};
use exchange::{FollowerState, Reaction};
use invoicing::Invoicing;
use referrals::Referrals;
use service_kit::{Kit, Parking, Standby, StartError};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use tonic::service::Routes;
use vacancies::Vacancies;

/// The services that a process runs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Services {
    vacancies: Option<Vacancies>,
    contracts: Option<Contracts>,
    referrals: Option<Referrals>,
    invoicing: Option<Invoicing>,
    audit: Option<Audit>,
}

impl Services {
    /// Opens the logs of each of `which`.
    pub(crate) async fn open(
        kit: &Kit,
        which: &[Service],
        accept_lost_keys: &[CouncilId],
    ) -> Result<Self, StartError> {
        let runs = |service| which.contains(&service);
        let vacancies = if runs(Service::Vacancies) { Some(Vacancies::open(kit).await?) } else { None };
        let contracts = if runs(Service::Contracts) { Some(Contracts::open(kit).await?) } else { None };
        let referrals =
            if runs(Service::Referrals) { Some(Referrals::open(kit, accept_lost_keys).await?) } else { None };
        let invoicing = if runs(Service::Invoicing) { Some(Invoicing::open(kit).await?) } else { None };
        let audit = if runs(Service::Audit) { Some(Audit::open(kit).await?) } else { None };
        Ok(Self { vacancies, contracts, referrals, invoicing, audit })
    }

    /// Folds what is new in the logs of each of `which` while another instance works on them.
    pub(crate) async fn stand_by(standby: &Standby, which: &[Service]) -> Result<(), StartError> {
        for service in which {
            match service {
                Service::Vacancies => Vacancies::stand_by(standby).await?,
                Service::Contracts => Contracts::stand_by(standby).await?,
                Service::Referrals => Referrals::stand_by(standby).await?,
                Service::Invoicing => Invoicing::stand_by(standby).await?,
                Service::Audit => Audit::stand_by(standby).await?,
            }
        }
        Ok(())
    }

    /// What they do about each other's events. The audit service follows by itself, see [`Services::begin`].
    pub(crate) fn reactions(&self) -> Vec<Arc<dyn Reaction>> {
        let reactions = [
            self.vacancies.as_ref().map(Vacancies::reactions),
            self.contracts.as_ref().map(Contracts::reactions),
            self.referrals.as_ref().map(Referrals::reactions),
            self.invoicing.as_ref().map(Invoicing::reactions),
        ];
        reactions.into_iter().flatten().flatten().collect()
    }

    /// Those of their reactions that park what they cannot apply.
    pub(crate) fn parking(&self) -> Vec<Arc<dyn Parking>> {
        let parking = [
            self.vacancies.as_ref().map(Vacancies::parking),
            self.contracts.as_ref().map(Contracts::parking),
            self.referrals.as_ref().map(Referrals::parking),
            self.invoicing.as_ref().map(Invoicing::parking),
        ];
        parking.into_iter().flatten().collect()
    }

    /// Adds their gRPC methods.
    pub(crate) fn add_to(&self, mut routes: Routes) -> Routes {
        if let Some(vacancies) = &self.vacancies {
            routes = vacancies.add_to(routes);
        }
        if let Some(contracts) = &self.contracts {
            routes = contracts.add_to(routes);
        }
        if let Some(referrals) = &self.referrals {
            routes = referrals.add_to(routes);
        }
        if let Some(invoicing) = &self.invoicing {
            routes = invoicing.add_to(routes);
        }
        if let Some(audit) = &self.audit {
            routes = routes.add_service(audit.server());
        }
        routes
    }

    /// Lets the audit service record the events of all logs, the market record the leases that ended, and councils' referrals who has not answered
    /// in time and the grants whose day has come.
    pub(crate) fn begin(&self) {
        if let Some(audit) = &self.audit {
            audit.follow();
        }
        if let Some(vacancies) = &self.vacancies {
            vacancies.begin_sweeping();
        }
        if let Some(referrals) = &self.referrals {
            referrals.begin_sweeping();
            referrals.begin_ending_grants();
        }
    }

    /// How the audit service is doing with each log.
    pub(crate) fn audited(&self) -> Vec<(LogId, watch::Receiver<FollowerState>)> {
        self.audit.as_ref().map(Audit::following).unwrap_or_default()
    }

    /// Waits until the audit service has recorded every event that there is now.
    pub(crate) async fn recorded(&self) {
        if let Some(audit) = &self.audit {
            audit.recorded().await;
        }
    }

    /// Ends the calls that have no end of their own.
    pub(crate) fn end_calls(&self) {
        if let Some(audit) = &self.audit {
            audit.end_calls();
        }
        if let Some(vacancies) = &self.vacancies {
            vacancies.end_calls();
        }
        if let Some(referrals) = &self.referrals {
            referrals.end_calls();
        }
    }

    /// What each log, and each view kept beside the logs, has come to.
    pub(crate) fn digests(&self) -> BTreeMap<String, String> {
        let digests = [
            self.vacancies.as_ref().map(Vacancies::digests),
            self.contracts.as_ref().map(Contracts::digests),
            self.referrals.as_ref().map(Referrals::digests),
            self.invoicing.as_ref().map(Invoicing::digests),
            self.audit.as_ref().map(Audit::digests),
        ];
        digests.into_iter().flatten().flatten().collect()
    }

    /// Whether nothing has happened in the market yet, as far as it is decided here.
    pub(crate) fn is_new(&self) -> bool {
        self.vacancies.as_ref().is_none_or(Vacancies::is_empty)
    }
}

/// The name under which a service's health is reported: that of its gRPC service.
pub(crate) const fn health_name(service: Service) -> &'static str {
    match service {
        Service::Referrals => "brokerage.referrals.v1.ReferralsService",
        Service::Vacancies => "brokerage.vacancies.v1.VacanciesService",
        Service::Contracts => "brokerage.contracts.v1.ContractsService",
        Service::Invoicing => "brokerage.invoicing.v1.InvoicingService",
        Service::Audit => "brokerage.audit.v1.AuditService",
    }
}
