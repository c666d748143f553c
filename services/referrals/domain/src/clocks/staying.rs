//! The rules of the clocks of placements that go on, are to end, or have ended.

use super::{ClockRule, DeadlineKind, StatutoryStep};

pub(super) const NOTICE_LAST_DAY: ClockRule = ClockRule {
    kind: DeadlineKind::NoticeLastDay,
    starts: "The provider or the council gives notice that a placement is to end.",
    due: "The end of the notice's last day: 28 days after it was given, unless it says otherwise.",
    to_do: "Find the next home and record the day of departure, or have the notice withdrawn.",
    stops: "The day of departure is recorded (`EndPlacement`), or the notice withdrawn (`WithdrawNotice`).",
    source: "The agreement: 28 days are what fostering and residential terms agree on, no law.",
    constant: "`NOTICE_DAYS` of contracts, 28 days",
};

pub(super) const ENDING_STEPS: ClockRule = ClockRule {
    kind: DeadlineKind::EndingSteps,
    starts: "The council gives notice that a placement is to end, with something outstanding of what comes before the end: a review of the \
             case (not where it ends at once for an immediate risk), other accommodation, telling the independent reviewing officer, and \
             written notice to those who were told of the placement.",
    due: "The end of the notice's last day.",
    to_do: "Take these steps before the child leaves and record the day of each; written notice as soon as reasonably practicable.",
    stops: "The steps are recorded (`GiveNotice`, the same notice again), the notice is withdrawn, or the day of departure is recorded: what \
            is outstanding then is `OUTSTANDING_NOTICES`.",
    source: "Care Planning, Placement and Case Review (England) Regulations 2010, regulation 14(1) to (3).",
    constant: "none",
};

pub(super) const OUTSTANDING_NOTICES: ClockRule = ClockRule {
    kind: DeadlineKind::Step(StatutoryStep::OutstandingNotices),
    starts: "The day on which a placement ends of which the council gave notice, with something outstanding of what comes before an end; or \
             that the council ended without notice by either side. That it did is taken from the reason (ALLEG, APPRR, CARPL, CHILD, \
             LAREQ, OTHER or STAND) and the ending (PLANNED, DISRUPTION, OTHER, or not told). Not for a time away (RESPITE) or a short \
             break (legal status V3 or V4).",
    due: "The end of the tenth working day after the end.",
    to_do: "Arrange other accommodation and tell the independent reviewing officer as soon as reasonably practicable, and give the written \
            notices that are outstanding.",
    stops: "The step is recorded.",
    source: "Care Planning, Placement and Case Review (England) Regulations 2010, regulation 14. The codes are this service's reading of \
             `terminate`.",
    constant: "`OUTSTANDING_NOTICES_WORKING_DAYS`, 10 working days",
};

pub(super) const DISRUPTION_MEETING: ClockRule = ClockRule {
    kind: DeadlineKind::Step(StatutoryStep::DisruptionMeeting),
    starts: "The day on which a placement ends by DISRUPTION.",
    due: "The end of the policy's working days after the end.",
    to_do: "Hold a disruption meeting: what led to it, and what the next home should know.",
    stops: "The step is recorded, or the ending is put right to be another.",
    source: "Local practice, no law: fostering procedures ask for a meeting after a disruption; the default is a month of working days.",
    constant: "`CascadePolicy.clocks.disruption_meeting_working_days`, 20 by default",
};

pub(super) const FORMER_PLACEMENT_END: ClockRule = ClockRule {
    kind: DeadlineKind::FormerPlacementEnd,
    starts: "The child of a referral that follows from a placement by MOVE or SIBLING_REUNION has come to the new home, and the placement \
             before goes on; whether the new one goes on makes no difference.",
    due: "The end of the day on which the child came.",
    to_do: "End the placement before on the day of the move: its day of departure is not paid, so that no night is paid twice.",
    stops: "Its day of departure is recorded.",
    source: "One night, one place: a placement is paid for the nights from the arrival up to, not including, the day of departure.",
    constant: "none",
};

pub(super) const RESPITE_END: ClockRule = ClockRule {
    kind: DeadlineKind::RespiteEnd,
    starts: "The child of a referral that follows from a placement by RESPITE has come to the place of a time away that has a longest \
             length.",
    due: "The end of the 21st day after the arrival for T3, of the 7th for T4, of the 17th for a short break.",
    to_do: "Bring the child back and record the day of departure; what lasts longer is counted as a placement of its own.",
    stops: "A day of departure within the time is recorded.",
    source: "SSDA903 2025-26: T3 is three weeks at most, T4 seven days. Care Planning, Placement and Case Review (England) Regulations 2010, \
             regulation 48: no short break is longer than 17 days.",
    constant: "`code_sets::respite_days_max`: T3 21 days, T4 7, SHORT_BREAK 17",
};
