//! What contracts tells the ledger. A fact cannot be refused to its sender, so what the ledger cannot take becomes an event that
//! says why; a fact that is known already changes nothing.

use super::correct::Work;
use super::limits;
use crate::accounts::Account;
use crate::agreement::{Agreement, Departure, Subject};
use crate::commands::Command;
use crate::events::{
    AgreementOpened, ChargesClosed, ChargesOpened, ChargesReopened, ContractFactRefused, InvoicingEvent,
};
use crate::state::State;
use care::published::{
    AgreementIssued, FunderShare, PlacementEndWithdrawn, PlacementEnded, PlacementStarted, PriceLine, Route,
};
use care::{AgreementId, CouncilId, Date, EventBody, Pence, Refusal};

/// Why a fact cannot be taken: a stable word, and a sentence.
pub(super) type Trouble = (&'static str, String);

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
    let opened = AgreementOpened {
        agreement: issued.agreement,
        council: command.council,
        referral: issued.referral,
        provider: issued.provider.clone(),
        provision: issued.provision.clone(),
        start: issued.start,
        lines: issued.terms.lines.clone(),
        funders: issued.terms.funders.clone(),
        place: Some(issued.place.clone()),
        urn: Some(issued.urn.clone()),
        in_house: issued.terms.route == Route::InHouse,
        at: issued.at,
    };
    let agreement = Agreement::opened(&opened);
    told::<AgreementIssued>(state, command, opened.into(), agreement, "ISSUED")
}

/// Records a fact with all that follows from it, or that what follows cannot be posted.
pub(super) fn told<Fact: EventBody>(
    state: &State,
    command: &Command,
    news: InvoicingEvent,
    changed: Agreement,
    reason: &str,
) -> Vec<InvoicingEvent> {
    let id = changed.id;
    let mut work = Work::new(state, command);
    match work.tell(news, changed, reason) {
        Ok(()) => work.events,
        Err(rejection) => refuse::<Fact>(state, command, id, (rejection.reason(), rejection.to_string())),
    }
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
    funders_trouble(funders, &issued.provision)
        .or_else(|| date_trouble(issued.start))
        .or_else(|| ends_trouble(lines, issued.start))
}

/// What in the ends of a price's lines could not be charged, where the price holds from `start` on. A line without one ends with the placement, as
/// all did before additions had an end.
pub(super) fn ends_trouble(lines: &[PriceLine], start: Date) -> Option<Trouble> {
    let until = lines.iter().filter_map(|line| line.until).find(|until| *until < start);
    let early =
        until.map(|until| ("TERMS_INVALID", format!("a line ends on {until}, before it begins on {start}")));
    early.or_else(|| lines.iter().filter_map(|line| line.until).find_map(date_trouble))
}

/// What in the funders' shares could not be charged.
pub(super) fn funders_trouble(funders: &[FunderShare], provision: &str) -> Option<Trouble> {
    let trouble = |detail: String| Some(("TERMS_INVALID", detail));
    if funders.is_empty() || funders.len() > limits::FUNDERS_MAX {
        return trouble(format!("{} funders: expected 1 to {}", funders.len(), limits::FUNDERS_MAX));
    }
    let shares: u64 = funders.iter().map(|share| u64::from(share.basis_points)).sum();
    if shares != 10_000 {
        return trouble(format!("the funders' shares sum to {shares} basis points: expected 10000"));
    }
    for share in funders {
        let account = Account::of_funder(&share.funder, provision);
        if account.is_none_or(|account| Account::try_from(account.as_str().to_owned()).is_err()) {
            let funder = &share.funder;
            return trouble(format!(
                "funder {funder:?} of provision {provision:?} has no account in the chart"
            ));
        }
    }
    None
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
    let Some(agreement) = placement(state, started.agreement) else {
        return refuse(unknown(started.agreement));
    };
    let corrected = started.correction.is_some();
    // A correction follows what it corrects, whatever the clocks say. What was recorded before it and comes once more is no news.
    let is_older = !corrected && agreement.arrived_at.is_some_and(|known| started.at <= known);
    match (agreement.from, &agreement.end) {
        (Some(from), _) if from == started.on || is_older => Vec::new(),
        (Some(_), Some(end)) if corrected && started.on > end.on => refuse((
            "START_AFTER_END",
            format!(
                "the arrival on {} lies after the departure on {}: nothing was changed",
                started.on, end.on
            ),
        )),
        (Some(from), _) if !corrected => refuse((
            "PLACEMENT_STARTED_ALREADY",
            format!("the first paid night is {from} already, not {}: nothing was changed", started.on),
        )),
        (None, Some(end)) => refuse((
            "PLACEMENT_ENDED",
            format!("the placement ended on {} before an arrival was known", end.on),
        )),
        (Some(_), _) | (None, None) => {
            let opened = ChargesOpened {
                agreement: started.agreement,
                council: command.council,
                from: started.on,
                corrected,
                at: started.at,
            };
            let reason = opened.reason();
            let mut changed = agreement.clone();
            changed.arrive(&opened);
            told::<PlacementStarted>(state, command, opened.into(), changed, reason)
        }
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
    let Some(agreement) = placement(state, ended.agreement) else {
        return refuse(unknown(ended.agreement));
    };
    // An end that was withdrawn comes once more; contracts records each later one after that.
    if agreement.reopened_at.is_some_and(|withdrawn| ended.at <= withdrawn) {
        return Vec::new();
    }
    // A correction follows what it corrects, whatever the clocks say.
    let is_news = |known: &Departure| ended.correction.is_some() || ended.at > known.at;
    // The same day told later is noted all the same: what was recorded between the two is older than it.
    let same = |known: &Departure| known.on == ended.on && ended.at <= known.at;
    if agreement.end.as_ref().is_some_and(|known| same(known) || !is_news(known)) {
        return Vec::new();
    }
    if let Some(from) = agreement.from.filter(|from| ended.on < *from) {
        return refuse((
            "END_BEFORE_START",
            format!("the departure on {} lies before the first paid night, {from}", ended.on),
        ));
    }
    let closed = ChargesClosed {
        agreement: ended.agreement,
        council: command.council,
        on: ended.on,
        reason: ended.reason.clone(),
        at: ended.at,
    };
    let mut changed = agreement.clone();
    changed.depart(&closed);
    told::<PlacementEnded>(state, command, closed.into(), changed, &ended.reason)
}

/// The placement goes on: what was taken off what is committed, and nights that were taken back for the end, count again.
pub(super) fn end_withdrawn(
    state: &State,
    command: &Command,
    withdrawn: &PlacementEndWithdrawn,
) -> Vec<InvoicingEvent> {
    let refuse = |trouble| refuse::<PlacementEndWithdrawn>(state, command, withdrawn.agreement, trouble);
    if let Some(trouble) = foreign(command, withdrawn.council).or_else(|| date_trouble(withdrawn.on)) {
        return refuse(trouble);
    }
    let Some(agreement) = placement(state, withdrawn.agreement) else {
        return refuse(unknown(withdrawn.agreement));
    };
    let known = [agreement.reopened_at, agreement.end.as_ref().map(|end| end.at)];
    if known.into_iter().flatten().any(|known| withdrawn.at <= known) {
        return Vec::new();
    }
    // Also where the end itself never came here: it is older, and no news any more.
    let reopened = ChargesReopened {
        agreement: withdrawn.agreement,
        council: command.council,
        on: withdrawn.on,
        at: withdrawn.at,
    };
    let mut changed = agreement.clone();
    changed.reopen(&reopened);
    told::<PlacementEndWithdrawn>(state, command, reopened.into(), changed, ChargesReopened::REASON)
}

pub(super) fn foreign(command: &Command, council: CouncilId) -> Option<Trouble> {
    (command.council != council)
        .then(|| ("LEDGER_FOREIGN", format!("it is {council}'s, and this is {}'s ledger", command.council)))
}

pub(super) fn date_trouble(day: Date) -> Option<Trouble> {
    let (first, last) = (limits::YEARS.start(), limits::YEARS.end());
    (!limits::YEARS.contains(&day.year()))
        .then(|| ("DATE_OUT_OF_RANGE", format!("{day} is not in the years {first} to {last}")))
}

/// The placement that a fact of contracts is about. Nights that were agreed beforehand are agreements too, but the market alone tells of them.
pub(super) fn placement(state: &State, id: AgreementId) -> Option<&Agreement> {
    state.agreements.get(&id).filter(|it| it.subject == Subject::Placement)
}

pub(super) fn unknown(agreement: AgreementId) -> Trouble {
    (
        "AGREEMENT_UNKNOWN",
        format!("agreement {agreement} is not in this ledger: its terms never came, or were refused"),
    )
}

pub(super) fn refuse<Fact: EventBody>(
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
