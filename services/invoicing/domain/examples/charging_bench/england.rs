//! All placements of England that the benchmarks charge: who agreed what with whom, in every council.

use care::published::{
    AgreementIssued, AwardTerms, CallOffEvidence, FunderShare, PlacementStarted, PriceLine, Route,
};
use care::{AgreementId, AwardId, CouncilId, Date, OfferId, Pence, ReferralId, Timestamp, councils};
use invoicing_domain::Ask;
use uuid::Uuid;

/// How many children are placed at a time.
pub(crate) const PLACEMENTS: usize = 80_000;
const PROVIDERS_OF_A_COUNCIL: usize = 40;

pub(crate) fn noon(day: Date) -> Timestamp {
    format!("{day}T12:00:00Z").parse().expect("a date")
}

pub(crate) fn id(council: usize, n: usize) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{council}|{n}").as_bytes())
}

/// Every third placement has therapy, and health pays a part of every fifth.
fn agreed(council: CouncilId, nth: usize, n: usize, start: Date) -> AgreementIssued {
    let line = |kind: &str, weekly| PriceLine { kind: kind.to_owned(), weekly: Pence(weekly), until: None };
    let share = |funder: &str, basis_points| FunderShare { funder: funder.to_owned(), basis_points };
    let weekly = 90_000 + 101 * i64::try_from(n).unwrap_or(0);
    let mut lines = vec![line("CORE", weekly)];
    lines.extend(n.is_multiple_of(3).then(|| line("THERAPY", 10_001)));
    let funders = match n % 5 {
        0 => vec![share("SOCIAL_CARE", 7_000), share("HEALTH", 3_000)],
        _ => vec![share("SOCIAL_CARE", 10_000)],
    };
    let id = id(nth, n);
    AgreementIssued {
        agreement: AgreementId(id),
        award: AwardId(id),
        council,
        referral: ReferralId(id),
        provider: format!("provider-{}", n % PROVIDERS_OF_A_COUNCIL).parse().expect("a provider"),
        urn: "SC045099".parse().expect("a URN"),
        place: format!("SC{nth:06}-{n}").parse().expect("a place"),
        provision: if n.is_multiple_of(4) { "RESIDENTIAL" } else { "FOSTERING" }.to_owned(),
        start,
        terms: AwardTerms { offer: OfferId(id), route: Route::InHouse, lines, funders },
        evidence: CallOffEvidence { contracts_position: 1, checks: vec![] },
        schedule_from: None,
        at: noon(start),
    }
}

/// The councils, each with how many of `all` placements it has, from the first to the last.
pub(crate) fn shares(all: usize) -> Vec<(CouncilId, usize)> {
    let councils = councils();
    let share = |nth: usize| all / councils.len() + usize::from(nth < all % councils.len());
    councils.iter().enumerate().map(|(nth, council)| (council.id, share(nth))).collect()
}

/// What the council's ledger hears of its placements, which all began on `start`.
pub(crate) fn opening(council: CouncilId, nth: usize, placements: usize, start: Date) -> Vec<Ask> {
    let both = |n| {
        let issued = agreed(council, nth, n, start);
        let (agreement, award, place) = (issued.agreement, issued.award, issued.place.clone());
        let started = PlacementStarted {
            agreement,
            award,
            council,
            place,
            on: start,
            correction: None,
            at: noon(start),
        };
        [Ask::OpenAgreement(issued), Ask::OpenCharges(started)]
    };
    (0..placements).flat_map(both).collect()
}
