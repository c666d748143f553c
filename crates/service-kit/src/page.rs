//! Pages of lists, after AIP-158: `page_size` of 0 is the default and a larger one than the maximum is capped; tokens are opaque.
//!
//! A token goes on with the list that gave it and with no other: it holds a digest of the method's request, all but the page's size and the
//! token itself, and the key of the last item. It is no secret and no right: who may see what is judged anew for every page.

use crate::errors::with_violations;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use care::Violation;
use prost::{Message, Name};
use sha2::{Digest as _, Sha256};
use std::fmt::Display;
use std::str::FromStr;
use tonic::{Code, Status};

/// Items on a page when the request does not say.
pub const PAGE_SIZE_DEFAULT: usize = 50;
/// Items on a page at most.
pub const PAGE_SIZE_MAX: usize = 200;
/// How many bytes of a request's digest a token holds.
const LIST_BYTES: usize = 8;

/// A request for a page of a list.
pub trait Paged: Message + Name {
    /// How many items are asked for.
    fn page_size(&self) -> i32;
    /// The token of the page before; empty for the first page.
    fn page_token(&self) -> &str;
    /// The same request for whichever page: what list it is, and its filter.
    #[must_use]
    fn list(&self) -> Self;
}

macro_rules! paged {
    ($($package:ident: $($request:ident),+;)+) => {
        $($(impl Paged for api::$package::$request {
            fn page_size(&self) -> i32 {
                self.page_size
            }
            fn page_token(&self) -> &str {
                &self.page_token
            }
            fn list(&self) -> Self {
                let mut list = self.clone();
                list.page_size = 0;
                list.page_token.clear();
                list
            }
        })+)+
    };
}

paged! {
    audit: ListLogsRequest, SearchEventsRequest;
    contracts: GetSuspensionImpactRequest, ListAgreementsRequest, ListAmendmentsRequest, ListFrameworkProvidersRequest, ListFrameworksRequest,
        ListNoticesRequest, ListPlacementReviewsRequest, ListUpliftDecisionsRequest, ListUpliftsRequest;
    invoicing: GetStatementRequest, ListAgedPayablesRequest, ListBankDetailsRequest, ListBillingArrangementsRequest, ListChargesRequest,
        ListInvoicesRequest, ListPaymentRunsRequest, ListSupplierInvoicesRequest;
    operations: ListDeadLettersRequest;
    referrals: ExplainSearchRequest, ListApprovalsDueRequest, ListAwardsRequest, ListDeadlinesRequest, ListEvaluationsRequest,
        ListInvitationsRequest, ListOffersRequest, ListQuestionsRequest, ListReferralsRequest, ListReleasedReferralsRequest,
        ListSearchesRequest;
    vacancies: ListAgreedNightsRequest, ListBlocksRequest, ListEstablishmentsRequest, ListHouseholdsRequest, ListPlacesRequest,
        ListRegisterChangesRequest, ListRegisterImportsRequest, ListResalesRequest, ListReservationsRequest, SearchVacanciesRequest;
}

/// A page of what `items` gives after the key in the request's token, and the token of the next page, empty on the last. `items` gives
/// keys and values in ascending order of key, starting after the key it is given.
///
/// # Errors
/// `INVALID_ARGUMENT`, reason `PAGE_TOKEN_INVALID`, field `page_token`, where the token is none that this list gave.
pub fn page_of<Q, K, T, I>(
    request: &Q,
    items: impl FnOnce(Option<K>) -> I,
) -> Result<(Vec<T>, String), Status>
where
    Q: Paged,
    K: FromStr + Display,
    I: Iterator<Item = (K, T)>,
{
    let size = match usize::try_from(request.page_size()) {
        Ok(0) | Err(_) => PAGE_SIZE_DEFAULT,
        Ok(size) => size.min(PAGE_SIZE_MAX),
    };
    let list = list_of(request);
    let after = match request.page_token() {
        "" => None,
        token => Some(key_in(token, list).ok_or_else(token_invalid)?),
    };
    let mut items = items(after);
    let mut page = Vec::with_capacity(size);
    let mut last = None;
    for (key, item) in items.by_ref().take(size) {
        page.push(item);
        last = Some(key);
    }
    let token = match last {
        Some(key) if items.next().is_some() => token_of(list, &key.to_string()),
        _ => String::new(),
    };
    Ok((page, token))
}

/// Which list a request asks for: the method's request by its name, and its filter.
fn list_of(request: &impl Paged) -> [u8; LIST_BYTES] {
    digest_of(&request.list())
}

/// What a token begins with, so that it goes on with what gave it.
pub(crate) fn digest_of<Q: Message + Name>(asked: &Q) -> [u8; LIST_BYTES] {
    let digest = Sha256::new().chain_update(Q::full_name()).chain_update([0]);
    let digest = digest.chain_update(asked.encode_to_vec()).finalize();
    std::array::from_fn(|index| digest[index])
}

pub(crate) fn token_of(list: [u8; LIST_BYTES], key: &str) -> String {
    URL_SAFE_NO_PAD.encode([&list[..], key.as_bytes()].concat())
}

/// The key in a token of this list; none in any other.
pub(crate) fn key_in<K: FromStr>(token: &str, list: [u8; LIST_BYTES]) -> Option<K> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let key = bytes.strip_prefix(&list)?;
    std::str::from_utf8(key).ok()?.parse().ok()
}

fn token_invalid() -> Status {
    let description = "is not one that this list gave for this filter: leave it empty for the first page";
    let violation = Violation { field: "page_token".to_owned(), description: description.to_owned() };
    let message = format!("page_token {description}");
    with_violations(Code::InvalidArgument, "PAGE_TOKEN_INVALID", message, &[violation])
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::invoicing::{GetStatementRequest, ListChargesRequest};
    use tonic_types::StatusExt;

    fn numbers<Q: Paged>(request: &Q) -> Result<(Vec<u32>, String), Status> {
        page_of(request, |after: Option<u32>| (after.map_or(0, |after| after + 1)..120).map(|n| (n, n)))
    }

    fn list(page_size: i32, page_token: &str) -> ListChargesRequest {
        let (parent, page_token) = ("councils/E06000015".to_owned(), page_token.to_owned());
        ListChargesRequest { parent, page_size, page_token, ..ListChargesRequest::default() }
    }

    #[test]
    fn pages_cover_everything_once_also_where_their_size_changes() {
        let (mut seen, mut token) = (Vec::new(), String::new());
        for size in [50, 7, 0, 200] {
            let (page, next) = numbers(&list(size, &token)).unwrap();
            seen.extend(page);
            token = next;
        }
        assert_eq!((seen, token), ((0..120).collect(), String::new()));
    }

    #[test]
    fn a_token_of_another_list_or_filter_is_refused_by_name() {
        let (_, token) = numbers(&list(10, "")).unwrap();
        assert_eq!(numbers(&list(1, &token)).unwrap().0, [10]);
        let filtered = ListChargesRequest { agreement: "x".to_owned(), ..list(10, &token) };
        // The same fields under the same numbers, but for another list.
        let other = GetStatementRequest {
            parent: "councils/E06000015".to_owned(),
            page_token: token.clone(),
            ..GetStatementRequest::default()
        };
        let strange = [
            "%%%".to_owned(),
            URL_SAFE_NO_PAD.encode("9"),
            token_of(list_of(&list(0, "")), "nine"),
            token_of(list_of(&list(0, "")), ""),
            token[..token.len() - 4].to_owned(),
        ];
        let refused = strange.iter().map(|token| numbers(&list(10, token)));
        for refused in refused.chain([numbers(&filtered), numbers(&other)]) {
            let status = refused.unwrap_err();
            let details = status.get_error_details();
            let fields: Vec<_> =
                details.bad_request().unwrap().field_violations.iter().map(|it| it.field.as_str()).collect();
            assert_eq!(status.code(), Code::InvalidArgument);
            assert_eq!(details.error_info().unwrap().reason, "PAGE_TOKEN_INVALID");
            assert_eq!(fields, ["page_token"]);
        }
    }
}
