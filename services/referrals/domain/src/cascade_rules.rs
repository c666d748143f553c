//! What the cascade does by itself and what it waits for, as data, with the reason of each refusal: the page `docs/cascade.md` takes it from here.

/// A rule of the cascade, in words.
#[derive(Debug)]
pub struct CascadeRule {
    /// What it is about.
    pub title: &'static str,
    /// What is so.
    pub rule: &'static str,
    /// The events that record it; empty for none.
    pub events: &'static [&'static str],
    /// The reasons of its refusals; empty for none.
    pub reasons: &'static [&'static str],
    /// Where it is written.
    pub source: &'static str,
}

const LOCAL: &str = "Council policy: local.";

/// Every rule.
pub const CASCADE_RULES: [&CascadeRule; 10] = [
    &CascadeRule {
        title: "Until when a provider is to answer",
        rule: "A release says it: the window of the policy in force then, for the referral's urgency (`CascadePolicy.clocks`). A change of the \
               policy moves no release. The provider sees it, and that a late answer is taken while the referral is open: having let the time \
               pass is evidence and not a ban.",
        events: &["ReferralReleased"],
        reasons: &[],
        source: "Council policy: response windows are local; emergencies within hours, urgent ones within a day and planned ones within a week \
                 are the field's habit, and the defaults.",
    },
    &CascadeRule {
        title: "Under which step a provider is asked",
        rule: "The step that the release names. Where it names none: in-house for a provider whose homes of what is sought are all operated by \
               the council, by the kind of these homes: fostering for FOSTERING provisions, residential for others, and fostering first where \
               there are both; where it has none of what is sought, all its homes count. The framework is for everybody else. An in-house step is \
               named for providers with homes of that kind that are all the council's own (`FIELD_INVALID` on `step`). Homes that are suspended or \
               gone do not count; of an agency with households those count that are open.",
        events: &["ReferralReleased"],
        reasons: &[],
        source: LOCAL,
    },
    &CascadeRule {
        title: "In order",
        rule: "Where the policy is sequential and says `release_in_order`, providers are asked under a step only when those before it are \
               exhausted or waived; a step that the policy does not list stands where the list below has it, and off the framework is asked once \
               the framework is behind. An emergency may skip that where `emergency_may_skip` says so. By default there is no such order, and the \
               award asks for the steps all the same.",
        events: &[],
        reasons: &["CASCADE_STEP_NOT_REACHED", "CASCADE_OUT_OF_ORDER"],
        source: "Darlington's sufficiency strategy 2024-25: the framework is exhausted before a spot purchase.",
    },
    &CascadeRule {
        title: "Asking again",
        rule: "A release to somebody who has the referral already is a new invitation, with a window of its own, where it was asked about an \
               older version, let the time pass, or is now asked under another step that the release names, and has no offer that could be taken. \
               Otherwise it is passed over. Who is asked under another step has left the first: what it had answered there stays, and where it \
               had not, that step came to MOVED once nobody is asked under it any more who might answer. MOVED exhausts nothing: somebody says \
               what came of the step, or waives it. Amending a referral drops what steps came to by themselves: an answer to an older version \
               says nothing of the new one.",
        events: &["ReferralReleased", "CascadeStepRecorded"],
        reasons: &[],
        source: LOCAL,
    },
    &CascadeRule {
        title: "While an award is on its way",
        rule: "Nobody can answer then, and no time passes: when the award fails or lapses, whoever has not answered has the whole window anew.",
        events: &["AwardFailed", "AwardLapsed"],
        reasons: &[],
        source: LOCAL,
    },
    &CascadeRule {
        title: "What is recorded of an invitation",
        rule: "The first time that the provider opens it in each version (a list is not opening it), its offer or its coded no, and, when the \
               time has passed without either, that it expired. That is recorded at the instant, or when the service is back after a stop.",
        events: &["InvitationViewed", "OfferSubmitted", "ReferralDeclined", "InvitationExpired"],
        reasons: &[],
        source: LOCAL,
    },
    &CascadeRule {
        title: "When a step is recorded by itself",
        rule: "Everybody asked under it has declined (DECLINED), or some let the time pass or have no offer left that could be taken (NO_OFFER), \
               or some were moved to another step before they answered (MOVED), and nobody recorded an outcome since the last was asked. When \
               others are asked under the step, or an offer comes after all, it is open again. FAMILY_GROUP_CONFERENCE and CONNECTED_CARE are \
               never recorded by themselves, and a spot purchase asks that somebody recorded or waived FRAMEWORK: who was asked is not everybody. \
               It says what happened, in whatever order: what must be behind is for releases and awards to ask.",
        events: &["CascadeStepRecorded"],
        reasons: &[],
        source: LOCAL,
    },
    &CascadeRule {
        title: "Waivers",
        rule: "A step is left out for one child, for a coded reason, by a role of `waiver_roles` (those that may approve awards where it is \
               empty). The award's evidence tells it apart from what was tried. No waiver opens unregistered provision to anybody, or \
               supported accommodation to a child under 16.",
        events: &["CascadeStepWaived"],
        reasons: &["WAIVER_ROLE_NOT_ACCEPTED"],
        source: LOCAL,
    },
    &CascadeRule {
        title: "Gates",
        rule: "The policy can have gates: somebody who looks at awards of certain provisions, ages, areas, fees or routes before they are made. \
               An award waits until each gate that looks at it has approved its offer, and shows who did. A refusal blocks the offer, and the \
               same place offered again, whatever the gate's condition says now and however it is put off since (DEFERRED): only the gate's \
               approval takes it back. Where the home's authority is not known, it is taken to be out of area and distant. By default there are \
               none; a council whose nominated officer approves placements out of area has NOMINATED_OFFICER for them.",
        events: &["GateDecided", "AwardProposed"],
        reasons: &["GATE_NOT_PASSED", "GATE_NOT_IN_POLICY", "GATE_ROLE_NOT_ACCEPTED"],
        source: "Derby's and East Riding's panels, Durham's senior oversight (MACC); Care Planning, Placement and Case Review (England) \
                 Regulations 2010, regulation 11.",
    },
    &CascadeRule {
        title: "Emergencies",
        rule: "A referral of urgency EMERGENCY may be awarded ahead of its approval and of gates that have not decided, never against one that \
               refused, and never ahead of NOMINATED_OFFICER and DIRECTOR, where the policy has them for it: the law asks for those approvals \
               before the placement and knows no emergency. Both are due within the policy's hours after the award, and are deadlines until then \
               and after.",
        events: &["AwardProposed", "RetrospectiveApprovalGiven", "GateDecided"],
        reasons: &["NOT_AN_EMERGENCY", "APPROVER_MISSING", "GATE_NOT_PASSED"],
        source: "East Riding and Hull, placement procedures: panels approve emergencies afterwards; regulation 11(1) of the Care Planning, \
                 Placement and Case Review (England) Regulations 2010.",
    },
];
