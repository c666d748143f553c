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
    let details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, metadata);
    Status::with_error_details(code, shortened(&message.into(), TEXT_BYTES_MAX), details)
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

/// An error travels in headers, of which clients take some 16 KiB together: what a request repeats must not make it larger.
pub(crate) fn with_violations(code: Code, reason: &str, message: String, violations: &[Violation]) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, HashMap::new());
    let (mut told, mut bytes) = (0, 0);
    for violation in violations.iter().take(VIOLATIONS_MAX) {
        let field = shortened(&violation.field, FIELD_BYTES_MAX);
        let description = shortened(&violation.description, DESCRIPTION_BYTES_MAX);
        bytes += VIOLATION_FRAME_BYTES + field.len() + description.len();
        if bytes > VIOLATIONS_BYTES_MAX {
            break;
        }
        details.add_bad_request_violation(field, description);
        told += 1;
    }
    if let more @ 1.. = violations.len() - told {
        details.add_bad_request_violation(
            "",
            format!("{more} more are wrong, which do not fit into one answer"),
        );
    }
    Status::with_error_details(code, shortened(&message, TEXT_BYTES_MAX), details)
}

/// How many fields at fault one error names.
const VIOLATIONS_MAX: usize = 24;
/// The longest name of a field in an error, in bytes.
const FIELD_BYTES_MAX: usize = 80;
/// The longest description of what is wrong with a field, in bytes: every list of codes fits, with the wrong one before it.
const DESCRIPTION_BYTES_MAX: usize = 384;
/// The most that all fields at fault take together, in bytes; as text in a header they take a third more.
const VIOLATIONS_BYTES_MAX: usize = 6_000;
/// What one field at fault takes beside its texts, in bytes: tags and lengths.
const VIOLATION_FRAME_BYTES: usize = 9;
/// The longest message of an error, in bytes; in a header each that is not ASCII takes three.
const TEXT_BYTES_MAX: usize = 1_500;

/// The beginning of a text that is too long, with a sign that more came.
fn shortened(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    const MORE: &str = " ...";
    let mut end = bytes_max - MORE.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MORE}", &text[..end])
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields at fault, a line each.
    fn status_of(response: &http::Response<()>) -> String {
        let status = Status::from_header_map(response.headers()).unwrap();
        let details = status.get_error_details();
        let lines = &details.bad_request().unwrap().field_violations;
        lines.iter().map(|it| format!("{}: {}\n", it.field, it.description)).collect()
    }

    #[test]
    fn every_list_of_codes_is_told_whole() {
        let wrong = "W".repeat(200);
        for set in care::code_sets::ALL {
            let unknown = set.check(&wrong, 2026).unwrap_err().to_string();
            let last = set.codes.iter().rfind(|code| code.to_year.is_none()).unwrap().code;
            let violation = Violation { field: "requirements.needs[0]".to_owned(), description: unknown };
            let many = vec![violation; 3];
            let status = with_violations(Code::InvalidArgument, "FIELD_INVALID", String::new(), &many);
            let told = status_of(&status.into_http());
            assert_eq!(told.lines().filter(|line| line.ends_with(&format!(", {last}"))).count(), 3, "{told}");
        }
    }

    #[test]
    fn an_error_fits_into_headers_whatever_the_request_said() {
        let said = "\u{10ffff}".repeat(5_000);
        let violations: Vec<Violation> = (0..1_000)
            .map(|n| Violation {
                field: format!("field{n}.{said}"),
                description: format!("{said} is no code"),
            })
            .collect();
        let status = with_violations(Code::InvalidArgument, "FIELD_INVALID", said, &violations);
        let message = status.message().to_owned();
        let response: http::Response<()> = status.into_http();
        let headers = response.headers();
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(bytes < 15_000, "{bytes}");
        assert!(message.ends_with(" ..."));
        let told = status_of(&response);
        assert!(told.contains(&format!("{} more are wrong", 1_000 - told.lines().count() + 1)), "{told}");
        let short = Violation { field: "age".to_owned(), description: "é".repeat(80) };
        let status = with_violations(
            Code::InvalidArgument,
            "FIELD_INVALID",
            "é".repeat(750),
            std::slice::from_ref(&short),
        );
        assert_eq!(status.message(), "é".repeat(750));
        assert_eq!(
            status.get_error_details().bad_request().unwrap().field_violations[0].description,
            short.description
        );
    }
}
