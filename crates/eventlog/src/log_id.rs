//! Which log: a service and an owner.

use care::CouncilId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The service that decides what is in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Service {
    /// Referrals, releases, offers and awards.
    Referrals,
    /// Providers, establishments, places, holds and claims.
    Vacancies,
    /// Frameworks and agreements.
    Contracts,
    /// Charges, invoices and journal entries.
    Invoicing,
    /// Leaves and tree heads over all other logs.
    Audit,
}

impl Service {
    /// All services.
    pub const ALL: [Self; 5] =
        [Self::Referrals, Self::Vacancies, Self::Contracts, Self::Invoicing, Self::Audit];

    /// Its name in log ids and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Referrals => "referrals",
            Self::Vacancies => "vacancies",
            Self::Contracts => "contracts",
            Self::Invoicing => "invoicing",
            Self::Audit => "audit",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Text that names no service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no service: they are referrals, vacancies, contracts, invoicing and audit")]
pub struct ServiceUnknown(pub String);

impl FromStr for Service {
    type Err = ServiceUnknown;
    fn from_str(text: &str) -> Result<Self, ServiceUnknown> {
        let named = Self::ALL.into_iter().find(|service| service.name() == text);
        named.ok_or_else(|| ServiceUnknown(text.chars().take(64).collect()))
    }
}

impl TryFrom<String> for Service {
    type Error = ServiceUnknown;
    fn try_from(text: String) -> Result<Self, ServiceUnknown> {
        text.parse()
    }
}

impl From<Service> for String {
    fn from(service: Service) -> Self {
        service.name().to_owned()
    }
}

/// How [`Owner::DeadLetters`] is written.
const DEAD_LETTERS: &str = "dead-letters";

/// Whose a log is. Declared so that the region sorts before the councils.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The region that shares one market.
    Region,
    /// One council.
    Council(CouncilId),
    /// Whoever runs the service: which events of other logs it could not apply. Neither published nor audited, since it says nothing
    /// about children or places; it is beside the logs of all owners, since the service that could not apply them is one.
    DeadLetters,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region => f.write_str("region"),
            Self::Council(council) => council.fmt(f),
            Self::DeadLetters => f.write_str(DEAD_LETTERS),
        }
    }
}

/// The name of a log, such as `vacancies/region` or `referrals/E06000015`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogId {
    /// The service that decides it.
    pub service: Service,
    /// Whose it is.
    pub owner: Owner,
}

/// Text that names no log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a log: expected a service and an owner, such as vacancies/region or referrals/E06000015"
)]
pub struct LogIdInvalid(pub String);

impl LogId {
    /// The region's log of a service.
    #[must_use]
    pub const fn region(service: Service) -> Self {
        Self { service, owner: Owner::Region }
    }

    /// A council's log of a service.
    #[must_use]
    pub const fn council(service: Service, council: CouncilId) -> Self {
        Self { service, owner: Owner::Council(council) }
    }

    /// What a service could not apply of other logs.
    #[must_use]
    pub const fn dead_letters(service: Service) -> Self {
        Self { service, owner: Owner::DeadLetters }
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service.name(), self.owner)
    }
}

impl FromStr for LogId {
    type Err = LogIdInvalid;
    fn from_str(text: &str) -> Result<Self, LogIdInvalid> {
        let invalid = || LogIdInvalid(text.chars().take(64).collect());
        let (service, owner) = text.split_once('/').ok_or_else(invalid)?;
        let service = service.parse().map_err(|_| invalid())?;
        let owner = match owner {
            "region" => Owner::Region,
            DEAD_LETTERS => Owner::DeadLetters,
            // Only the GSS code: a log has one name.
            gss if gss.len() == 9 => Owner::Council(gss.parse().map_err(|_| invalid())?),
            _ => return Err(invalid()),
        };
        Ok(Self { service, owner })
    }
}

impl TryFrom<String> for LogId {
    type Error = LogIdInvalid;
    fn try_from(text: String) -> Result<Self, LogIdInvalid> {
        text.parse()
    }
}

impl From<LogId> for String {
    fn from(id: LogId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_one_name() {
        for name in ["vacancies/region", "referrals/E06000015", "audit/region", "vacancies/dead-letters"] {
            assert_eq!(name.parse::<LogId>().unwrap().to_string(), name);
        }
        for wrong in ["", "vacancies", "vacancies/", "vacancies/831", "places/region", "vacancies/E99999999"]
        {
            assert!(wrong.parse::<LogId>().is_err(), "{wrong}");
        }
    }
}
