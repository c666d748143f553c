//! A council's ledger, what is known of it beside it, and the commands that it was given. A history is its commands alone, so that any of them
//! can be left out and the rest played again.

use crate::books::{Books, Checked};
use crate::checks;
use crate::common::derby;
use crate::days::{Day, noon_of};
use crate::model::Model;
use care::Domain;
use invoicing_domain::{Ask, Cause, Command, Invoicing, InvoicingEvent, State};

/// A ledger and all that is known beside it.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) model: Model,
    pub(crate) books: Books,
    pub(crate) log: Vec<InvoicingEvent>,
    pub(crate) given: Vec<Command>,
    /// Facts that are on their way.
    pub(crate) held: Vec<Ask>,
    pub(crate) today: Day,
    /// How many commands were made.
    pub(crate) made: u64,
    /// The number of the next nights that are agreed beforehand.
    pub(crate) token: u64,
}

/// Every so many commands all is looked at again, and not what a command touched alone.
const WHOLE_EVERY: usize = 120;

impl World {
    /// A command of its own cause.
    pub(crate) fn command(&mut self, ask: Ask) -> Command {
        self.made += 1;
        let at = noon_of(self.today, i64::try_from(self.made).unwrap());
        Command { council: derby(), cause: Cause::event("steps", self.made), at, ask }
    }

    /// The instant of a fact that is told now.
    pub(crate) fn now(&mut self) -> care::Timestamp {
        self.made += 1;
        noon_of(self.today, i64::try_from(self.made).unwrap())
    }

    /// Gives a command to the ledger and looks at what came of it.
    pub(crate) fn give(&mut self, command: Command) -> Checked {
        let open_from = self.state.open_from;
        let expected = self.model.take(&command);
        let answer = Invoicing::decide(&self.state, &command);
        checks::answer(&expected, &answer)?;
        self.books.touched.clear();
        self.books.touched_agreements.clear();
        self.books.touched_providers.clear();
        for event in answer.unwrap_or_default() {
            self.books.take(&event, &mut self.model, open_from)?;
            Invoicing::evolve(&mut self.state, &event);
            if matches!(&event, InvoicingEvent::ChargePosted(_) | InvoicingEvent::CommitmentPosted(_))
                && matches!(command.ask, Ask::AccrueNights(_))
            {
                self.model.accrued.insert(command.cause.clone());
            }
            self.log.push(event);
        }
        self.given.push(command);
        checks::touched(self, &expected)?;
        if self.given.len().is_multiple_of(WHOLE_EVERY) { checks::whole(self) } else { Ok(()) }
    }

    /// Plays commands in an empty ledger, and tells how many were taken before something was wrong, and what.
    pub(crate) fn play(commands: &[Command]) -> Result<Self, (usize, String)> {
        let mut world = Self::default();
        for (n, command) in commands.iter().enumerate() {
            world.give(command.clone()).map_err(|wrong| (n + 1, wrong))?;
        }
        checks::end(&world).map_err(|wrong| (commands.len(), wrong))?;
        Ok(world)
    }
}
