//! What contracts tells the ledger. A fact cannot be refused to its sender, so what the ledger cannot take becomes an event that
//! says why; a fact that is known already changes nothing.

use super::{entry_dates, is_new, limits};
use crate::accounts::Account;
use crate::charge::{charge, mirror};
use crate::commands::Command;
use crate::events::{
    AgreementOpened, ChargePosted, ChargeReversed, ChargesClosed, ChargesOpened, ContractFactRefused,
    InvoicingEvent,
};
use crate::journal::EntryId;
use crate::rejection::Rejection;
use crate::state::{Agreement, Departure, State};
use care::published::{AgreementIssued, PlacementEnded, PlacementStarted};
use care::{AgreementId, CouncilId, Date, EventBody, Nights, Pence, Refusal};

/// Why a fact cannot be taken: a stable word, and a sentence.
type Trouble = (&'static str, String);

pub(super) fn agreement_issued(
    state: &State,
    command: &Command,
    issued: &AgreementIssued,
) -> Vec<InvoicingEvent> {
    if state.agreements.contains_key(&issued.agreement) {
        return Vec::new();
    }
    if let Some(trouble) = foreign(command, issued.council).or_else(|| terms_trouble(issued)) {
        return refuse::<AgreementIssued>(state, command, issued.agreement, trouble);
    }
    vec![
        AgreementOpened {
            agreement: issued.agreement,
            council: command.council,
            referral: issued.referral,
            provider: issued.provider.clone(),
            provision: issued.provision.clone(),
            start: issued.start,
            lines: issued.terms.lines.clone(),
            funders: issued.terms.funders.clone(),
            at: issued.at,
        }
        .into(),
    ]
}

/// What in an agreement's terms could not be charged.
fn terms_trouble(issued: &AgreementIssued) -> Option<Trouble> {
    let (lines, funders) = (&issued.terms.lines, &issued.terms.funders);
    let trouble = |detail: String| Some(("TERMS_INVALID", detail));
    if lines.is_empty() || lines.len() > limits::PRICE_LINES_MAX {
        return trouble(format!("{} price lines: expected 1 to {}", lines.len(), limits::PRICE_LINES_MAX));
    }
    if let Some(overflow) = lines.iter().find_map(|line| Pence::from_input(line.weekly.0).err()) {
        return trouble(format!("a weekly fee: {overflow}"));
    }
    if funders.is_empty() || funders.len() > limits::FUNDERS_MAX {
        return trouble(format!("{} funders: expected 1 to {}", funders.len(), limits::FUNDERS_MAX));
    }
    let shares: u64 = funders.iter().map(|share| u64::from(share.basis_points)).sum();
    if shares != 10_000 {
        return trouble(format!("the funders' shares sum to {shares} basis points: expected 10000"));
    }
    for share in funders {
        let account = Account::of_funder(&share.funder, &issued.provision);
        if account.is_none_or(|account| Account::try_from(account.as_str().to_owned()).is_err()) {
            let funder = &share.funder;
            let provision = &issued.provision;
            return trouble(format!(
                "funder {funder:?} of provision {provision:?} has no account in the chart"
            ));
        }
    }
    date_trouble(issued.start)
}

pub(super) fn placement_started(
    state: &State,
    command: &Command,
    started: &PlacementStarted,
) -> Vec<InvoicingEvent> {
    let refuse = |trouble| refuse::<PlacementStarted>(state, command, started.agreement, trouble);
    if let Some(trouble) = foreign(command, started.council).or_else(|| date_trouble(started.on)) {
        return refuse(trouble);
    }
    let Some(agreement) = state.agreements.get(&started.agreement) else {
        return refuse(unknown(started.agreement));
    };
    match (agreement.from, &agreement.end) {
        (Some(from), _) if from == started.on => Vec::new(),
        (Some(from), _) => refuse((
            "PLACEMENT_STARTED_ALREADY",
            format!("the first paid night is {from} already, not {}: nothing was changed", started.on),
        )),
        (None, Some(end)) => refuse((
            "PLACEMENT_ENDED",
            format!("the placement ended on {} before an arrival was known", end.on),
        )),
        (None, None) => vec![
            ChargesOpened {
                agreement: started.agreement,
                council: command.council,
                from: started.on,
                at: started.at,
            }
            .into(),
        ],
    }
}

pub(super) fn placement_ended(
    state: &State,
    command: &Command,
    ended: &PlacementEnded,
) -> Vec<InvoicingEvent> {
    let refuse = |trouble| refuse::<PlacementEnded>(state, command, ended.agreement, trouble);
    if let Some(trouble) = foreign(command, ended.council).or_else(|| date_trouble(ended.on)) {
        return refuse(trouble);
    }
    let Some(agreement) = state.agreements.get(&ended.agreement) else {
        return refuse(unknown(ended.agreement));
    };
    // A correction follows what it corrects, whatever the clocks say.
    let is_news = |known: &Departure| ended.correction.is_some() || ended.at > known.at;
    if agreement.end.as_ref().is_some_and(|known| known.on == ended.on || !is_news(known)) {
        return Vec::new();
    }
    if let Some(from) = agreement.from.filter(|from| ended.on < *from) {
        return refuse((
            "END_BEFORE_START",
            format!("the departure on {} lies before the first paid night, {from}", ended.on),
        ));
    }
    match corrections(state, command, agreement, ended.on, &ended.reason) {
        Ok(corrections) => {
            let closed = ChargesClosed {
                agreement: ended.agreement,
                council: command.council,
                on: ended.on,
                reason: ended.reason.clone(),
                at: ended.at,
            };
            std::iter::once(closed.into()).chain(corrections).collect()
        }
        Err(rejection) => refuse((rejection.reason(), rejection.to_string())),
    }
}

/// Takes back, latest first, the standing charges with a night from the departure on, and charges again what remains of
/// one that it cuts. Each correction counts in the period of the charge it corrects, or in the first open one after it.
pub(super) fn corrections(
    state: &State,
    command: &Command,
    agreement: &Agreement,
    departure: Date,
    reason: &str,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let mut events = Vec::new();
    let Some(first_night) = agreement.from else {
        return Ok(events);
    };
    let recorded = agreement.standing.values().rev().filter_map(|id| state.charges.get(id));
    let too_much = recorded.take_while(|charge| charge.nights.end() > departure);
    for recorded in too_much.take(limits::REVERSALS_MAX) {
        let Some(entry) = state.ledger.entry(recorded.id) else { continue };
        let day = entry.dates.posted_on;
        let dates = entry_dates(state, day, recorded.nights);
        let (reversal, entry) = mirror(recorded, entry, &command.cause, dates, reason, departure)?;
        if is_new(state, &entry)? {
            let (council, at) = (command.council, command.at);
            events.push(ChargeReversed { council, charge: reversal, entry, at }.into());
        }
        let Ok(rest) = Nights::new(recorded.nights.start(), departure) else { continue };
        if rest.is_empty() {
            continue;
        }
        let dates = entry_dates(state, day, rest);
        let id = EntryId(command.cause.id_of(&format!("RECHARGE|{}", recorded.id)));
        let (charge, entry) = charge(agreement, first_night, id, dates, Some(reason))?;
        if is_new(state, &entry)? {
            let (council, at) = (command.council, command.at);
            events.push(ChargePosted { council, charge, entry, run: None, at }.into());
        }
    }
    Ok(events)
}

fn foreign(command: &Command, council: CouncilId) -> Option<Trouble> {
    (command.council != council)
        .then(|| ("LEDGER_FOREIGN", format!("it is {council}'s, and this is {}'s ledger", command.council)))
}

fn date_trouble(day: Date) -> Option<Trouble> {
    let (first, last) = (limits::YEARS.start(), limits::YEARS.end());
    (!limits::YEARS.contains(&day.year()))
        .then(|| ("DATE_OUT_OF_RANGE", format!("{day} is not in the years {first} to {last}")))
}

fn unknown(agreement: AgreementId) -> Trouble {
    (
        "AGREEMENT_UNKNOWN",
        format!("agreement {agreement} is not in this ledger: its terms never came, or were refused"),
    )
}

fn refuse<Fact: EventBody>(
    state: &State,
    command: &Command,
    agreement: AgreementId,
    (reason, detail): Trouble,
) -> Vec<InvoicingEvent> {
    let refusal = command.cause.id_of(&format!("refused|{}|{agreement}", Fact::TYPE));
    if state.refused.contains(&refusal) {
        return Vec::new();
    }
    let (council, fact, reason) = (command.council, Fact::TYPE.to_owned(), reason.to_owned());
    vec![ContractFactRefused { refusal, agreement, council, fact, reason, detail, at: command.at }.into()]
}
