//! The rules of the clocks as data: what starts each, until when, what to do, what stops it, and where that is written. The program
//! and the page `docs/deadlines.md` take them from here.

use serde::{Deserialize, Serialize};

mod staying;

use staying::{
    DISRUPTION_MEETING, ENDING_STEPS, FORMER_PLACEMENT_END, NOTICE_LAST_DAY, OUTSTANDING_NOTICES, RESPITE_END,
};

/// Within how many working days after the start a placement plan must be made that was not made before, and the area authority of an
/// emergency placement be notified.
pub const WORKING_DAYS_AFTER_START: u8 = 5;
/// Within how many working days after the end of a placement those are told of it in writing who were not told before.
pub const OUTSTANDING_NOTICES_WORKING_DAYS: u8 = 10;
/// The one role that approves a distant placement.
pub const DIRECTOR: &str = "DIRECTOR_OF_CHILDRENS_SERVICES";

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeadlineKind {
    /// An emergency award waits for its approval.
    RetrospectiveApproval,
    /// An emergency award went ahead of gates of the policy.
    GateDecision,
    /// A step that somebody takes and records.
    Step(StatutoryStep),
    /// A provider is to answer a release.
    ReleaseResponse,
    /// Notice was given of a placement's end.
    NoticeLastDay,
    /// The child has moved, and the placement before goes on.
    FormerPlacementEnd,
    /// A time away has a longest length.
    RespiteEnd,
    /// The council gave notice, with something outstanding of what comes before the end.
    EndingSteps,
}

/// What somebody does and records, and what stops a clock by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StatutoryStep {
    /// The placement plan was made, at the planning meeting.
    PlacementPlan,
    /// The area authority, in whose area the home lies, was notified in writing.
    AreaAuthorityNotice,
    /// The director of children's services approved a distant placement.
    DistantPlacementApproval,
    /// Senior management reviewed why a young child is to live in residential care.
    SeniorReview,
    /// What was outstanding when the council ended a placement was done.
    OutstandingNotices,
    /// The meeting after a disruption was held.
    DisruptionMeeting,
}

impl StatutoryStep {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::PlacementPlan,
        Self::AreaAuthorityNotice,
        Self::DistantPlacementApproval,
        Self::SeniorReview,
        Self::OutstandingNotices,
        Self::DisruptionMeeting,
    ];
    /// Those that the end of a placement asks for, and its start does not.
    pub(crate) const AFTER_END: [Self; 2] = [Self::OutstandingNotices, Self::DisruptionMeeting];

    /// Its name, as it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        DeadlineKind::Step(self).as_str()
    }

    /// Why an award needs it not, if none of its clocks asks for it.
    pub(crate) fn not_needed_because(self) -> &'static str {
        match self {
            Self::PlacementPlan => "it is one of a series of short breaks, whose care plan says it",
            Self::AreaAuthorityNotice => "the home is in the council's own area, or it is a short break",
            Self::DistantPlacementApproval => "the home is in the council's own area or an adjoining one",
            Self::SeniorReview => {
                "only children up to the policy's age who are to live in residential care do"
            }
            Self::OutstandingNotices => {
                "the placement goes on, the council did not end it, or nothing was outstanding then"
            }
            Self::DisruptionMeeting => "the placement goes on, or it did not end by DISRUPTION",
        }
    }
}

impl DeadlineKind {
    /// Its name, as it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RetrospectiveApproval => "RETROSPECTIVE_APPROVAL",
            Self::GateDecision => "GATE_DECISION",
            Self::Step(StatutoryStep::PlacementPlan) => "PLACEMENT_PLAN",
            Self::Step(StatutoryStep::AreaAuthorityNotice) => "AREA_AUTHORITY_NOTICE",
            Self::Step(StatutoryStep::DistantPlacementApproval) => "DISTANT_PLACEMENT_APPROVAL",
            Self::Step(StatutoryStep::SeniorReview) => "SENIOR_REVIEW",
            Self::Step(StatutoryStep::OutstandingNotices) => "OUTSTANDING_NOTICES",
            Self::Step(StatutoryStep::DisruptionMeeting) => "DISRUPTION_MEETING",
            Self::ReleaseResponse => "RELEASE_RESPONSE",
            Self::NoticeLastDay => "NOTICE_LAST_DAY",
            Self::FormerPlacementEnd => "FORMER_PLACEMENT_END",
            Self::RespiteEnd => "RESPITE_END",
            Self::EndingSteps => "ENDING_STEPS",
        }
    }

    /// Its rule.
    #[must_use]
    pub fn rule(self) -> &'static ClockRule {
        match self {
            Self::RetrospectiveApproval => &RETROSPECTIVE_APPROVAL,
            Self::GateDecision => &GATE_DECISION,
            Self::Step(StatutoryStep::PlacementPlan) => &PLACEMENT_PLAN,
            Self::Step(StatutoryStep::AreaAuthorityNotice) => &AREA_AUTHORITY_NOTICE,
            Self::Step(StatutoryStep::DistantPlacementApproval) => &DISTANT_PLACEMENT_APPROVAL,
            Self::Step(StatutoryStep::SeniorReview) => &SENIOR_REVIEW,
            Self::Step(StatutoryStep::OutstandingNotices) => &OUTSTANDING_NOTICES,
            Self::Step(StatutoryStep::DisruptionMeeting) => &DISRUPTION_MEETING,
            Self::ReleaseResponse => &RELEASE_RESPONSE,
            Self::NoticeLastDay => &NOTICE_LAST_DAY,
            Self::FormerPlacementEnd => &FORMER_PLACEMENT_END,
            Self::RespiteEnd => &RESPITE_END,
            Self::EndingSteps => &ENDING_STEPS,
        }
    }
}

/// The rule of one clock, in words.
#[derive(Debug)]
pub struct ClockRule {
    /// What it is for.
    pub kind: DeadlineKind,
    /// What starts it.
    pub starts: &'static str,
    /// Until when it runs.
    pub due: &'static str,
    /// What to do.
    pub to_do: &'static str,
    /// What stops it besides the end of the placement or the search.
    pub stops: &'static str,
    /// Where it is written.
    pub source: &'static str,
    /// The constant, or the field of the policy with its default.
    pub constant: &'static str,
}

/// Every clock.
pub const CLOCKS: [&ClockRule; 13] = [
    &RETROSPECTIVE_APPROVAL,
    &GATE_DECISION,
    &PLACEMENT_PLAN,
    &AREA_AUTHORITY_NOTICE,
    &DISTANT_PLACEMENT_APPROVAL,
    &SENIOR_REVIEW,
    &RELEASE_RESPONSE,
    &NOTICE_LAST_DAY,
    &ENDING_STEPS,
    &OUTSTANDING_NOTICES,
    &DISRUPTION_MEETING,
    &FORMER_PLACEMENT_END,
    &RESPITE_END,
];

const RETROSPECTIVE_APPROVAL: ClockRule = ClockRule {
    kind: DeadlineKind::RetrospectiveApproval,
    starts: "An external award of urgency EMERGENCY is proposed without an approval.",
    due: "The policy's hours after the award.",
    to_do: "Have the award approved by a role of the cascade policy.",
    stops: "`GiveRetrospectiveApproval`; an award that failed needs none.",
    source: "Council policy: panels approve emergencies afterwards (East Riding and Hull, placement procedures).",
    constant: "`CascadePolicy.emergency_approval_hours`, 72 by default",
};

const GATE_DECISION: ClockRule = ClockRule {
    kind: DeadlineKind::GateDecision,
    starts: "An award of urgency EMERGENCY is proposed ahead of gates that the policy has for it: a panel, a senior review. Never ahead of \
             NOMINATED_OFFICER or DIRECTOR, who approve before the placement.",
    due: "The policy's hours after the award, as for its approval.",
    to_do: "Have each of these gates decide on the award.",
    stops: "`RecordGateDecision`, approved or refused, for each of them; an award that failed needs none.",
    source: "Council policy: panels see emergencies afterwards (East Riding and Hull, placement procedures).",
    constant: "`CascadePolicy.emergency_approval_hours`, 72 by default; the gates are `CascadePolicy.steps.gates`, none by default",
};

const PLACEMENT_PLAN: ClockRule = ClockRule {
    kind: DeadlineKind::Step(StatutoryStep::PlacementPlan),
    starts: "The start of an awarded placement: the child's arrival, or the agreed first night until that is known. Not for a short break \
             (legal status V3 or V4, regulation 48).",
    due: "The end of the fifth working day after the start, where no plan was recorded before.",
    to_do: "Hold the placement planning meeting and record the placement plan.",
    stops: "The step is recorded, before or after the start.",
    source: "Care Planning, Placement and Case Review (England) Regulations 2010, regulation 9.",
    constant: "`WORKING_DAYS_AFTER_START`, 5 working days",
};

const AREA_AUTHORITY_NOTICE: ClockRule = ClockRule {
    kind: DeadlineKind::Step(StatutoryStep::AreaAuthorityNotice),
    starts: "An award outside the council's own area; where the home's authority is not known, it is taken to be outside. Not for a short \
             break (legal status V3 or V4, regulation 48).",
    due: "Before the day of the start; for an award made on that day, its end. For a referral of urgency EMERGENCY the end of the fifth \
          working day after the start.",
    to_do: "Notify the area authority in writing, with the assessment of needs and the care plan.",
    stops: "The step is recorded.",
    source: "Care Planning, Placement and Case Review (England) Regulations 2010, regulation 13(4), as amended by S.I. 2013/3239.",
    constant: "`WORKING_DAYS_AFTER_START`, 5 working days",
};

const DISTANT_PLACEMENT_APPROVAL: ClockRule = ClockRule {
    kind: DeadlineKind::Step(StatutoryStep::DistantPlacementApproval),
    starts: "An award neither in the council's own area nor in that of an adjoining authority. Which adjoin is the council's to list; where \
             it lists none, or the home's authority is not known, the placement is taken to be distant, and the deadline says so.",
    due: "Before the day of the start; for an award made on that day, its end. An emergency makes no difference.",
    to_do: "Have the director of children's services approve the distant placement.",
    stops: "The step is recorded, by the director of children's services; or the director approved the offer at the gate `DIRECTOR` before it was due.",
    source: "Care Planning, Placement and Case Review (England) Regulations 2010, regulation 11(1)(b) and (5), as amended by S.I. \
             2013/3239.",
    constant: "`CascadePolicy.clocks.adjoining`, not known by default",
};

const SENIOR_REVIEW: ClockRule = ClockRule {
    kind: DeadlineKind::Step(StatutoryStep::SeniorReview),
    starts: "An award of a place in residential care, with education or secure too, to a child of the policy's age or under on the first \
             night. Not in a residential family centre, where the child lives with a parent.",
    due: "Before the day of the start; for an award made on that day, its end.",
    to_do: "Have senior management review why a child this young is to live in residential care.",
    stops: "The step is recorded, by a role that may approve under the cascade policy; or the gate `SENIOR_REVIEW` approved the offer before it was due.",
    source: "Council policy: Darlington's sufficiency strategy 2024-25 (nobody of 11 or under but for reasons of that child's own); \
             Durham's senior oversight (MACC).",
    constant: "`CascadePolicy.clocks.senior_review_age_max`, 11 years by default",
};

const RELEASE_RESPONSE: ClockRule = ClockRule {
    kind: DeadlineKind::ReleaseResponse,
    starts: "The release of a referral to a provider.",
    due: "The policy's window for the referral's urgency, by the policy in force at the release; planned ones to the end of the last working day.",
    to_do: "Ask the provider for its answer, or go on without it: after the window the invitation is expired.",
    stops: "An offer or a decline. None runs while an award is on its way; if that fails or lapses, the whole window begins anew. After the window there is no deadline any more: the release is shown as expired, and a late answer is \
            still taken.",
    source: "Council policy: response windows are local.",
    constant: "`CascadePolicy.clocks.response_emergency_hours`, 4 by default; `response_urgent_hours`, 24; \
               `response_planned_working_days`, 5",
};
