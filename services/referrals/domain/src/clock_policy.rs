//! What a council's policy says of its clocks: how soon a provider is to answer, whose review a young child in residential care
//! needs, and which authorities adjoin. No list of adjoining authorities is shipped, so the council's own is what there is.

use crate::requirements::Found;
use care::working_days::{end_of_day, working_days_after};
use care::{Timestamp, london_date};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many adjoining authorities a council can list: more than any has.
pub const ADJOINING_MAX: usize = 30;

/// What the policy says of the council's clocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClockPolicy {
    /// The authorities that adjoin the council's area: GSS codes of upper-tier authorities, Welsh and Scottish ones too. Empty is
    /// not known, not none.
    pub adjoining: BTreeSet<String>,
    /// Within how many hours a provider is to answer a release of urgency EMERGENCY, 1 to 72.
    pub response_emergency_hours: u16,
    /// Within how many hours a provider is to answer a release of urgency URGENT, 1 to 240.
    pub response_urgent_hours: u16,
    /// Within how many working days a provider is to answer a release of urgency PLANNED, 1 to 30; the day of the release is not counted.
    pub response_planned_working_days: u8,
    /// Up to which age in years a child in residential care needs a senior review, 0 to 17.
    pub senior_review_age_max: u8,
    /// Within how many working days after a disruption its meeting is to be held, 1 to 60. Policies had it not at first.
    #[serde(skip_serializing_if = "is_disruption_default")]
    pub disruption_meeting_working_days: u8,
}

/// The default of [`ClockPolicy::disruption_meeting_working_days`]: a month of working days. Local practice, no law.
const DISRUPTION_MEETING_WORKING_DAYS: u8 = 20;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_disruption_default(days: &u8) -> bool {
    *days == DISRUPTION_MEETING_WORKING_DAYS
}

impl Default for ClockPolicy {
    /// Response windows are local; these are the field's habit (an emergency within hours, urgent within a day, planned within a week), not
    /// law. The age is Darlington's (sufficiency strategy 2024-25): nobody of 11 or under lives in residential care but for reasons of
    /// that child's own.
    fn default() -> Self {
        Self {
            adjoining: BTreeSet::new(),
            response_emergency_hours: 4,
            response_urgent_hours: 24,
            response_planned_working_days: 5,
            senior_review_age_max: 11,
            disruption_meeting_working_days: DISRUPTION_MEETING_WORKING_DAYS,
        }
    }
}

impl ClockPolicy {
    /// Whether it says nothing that the default does not.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Adds everything that is wrong with it.
    pub(crate) fn check(&self, found: &mut Found) {
        let ranges = [
            ("clocks.response_emergency_hours", u32::from(self.response_emergency_hours), 1..=72, "hours"),
            ("clocks.response_urgent_hours", u32::from(self.response_urgent_hours), 1..=240, "hours"),
            (
                "clocks.response_planned_working_days",
                u32::from(self.response_planned_working_days),
                1..=30,
                "working days",
            ),
            ("clocks.senior_review_age_max", u32::from(self.senior_review_age_max), 0..=17, "years"),
            (
                "clocks.disruption_meeting_working_days",
                u32::from(self.disruption_meeting_working_days),
                1..=60,
                "working days",
            ),
        ];
        for (field, value, range, unit) in ranges {
            let expected = format!("expected {} to {} {unit}", range.start(), range.end());
            found.unless(range.contains(&value), field, &expected);
        }
        let listed = "clocks.adjoining";
        found.unless(
            self.adjoining.len() <= ADJOINING_MAX,
            listed,
            &format!("expected at most {ADJOINING_MAX} authorities"),
        );
        found.unless(
            self.adjoining.iter().all(|code| is_gss(code)),
            listed,
            "an authority is a GSS code of England, Wales or Scotland, such as E06000047",
        );
    }

    /// Until when a provider is to answer a release of this URGENCY that was made at `released`.
    #[must_use]
    pub fn response_due(&self, urgency: &str, released: Timestamp) -> Timestamp {
        let after = |hours: u16| {
            released.checked_add(SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::MAX)
        };
        match urgency {
            "EMERGENCY" => after(self.response_emergency_hours),
            "PLANNED" => {
                end_of_day(working_days_after(london_date(released), self.response_planned_working_days))
            }
            _ => after(self.response_urgent_hours),
        }
    }
}

fn is_gss(code: &str) -> bool {
    code.len() == 9
        && code.starts_with(['E', 'W', 'S'])
        && code.bytes().skip(1).all(|byte| byte.is_ascii_digit())
}
