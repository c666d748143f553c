//! Errors as clients see them: a canonical gRPC code, one `google.rpc.ErrorInfo` with a stable reason, and the fields at fault.

use care::{Refusal, RefusalKind, Violation};
use engine::EngineError;
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The `domain` of every `ErrorInfo`.
pub const ERROR_DOMAIN: &str = "brokerage";

/// A refusal with a reason and metadata.
#[must_use]
pub fn refused<const N: usize>(
    code: Code,
    reason: &str,
    message: impl Into<String>,
    metadata: [(&str, String); N],
) -> Status {
    let metadata: HashMap<String, String> =
        metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Status::with_error_details(code, message, ErrorDetails::with_error_info(reason, ERROR_DOMAIN, metadata))
}

/// A domain's "no".
#[must_use]
pub fn refuse(refusal: &impl Refusal) -> Status {
    let code = match refusal.kind() {
        RefusalKind::Invalid => Code::InvalidArgument,
        RefusalKind::NotFound => Code::NotFound,
        RefusalKind::AlreadyExists => Code::AlreadyExists,
        RefusalKind::Precondition => Code::FailedPrecondition,
        RefusalKind::Conflict => Code::Aborted,
        RefusalKind::Forbidden => Code::PermissionDenied,
    };
    with_violations(code, refusal.reason(), refusal.to_string(), &refusal.violations())
}

/// A thing that is not there, or not for this caller: the two look the same.
#[must_use]
pub fn not_found(reason: &str, name: &str) -> Status {
    refused(Code::NotFound, reason, format!("{name} is not known"), [])
}

/// Something that may work later.
#[must_use]
pub fn unavailable(message: impl Into<String>) -> Status {
    let mut details = ErrorDetails::with_error_info("UNAVAILABLE", ERROR_DOMAIN, HashMap::new());
    details.set_retry_info(Some(Duration::from_secs(1)));
    Status::with_error_details(Code::Unavailable, message, details)
}

pub(crate) fn with_violations(code: Code, reason: &str, message: String, violations: &[Violation]) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, HashMap::new());
    for violation in violations {
        details.add_bad_request_violation(&violation.field, &violation.description);
    }
    Status::with_error_details(code, message, details)
}

pub(crate) fn from_engine<R: Refusal>(error: EngineError<R>) -> Status {
    match error {
        EngineError::Rejected(rejection) => refuse(&rejection),
        EngineError::KeyReused => refused(
            Code::AlreadyExists,
            "REQUEST_ID_REUSED",
            "this request_id was used before for a different request: give a new one",
            [],
        ),
        EngineError::TooLarge(detail) => refused(Code::InvalidArgument, "REQUEST_TOO_LARGE", detail, []),
        EngineError::Unavailable(detail) => {
            tracing::error!(detail, "command not durable");
            unavailable("the log could not take this; with the same request_id it is safe to try again")
        }
    }
}
