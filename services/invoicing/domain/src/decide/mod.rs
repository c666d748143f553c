//! The rules of a council's ledger: each command is decided against the state, by theme.

mod accrual;
mod facts;
mod invoices;
mod periods;

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
    /// How many funders an agreement has.
    pub const FUNDERS_MAX: usize = 10;
    /// The years that a placement's dates lie in: a childhood before and after now, so that a mistyped year cannot make
    /// thousands of charges.
    pub const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;
    /// How many days after its issue an invoice is to be paid (Procurement Act 2023, section 68).
    pub const PAYMENT_DAYS: i32 = 30;
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
            Ask::StartRun { run, kind, through } => accrual::start_run(state, command, *run, *kind, *through),
            Ask::FinishRun { run } => accrual::finish_run(state, command, *run),
            Ask::AccrueNights(ask) => accrual::accrue(state, command, ask),
            Ask::IssueInvoice(ask) => invoices::issue(state, command, ask),
            Ask::RecordPayment(ask) => invoices::pay(state, command, ask),
            Ask::ClosePeriod(ask) => periods::close(state, command, ask),
        }
    }

    fn evolve(state: &mut State, event: &InvoicingEvent) {
        state.apply(event);
    }
}

/// The dates of an entry that belongs on `day`: there if that period is open, and otherwise on the first open day, as an
/// adjustment.
fn entry_dates(state: &State, day: Date, effective: Nights) -> EntryDates {
    let posted_on = state.first_open(day);
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
