//! Closing months. The books are open from one day on, so closing a month closes all before it.

use crate::commands::{ClosePeriod, Command};
use crate::events::{InvoicingEvent, PeriodClosed};
use crate::rejection::Rejection;
use crate::state::State;
use care::london_date;

pub(super) fn close(
    state: &State,
    command: &Command,
    ask: &ClosePeriod,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let month = ask.month.first_of_month();
    let today = london_date(command.at);
    // Only the calendar's last month has no day after it, and it is never over.
    let open_from = ask.month.last_of_month().tomorrow().unwrap_or(care::Date::MAX);
    if today < open_from {
        return Err(Rejection::PeriodNotOver { month, today, open_from });
    }
    if state.open_from.is_some_and(|already| open_from <= already) {
        return Ok(Vec::new());
    }
    let agreements = state.to_accrue(open_from).len();
    if agreements > 0 && !ask.leave_uncharged {
        return Err(Rejection::NightsUncharged { month, open_from, agreements });
    }
    let left_uncharged = u64::try_from(agreements).unwrap_or(u64::MAX);
    Ok(vec![
        PeriodClosed { council: command.council, month, open_from, left_uncharged, at: command.at }.into(),
    ])
}
