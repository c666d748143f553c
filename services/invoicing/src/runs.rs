//! Requests over many agreements or providers. Each of these is a command of its own, so that no decision is large; a run ties
//! them together, so that a request that was cut short goes on where it stopped when it is repeated, and is answered the same.

use crate::Ledger;
use care::{AgreementId, CouncilId, Date, ProviderId};
use futures::future::join_all;
use invoicing_domain::{AccrueNights, Ask, Cause, Command, IssueInvoice, RunId, RunKind, State};
use prost::{Message, Name};
use service_kit::{Caller, run_command};
use tonic::{Response, Status};
use uuid::Uuid;

/// How many commands of a run wait for the log at once.
const COMMANDS_AT_ONCE: usize = 100;
/// How many invoices one request issues.
pub(crate) const INVOICES_MAX: usize = 200;

/// A request that takes many commands.
pub(crate) struct Run<'a> {
    ledger: &'a Ledger,
    caller: &'a Caller,
    council: CouncilId,
    request_id: String,
    cause: Cause,
    id: RunId,
    kind: RunKind,
    through: Date,
}

impl<'a> Run<'a> {
    /// The run that a request leads to: the same one when the request is repeated.
    pub(crate) fn new(
        ledger: &'a Ledger,
        caller: &'a Caller,
        council: CouncilId,
        request_id: &str,
        kind: RunKind,
        through: Date,
    ) -> Self {
        let request_id = given_or_made(request_id);
        let cause = Cause::request(&caller.actor(), &request_id);
        let id = RunId(cause.id_of("run"));
        Self { ledger, caller, council, request_id, cause, id, kind, through }
    }

    fn command(&self, ask: Ask) -> Command {
        Command { council: self.council, cause: self.cause.clone(), at: self.caller.at, ask }
    }

    /// Begins the run, or finds it begun. Gives whether there is still something to do.
    ///
    /// # Errors
    /// Where the request id was used for another request, or the ledger refuses the date.
    pub(crate) async fn begin<Req: Message + Name>(&self, request: &Req) -> Result<bool, Status> {
        let ask = Ask::StartRun { run: self.id, kind: self.kind, through: self.through };
        run_command(self.ledger, self.caller, request, &self.request_id, self.command(ask), |_, _| ())
            .await?;
        Ok(self.ledger.read(|state| state.runs.get(&self.id).is_none_or(|run| run.finished.is_none())))
    }

    /// Sums the run up and answers the request.
    ///
    /// # Errors
    /// When the log cannot take it.
    pub(crate) async fn finish<Req, Resp>(
        &self,
        request: &Req,
        render: impl FnOnce(&State, RunId) -> Resp + Send + 'static,
    ) -> Result<Response<Resp>, Status>
    where
        Req: Message + Name,
        Resp: Message + Default,
    {
        let run = self.id;
        let finish_id = self.cause.id_of("finish").to_string();
        let command = self.command(Ask::FinishRun { run });
        run_command(self.ledger, self.caller, request, &finish_id, command, move |state, _| {
            render(state, run)
        })
        .await
    }

    /// Charges the nights of each agreement. All are tried; what was charged stays charged if one fails.
    ///
    /// # Errors
    /// The first failure; the request can be repeated and goes on from there.
    pub(crate) async fn accrue(&self, agreements: &[AgreementId]) -> Result<(), Status> {
        let ask = |agreement: &AgreementId| {
            Ask::AccrueNights(AccrueNights {
                agreement: *agreement,
                through: self.through,
                run: Some(self.id),
            })
        };
        self.all(agreements.iter().map(ask)).await
    }

    /// Issues what is due to each provider, up to [`INVOICES_MAX`] in all.
    ///
    /// # Errors
    /// The first failure; the request can be repeated and goes on from there.
    pub(crate) async fn invoice(&self, only: Option<&ProviderId>) -> Result<(), Status> {
        let wanted = |provider: &ProviderId| only.is_none_or(|only| only == provider);
        for part in 0.. {
            let (mut due, issued) = self.ledger.read(|state| {
                let issued = state.runs.get(&self.id).map_or(0, |run| run.invoices.len());
                (state.to_invoice(self.through), issued)
            });
            due.retain(wanted);
            due.truncate(INVOICES_MAX.saturating_sub(issued));
            if due.is_empty() {
                break;
            }
            let ask = |provider: ProviderId| {
                let (through, run) = (self.through, Some(self.id));
                Ask::IssueInvoice(IssueInvoice { provider, part, through, run })
            };
            self.all(due.into_iter().map(ask)).await?;
        }
        Ok(())
    }

    /// Sends commands in order, some at once so that they share commits, and reports the first failure after all.
    async fn all(&self, asks: impl Iterator<Item = Ask>) -> Result<(), Status> {
        let asks: Vec<Ask> = asks.collect();
        let mut outcome = Ok(());
        for some in asks.chunks(COMMANDS_AT_ONCE) {
            let commands = some.iter().map(|ask| {
                // Without a key of its own: its entries' ids keep it from taking effect twice.
                run_command(self.ledger, self.caller, &(), "", self.command(ask.clone()), |_, _| ())
            });
            for result in join_all(commands).await {
                outcome = outcome.and(result.map(|_| ()));
            }
        }
        outcome
    }
}

/// A client that gives no request id cannot repeat its request, but the entries still need an id that is theirs alone.
pub(crate) fn given_or_made(request_id: &str) -> String {
    if request_id.is_empty() { Uuid::new_v4().to_string() } else { request_id.to_owned() }
}
