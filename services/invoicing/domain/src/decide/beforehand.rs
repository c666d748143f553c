//! What the market tells of nights that were agreed beforehand: reservations, blocks, and what is sold of either. A council hears of its own
//! half alone: what it pays, or what it is paid.

use super::correct::Work;
use super::facts::{Trouble, date_trouble, foreign, refuse};
use crate::agreement::{Agreement, Subject, common, without};
use crate::commands::Command;
use crate::events::{InvoicingEvent, NightsAgreed, NightsAgreedEnded, NightsYielded};
use crate::rejection::Rejection;
use crate::state::State;
use care::market::{
    BlockAllocated, BlockEnded, OccupancyEnded, PlaceReserved, ResaleBought, ResaleOf, ResaleSold,
    ReservationEnded,
};
use care::{
    AgreementId, CouncilId, Date, EstablishmentUrn, EventBody, Nights, Pence, PlaceId, ProviderId, Refusal,
    Timestamp,
};
use std::collections::BTreeMap;

/// Nights that were agreed, as every one of those facts tells them.
struct Told<'a> {
    subject: Subject,
    place: &'a PlaceId,
    urn: Option<&'a EstablishmentUrn>,
    token: u64,
    council: CouncilId,
    provider: Option<&'a ProviderId>,
    other_council: Option<CouncilId>,
    sold_of: Option<AgreementId>,
    from: Date,
    until: Date,
    weekly: Pence,
    at: Timestamp,
}

pub(super) fn reserved(state: &State, command: &Command, fact: &PlaceReserved) -> Vec<InvoicingEvent> {
    let told = Told {
        subject: Subject::Reservation,
        place: &fact.place,
        urn: Some(&fact.urn),
        token: fact.token,
        council: fact.council,
        provider: Some(&fact.provider),
        other_council: None,
        sold_of: None,
        from: fact.from,
        until: fact.until,
        weekly: fact.weekly,
        at: fact.at,
    };
    open::<PlaceReserved>(state, command, &told)
}

pub(super) fn allocated(state: &State, command: &Command, fact: &BlockAllocated) -> Vec<InvoicingEvent> {
    let told = Told {
        subject: Subject::Block,
        place: &fact.place,
        urn: Some(&fact.urn),
        token: fact.block,
        council: fact.council,
        provider: Some(&fact.provider),
        other_council: None,
        sold_of: None,
        from: fact.terms.from,
        until: fact.terms.until,
        weekly: fact.terms.weekly,
        at: fact.at,
    };
    open::<BlockAllocated>(state, command, &told)
}

pub(super) fn sold(state: &State, command: &Command, fact: &ResaleSold) -> Vec<InvoicingEvent> {
    let of = match fact.of {
        ResaleOf::Reservation(token) => Subject::Reservation.id(&fact.place, token),
        ResaleOf::Block(number) => Subject::Block.id(&fact.place, number),
    };
    // A reservation that was bought is known here by what was bought.
    let bought = match fact.of {
        ResaleOf::Reservation(token) => Some(Subject::Bought.id(&fact.place, token)),
        ResaleOf::Block(_) => None,
    };
    let sold_of = bought.filter(|bought| state.agreements.contains_key(bought)).unwrap_or(of);
    let told = Told {
        subject: Subject::Sold,
        place: &fact.place,
        urn: None,
        token: fact.token,
        council: fact.seller,
        provider: None,
        other_council: Some(fact.buyer),
        sold_of: Some(sold_of),
        from: fact.from,
        until: fact.until,
        weekly: fact.weekly,
        at: fact.at,
    };
    open::<ResaleSold>(state, command, &told)
}

pub(super) fn bought(state: &State, command: &Command, fact: &ResaleBought) -> Vec<InvoicingEvent> {
    let told = Told {
        subject: Subject::Bought,
        place: &fact.place,
        urn: None,
        token: fact.token,
        council: fact.buyer,
        provider: None,
        other_council: Some(fact.seller),
        sold_of: None,
        from: fact.from,
        until: fact.until,
        weekly: fact.weekly,
        at: fact.at,
    };
    open::<ResaleBought>(state, command, &told)
}

fn open<Fact: EventBody>(state: &State, command: &Command, told: &Told<'_>) -> Vec<InvoicingEvent> {
    let id = told.subject.id(told.place, told.token);
    if state.agreements.contains_key(&id) {
        return Vec::new();
    }
    if let Some(trouble) = foreign(command, told.council).or_else(|| nights_trouble(told)) {
        return refuse::<Fact>(state, command, id, trouble);
    }
    let named = told.other_council.and_then(|other| format!("council-{other}").parse().ok());
    let Some(provider) = told.provider.cloned().or(named) else {
        let trouble = ("PARTY_UNKNOWN", "it does not say who is paid".to_owned());
        return refuse::<Fact>(state, command, id, trouble);
    };
    let agreed = NightsAgreed {
        agreement: id,
        council: command.council,
        subject: told.subject,
        place: told.place.clone(),
        urn: told.urn.cloned(),
        token: told.token,
        sold_of: told.sold_of,
        provider,
        other_council: told.other_council,
        from: told.from,
        until: told.until,
        weekly: told.weekly,
        at: told.at,
    };
    let agreement = Agreement::agreed(&agreed);
    super::facts::told::<Fact>(state, command, agreed.into(), agreement, "AGREED")
}

fn nights_trouble(told: &Told<'_>) -> Option<Trouble> {
    let (from, until) = (told.from, told.until);
    if until < from {
        return Some(("NIGHTS_INVALID", format!("the nights end on {until}, before they begin on {from}")));
    }
    let overflow = Pence::from_input(told.weekly.0).err();
    let price = overflow.map(|overflow| ("TERMS_INVALID", format!("a weekly price: {overflow}")));
    price.or_else(|| date_trouble(from)).or_else(|| date_trouble(until))
}

pub(super) fn reservation_ended(
    state: &State,
    command: &Command,
    fact: &ReservationEnded,
) -> Vec<InvoicingEvent> {
    if let Some(trouble) = foreign(command, fact.council) {
        let id = Subject::Reservation.id(&fact.place, fact.token);
        return refuse::<ReservationEnded>(state, command, id, trouble);
    }
    let ids = [Subject::Reservation, Subject::Bought].map(|subject| subject.id(&fact.place, fact.token));
    let reason = fact.reason.to_string();
    end::<ReservationEnded>(state, command, &ids, fact.until, &reason, fact.at)
}

pub(super) fn block_ended(state: &State, command: &Command, fact: &BlockEnded) -> Vec<InvoicingEvent> {
    let id = Subject::Block.id(&fact.place, fact.block);
    if let Some(trouble) = foreign(command, fact.council) {
        return refuse::<BlockEnded>(state, command, id, trouble);
    }
    end::<BlockEnded>(state, command, &[id], fact.until, "ENDED", fact.at)
}

/// Ends whichever of these nights are known, and what was sold of them: what the seller goes on paying ends with what the buyer pays.
fn end<Fact: EventBody>(
    state: &State,
    command: &Command,
    ids: &[AgreementId],
    on: Date,
    reason: &str,
    at: Timestamp,
) -> Vec<InvoicingEvent> {
    let refused = |trouble| {
        let id = ids.first().copied();
        id.map_or_else(Vec::new, |id| refuse::<Fact>(state, command, id, trouble))
    };
    if !ids.iter().any(|id| state.agreements.contains_key(id)) {
        let detail = "what ends was never told here, or was refused".to_owned();
        return refused(("NIGHTS_UNKNOWN", detail));
    }
    let ends = |it: &&Agreement| {
        let of_them = ids.contains(&it.id) || it.sold_of.is_some_and(|of| ids.contains(&of));
        of_them && it.end.as_ref().is_none_or(|end| on < end.on)
    };
    let known = ids.iter().find_map(|id| state.agreements.get(id)).and_then(|it| it.place.as_ref());
    let there = known.and_then(|place| state.places.get(place)).into_iter().flatten();
    let mut work = Work::new(state, command);
    for ended in there.filter_map(|id| state.agreements.get(id)).filter(ends) {
        if let Err(rejection) = end_one(&mut work, ended, on, reason, at) {
            return refused((rejection.reason(), rejection.to_string()));
        }
    }
    work.events
}

fn end_one(
    work: &mut Work<'_>,
    ended: &Agreement,
    on: Date,
    reason: &str,
    at: Timestamp,
) -> Result<(), Rejection> {
    let on = on.max(ended.start);
    let event = NightsAgreedEnded {
        agreement: ended.id,
        council: work.command.council,
        on,
        reason: reason.to_owned(),
        at,
    };
    let mut changed = ended.clone();
    changed.end_agreed(&event);
    work.tell(event.into(), changed, reason)
}

/// What the council's own reservations give up for a stay. Only the market's word is taken for it: it lets nobody have those nights for the
/// council again, so that nothing is paid for them, also where the departure is put right once more, to an earlier day.
pub(super) fn yielded(state: &State, command: &Command, fact: &OccupancyEnded) -> Vec<InvoicingEvent> {
    // A token names one reservation of a place, so that all its nights are one news.
    let mut by_token: BTreeMap<u64, (Date, Date)> = BTreeMap::new();
    for given in &fact.yielded {
        let (from, until) = by_token.entry(given.token).or_insert((given.from, given.until));
        (*from, *until) = (given.from.min(*from), given.until.max(*until));
    }
    let one = |(token, (from, until))| {
        let id = Subject::Reservation.id(&fact.place, token);
        let told = match foreign(command, fact.council) {
            Some(trouble) => Err(trouble),
            None => yield_one(state, command, id, (from, until), fact.at),
        };
        told.unwrap_or_else(|trouble| refuse::<OccupancyEnded>(state, command, id, trouble))
    };
    by_token.into_iter().flat_map(one).collect()
}

fn yield_one(
    state: &State,
    command: &Command,
    id: AgreementId,
    (from, until): (Date, Date),
    at: Timestamp,
) -> Result<Vec<InvoicingEvent>, Trouble> {
    let nights = Nights::new(from, until).map_err(|_| {
        ("NIGHTS_INVALID", format!("the nights given up end on {until}, before they begin on {from}"))
    })?;
    let reserved = state.agreements.get(&id).ok_or_else(|| {
        ("NIGHTS_UNKNOWN", "the reservation that yields was never told here, or was refused".to_owned())
    })?;
    let agreed = Nights::from_on(reserved.start, reserved.end.as_ref().map(|end| end.on));
    let given_up = common(agreed, nights).filter(|nights| !without(&[*nights], &reserved.yielded).is_empty());
    let Some(nights) = given_up else { return Ok(Vec::new()) };
    let event = NightsYielded {
        agreement: id,
        council: command.council,
        from: nights.start(),
        until: nights.end(),
        at,
    };
    let mut changed = reserved.clone();
    changed.yield_nights(&event);
    let mut work = Work::new(state, command);
    let told = work.tell(event.into(), changed, "OCCUPIED");
    told.map_err(|rejection| (rejection.reason(), rejection.to_string()))?;
    Ok(work.events)
}
