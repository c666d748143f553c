//! The rules of a council's ledger: each command is decided against the state, by theme.

mod accrual;
mod beforehand;
mod correct;
mod facts;
mod invoices;
mod matching;
mod outcomes;
mod payments;
mod periods;
mod price_facts;
mod supplier;
mod tax;

pub use supplier::{InvoiceRejected, InvoiceTrouble, QueryRejected};

use crate::commands::{Ask, Command};
use crate::events::InvoicingEvent;
use crate::journal::{EntryDates, JournalEntry};
use crate::rejection::Rejection;
use crate::state::State;
use care::{Date, Decided, Domain, Nights};

/// What a ledger accepts at most.
pub mod limits {
    /// How many lines one invoice has, so that it stays an event of readable size; what is left goes on the next.
    pub const INVOICE_LINES_MAX: usize = 1_000;
    /// How many charges one decision takes back, so that a log can take its events; the next accrual takes back the rest.
    pub const REVERSALS_MAX: usize = 400;
    /// How many price lines an agreement has.
    pub const PRICE_LINES_MAX: usize = 20;
    /// How many funders an agreement has at once.
    pub const FUNDERS_MAX: usize = 10;
    pub use care::published::terms_limits::{
        ABSENCE_RULE_CHANGES_MAX, FUNDER_CHANGES_MAX, TERM_LINES_MAX, YEARS,
    };
    /// How many absence rules an agreement has at once.
    pub const ABSENCE_RULES_MAX: usize = 20;
    /// How many payments for outcomes an agreement has.
    pub const OUTCOMES_MAX: usize = 100;
    /// How many absences of one agreement are noted.
    pub const ABSENCES_MAX: usize = 1_000;
    /// How many days after its issue, or its receipt, an invoice is to be paid (Procurement Act 2023, section 68).
    pub const PAYMENT_DAYS: i32 = 30;
    /// How many invoices a provider sends at once.
    pub const SUBMISSION_INVOICES_MAX: usize = 200;
    /// How many lines they have together.
    pub const SUBMISSION_LINES_MAX: usize = 5_000;
    /// How many lines an invoice has that a provider sends, so that it stays an event of readable size with its match.
    pub const SUPPLIER_LINES_MAX: usize = 500;
    /// How many documents one payment run pays, so that a log can take its payments in one entry; the rest waits for another run.
    pub const RUN_ITEMS_MAX: usize = 400;
    /// What a run pays at most, to one provider and in all: what a record of BACS can hold, £999,999,999.99.
    pub const RUN_TOTAL_MAX: care::Pence = care::Pence(99_999_999_999);
    /// How many days ahead a run's pay day is at most, as BACS has it.
    pub const PAY_DAYS_AHEAD_MAX: i32 = 30;
    /// How many times a provider's bank details, or the council's way of paying, are recorded.
    pub const PAYMENT_REVISIONS_MAX: u32 = 1_000;
    /// How many runs are released on one day, as files for BACS are numbered.
    pub const FILES_A_DAY_MAX: u16 = 999;
    /// Characters of a reason, or of how bank details were verified.
    pub const PAYMENT_TEXT_CHARS_MAX: usize = 500;
}

/// The domain of one council's charges, invoices and journal.
pub struct Invoicing;

impl Domain for Invoicing {
    type State = State;
    type Command = Command;
    type Event = InvoicingEvent;
    type Rejection = Rejection;

    fn decide(state: &State, command: &Command) -> Decided<Self> {
        if let Some(ledger) = state.council.filter(|ledger| *ledger != command.council) {
            return Err(Rejection::LedgerForeign { ledger, council: command.council });
        }
        match &command.ask {
            Ask::OpenAgreement(issued) => Ok(facts::agreement_issued(state, command, issued)),
            Ask::OpenCharges(started) => Ok(facts::placement_started(state, command, started)),
            Ask::CloseCharges(ended) => Ok(facts::placement_ended(state, command, ended)),
            Ask::ReopenCharges(withdrawn) => Ok(facts::end_withdrawn(state, command, withdrawn)),
            Ask::SetTerms(set) => Ok(price_facts::terms_set(state, command, set)),
            Ask::NoteAbsence(recorded) => Ok(price_facts::absence_recorded(state, command, recorded)),
            Ask::OpenStayingPut(started) => Ok(price_facts::staying_put_started(state, command, started)),
            Ask::CloseStayingPut(ended) => Ok(price_facts::staying_put_ended(state, command, ended)),
            Ask::ChargeOutcome(due) => Ok(outcomes::due(state, command, due)),
            Ask::NoteRegistrations(told) => tax::registrations(state, command, told),
            Ask::Reserve(fact) => Ok(beforehand::reserved(state, command, fact)),
            Ask::EndReservation(fact) => Ok(beforehand::reservation_ended(state, command, fact)),
            Ask::YieldNights(fact) => Ok(beforehand::yielded(state, command, fact)),
            Ask::AllocateBlock(fact) => Ok(beforehand::allocated(state, command, fact)),
            Ask::EndBlock(fact) => Ok(beforehand::block_ended(state, command, fact)),
            Ask::SellNights(fact) => Ok(beforehand::sold(state, command, fact)),
            Ask::BuyNights(fact) => Ok(beforehand::bought(state, command, fact)),
            Ask::StartRun { run, kind, through } => accrual::start_run(state, command, *run, *kind, *through),
            Ask::FinishRun { run } => accrual::finish_run(state, command, *run),
            Ask::AccrueNights(ask) => accrual::accrue(state, command, ask),
            Ask::IssueInvoice(ask) => invoices::issue(state, command, ask),
            Ask::RecordPayment(ask) => invoices::pay(state, command, ask),
            Ask::ClosePeriod(ask) => periods::close(state, command, ask),
            Ask::SubmitInvoices(ask) => supplier::submit(state, command, ask),
            Ask::QueryInvoice(ask) => supplier::query(state, command, ask),
            Ask::AnswerInvoiceQuery { invoice, text } => supplier::answer(state, command, *invoice, text),
            Ask::ResolveInvoiceQuery(ask) => supplier::resolve(state, command, ask),
            Ask::ArrangeBilling(ask) => supplier::arrange(state, command, ask),
            Ask::SetMatchTolerance(ask) => supplier::set_tolerance(state, command, ask),
            Ask::Payments(ask) => payments::decide(state, command, ask),
        }
    }

    fn evolve(state: &mut State, event: &InvoicingEvent) {
        state.apply(event);
    }
}

/// The dates of an entry that belongs on `day`: there if that period is open, and otherwise on the first open day, as an
/// adjustment.
fn entry_dates(state: &State, day: Date, effective: Nights) -> EntryDates {
    let posted_on = if planted!(PostedIntoClosedPeriod) { day } else { state.first_open(day) };
    EntryDates { posted_on, adjusts: (posted_on != day).then_some(day), effective }
}

/// Whether an entry is still to be posted.
///
/// # Errors
/// `AMOUNT_OVERFLOW` where the ledger could not hold it.
fn is_new(state: &State, entry: &JournalEntry) -> Result<bool, Rejection> {
    state.ledger.check(entry)?;
    Ok(state.ledger.entry(entry.id).is_none())
}
