//! The exchange between the services: each consumer follows each source in order, the sources at random relative to each other, late,
//! and now and then a source gives again what it gave before, which the consumer drops.

use crate::breach::{Breach, Checked, Invariant, ensure};
use crate::reactions;
use crate::world::World;
use care::{Domain, StreamId, Timestamp};
use contracts_domain::AgreementCommand;
use referrals_domain::Command as ReferralCommand;
use vacancies_domain::Command as MarketCommand;

/// A log that others follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Market,
    /// The referrals log of the council at this desk.
    Referrals(usize),
    /// The contracts log of the council at this desk.
    Agreements(usize),
}

/// A service that follows logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Consumer {
    Vacancies,
    Contracts,
    Referrals,
}

/// How far a consumer has followed a source.
struct Line {
    source: Source,
    consumer: Consumer,
    /// How many events it has consumed.
    position: usize,
    /// Until when nothing passes: a broker is away, a service restarts.
    stalled_until: Timestamp,
}

#[derive(Default)]
pub(crate) struct Exchange {
    lines: Vec<Line>,
}

/// What a delivered event asks of its consumer.
#[allow(clippy::large_enum_variant, reason = "what is asked is short-lived")]
enum Asked {
    Market(MarketCommand),
    Agreements(usize, AgreementCommand),
    Referrals(usize, ReferralCommand),
}

impl Exchange {
    /// Connects the logs of this many councils.
    pub(crate) fn connect(desks: usize) -> Self {
        let mut lines = Vec::new();
        let mut add = |source, consumer| {
            lines.push(Line { source, consumer, position: 0, stalled_until: Timestamp::UNIX_EPOCH });
        };
        add(Source::Market, Consumer::Contracts);
        add(Source::Market, Consumer::Referrals);
        for desk in 0..desks {
            add(Source::Referrals(desk), Consumer::Vacancies);
            add(Source::Referrals(desk), Consumer::Contracts);
            add(Source::Agreements(desk), Consumer::Vacancies);
            add(Source::Agreements(desk), Consumer::Referrals);
        }
        Self { lines }
    }
}

impl World {
    /// One line passes something on: a few events that mean something to its consumer. Gives whether anything reached one.
    pub(crate) fn deliver(&mut self) -> Result<bool, Breach> {
        let line = self.chance.below(self.exchange.lines.len());
        // A line that has nothing gives its turn to the next that has.
        let count = self.exchange.lines.len();
        let ready = (0..count).map(|offset| (line + offset) % count).find(|line| self.is_ready(*line));
        let Some(line) = ready else { return Ok(false) };
        let asked = self.asked;
        if self.chance.per_mille(15) {
            let thirds = self.chance.within(1..=36);
            self.exchange.lines[line].stalled_until = self.now + jiff::SignedDuration::from_mins(thirds * 20);
            return Ok(false);
        }
        if self.chance.per_mille(50) {
            self.give_again(line)?;
        }
        let events = self.chance.below(4) + 1;
        for _ in 0..events {
            self.pass(line)?;
        }
        Ok(self.asked > asked)
    }

    /// Delivers everything, until nothing is on its way; then nothing may be half done.
    pub(crate) fn come_to_rest(&mut self) -> Checked {
        loop {
            let behind = |line: &usize| self.exchange.lines[*line].position < self.length(*line);
            let Some(line) = (0..self.exchange.lines.len()).find(behind) else { break };
            self.pass(line)?;
        }
        self.check_rest()
    }

    fn length(&self, line: usize) -> usize {
        match self.exchange.lines[line].source {
            Source::Market => self.market.events.len(),
            Source::Referrals(desk) => self.desks[desk].referrals.events.len(),
            Source::Agreements(desk) => self.desks[desk].agreements.events.len(),
        }
    }

    fn is_ready(&self, line: usize) -> bool {
        let Line { position, stalled_until, .. } = self.exchange.lines[line];
        position < self.length(line) && stalled_until <= self.now
    }

    /// Passes on events up to the next that means something.
    fn pass(&mut self, line: usize) -> Checked {
        while self.exchange.lines[line].position < self.length(line) {
            if self.receive(line, self.exchange.lines[line].position)? {
                break;
            }
        }
        Ok(())
    }

    /// A source gives an event again that it gave before.
    fn give_again(&mut self, line: usize) -> Checked {
        let back = self.chance.below(8) + 1;
        if let Some(position) = self.exchange.lines[line].position.checked_sub(back) {
            self.receive(line, position)?;
        }
        Ok(())
    }

    /// A consumer is given an event, and drops what it has seen. The effect and the position are one write. Gives whether the event
    /// asked anything of it.
    fn receive(&mut self, line: usize, position: usize) -> Result<bool, Breach> {
        if position < self.exchange.lines[line].position {
            return Ok(false);
        }
        self.exchange.lines[line].position = position + 1;
        match self.react(line, position) {
            Some(asked) => self.apply(asked).map(|()| true),
            None => Ok(false),
        }
    }

    fn react(&self, line: usize, position: usize) -> Option<Asked> {
        let Line { source, consumer, .. } = self.exchange.lines[line];
        let facts = &self.frameworks.state;
        let desk_of = |council| self.desks.iter().position(|desk| desk.council == council);
        match source {
            Source::Market => {
                let recorded = &self.market.events[position];
                if consumer == Consumer::Contracts {
                    let (council, command) =
                        reactions::market_to_contracts(&recorded.event, facts, recorded.at)?;
                    return Some(Asked::Agreements(desk_of(council)?, command));
                }
                let (council, command) = reactions::market_to_referrals(&recorded.event)?;
                Some(Asked::Referrals(desk_of(council)?, command))
            }
            Source::Referrals(desk) => {
                let desk = &self.desks[desk];
                let recorded = &desk.referrals.events[position];
                if consumer == Consumer::Vacancies {
                    return reactions::referral_to_market(desk.council, &recorded.event).map(Asked::Market);
                }
                let (council, command) =
                    reactions::referral_to_contracts(desk.council, &recorded.event, facts, recorded.at)?;
                Some(Asked::Agreements(desk_of(council)?, command))
            }
            Source::Agreements(desk) => {
                let desk = &self.desks[desk];
                let recorded = &desk.agreements.events[position];
                if consumer == Consumer::Vacancies {
                    return reactions::agreement_to_market(desk.council, &recorded.event).map(Asked::Market);
                }
                let (council, command) = reactions::agreement_to_referrals(desk.council, &recorded.event)?;
                Some(Asked::Referrals(desk_of(council)?, command))
            }
        }
    }

    /// Applies what another service's event asks; such a command is never refused, and asking it again changes nothing.
    fn apply(&mut self, asked: Asked) -> Checked {
        let again = self.chance.percent(15);
        let (accepted, at_rest, words) = match asked {
            Asked::Market(command) => {
                let accepted = self.ask_market(&command)?;
                let at_rest = !again || is_done::<vacancies_domain::Vacancies>(&self.market.state, &command);
                (accepted, at_rest, format_if(!accepted || !at_rest, &command))
            }
            Asked::Agreements(desk, command) => {
                let accepted = self.ask_agreements(desk, &command)?;
                let state = &self.desks[desk].agreements.state;
                let at_rest = !again || is_done::<contracts_domain::Agreements>(state, &command);
                (accepted, at_rest, format_if(!accepted || !at_rest, &command))
            }
            Asked::Referrals(desk, command) => {
                let accepted = self.ask_referrals(desk, &command)?;
                let state = &self.desks[desk].referrals.state;
                let at_rest = !again || is_done::<referrals_domain::Referrals>(state, &command);
                (accepted, at_rest, format_if(!accepted || !at_rest, &command))
            }
        };
        let stream = || StreamId::new("exchange", "reaction");
        ensure(accepted, Invariant::Exchange, stream, || format!("a reaction was refused: {words}"))?;
        ensure(at_rest, Invariant::Exchange, stream, || format!("a reaction would be done twice: {words}"))
    }
}

fn is_done<D: Domain>(state: &D::State, command: &D::Command) -> bool {
    D::decide(state, command).is_ok_and(|events| events.is_empty())
}

fn format_if(wanted: bool, command: &impl std::fmt::Debug) -> String {
    if wanted { format!("{command:?}") } else { String::new() }
}
