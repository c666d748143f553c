//! Discounts for siblings who live with one provider: they end by themselves on the night that the last of the others leaves.

use super::amend::{siblings_named, terms_set};
use super::commands::Changes;
use super::events::SiblingDiscount;
use super::rejection::TermsRejection;
use crate::agreements::events::AgreementEvent;
use crate::agreements::state::{Agreement, AgreementStatus, Agreements};
use care::published::AgreementTermsSet;
use care::{AgreementId, Date, Timestamp};

/// The TERMS_CAUSE code.
const DISCOUNT: &str = "DISCOUNT";
/// How many siblings a discount names at most.
const SIBLINGS_MAX: usize = 12;

/// Siblings are those of this council's agreements with the provider, of other children, who are there when the discount begins.
pub(super) fn check(
    state: &Agreements,
    agreement: &Agreement,
    changes: &Changes,
) -> Result<(), TermsRejection> {
    for (n, siblings) in siblings_named(changes) {
        let refuse = |detail: String| {
            Err(TermsRejection::SiblingsInvalid { field: format!("changes.lines[{n}].add.siblings"), detail })
        };
        if siblings.len() > SIBLINGS_MAX {
            return refuse(format!("name {SIBLINGS_MAX} at most"));
        }
        for id in siblings {
            let of_provider = |it: &&Agreement| it.issued.provider == agreement.issued.provider;
            let Some(sibling) = state.agreements.get(id).filter(of_provider) else {
                return refuse(format!("the council has no agreement {id} with the provider"));
            };
            if sibling.issued.referral == agreement.issued.referral {
                return refuse(format!("agreement {id} is for the child itself: name those of the others"));
            }
            if sibling.status() == AgreementStatus::Cancelled {
                return refuse(format!("the child of agreement {id} never came: leave it out"));
            }
            if let Some(end) = sibling.ended.as_ref().filter(|end| end.on <= changes.from) {
                return refuse(format!("the child of agreement {id} is not there from {} on", end.on));
            }
            let first = sibling.started.unwrap_or(sibling.issued.start);
            if first > changes.from {
                return refuse(format!(
                    "the child of agreement {id} comes on {first}: begin the discount then"
                ));
            }
        }
    }
    Ok(())
}

/// The day on which a discount ends, as things stand: the last sibling's departure, or what was agreed if that is sooner.
pub(super) fn until(state: &Agreements, discount: &SiblingDiscount) -> Option<Date> {
    until_with(state, discount, None)
}

fn until_with(
    state: &Agreements,
    discount: &SiblingDiscount,
    told: Option<(AgreementId, Option<Date>)>,
) -> Option<Date> {
    let ends = discount.siblings.iter().map(|id| {
        let sibling = state.agreements.get(id)?;
        let on = match told {
            Some((agreement, on)) if agreement == *id => on?,
            _ => sibling.ended.as_ref()?.on,
        };
        // One who never came was a sibling there on no night.
        Some(if sibling.started.is_none() { Date::MIN } else { on })
    });
    // One who stays is enough.
    let last = ends.collect::<Option<Vec<Date>>>().and_then(|ends| ends.into_iter().max());
    [last, discount.until].into_iter().flatten().min()
}

/// What an end, another day for one that was told, or that there is none after all, makes of the discounts of the siblings.
pub(crate) fn follow(state: &Agreements, events: &[AgreementEvent], at: Timestamp) -> Vec<AgreementEvent> {
    let ends = events.iter().filter_map(|event| match event {
        AgreementEvent::PlacementEnded(ended) => Some((ended.agreement, Some(ended.on))),
        AgreementEvent::PlacementEndWithdrawn(withdrawn) => Some((withdrawn.agreement, None)),
        _ => None,
    });
    ends.flat_map(|told| followed(state, told, at)).map(AgreementEvent::from).collect()
}

fn followed(state: &Agreements, told: (AgreementId, Option<Date>), at: Timestamp) -> Vec<AgreementTermsSet> {
    let waiting = state.sibling_of.get(&told.0).into_iter().flatten();
    let reason = match told.1 {
        Some(on) => format!("the last sibling's placement ends on {on}"),
        None => "the end of a sibling's placement was withdrawn".to_owned(),
    };
    waiting
        .filter_map(|id| {
            let agreement = state.agreements.get(id)?;
            let mut lines = agreement.terms.lines.clone();
            let mut first: Option<Date> = None;
            for (number, discount) in &agreement.terms.sibling_discounts {
                let until = until_with(state, discount, Some(told));
                for line in lines.iter_mut().filter(|line| line.line == *number) {
                    let until = until.map(|until| until.max(line.from));
                    if until != line.until {
                        let turn = [until, line.until].into_iter().flatten().min().unwrap_or(line.from);
                        first = Some(first.map_or(turn, |first| first.min(turn)));
                        line.until = until;
                    }
                }
            }
            let set = terms_set(agreement, DISCOUNT, first?, &reason, at);
            Some(AgreementTermsSet { lines, ..set })
        })
        .collect()
}
