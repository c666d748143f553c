//! Who may read what: the one place where it is decided.
//!
//! A council reads its own logs, and of the region's logs the events that concern it or no council. A framework lead reads the logs
//! of its framework's members and the region's logs. Everybody may verify what it may read; over the region's logs a council's
//! verification covers all events, but tells it numbers only.
//!
//! Payloads hold prices, so they are shown to fewer than the rest of an event: see [`Reader::withheld`].

use care::{CouncilId, FrameworkId};
use eventlog::{LogId, Owner, Recorded, Service};
use service_kit::{Caller, Region, Role, refused};
use std::collections::BTreeSet;
use tonic::{Code, Status};

/// Somebody who may read some logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A council.
    Council(CouncilId),
    /// The lead of a framework, and the councils that are its members.
    Lead { framework: FrameworkId, members: BTreeSet<CouncilId> },
}

impl Reader {
    pub(crate) fn of(caller: &Caller, region: &Region) -> Result<Self, Status> {
        match &caller.role {
            Role::Council(council) if region.councils().contains(council) => Ok(Self::Council(*council)),
            Role::FrameworkLead(id) => match region.framework(id) {
                Some(framework) => Ok(Self::Lead {
                    framework: id.clone(),
                    members: framework.councils.iter().copied().collect(),
                }),
                None => Err(not_served(caller)),
            },
            Role::Council(_) => Err(not_served(caller)),
            Role::Service(_) => Err(caller.wrong_role()),
            Role::Provider(_) => {
                let message = "providers do not read the audit log: ask the council that the event concerns";
                Err(refused(Code::PermissionDenied, "ROLE_NOT_ALLOWED", message, []))
            }
        }
    }

    /// Whether any events of a log may be read.
    pub(crate) fn reads(&self, log: LogId) -> bool {
        match (self, log.owner) {
            (_, Owner::Region) => true,
            (Self::Council(own), Owner::Council(owner)) => *own == owner,
            (Self::Lead { members, .. }, Owner::Council(owner)) => members.contains(&owner),
            (_, Owner::DeadLetters) => false,
        }
    }

    /// Whether an event that concerns `council` may be seen, of a log that may be read. In the region's logs a council sees
    /// what concerns it or nobody; but not what another council brought about, such as the end of a lease that was noticed when
    /// the other one came for the place, for that would tell who came and for which referral.
    pub(crate) fn sees(
        &self,
        log: LogId,
        council: Option<CouncilId>,
        actor: &str,
        causation: Option<&str>,
    ) -> bool {
        match (self, log.owner) {
            (Self::Council(own), Owner::Region) => {
                council.is_none_or(|council| council == *own)
                    && brought_about_by(actor, causation).is_none_or(|council| council == *own)
            }
            _ => true,
        }
    }

    /// Whether the events of a council may be asked for.
    pub(crate) fn asks_about(&self, council: CouncilId) -> bool {
        match self {
            Self::Council(own) => *own == council,
            Self::Lead { members, .. } => members.contains(&council),
        }
    }

    /// Why the payload of an event that may be seen is not shown; none when it is.
    ///
    /// - `invoicing/<gss>` is the council's own ledger: what it pays to whom. A lead checks that it was not changed, not what is in it.
    /// - `contracts/region` holds the price schedules of every framework, which are for those who buy under it: its lead reads them
    ///   here, and its member councils in the contracts service.
    /// - In `vacancies/region` a hold or claim tells what a council is looking for: it is shown to that council and its framework's
    ///   lead. What concerns no council, such as a place advertised, is the market's and shown to all who read the log.
    pub(crate) fn withheld(&self, event: &Recorded) -> Option<&'static str> {
        let (log, council) = (event.log, event.council);
        match (self, log.owner, log.service) {
            (Self::Lead { .. }, Owner::Council(_), Service::Invoicing) => {
                Some("the council's own ledger: only the council reads what is in it")
            }
            (Self::Council(_) | Self::Lead { .. }, Owner::Council(_), _) => None,
            (Self::Lead { framework, .. }, Owner::Region, Service::Contracts) => {
                let own = event.stream.as_str() == format!("framework/{framework}");
                (!own).then_some("prices of another framework: only its own lead reads them")
            }
            (Self::Council(_), Owner::Region, Service::Contracts) => {
                Some("prices of a framework: member councils read them in the contracts service")
            }
            (Self::Council(_), Owner::Region, _) => None,
            (Self::Lead { members, .. }, Owner::Region, _) => {
                let own = council.is_none_or(|council| members.contains(&council));
                (!own).then_some("it concerns a council of another framework")
            }
            (_, Owner::DeadLetters, _) => Some("it is for those who run the service"),
        }
    }

    /// The refusal of something that is not the reader's.
    pub(crate) fn not_yours(&self, wanted: &str) -> Status {
        let whose = match self {
            Self::Council(own) => format!("the token is for councils/{own}"),
            Self::Lead { framework, .. } => format!("the token is for the lead of frameworks/{framework}"),
        };
        refused(Code::PermissionDenied, "NOT_YOURS", format!("{whose}, the request is about {wanted}"), [])
    }
}

fn not_served(caller: &Caller) -> Status {
    let message = format!("{} is not of this region", caller.role);
    refused(Code::PermissionDenied, "NOT_YOURS", message, [])
}

/// The council whose request, or event in whose log, led to an event.
fn brought_about_by(actor: &str, causation: Option<&str>) -> Option<CouncilId> {
    let asked = actor.strip_prefix("council:").and_then(|rest| rest.split('/').next()?.parse().ok());
    let followed = || {
        let (log, _) = causation?.rsplit_once(':')?;
        match log.parse::<LogId>().ok()?.owner {
            Owner::Council(council) => Some(council),
            Owner::Region | Owner::DeadLetters => None,
        }
    };
    asked.or_else(followed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use care::{StreamId, Timestamp};
    use eventlog::Meta;

    const DERBY: &str = "E06000015";
    const NOTTINGHAM: &str = "E06000018";
    const DARLINGTON: &str = "E06000005";
    const DORSET: &str = "E06000059";

    fn reader(role: Role) -> Reader {
        let caller = Caller { role, subject: "test".to_owned(), at: Timestamp::UNIX_EPOCH };
        Reader::of(&caller, &Region::d2n2_and_tyne_tees()).unwrap()
    }

    fn council(gss: &str) -> Reader {
        reader(Role::Council(gss.parse().unwrap()))
    }

    fn lead(framework: &str) -> Reader {
        reader(Role::FrameworkLead(framework.parse().unwrap()))
    }

    fn event(log: &str, concerns: Option<&str>, stream: &str) -> Recorded {
        Recorded {
            log: log.parse().unwrap(),
            position: 1,
            stream: StreamId::from_stored(stream),
            stream_version: 1,
            event_type: "Something".to_owned(),
            version: 1,
            payload: b"{}".to_vec(),
            effective: None,
            council: concerns.map(|gss| gss.parse().unwrap()),
            meta: Meta {
                actor: "test".to_owned(),
                causation: None,
                correlation: None,
                recorded_at: Timestamp::UNIX_EPOCH,
            },
        }
    }

    /// Log, council concerned, stream; then what each reader gets: `-` nothing, `m` all but the payload, `p` the payload too.
    const TABLE: &[(&str, Option<&str>, &str, [char; 4])] = &[
        // Derby, Dorset (a guest), the leads of D2N2 (Derby's) and of Tyne Tees (Darlington's)
        ("referrals/E06000015", Some(DERBY), "referral/1", ['p', '-', 'p', '-']),
        ("contracts/E06000015", Some(DERBY), "award/1", ['p', '-', 'p', '-']),
        ("invoicing/E06000015", Some(DERBY), "invoice/1", ['p', '-', 'm', '-']),
        ("invoicing/E06000005", Some(DARLINGTON), "invoice/1", ['-', '-', '-', 'm']),
        ("referrals/E06000059", Some(DORSET), "referral/1", ['-', 'p', '-', '-']),
        ("invoicing/E06000059", Some(DORSET), "invoice/1", ['-', 'p', '-', '-']),
        ("vacancies/region", None, "place/1", ['p', 'p', 'p', 'p']),
        ("vacancies/region", Some(DERBY), "place/1", ['p', '-', 'p', 'm']),
        ("vacancies/region", Some(DORSET), "place/1", ['-', 'p', 'm', 'm']),
        ("contracts/region", None, "framework/d2n2", ['m', 'm', 'p', 'm']),
        ("contracts/region", None, "framework/tyne-tees", ['m', 'm', 'm', 'p']),
        ("contracts/region", None, "framework/d2n2-2", ['m', 'm', 'm', 'm']),
    ];

    #[test]
    fn each_reader_gets_what_is_its_own() {
        let readers = [council(DERBY), council(DORSET), lead("d2n2"), lead("tyne-tees")];
        for (log, concerns, stream, expected) in TABLE {
            let event = event(log, *concerns, stream);
            for (reader, expected) in readers.iter().zip(expected) {
                let found = if !reader.reads(event.log)
                    || !reader.sees(
                        event.log,
                        event.council,
                        &event.meta.actor,
                        event.meta.causation.as_deref(),
                    ) {
                    '-'
                } else if reader.withheld(&event).is_some() {
                    'm'
                } else {
                    'p'
                };
                assert_eq!(found, *expected, "{reader:?} and {log} {concerns:?} {stream}");
            }
        }
    }

    #[test]
    fn questions_about_other_councils_are_not_a_readers_own() {
        let asks = |reader: Reader, gss: &str| reader.asks_about(gss.parse().unwrap());
        assert!(asks(council(DERBY), DERBY) && !asks(council(DERBY), NOTTINGHAM));
        assert!(asks(lead("d2n2"), NOTTINGHAM) && !asks(lead("d2n2"), DARLINGTON));
        assert!(!asks(lead("d2n2"), DORSET) && !asks(lead("tyne-tees"), DORSET));
    }

    #[test]
    fn who_is_not_of_the_region_and_providers_read_nothing() {
        let refused = |role: Role| {
            let caller = Caller { role, subject: "test".to_owned(), at: Timestamp::UNIX_EPOCH };
            Reader::of(&caller, &Region::d2n2_and_tyne_tees()).unwrap_err().code()
        };
        for role in [
            Role::Council("E06000016".parse().unwrap()),
            Role::FrameworkLead("elsewhere".parse().unwrap()),
            Role::Provider("p-1".parse().unwrap()),
        ] {
            assert_eq!(refused(role), Code::PermissionDenied);
        }
    }

    #[test]
    fn a_council_does_not_see_who_came_after_it() {
        let derby = council(DERBY);
        let (own, log) = (DERBY.parse().ok(), LogId::region(Service::Vacancies));
        let sees = |actor: &str, causation: Option<&str>| derby.sees(log, own, actor, causation);
        assert!(sees("council:E06000015/case-system", None));
        assert!(sees("service:vacancies", Some("referrals/E06000015:7")));
        assert!(sees("service:vacancies", None));
        assert!(!sees("council:E06000018/case-system", None));
        assert!(!sees("service:vacancies", Some("referrals/E06000018:57")));
    }
}
