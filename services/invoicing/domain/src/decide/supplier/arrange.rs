//! Who bills whom from when, as council and provider agreed, and what the council tolerates of what comes in.

use super::QueryRejected;
use crate::commands::{ArrangeBilling, Command, SetMatchTolerance};
use crate::decide::limits;
use crate::events::{BillingArranged, InvoiceKind, InvoicingEvent, MatchToleranceSet};
use crate::rejection::Rejection;
use crate::state::State;
use care::{Date, Nights, ProviderId, london_date};

/// Records an arrangement. It replaces what was arranged for its nights and later ones, none of which may be invoiced yet.
pub(in crate::decide) fn arrange(
    state: &State,
    command: &Command,
    ask: &ArrangeBilling,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let (from, today) = (ask.from, london_date(command.at));
    if ask.agreed_on > today {
        return Err(QueryRejected::AgreedInFuture { agreed_on: ask.agreed_on, today }.into());
    }
    if !limits::YEARS.contains(&from.year()) {
        return Err(QueryRejected::ArrangementOutOfRange { from }.into());
    }
    let arranged = BillingArranged {
        provider: ask.provider.clone(),
        council: command.council,
        mode: ask.mode,
        from,
        council_by: ask.council_by.clone(),
        provider_by: ask.provider_by.clone(),
        agreed_on: ask.agreed_on,
        at: command.at,
    };
    let last = state.supplier.arrangements.get(&ask.provider).and_then(|by_date| by_date.last_key_value());
    if last.is_some_and(|(_, known)| BillingArranged { at: command.at, ..known.clone() } == arranged) {
        return Ok(Vec::new());
    }
    if let Some(billed_to) = billed_to(state, &ask.provider).filter(|billed_to| from < *billed_to) {
        let provider = ask.provider.clone();
        return Err(QueryRejected::ArrangementTooEarly { provider, billed_to }.into());
    }
    if let Some(charged) = charged_across(state, &ask.provider, from) {
        return Err(QueryRejected::ArrangementWithinCharge { from, charged }.into());
    }
    Ok(vec![arranged.into()])
}

/// The nights of a charge of a provider that would be billed by one side in part and by the other in part.
fn charged_across(state: &State, provider: &ProviderId, from: Date) -> Option<Nights> {
    let own = state.agreements.values().filter(|agreement| agreement.provider == *provider);
    let mut nights = own.flat_map(|agreement| agreement.standing_nights());
    nights.find(|nights| nights.start() < from && from < nights.end())
}

/// The day after the last night of a provider that any invoice is for.
fn billed_to(state: &State, provider: &ProviderId) -> Option<Date> {
    let own = state.providers.get(provider).into_iter().flat_map(|account| &account.invoices);
    let issued = own.filter_map(|id| state.invoices.get(id)).flat_map(|invoice| &invoice.issued.lines);
    let sent = state.supplier.invoices.values().filter(|invoice| {
        let received = &invoice.received;
        received.provider == *provider
            && received.kind == InvoiceKind::Invoice
            && invoice.rejected_on.is_none()
    });
    let sent = sent.flat_map(|invoice| &invoice.received.lines).map(|line| line.nights.end());
    issued.map(|line| line.nights.end()).chain(sent).max()
}

/// Sets the tolerance for what is received from a day on.
pub(in crate::decide) fn set_tolerance(
    state: &State,
    command: &Command,
    ask: &SetMatchTolerance,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let (from, today) = (ask.from, london_date(command.at));
    if from < today {
        return Err(QueryRejected::ToleranceInPast { from, today }.into());
    }
    let set = MatchToleranceSet {
        council: command.council,
        version: state.supplier.tolerance_version.saturating_add(1),
        from,
        tolerance: ask.tolerance,
        approver: ask.approver.clone(),
        at: command.at,
    };
    let same = |known: &MatchToleranceSet| {
        (known.from, known.tolerance, &known.approver) == (set.from, set.tolerance, &set.approver)
    };
    let unchanged = state.supplier.tolerances.get(&from).is_some_and(same);
    Ok(if unchanged { Vec::new() } else { vec![set.into()] })
}
