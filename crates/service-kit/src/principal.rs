//! Who calls.

use crate::errors::refused;
use crate::names::{council_name, framework_name, provider_name};
use care::{CouncilId, FrameworkId, ProviderId, Timestamp};
use eventlog::Service;
use serde::{Deserialize, Serialize};
use std::fmt;
use tonic::{Code, Status};

/// A role, bound to the one it is held for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "role", content = "id", rename_all = "snake_case")]
pub enum Role {
    /// A council's case system or staff.
    Council(CouncilId),
    /// A provider's portal or staff.
    Provider(ProviderId),
    /// The lead of a framework contract.
    FrameworkLead(FrameworkId),
    /// A service of the region, or whoever runs it.
    Service(Service),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Council(id) => write!(f, "council:{id}"),
            Self::Provider(id) => write!(f, "provider:{id}"),
            Self::FrameworkLead(id) => write!(f, "framework-lead:{id}"),
            Self::Service(name) => write!(f, "service:{name}"),
        }
    }
}

/// The authenticated caller of one request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What it may act as.
    pub role: Role,
    /// Which system or post of it, a pseudonym.
    pub subject: String,
    /// When the request arrived: the instant of whatever it decides.
    pub at: Timestamp,
}

impl Caller {
    /// The caller of a request, as the access layer found it.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when the request did not pass through the layer.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Self, Status> {
        request.extensions().get::<Self>().cloned().ok_or_else(|| {
            refused(Code::Unauthenticated, "TOKEN_MISSING", "the request carries no principal", [])
        })
    }

    /// The caller's name in the log: role, id and subject.
    #[must_use]
    pub fn actor(&self) -> String {
        format!("{}/{}", self.role, self.subject)
    }

    /// Insists that the caller is this council.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, reason `NOT_YOURS`.
    pub fn require_council(&self, council: CouncilId) -> Result<(), Status> {
        if self.role == Role::Council(council) { Ok(()) } else { Err(self.not_yours(&council_name(council))) }
    }

    /// Insists that the caller is this provider.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, reason `NOT_YOURS`.
    pub fn require_provider(&self, provider: &ProviderId) -> Result<(), Status> {
        match &self.role {
            Role::Provider(own) if own == provider => Ok(()),
            _ => Err(self.not_yours(&provider_name(provider))),
        }
    }

    /// Insists that the caller leads this framework.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, reason `NOT_YOURS`.
    pub fn require_framework(&self, framework: &FrameworkId) -> Result<(), Status> {
        match &self.role {
            Role::FrameworkLead(own) if own == framework => Ok(()),
            _ => Err(self.not_yours(&framework_name(framework))),
        }
    }

    /// Insists that the caller leads some framework.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, reason `ROLE_NOT_ALLOWED`.
    pub fn require_lead(&self) -> Result<&FrameworkId, Status> {
        match &self.role {
            Role::FrameworkLead(own) => Ok(own),
            _ => Err(self.wrong_role()),
        }
    }

    /// The provider that calls.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, reason `ROLE_NOT_ALLOWED`, when it is none.
    pub fn provider(&self) -> Result<&ProviderId, Status> {
        match &self.role {
            Role::Provider(own) => Ok(own),
            _ => Err(self.wrong_role()),
        }
    }

    /// The refusal of a method that is not for this role.
    #[must_use]
    pub fn wrong_role(&self) -> Status {
        let message = format!("{} may not call this", self.role);
        refused(Code::PermissionDenied, "ROLE_NOT_ALLOWED", message, [])
    }

    fn not_yours(&self, wanted: &str) -> Status {
        let message = format!("the token is for {}, the request is about {wanted}", self.role);
        refused(Code::PermissionDenied, "NOT_YOURS", message, [])
    }
}
