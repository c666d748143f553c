//! What is reported when something does not hold.

use care::StreamId;
use std::fmt;

/// The rules that are checked after every step: invariants 1 to 7 of the design, and what it promises of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invariant {
    /// Invariant 1.
    OneChildAPlace,
    /// Invariant 2.
    HoldIsALease,
    /// Invariant 3.
    EligibleAtTheAward,
    /// Invariant 4.
    NoticeAdmitsNobody,
    /// Invariant 5.
    NeverAwardable,
    /// Invariant 6.
    CascadeAndApprover,
    /// Invariant 7.
    IdentityByGrant,
    /// What is agreed of nights beforehand, beyond invariant 1.
    AgreedNights,
    /// Steps between services are done once, and nothing stays half done.
    Exchange,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneChildAPlace => {
                "invariant 1: at most one live claim for any place and night across all councils, never more than the registered places, a solo placement takes them all"
            }
            Self::HoldIsALease => {
                "invariant 2: a hold is a lease with expiry and fencing token; an award needs a live hold by the same council for the same referral version"
            }
            Self::EligibleAtTheAward => {
                "invariant 3: eligibility is judged at the award instant and its evidence is in the event"
            }
            Self::NoticeAdmitsNobody => {
                "invariant 4: under a restriction notice only a child there when it was served and continuously since may stay"
            }
            Self::NeverAwardable => {
                "invariant 5: nobody under 16 in supported accommodation; unregistered provision is never awarded by the ordinary path"
            }
            Self::CascadeAndApprover => {
                "invariant 6: no external award without the evidence that the policy asks for and the named approver; emergencies are approved afterwards, by a deadline that raises an alarm"
            }
            Self::IdentityByGrant => {
                "invariant 7: before award no provider sees who the child is; each unmasking follows a grant to one provider and is an event"
            }
            Self::AgreedNights => {
                "what is agreed of nights beforehand holds: a block's nights are claimed by whoever has the right, void nights are sold once, a reservation ends with the child's arrival, a council holds as its policy says"
            }
            Self::Exchange => {
                "the award across services: every step is done once, and each refusal is compensated"
            }
        })
    }
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The rule.
    pub invariant: Invariant,
    /// What was found.
    pub found: String,
    /// The stream in which it shows.
    pub stream: StreamId,
}

/// What a check gives.
pub(crate) type Checked = Result<(), Breach>;

/// Refuses with a breach unless `holds`; `found` is only put into words then.
pub(crate) fn ensure(
    holds: bool,
    invariant: Invariant,
    stream: impl FnOnce() -> StreamId,
    found: impl FnOnce() -> String,
) -> Checked {
    if holds { Ok(()) } else { Err(Breach { invariant, found: found(), stream: stream() }) }
}

/// A simulated world in which something did not hold, and how to see it again.
#[derive(Debug)]
pub struct Failure {
    /// The world's seed.
    pub seed: u64,
    /// The step at which it showed, from 1; 0 is the opening of the world.
    pub step: u64,
    /// What did not hold.
    pub breach: Breach,
    /// The last events of that stream in all logs, the latest last.
    pub last_events: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, step, breach, last_events } = self;
        writeln!(f, "seed {seed}, step {step}: {}", breach.invariant)?;
        writeln!(f, "found: {}", breach.found)?;
        writeln!(f, "the last events of {}:", breach.stream)?;
        for event in last_events {
            writeln!(f, "  {event}")?;
        }
        write!(
            f,
            "again: SIMULATION_SEED={seed} SIMULATION_STEPS={} cargo test -p simulation one_world",
            step.max(&1)
        )
    }
}
