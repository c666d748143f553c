//! Staying Put: a young person who turns 18 in a foster placement goes on living with the former carers (section 23CZA of the Children
//! Act 1989). The placement ends on the birthday, in the market too, and the agreement goes on as an arrangement with a price of its own:
//! a claim of the same place for the same person could not be made while the place is occupied, and no child is placed any more.

use super::decide::{check_end, ended};
use super::rejection::AgreementRejection;
use super::state::{Agreement, Agreements, End, StayingPut};
use super::staying_rejection::StayingRejection;
use care::published::{PlacementEnded, PriceLine, StayingPutEnded, StayingPutStarted};
use care::{Date, Decided, Timestamp, Violation, last_day_ahead, london_date};
use jiff::Span;

/// The PROVISION codes of foster carers with whom somebody can stay put. Short breaks are nobody's home.
const FOSTERING: [&str; 4] =
    ["FOSTERING", "FOSTERING_ENHANCED", "FOSTERING_PARENT_CHILD", "CONNECTED_CARERS"];
/// The PLACEMENT_END code of what goes on as Staying Put.
pub(super) const STAYED_PUT: &str = "STAYED_PUT";
/// The REASON_PLACE_CHANGE code: the status of the placement changes, and nothing else.
const STATUS_ONLY: &str = "PLACE";
/// The age from which it is possible, in years.
const AGE_YEARS: i32 = 18;

/// Whether it can begin on `on` though the end of the placement is recorded: that very day, not as an end of another kind, and nobody stays
/// put yet.
pub(super) fn fits(agreement: &Agreement, end: &End, on: Date) -> bool {
    let stays = agreement.staying_put.as_ref().is_some_and(StayingPut::has_nights);
    let ending = end.ending.as_deref();
    agreement.started.is_some() && !stays && end.on == on && ending.is_none_or(|ending| ending == STAYED_PUT)
}

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
    let ends = lines.iter().enumerate().filter_map(|(n, line)| {
        let description = line.end_trouble(on)?;
        Some(Violation { field: format!("lines[{n}].until"), description })
    });
    let wrong: Vec<Violation> = ends.collect();
    if !wrong.is_empty() {
        return Err(StayingRejection::FieldInvalid(wrong).into());
    }
    check_end(on, started, at)?;
    if let Some((after, until)) = agreement.age_years.and_then(|age| birthday(issued.start, age))
        && !(after < on && on <= until)
    {
        return Err(StayingRejection::NotEighteenth { on, after, until }.into());
    }
    let (ending, before) = (Some(STAYED_PUT.to_owned()), agreement.ended.as_ref());
    let told = before.is_some_and(|end| end.ending == ending && end.reason == STATUS_ONLY);
    let correction = before.map(|_| "the young person stays put".to_owned());
    let ended = PlacementEnded { ending, correction, ..ended(agreement, on, STATUS_ONLY, at) };
    let started = StayingPutStarted {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        provider: issued.provider.clone(),
        from: on,
        lines: lines.to_vec(),
        at,
    };
    Ok(if told { vec![started.into()] } else { vec![ended.into(), started.into()] })
}

/// After which day and until which day somebody turns 18 who was `age_years` on `start`.
fn birthday(start: Date, age_years: u8) -> Option<(Date, Date)> {
    let until = AGE_YEARS - i32::from(age_years);
    let after = start.checked_add(Span::new().try_years(until - 1).ok()?).ok()?;
    Some((after, start.checked_add(Span::new().try_years(until).ok()?).ok()?))
}

/// Ends it, or with a correction puts its end right; the day of departure is not paid.
pub(super) fn end(
    agreement: &Agreement,
    on: Date,
    correction: Option<&String>,
    at: Timestamp,
) -> Decided<Agreements> {
    let Some(arrangement) = &agreement.staying_put else {
        return Err(StayingRejection::StayingPutUnknown.into());
    };
    match (arrangement.ended, correction) {
        (Some(ended), None) => return Err(StayingRejection::StayingPutOver(ended).into()),
        (None, Some(_)) => return Err(AgreementRejection::DepartureNotRecorded),
        // Where the placement ended otherwise after all, nobody stays put.
        (Some(_), Some(_)) if !stands(agreement, arrangement) => {
            return Err(StayingRejection::StayingPutUnknown.into());
        }
        (Some(ended), Some(_)) if ended == on => return Ok(vec![]),
        (Some(_), Some(_)) | (None, None) => {}
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
    let correction = correction.cloned();
    Ok(vec![StayingPutEnded { agreement, award, council, on, correction, at }.into()])
}

/// Whether the placement ended where the arrangement begins: else it was put right since, and the arrangement is none.
fn stands(agreement: &Agreement, arrangement: &StayingPut) -> bool {
    let end = agreement.ended.as_ref();
    end.is_some_and(|end| end.on == arrangement.from && end.ending.as_deref() == Some(STAYED_PUT))
}
