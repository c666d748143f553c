//! A world: its logs, its clock, and what is asked of it. Whatever is decided anywhere passes the oracle here.

use crate::actions;
use crate::breach::{Breach, Checked, Invariant, ensure};
use crate::chance::Chance;
use crate::coverage::{ACCEPTED, Coverage, NOTHING, Named};
use crate::exchange::Exchange;
use crate::log::{Log, Recorded};
use crate::oracle::Oracle;
use care::market::MarketEvent;
use care::{
    AgreementId, CouncilId, Date, Domain, EstablishmentUrn, Event, FrameworkId, ProviderId, ReferralId,
    Refusal, StreamId, Timestamp, london_date,
};
use contracts_domain::frameworks::{Change, FrameworkCommand};
use contracts_domain::{AgreementCommand, AgreementEvent, Agreements, Frameworks};
use jiff::{SignedDuration, tz::TimeZone};
use referrals_domain::{Command as ReferralCommand, ReferralEvent, Referrals, Viewer};
use std::collections::HashMap;
use std::fmt::Debug;
use vacancies_domain::{Command as MarketCommand, Vacancies};

/// How many of a council's last referrals its people still work on; the others are left as they are.
const RECENT_MAX: usize = 6;
/// How many of a council's last agreements are still reported on.
const PLACED_MAX: usize = 12;
/// How many events of a stream a failure shows.
const LAST_EVENTS: usize = 14;

/// A council's logs, and what its people have on their desks.
pub(crate) struct Desk {
    pub(crate) council: CouncilId,
    pub(crate) referrals: Log<Referrals>,
    pub(crate) agreements: Log<Agreements>,
    pub(crate) recent: Vec<ReferralId>,
    pub(crate) placed: Vec<AgreementId>,
}

pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) now: Timestamp,
    /// The date in London now.
    pub(crate) today: Date,
    pub(crate) market: Log<Vacancies>,
    pub(crate) frameworks: Log<Frameworks>,
    pub(crate) desks: Vec<Desk>,
    pub(crate) exchange: Exchange,
    pub(crate) providers: Vec<ProviderId>,
    pub(crate) homes: Vec<EstablishmentUrn>,
    pub(crate) contracts: Vec<FrameworkId>,
    /// When each simulated child was born; sealed in the real system.
    pub(crate) born: HashMap<ReferralId, Date>,
    pub(crate) coverage: Coverage,
    /// How many commands were asked so far.
    pub(crate) asked: u64,
    oracle: Oracle,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            now: Timestamp::UNIX_EPOCH,
            today: Date::ZERO,
            market: Log::default(),
            frameworks: Log::default(),
            desks: Vec::new(),
            exchange: Exchange::default(),
            providers: Vec::new(),
            homes: Vec::new(),
            contracts: Vec::new(),
            born: HashMap::new(),
            coverage: Coverage::default(),
            asked: 0,
            oracle: Oracle::default(),
        }
    }

    pub(crate) fn into_coverage(self) -> Coverage {
        self.coverage
    }

    pub(crate) fn set_clock(&mut self, now: Timestamp) {
        (self.now, self.today) = (now, london_date(now));
    }

    /// Somebody does something, or something is delivered.
    pub(crate) fn step(&mut self) -> Checked {
        self.pass_time();
        if !(self.chance.percent(45) && self.deliver()?) {
            actions::act(self)?;
        }
        if self.chance.per_mille(2) {
            self.oracle.check_capacity(&self.market.state, self.now)?;
        }
        Ok(())
    }

    /// Mostly minutes, now and then hours or weeks, and to either side of midnight in London, where dates and summer time change.
    fn pass_time(&mut self) {
        let seconds = match self.chance.number(0..=9_999) {
            0..=7_999 => self.chance.within(0..=120),
            8_000..=9_869 => self.chance.within(0..=1_200),
            9_870..=9_969 => self.chance.within(0..=21_600),
            9_970..=9_994 => self.until_midnight() + self.chance.within(-2..=2),
            9_995..=9_998 => self.chance.within(86_400..=259_200),
            // Two to four weeks, in every second such case.
            _ if self.chance.percent(50) => self.chance.within(1_209_600..=2_419_200),
            _ => self.chance.within(0..=1),
        };
        self.set_clock(self.now + SignedDuration::from_secs(seconds.max(0)));
    }

    /// How many seconds until the next midnight in London; a day has 23 or 25 hours when the clocks change.
    fn until_midnight(&self) -> i64 {
        let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
        let midnight = self.today.tomorrow().ok().and_then(|day| day.to_zoned(zone).ok());
        midnight.map_or(0, |midnight| self.now.duration_until(midnight.timestamp()).as_secs())
    }

    /// Asks the market; gives whether it was accepted.
    pub(crate) fn ask_market(&mut self, command: &MarketCommand) -> Result<bool, Breach> {
        self.asked += 1;
        let range = ask(&mut self.market, command, self.now, &mut self.coverage);
        let Some(range) = range else { return Ok(false) };
        for recorded in &self.market.events[range.clone()] {
            self.oracle.market(&recorded.event).map_err(|breach| told(breach, command))?;
            let no = match &recorded.event {
                MarketEvent::ClaimRefused(event) => &event.reason,
                MarketEvent::OccupancyRefused(event) => &event.reason,
                _ => continue,
            };
            self.coverage.count(command.name(), no);
        }
        self.oracle.settle_market().map_err(|breach| told(breach, command))?;
        Ok(true)
    }

    /// Asks the lead of the region's frameworks.
    pub(crate) fn ask_frameworks(
        &mut self,
        framework: FrameworkId,
        expected_version: Option<u32>,
        change: Change,
    ) -> Result<bool, Breach> {
        let command = FrameworkCommand { framework, expected_version, change };
        self.asked += 1;
        let range = ask(&mut self.frameworks, &command, self.now, &mut self.coverage);
        for recorded in &self.frameworks.events[range.clone().unwrap_or_default()] {
            self.oracle.frameworks(&recorded.event);
        }
        Ok(range.is_some())
    }

    /// Asks a council's referrals.
    pub(crate) fn ask_referrals(&mut self, desk: usize, command: &ReferralCommand) -> Result<bool, Breach> {
        let desk = &mut self.desks[desk];
        self.asked += 1;
        let range = ask(&mut desk.referrals, command, self.now, &mut self.coverage);
        let Some(range) = range else { return Ok(false) };
        let mut dues_changed = false;
        for recorded in &desk.referrals.events[range.clone()] {
            self.oracle.referrals(desk.council, &recorded.event).map_err(|breach| told(breach, command))?;
            if let ReferralEvent::ReferralPosted(event) = &recorded.event {
                keep_last(&mut desk.recent, event.referral, RECENT_MAX);
            }
            dues_changed |= matches!(
                recorded.event,
                ReferralEvent::AwardProposed(_)
                    | ReferralEvent::RetrospectiveApprovalGiven(_)
                    | ReferralEvent::GateDecided(_)
                    | ReferralEvent::ReferralAwarded(_)
                    | ReferralEvent::AwardLapsed(_)
                    | ReferralEvent::AwardFailed(_)
            );
        }
        if dues_changed {
            let (due, known) = (self.oracle.approvals_due(desk.council), &desk.referrals.state.approvals_due);
            let stream = || StreamId::new("policy", desk.council);
            let found = || format!("approvals due are {due:?}, alarms are raised for {known:?}");
            ensure(due == *known, Invariant::CascadeAndApprover, stream, found)?;
            let (due, known) = (self.oracle.gates_due(desk.council), &desk.referrals.state.gates_due);
            let found = || format!("gates due are {due:?}, alarms are raised for {known:?}");
            ensure(due == *known, Invariant::CascadeAndApprover, stream, found)?;
        }
        if let ReferralCommand::RevealIdentity(asked) = command {
            let said = desk.referrals.events[range].iter().any(|recorded| {
                matches!(&recorded.event, ReferralEvent::IdentityRevealed(event)
                    if event.referral == asked.referral && event.provider == seen_by(&asked.viewer))
            });
            let found = || format!("an unmasking without an event: {asked:?}");
            ensure(said, Invariant::IdentityByGrant, || StreamId::new("referral", asked.referral), found)?;
        }
        Ok(true)
    }

    /// Asks a council's contracts.
    pub(crate) fn ask_agreements(&mut self, desk: usize, command: &AgreementCommand) -> Result<bool, Breach> {
        let desk = &mut self.desks[desk];
        self.asked += 1;
        let range = ask(&mut desk.agreements, command, self.now, &mut self.coverage);
        let Some(range) = range else { return Ok(false) };
        for recorded in &desk.agreements.events[range] {
            self.oracle.agreements(&recorded.event).map_err(|breach| told(breach, command))?;
            match &recorded.event {
                AgreementEvent::AgreementIssued(event) => {
                    keep_last(&mut desk.placed, event.agreement, PLACED_MAX);
                }
                AgreementEvent::AgreementRefused(event) => self.coverage.count(command.name(), &event.reason),
                _ => {}
            }
        }
        Ok(true)
    }

    /// Asked when everything has been delivered.
    pub(crate) fn check_rest(&self) -> Checked {
        for desk in &self.desks {
            for (id, referral) in &desk.referrals.state.referrals {
                let waits = matches!(referral.stage, referrals_domain::Stage::AwardInFlight { .. });
                let found = || format!("the award of referral {id} waits for ever");
                ensure(!waits, Invariant::Exchange, || StreamId::new("referral", id), found)?;
            }
        }
        self.oracle.check_nothing_half_done()
    }

    /// The last events of a stream in all logs, and of an establishment's places with its own.
    pub(crate) fn last_events(&self, stream: &StreamId) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.market.events, stream, &mut found);
        collect(&self.frameworks.events, stream, &mut found);
        for desk in &self.desks {
            collect(&desk.referrals.events, stream, &mut found);
            collect(&desk.agreements.events, stream, &mut found);
        }
        found.sort_by_key(|(at, _)| *at);
        let skipped = found.len().saturating_sub(LAST_EVENTS);
        found.into_iter().skip(skipped).map(|(at, text)| format!("{at} {text}")).collect()
    }
}

fn seen_by(viewer: &Viewer) -> Option<ProviderId> {
    match viewer {
        Viewer::Council => None,
        Viewer::Provider(provider) => Some(provider.clone()),
    }
}

/// A breach, with the command that led to it.
fn told(breach: Breach, command: &impl Debug) -> Breach {
    Breach { found: format!("{}\n  asked: {command:?}", breach.found), ..breach }
}

fn keep_last<T>(list: &mut Vec<T>, new: T, most: usize) {
    if list.len() >= most {
        list.remove(0);
    }
    list.push(new);
}

fn collect<E: Event + Debug>(events: &[Recorded<E>], stream: &StreamId, into: &mut Vec<(Timestamp, String)>) {
    // With an establishment belong its places, which are named after it.
    let places = stream.as_str().strip_prefix("establishment/").map(|urn| format!("place/{urn}-"));
    let own = events.iter().filter(|recorded| {
        let of = recorded.event.stream();
        of == *stream || places.as_ref().is_some_and(|places| of.as_str().starts_with(places))
    });
    into.extend(own.map(|recorded| (recorded.at, format!("{:?}", recorded.event))));
}

fn ask<D: Domain>(
    log: &mut Log<D>,
    command: &D::Command,
    now: Timestamp,
    coverage: &mut Coverage,
) -> Option<std::ops::Range<usize>>
where
    D::Command: Named,
{
    match log.ask(command, now) {
        Ok(range) => {
            coverage.count(command.name(), if range.is_empty() { NOTHING } else { ACCEPTED });
            Some(range)
        }
        Err(rejection) => {
            coverage.count(command.name(), rejection.reason());
            None
        }
    }
}
