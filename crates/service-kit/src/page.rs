//! Pages of lists, after AIP-158: `page_size` of 0 is the default and a larger one than the maximum is capped; tokens are opaque.

use crate::errors::refused;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tonic::{Code, Status};

/// Items on a page when the request does not say.
pub const PAGE_SIZE_DEFAULT: usize = 50;
/// Items on a page at most.
pub const PAGE_SIZE_MAX: usize = 200;

/// A page of what `items` gives after the key in the token, and the token of the next page, empty on the last. `items` gives keys and
/// values in ascending order of key, starting after the key it is given.
///
/// # Errors
/// `INVALID_ARGUMENT`, reason `PAGE_TOKEN_INVALID`.
pub fn page_of<T, I>(
    page_size: i32,
    page_token: &str,
    items: impl FnOnce(Option<String>) -> I,
) -> Result<(Vec<T>, String), Status>
where
    I: Iterator<Item = (String, T)>,
{
    let size = match usize::try_from(page_size) {
        Ok(0) | Err(_) => PAGE_SIZE_DEFAULT,
        Ok(size) => size.min(PAGE_SIZE_MAX),
    };
    let after = if page_token.is_empty() { None } else { Some(decode(page_token)?) };
    let mut items = items(after);
    let mut page = Vec::with_capacity(size);
    let mut last = String::new();
    for (key, item) in items.by_ref().take(size) {
        page.push(item);
        last = key;
    }
    let token = if items.next().is_some() { URL_SAFE_NO_PAD.encode(last) } else { String::new() };
    Ok((page, token))
}

fn decode(token: &str) -> Result<String, Status> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| token_invalid())?;
    String::from_utf8(bytes).map_err(|_| token_invalid())
}

/// The refusal of a token whose key is none of the list's: `INVALID_ARGUMENT`, reason `PAGE_TOKEN_INVALID`.
#[must_use]
pub fn token_invalid() -> Status {
    let message = "page_token is not one that a list of this kind gave: leave it empty for the first page";
    refused(Code::InvalidArgument, "PAGE_TOKEN_INVALID", message, [])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_everything_once() {
        let all: Vec<String> = (0..120).map(|n| format!("{n:03}")).collect();
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let (page, next) = page_of(50, &token, |after| {
                all.iter()
                    .filter(move |key| after.as_ref().is_none_or(|after| *key > after))
                    .map(|key| (key.clone(), key.clone()))
            })
            .unwrap();
            seen.extend(page);
            token = next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, all);
        assert_eq!(
            page_of(0, "%%%", |_| std::iter::empty::<(String, ())>()).unwrap_err().code(),
            Code::InvalidArgument
        );
    }
}
