//! Staying Put: a young person who turns 18 in a foster placement goes on living with the former carers (section 23CZA of the Children
//! Act 1989). The placement ends on the birthday, in the market too, and the agreement goes on as an arrangement with a price of its own:
//! a claim of the same place for the same person could not be made while the place is occupied, and no child is placed any more.

use super::decide::{check_end, ended};
use super::rejection::AgreementRejection;
use super::state::{Agreement, Agreements};
use super::staying_rejection::StayingRejection;
use care::published::{PlacementEnded, PriceLine, StayingPutEnded, StayingPutStarted};
use care::{Date, Decided, Timestamp, Violation, last_day_ahead, london_date};
use jiff::Span;

/// The PROVISION codes of foster carers with whom somebody can stay put. Short breaks are nobody's home.
const FOSTERING: [&str; 4] =
    ["FOSTERING", "FOSTERING_ENHANCED", "FOSTERING_PARENT_CHILD", "CONNECTED_CARERS"];
/// The PLACEMENT_END code of what goes on as Staying Put.
const STAYED_PUT: &str = "STAYED_PUT";
/// The REASON_PLACE_CHANGE code: the status of the placement changes, and nothing else.
const STATUS_ONLY: &str = "PLACE";
/// The age from which it is possible, in years.
const AGE_YEARS: i32 = 18;

/// Begins it on `on`, the 18th birthday, at this weekly price.
pub(super) fn start(
    agreement: &Agreement,
    on: Date,
    lines: &[PriceLine],
    at: Timestamp,
) -> Decided<Agreements> {
    let issued = &agreement.issued;
    let started = agreement.started.ok_or(AgreementRejection::PlacementNotStarted)?;
    if !FOSTERING.contains(&issued.provision.as_str()) {
        return Err(StayingRejection::NotFostering(issued.provision.clone()).into());
    }
    if lines.first().is_none_or(|line| line.kind != "CORE") {
        let description = "the first line must be the CORE fee".to_owned();
        let violation = Violation { field: "lines".to_owned(), description };
        return Err(StayingRejection::FieldInvalid(vec![violation]).into());
    }
    check_end(on, started, at)?;
    if let Some((after, until)) = agreement.age_years.and_then(|age| birthday(issued.start, age))
        && !(after < on && on <= until)
    {
        return Err(StayingRejection::NotEighteenth { on, after, until }.into());
    }
    let ended =
        PlacementEnded { ending: Some(STAYED_PUT.to_owned()), ..ended(agreement, on, STATUS_ONLY, at) };
    let started = StayingPutStarted {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        provider: issued.provider.clone(),
        from: on,
        lines: lines.to_vec(),
        at,
    };
    Ok(vec![ended.into(), started.into()])
}

/// After which day and until which day somebody turns 18 who was `age_years` on `start`.
fn birthday(start: Date, age_years: u8) -> Option<(Date, Date)> {
    let until = AGE_YEARS - i32::from(age_years);
    let after = start.checked_add(Span::new().try_years(until - 1).ok()?).ok()?;
    Some((after, start.checked_add(Span::new().try_years(until).ok()?).ok()?))
}

/// Ends it; the day of departure is not paid.
pub(super) fn end(agreement: &Agreement, on: Date, at: Timestamp) -> Decided<Agreements> {
    let Some(arrangement) = &agreement.staying_put else {
        return Err(StayingRejection::StayingPutUnknown.into());
    };
    if let Some(ended) = arrangement.ended {
        return Err(StayingRejection::StayingPutOver(ended).into());
    }
    if on < arrangement.from {
        return Err(AgreementRejection::EndBeforeStart { on, started: arrangement.from });
    }
    let latest = last_day_ahead(london_date(at));
    if on > latest {
        return Err(AgreementRejection::EndTooFar { on, latest });
    }
    let issued = &agreement.issued;
    let (agreement, award, council) = (issued.agreement, issued.award, issued.council);
    Ok(vec![StayingPutEnded { agreement, award, council, on, at }.into()])
}
