//! What a run pays: of each provider the documents that are payable by a day, less all its credit notes, and never less than nothing. Whoever is
//! not paid although something is due to it stands in the proposal with the reason.

use super::limits;
use crate::bacs_days::first_pay_day;
use crate::commands::{Command, ProposePaymentRun};
use crate::events::{
    InvoicingEvent, LeftOut, LeftOutReason, PaymentRunProposed, PaymentRunRejected, RunItem, RunPayee,
};
use crate::journal::checked_sum;
use crate::payables::Payable;
use crate::payment_policy::PaymentPolicy;
use crate::rejection::{PaymentRejection, Rejection};
use crate::state::{PaymentRun, State};
use care::working_days::is_working_day;
use care::{Date, PaymentRunId, Pence, ProviderId, london_date};
use jiff::Span;
use std::collections::BTreeMap;

/// Proposes a run; nothing where this request has proposed it already.
pub(super) fn propose(
    state: &State,
    command: &Command,
    by: &str,
    wanted: &ProposePaymentRun,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let run = PaymentRunId(command.cause.id_of("PAYMENT_RUN"));
    if state.payments.runs.contains_key(&run) {
        return Ok(Vec::new());
    }
    let policy = state.payments.policy().ok_or(PaymentRejection::PolicyMissing)?;
    let today = london_date(command.at);
    let (pay_on, due_by) = days(&policy.policy, today, wanted)?;
    let mut proposal = Proposal { state, today, payees: Vec::new(), left_out: Vec::new() };
    for (provider, due) in due(state, wanted, due_by) {
        proposal.take(provider, due)?;
    }
    let Proposal { payees, left_out, .. } = proposal;
    if payees.is_empty() {
        return Err(PaymentRejection::NothingToPay { due_by, left_out }.into());
    }
    let total = checked_sum(payees.iter().map(|payee| payee.amount)).ok_or(Rejection::AmountOverflow)?;
    let number = u32::try_from(state.payments.run_numbers.len()).unwrap_or(u32::MAX).saturating_add(1);
    let mut events = lapsed(state, command, by, today);
    let proposed = PaymentRunProposed {
        council: command.council,
        run,
        number,
        pay_on,
        due_by,
        payees,
        left_out,
        total,
        policy: Some(policy.revision),
        payer_ends: Some(policy.policy.payer.ends().to_owned()),
        by: by.to_owned(),
        at: command.at,
    };
    events.push(proposed.into());
    Ok(events)
}

/// Runs that nobody released while the bank could pay them on their day: a new one takes their documents, so that none waits in them for ever.
fn lapsed(state: &State, command: &Command, by: &str, today: Date) -> Vec<InvoicingEvent> {
    let runs = state.payments.run_numbers.iter().filter_map(|id| state.payments.runs.get(id));
    let rejected = |run: &PaymentRun| PaymentRunRejected {
        council: command.council,
        run: run.proposed.run,
        reason: format!("not released in time for {}", run.proposed.pay_on),
        by: by.to_owned(),
        at: command.at,
    };
    runs.filter(|run| run.has_lapsed(today)).map(|run| rejected(run).into()).collect()
}

/// The pay day, and by which day what it pays is payable: what is not paid now is paid at the next run, so what would be late by then is due.
fn days(policy: &PaymentPolicy, today: Date, wanted: &ProposePaymentRun) -> Result<(Date, Date), Rejection> {
    let earliest = first_pay_day(today);
    // The next of the calendar that a file of today still reaches.
    let of_calendar = || policy.next_run(earliest.yesterday().unwrap_or(earliest));
    let pay_on = wanted.pay_on.or_else(of_calendar).ok_or(PaymentRejection::PayDayMissing)?;
    let latest = today.saturating_add(Span::new().days(limits::PAY_DAYS_AHEAD_MAX));
    let wrong = if pay_on < earliest {
        Some("BACS pays two working days after it has the file")
    } else if pay_on > latest {
        Some("BACS takes no payment so far ahead")
    } else if !is_working_day(pay_on) {
        Some("BACS pays on working days alone")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        return Err(PaymentRejection::PayDayInvalid { pay_on, wrong, earliest, latest }.into());
    }
    let next = policy.next_run(pay_on).map(|next| next.yesterday().unwrap_or(next));
    Ok((pay_on, wanted.due_by.or(next).unwrap_or(pay_on)))
}

/// What is payable of each provider that is asked for, in order of providers; nothing of one that was named.
fn due(state: &State, wanted: &ProposePaymentRun, due_by: Date) -> BTreeMap<ProviderId, Vec<Payable>> {
    let mut due: BTreeMap<ProviderId, Vec<Payable>> =
        wanted.providers.iter().map(|provider| (provider.clone(), Vec::new())).collect();
    let asked =
        |payable: &Payable| wanted.providers.is_empty() || wanted.providers.contains(&payable.provider);
    // A credit note is taken off at once, whenever it would have to be settled.
    let counts = |payable: &Payable| payable.payable_by <= due_by || payable.due < Pence::ZERO;
    for payable in state.payables().filter(|payable| asked(payable) && counts(payable)) {
        due.entry(payable.provider.clone()).or_default().push(payable);
    }
    due
}

struct Proposal<'a> {
    state: &'a State,
    today: Date,
    payees: Vec<RunPayee>,
    left_out: Vec<LeftOut>,
}

impl Proposal<'_> {
    /// Takes a provider into the run, or says why not.
    fn take(&mut self, provider: ProviderId, mut due: Vec<Payable>) -> Result<(), Rejection> {
        // Credit notes first, so that what does not fit into the run is never what is to be taken off.
        due.sort_by(|one, other| {
            let order = |it: &Payable| (it.due > Pence::ZERO, it.payable_by, it.invoice);
            order(one).cmp(&order(other))
        });
        let amount = checked_sum(due.iter().map(|it| it.due)).ok_or(Rejection::AmountOverflow)?;
        let details = match self.details_of(&provider, &due, amount) {
            Ok(details) => details,
            Err(reason) => {
                self.left_out.push(LeftOut { provider, reason, amount });
                return Ok(());
            }
        };
        let room = limits::RUN_ITEMS_MAX.saturating_sub(self.payees.iter().map(|it| it.items.len()).sum());
        let fits = due.len().min(room);
        let rest = due.split_off(fits);
        let amount = checked_sum(due.iter().map(|it| it.due)).ok_or(Rejection::AmountOverflow)?;
        let so_far = self.payees.iter().map(|payee| payee.amount);
        let total = checked_sum(so_far.chain([amount])).ok_or(Rejection::AmountOverflow)?;
        let nothing_fits = amount <= Pence::ZERO;
        if nothing_fits || total > limits::RUN_TOTAL_MAX || rest.iter().any(|it| it.due < Pence::ZERO) {
            let whole = checked_sum(due.iter().chain(&rest).map(|it| it.due)).unwrap_or(amount);
            self.left_out.push(LeftOut { provider, reason: LeftOutReason::RunFull, amount: whole });
            return Ok(());
        }
        if !rest.is_empty() {
            let amount = checked_sum(rest.iter().map(|it| it.due)).ok_or(Rejection::AmountOverflow)?;
            let provider = provider.clone();
            self.left_out.push(LeftOut { provider, reason: LeftOutReason::RunFull, amount });
        }
        due.sort_by(|one, other| (one.payable_by, &one.number).cmp(&(other.payable_by, &other.number)));
        let items = due.into_iter().map(item).collect();
        self.payees.push(RunPayee { provider, details, amount, items });
        Ok(())
    }

    /// By which record of its bank details a provider is paid, or why it is not.
    fn details_of(
        &self,
        provider: &ProviderId,
        due: &[Payable],
        amount: Pence,
    ) -> Result<u32, LeftOutReason> {
        if due.is_empty() {
            return Err(LeftOutReason::NothingDue);
        }
        if self.state.is_in_house(provider) {
            return Err(LeftOutReason::InHouse);
        }
        if due.iter().any(|it| self.state.payments.holding(it.invoice, self.today).is_some()) {
            return Err(LeftOutReason::InAnotherRun);
        }
        if amount <= Pence::ZERO {
            return Err(LeftOutReason::NetCredit);
        }
        let details = self.state.payments.bank.get(provider).ok_or(LeftOutReason::NoBankDetails)?;
        match (&details.verified, details.returned) {
            (Some(verified), _) => Ok(verified.revision),
            (None, true) => Err(LeftOutReason::PaymentReturned),
            (None, false) => Err(LeftOutReason::BankDetailsNotVerified),
        }
    }
}

fn item(payable: Payable) -> RunItem {
    RunItem {
        invoice: payable.invoice,
        number: payable.number,
        kind: payable.kind,
        issued_on: payable.issued_on,
        payable_by: payable.payable_by,
        gross: payable.gross,
        amount: payable.due,
    }
}
