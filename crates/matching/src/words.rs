//! Facts and counterfactuals in words.

use crate::explain::{Counterfactual, Fact, Finding};
use crate::needs::NeedSet;
use std::fmt;

impl fmt::Display for NeedSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, code) in self.codes().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{code}")?;
        }
        Ok(())
    }
}

/// An authority's name; its code where it has none here.
fn area(code: &str) -> &str {
    code.parse().map_or(code, |council: care::CouncilId| council.name())
}

impl fmt::Display for Fact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provision(code) => write!(f, "its provision is {code}"),
            Self::OperatedBy(Some(council)) => write!(f, "{} operates it", council.name()),
            Self::OperatedBy(None) => f.write_str("an external provider's"),
            Self::Unregistered => f.write_str("it is unregistered"),
            Self::Status(status) => write!(f, "its registration is {status}"),
            Self::RestrictedOn(Some(on)) => write!(f, "a notice restricts it since {on}"),
            Self::RestrictedOn(None) => f.write_str("a notice restricts it"),
            Self::Grade(grade) => write!(f, "its grade is {grade}"),
            Self::Distance(Some(distance)) => write!(f, "it is {distance} miles away"),
            Self::Distance(None) => f.write_str("where it lies is not known"),
            Self::LiesIn(code) => write!(f, "it lies in {}", area(code)),
            Self::NotAdvertised => f.write_str("its provider does not advertise it"),
            Self::AvailableFrom(Some(date)) => write!(f, "it can be had from {date}"),
            Self::AvailableFrom(None) => f.write_str("it cannot be had yet"),
            Self::Ages { from, to } if from > to => f.write_str("it takes no age"),
            Self::Ages { from, to } => write!(f, "it takes ages {from} to {to}"),
            Self::Sexes { advertised, registered } => {
                write!(f, "it is advertised for {advertised} and registered or approved for {registered}")
            }
            Self::Unmet(needs) => write!(f, "it does not say it can meet {needs}"),
            Self::CannotTake(needs) => write!(f, "the home cannot take {needs} at present"),
            Self::Claimed { whole_establishment, taken, free_from, held_until } => {
                match (whole_establishment, taken) {
                    (true, _) => f.write_str("a solo placement takes the whole home")?,
                    (false, true) => f.write_str("it is taken")?,
                    (false, false) => f.write_str("it is on hold")?,
                }
                free_from.map_or(Ok(()), |date| write!(f, ", as far as is known until {date}"))?;
                held_until.map_or(Ok(()), |until| write!(f, ", with a hold until {until}"))
            }
            Self::HouseholdFull { children: 1 } => {
                f.write_str("its household is approved for 1 child, who is there or to come")
            }
            Self::HouseholdFull { children } => {
                write!(
                    f,
                    "its household is approved for {children} children, and as many are there or to come"
                )
            }
            Self::ReservedUntil(date) => write!(f, "another council has reserved it until {date}"),
            Self::BlockedUntil(date) => write!(f, "it is another council's by a block contract until {date}"),
            Self::Occupied { claimed: true, .. } => f.write_str("other places of the home are claimed"),
            Self::Occupied { stated, .. } => write!(f, "{stated} live there, as its provider says"),
        }
    }
}

impl fmt::Display for Counterfactual<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("would match if ")?;
        match self {
            Self::ProvisionToo(code) => write!(f, "{code} were asked for too"),
            Self::AnyOperator => f.write_str("anybody's provision came into question"),
            Self::GradeAtLeast(grade) => write!(f, "{grade} were good enough"),
            Self::AnyGrade => f.write_str("any grade were good enough"),
            Self::RadiusMore(more) => write!(f, "the radius were {more} miles more"),
            Self::AnyDistance => f.write_str("no distance were asked for"),
            Self::AreaToo(code) => write!(f, "{} need not be avoided", area(code)),
            Self::FirstNight(date) => write!(f, "the first night were {date}"),
            Self::AgeWithin { from, to } => write!(f, "the child were {from} to {to} years old"),
            Self::WithoutNeeds(needs) => write!(f, "{needs} were not asked for"),
            Self::AskedFrom(at) => write!(f, "it were asked from {at} on"),
            Self::OnceOver(date) => write!(f, "it were asked on {date} or later, for no night before that"),
            Self::SoloLifted => f.write_str("the solo requirement were lifted"),
        }
    }
}

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (version {}): {}", self.rule, self.version, self.fact)?;
        self.counterfactual.map_or(Ok(()), |instead| write!(f, "; {instead}"))
    }
}
