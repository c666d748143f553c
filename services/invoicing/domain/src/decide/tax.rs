//! What VAT goes by: the market's word on the registration of homes, and the council's on its suppliers, which two people give. Charges that are
//! treated otherwise by it are corrected at once, as far as one decision can; the next accrual corrects the rest.

use super::correct::Work;
use super::limits;
use super::payments::{next_revision, text};
use crate::commands::{Command, RegistrationTold};
use crate::events::{HomeRegistrationNoted, InvoicingEvent, TaxDetailsRecorded, TaxDetailsVerified};
use crate::rejection::{PaymentRejection, Rejection};
use crate::state::State;
use crate::tax::{TaxDetails, TaxState};
use care::{EstablishmentUrn, ProviderId, Violation};
use std::collections::BTreeMap;

/// Notes which homes are registered no longer, or again. Most of what the market tells of a registration is something else, and nothing here.
pub(super) fn registrations(
    state: &State,
    command: &Command,
    told: &[RegistrationTold],
) -> Result<Vec<InvoicingEvent>, Rejection> {
    // Of a home that is told of twice, the last one counts: what it holds from its day on is all that the ledger asks.
    let by_home: BTreeMap<&EstablishmentUrn, &RegistrationTold> =
        told.iter().map(|told| (&told.urn, told)).collect();
    let news: Vec<&RegistrationTold> = by_home.into_values().filter(|it| is_news(&state.tax, it)).collect();
    if news.is_empty() {
        return Ok(Vec::new());
    }
    let mut tax = state.tax.clone();
    let mut events = Vec::with_capacity(news.len());
    for RegistrationTold { urn, registered, from, at, .. } in news {
        let (council, registered, from, at) = (command.council, *registered, *from, *at);
        let event = HomeRegistrationNoted { urn: urn.clone(), council, registered, from, at };
        tax.registration_noted(&event);
        events.push(event.into());
    }
    followed(state, command, events, &tax, "REGISTRATION")
}

fn is_news(tax: &TaxState, told: &RegistrationTold) -> bool {
    let last = tax.homes.get(&told.urn).and_then(|turns| turns.last_key_value());
    let dated = told.dates.is_none_or(|day| last == Some((&day, &told.registered)));
    dated && tax.is_news(&told.urn, told.from, told.registered)
}

/// Records what a supplier is for VAT; nothing where that is what was recorded last.
pub(super) fn record(
    state: &State,
    command: &Command,
    by: &str,
    provider: &ProviderId,
    details: &TaxDetails,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    if !limits::YEARS.contains(&details.from.year()) {
        let (first, last) = (limits::YEARS.start(), limits::YEARS.end());
        let description = format!("{} is not in the years {first} to {last}", details.from);
        let violation = Violation { field: "from".to_owned(), description };
        return Err(PaymentRejection::FieldsInvalid(vec![violation]).into());
    }
    let known = state.tax.suppliers.get(provider);
    if known.and_then(|known| known.last()).is_some_and(|last| last.details == *details) {
        return Ok(Vec::new());
    }
    let records = known.map_or(0, |known| known.records.len());
    let revision = next_revision("what this provider is for VAT", records)?;
    let (council, provider, details) = (command.council, provider.clone(), details.clone());
    let (by, at) = (by.to_owned(), command.at);
    Ok(vec![TaxDetailsRecorded { council, provider, revision, details, by, at }.into()])
}

/// Verifies what was recorded last of a supplier; nothing where it is verified.
pub(super) fn verify(
    state: &State,
    command: &Command,
    by: &str,
    provider: &ProviderId,
    revision: u32,
    how: &str,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let how = text("how", how)?;
    let unknown = || PaymentRejection::TaxDetailsUnknown(provider.clone());
    let supplier = state.tax.suppliers.get(provider).ok_or_else(unknown)?;
    let last = supplier.last().ok_or_else(unknown)?;
    if last.revision != revision {
        let (provider, last) = (provider.clone(), last.revision);
        return Err(PaymentRejection::TaxDetailsOutdated { provider, revision, last }.into());
    }
    if last.by == by {
        return Err(PaymentRejection::SamePerson { person: by.to_owned(), did: "recorded" }.into());
    }
    if supplier.verified.is_some() {
        return Ok(Vec::new());
    }
    let (council, provider, by, at) = (command.council, provider.clone(), by.to_owned(), command.at);
    let event = TaxDetailsVerified { council, provider, revision, how, by, at };
    let mut tax = state.tax.clone();
    tax.verified(&event);
    followed(state, command, vec![event.into()], &tax, "VAT_NUMBER")
}

/// News with the corrections of what is treated otherwise by it.
fn followed(
    state: &State,
    command: &Command,
    news: Vec<InvoicingEvent>,
    tax: &TaxState,
    reason: &str,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let mut work = Work::new(state, command);
    work.events = news;
    for agreement in state.agreements.values() {
        let supply = tax.supply_of(agreement);
        if supply != agreement.supply {
            let mut changed = agreement.clone();
            changed.supply = supply;
            work.treat_anew(&mut changed, reason)?;
        }
    }
    Ok(work.events)
}
