//! Endless calls that go on where they were: the token that comes with what is told, like that of a page (see [`crate::page`]).

use crate::errors::with_violations;
use crate::page::{digest_of, key_in, token_of};
use care::Violation;
use prost::{Message, Name};
use std::fmt::Display;
use std::str::FromStr;
use tonic::{Code, Status};

/// A token for going on after `place`. `asked` is the request without its token: it goes on with a call that asks for the same.
pub fn resume_token<Q: Message + Name>(asked: &Q, place: &impl Display) -> String {
    token_of(digest_of(asked), &place.to_string())
}

/// Where a call is to go on; none where the token is empty, so that it begins anew.
///
/// # Errors
/// `INVALID_ARGUMENT`, reason `RESUME_TOKEN_INVALID`, field `resume_token`, where the token is none that such a call gave.
pub fn resumed<Q: Message + Name, K: FromStr>(asked: &Q, token: &str) -> Result<Option<K>, Status> {
    if token.is_empty() {
        return Ok(None);
    }
    key_in(token, digest_of(asked)).map(Some).ok_or_else(resume_token_invalid)
}

/// The refusal of a token that no such call gave.
#[must_use]
pub fn resume_token_invalid() -> Status {
    let description = "is not one that this call gave for what is asked: leave it empty to begin anew";
    let violation = Violation { field: "resume_token".to_owned(), description: description.to_owned() };
    let message = format!("resume_token {description}");
    with_violations(Code::InvalidArgument, "RESUME_TOKEN_INVALID", message, &[violation])
}
