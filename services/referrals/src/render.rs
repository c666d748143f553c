//! From the state to the messages that clients see. What a provider may see of a referral is listed here, in one place
//! ([`released`]): nothing else reaches it before an award.

mod cascade;

pub(crate) use cascade::{by, invitation};

use crate::assurances;
use crate::grpc::step_shown;
use api::referrals as proto;
use care::published::ChoiceEvidence;
use care::{AwardId, CouncilId, OfferId, ProviderId, QuestionId, ReferralId, Timestamp, london_date};
use referrals_domain::{
    AgeBand, Answer, Award, CascadeMode, ClockPolicy, Completeness, Education, FamilyTime, KeyPurpose, Offer,
    Outcome, Referral, Requirements, SearchRecorded, ShortlistEnd, SiblingOutcome, Stage, State,
};
use service_kit::terms::{self, Justification};
use service_kit::{
    agreement_name, council_name, establishment_name, household_name, place_name, provider_name,
    referral_name, timestamp,
};

mod staying;

pub(crate) use staying::stability;

pub(crate) fn offer_name(council: CouncilId, referral: ReferralId, offer: OfferId) -> String {
    format!("{}/offers/{offer}", referral_name(council, referral))
}

pub(crate) fn question_name(council: CouncilId, referral: ReferralId, question: QuestionId) -> String {
    format!("{}/questions/{question}", referral_name(council, referral))
}

pub(crate) fn award_name(council: CouncilId, award: AwardId) -> String {
    format!("councils/{council}/awards/{award}")
}

pub(crate) fn policy_name(council: CouncilId) -> String {
    format!("{}/cascadePolicy", council_name(council))
}

/// A referral by its id; an empty message if it is not there.
pub(crate) fn referral_by_id(state: &State, id: ReferralId, now: Timestamp) -> proto::Referral {
    state.referrals.get(&id).map(|it| referral(state, it, now)).unwrap_or_default()
}

/// A referral as its council sees it, whole.
pub(crate) fn referral(state: &State, it: &Referral, now: Timestamp) -> proto::Referral {
    let release = |(provider, release): (&ProviderId, &referrals_domain::Release)| proto::Release {
        provider: provider_name(provider),
        release_time: Some(timestamp(release.at)),
        offered: release.answer == Answer::Offered,
        decline_reason: declined(&release.answer),
        response_due_time: Some(timestamp(release.answer_by)),
        expired: state.invitation_expired(it, provider, now),
        cascade_step: release.step.clone().unwrap_or_default(),
        shortlist_time: release.shortlisted.as_ref().map(|it| timestamp(it.at)),
        shortlist_end_reason: shortlist_end(release)
            .map(|(reason, _)| reason.to_string())
            .unwrap_or_default(),
        shortlist_end_time: shortlist_end(release).map(|(_, at)| timestamp(at)),
        shortlist_reads: release.shortlisted.as_ref().map_or(0, |it| it.reads),
    };
    proto::Referral {
        releases: it.releases.iter().map(release).collect(),
        last_search: it.last_search.as_ref().map(|last| search(last, it.searches)),
        gate_decisions: cascade::gate_decisions(it),
        unknown_fields: Completeness::of(it).unknown.into_iter().map(str::to_owned).collect(),
        sibling_group: sibling_group(state, it, now),
        ..referral_in_list(state, it)
    }
}

fn shortlist_end(release: &referrals_domain::Release) -> Option<(ShortlistEnd, Timestamp)> {
    release.shortlisted.as_ref()?.ended
}

/// A referral as it stands in a list.
pub(crate) fn referral_in_list(state: &State, it: &Referral) -> proto::Referral {
    let (award, agreement) = match &it.stage {
        Stage::AwardInFlight { award } => (award_name(it.council, *award), String::new()),
        Stage::Awarded { award, agreement } => {
            (award_name(it.council, *award), agreement_name(it.council, *agreement))
        }
        Stage::Open | Stage::Withdrawn { .. } => Default::default(),
    };
    let withdrawal_reason = match &it.stage {
        Stage::Withdrawn { reason } => reason.clone(),
        _ => String::new(),
    };
    let known = |sealed: bool, purpose| sealed && !state.key_destroyed(it.id, purpose);
    proto::Referral {
        name: referral_name(it.council, it.id),
        etag: it.version.to_string(),
        version: it.version,
        stage: stage(&it.stage).into(),
        requirements: Some(requirements(&it.requirements)),
        post_time: Some(timestamp(it.posted_at)),
        change_time: Some(timestamp(it.changed_at)),
        cascade_steps: cascade::steps(it),
        waivers: cascade::waivers(it),
        gate_decisions: Vec::new(),
        releases: Vec::new(),
        last_search: None,
        offer_count: u32::try_from(it.offers.len()).unwrap_or(u32::MAX),
        award,
        agreement,
        withdrawal_reason,
        identity_known: known(it.identity.is_some(), KeyPurpose::Identity),
        narrative_known: known(it.narrative.is_some(), KeyPurpose::Narrative),
        complete_thousandths: Completeness::of(it).thousandths(),
        unknown_fields: Vec::new(),
        sibling_group: None,
        follows: state.staying.follows.get(&it.id).map(|follows| staying::follows(it.council, follows)),
    }
}

fn sibling_group(state: &State, it: &Referral, now: Timestamp) -> Option<proto::SiblingGroup> {
    let outcome = match state.sibling_outcome(it, london_date(now))? {
        SiblingOutcome::Undecided => proto::SiblingOutcome::Undecided,
        SiblingOutcome::Together => proto::SiblingOutcome::Together,
        SiblingOutcome::SameAgency => proto::SiblingOutcome::SameAgency,
        SiblingOutcome::Split => proto::SiblingOutcome::Split,
    };
    Some(proto::SiblingGroup {
        siblings: it.siblings.iter().map(|id| referral_name(it.council, *id)).collect(),
        outcome: outcome.into(),
        split_reasons: state.split_reasons(it).into_iter().map(str::to_owned).collect(),
    })
}

pub(crate) fn stage(stage: &Stage) -> proto::ReferralStage {
    match stage {
        Stage::Open => proto::ReferralStage::Open,
        Stage::AwardInFlight { .. } => proto::ReferralStage::AwardInProgress,
        Stage::Awarded { .. } => proto::ReferralStage::Awarded,
        Stage::Withdrawn { .. } => proto::ReferralStage::Withdrawn,
    }
}

pub(crate) fn requirements(it: &Requirements) -> proto::Requirements {
    let told = &it.profile;
    let code = |code: &Option<String>| code.clone().unwrap_or_default();
    proto::Requirements {
        provisions: it.provisions.clone(),
        age_years: Some(it.age_years.into()),
        age_assessed: it.age_assessed,
        sex: it.sex.clone(),
        needs: it.needs.clone(),
        category_of_need: it.category_of_need.clone().unwrap_or_default(),
        legal_status: it.legal_status.clone().unwrap_or_default(),
        urgency: it.urgency.clone(),
        needed_from: it.needed_from.to_string(),
        expected_weeks: it.expected_weeks.map(u32::from),
        anchor: it.anchor.clone().unwrap_or_default(),
        max_distance_miles: it.max_distance_miles.map(u32::from),
        solo: it.solo,
        sibling_group_size: it.sibling_group_size.map(u32::from),
        uasc: it.uasc,
        budget_code: it.budget_code.clone().unwrap_or_default(),
        funders: terms::funders_shown(&it.funders),
        risks: told.risks.clone(),
        strengths: told.strengths.clone(),
        education: education(&told.education),
        family_time: family_time(&told.family_time),
        siblings: code(&told.siblings),
        sibling_reason: code(&told.sibling_reason),
        parent_and_child: code(&told.parent_and_child),
        deprivation_of_liberty: code(&told.deprivation_of_liberty),
        national_transfer: code(&told.national_transfer),
        route_into_care: code(&told.route_into_care),
        exclusions: told.exclusions.clone(),
        avoid_areas: told.avoid_areas.iter().map(|area| council_name(*area)).collect(),
    }
}

/// Nothing where nothing is known.
fn education(it: &Education) -> Option<proto::Education> {
    let (phase, ehcp) = (it.phase.clone().unwrap_or_default(), it.ehcp.clone().unwrap_or_default());
    (*it != Education::default()).then(|| proto::Education { phase, ehcp, send: it.send.clone() })
}

/// Nothing where nothing is known.
fn family_time(it: &FamilyTime) -> Option<proto::FamilyTime> {
    let frequency = it.frequency.clone().unwrap_or_default();
    let max_miles = it.max_miles.map(u32::from);
    (*it != FamilyTime::default()).then_some(proto::FamilyTime { frequency, max_miles })
}

/// The `number`th search of its referral.
pub(crate) fn search(it: &SearchRecorded, number: u32) -> proto::SearchEvidence {
    let exclusion =
        |(reason, places): (&String, &u32)| proto::Exclusion { reason: reason.clone(), places: *places };
    proto::SearchEvidence {
        referral_version: it.referral_version,
        market_position: it.market_position,
        max_distance_miles: it.max_distance_miles.map(u32::from),
        candidates: it.candidates,
        excluded: it.excluded.iter().map(exclusion).collect(),
        top_places: it.top.iter().map(place_name).collect(),
        search_time: Some(timestamp(it.at)),
        name: format!("{}/searches/{number}", referral_name(it.council, it.referral)),
        digest: it.digest.clone().unwrap_or_default(),
        rules: it.rules.clone().unwrap_or_default(),
    }
}

/// What a provider sees of a referral that was released to it; nothing if it was not.
pub(crate) fn released(
    state: &State,
    it: &Referral,
    provider: &ProviderId,
    now: Timestamp,
) -> Option<proto::ReleasedReferral> {
    let release = it.releases.get(provider)?;
    let own =
        it.offers.iter().filter_map(|id| state.offers.get(id)).filter(|offer| offer.provider == *provider);
    Some(proto::ReleasedReferral {
        release_time: Some(timestamp(release.at)),
        answer_by_time: Some(timestamp(release.answer_by)),
        decline_reason: declined(&release.answer),
        offers: own.map(|own| offer(state, own, now)).collect(),
        identity_granted: it.grants(provider, london_date(now)),
        shortlisted: release.is_shortlisted(),
        ..preview(it)
    })
}

/// What every provider sees of a referral once it is released to it.
pub(crate) fn preview(it: &Referral) -> proto::ReleasedReferral {
    let asked = &it.requirements;
    let told = &asked.profile;
    let code = |code: &Option<String>| code.clone().unwrap_or_default();
    proto::ReleasedReferral {
        name: referral_name(it.council, it.id),
        version: it.version,
        open: it.stage == Stage::Open,
        age_band: age_band(asked.age_years).into(),
        sex: asked.sex.clone(),
        provisions: asked.provisions.clone(),
        needs: asked.needs.clone(),
        urgency: asked.urgency.clone(),
        outcode: asked.outcode().unwrap_or_default().to_owned(),
        needed_from: asked.needed_from.to_string(),
        expected_weeks: asked.expected_weeks.map(u32::from),
        solo: asked.solo,
        sibling_group_size: asked.sibling_group_size.map(u32::from),
        risks: told.risks.clone(),
        strengths: told.strengths.clone(),
        education_phase: code(&told.education.phase),
        siblings: code(&told.siblings),
        parent_and_child: code(&told.parent_and_child),
        deprivation_of_liberty: code(&told.deprivation_of_liberty),
        exclusions: told.exclusions.clone(),
        ..Default::default()
    }
}

/// What a shortlisted provider sees beside that, as far as it stands in clear.
pub(crate) fn shortlisted(it: &Referral, released: proto::ReleasedReferral) -> proto::ShortlistedReferral {
    let asked = requirements(&it.requirements);
    proto::ShortlistedReferral {
        released: Some(released),
        age_years: it.requirements.age_years.into(),
        age_assessed: it.requirements.age_assessed,
        category_of_need: asked.category_of_need,
        legal_status: asked.legal_status,
        uasc: asked.uasc,
        education: asked.education,
        family_time: asked.family_time,
        sibling_reason: asked.sibling_reason,
        national_transfer: asked.national_transfer,
        route_into_care: asked.route_into_care,
        avoid_areas: asked.avoid_areas,
        ..Default::default()
    }
}

/// As [`released`], by id; an empty message if it is not there.
pub(crate) fn released_by_id(
    state: &State,
    id: ReferralId,
    provider: &ProviderId,
    now: Timestamp,
) -> proto::ReleasedReferral {
    state.referrals.get(&id).and_then(|it| released(state, it, provider, now)).unwrap_or_default()
}

fn age_band(age_years: u8) -> proto::AgeBand {
    match AgeBand::of(age_years) {
        AgeBand::From0To4 => proto::AgeBand::AgeBand0To4,
        AgeBand::From5To9 => proto::AgeBand::AgeBand5To9,
        AgeBand::From10To12 => proto::AgeBand::AgeBand10To12,
        AgeBand::From13To15 => proto::AgeBand::AgeBand13To15,
        AgeBand::From16To17 => proto::AgeBand::AgeBand16To17,
        AgeBand::From18To24 => proto::AgeBand::AgeBand18To24,
    }
}

fn declined(answer: &Answer) -> String {
    match answer {
        Answer::Declined { reason, .. } => reason.clone(),
        Answer::None | Answer::Offered => String::new(),
    }
}

/// An offer by its id; an empty message if it is not there.
pub(crate) fn offer_by_id(state: &State, id: OfferId, now: Timestamp) -> proto::Offer {
    state.offers.get(&id).map(|it| offer(state, it, now)).unwrap_or_default()
}

pub(crate) fn offer(state: &State, it: &Offer, now: Timestamp) -> proto::Offer {
    proto::Offer {
        name: offer_name(it.council, it.referral, it.id),
        provider: provider_name(&it.provider),
        referral_version: it.referral_version,
        place: place_name(&it.terms.place),
        establishment: establishment_name(&it.terms.urn),
        provision: it.terms.provision.clone(),
        start: it.terms.start.to_string(),
        lines: terms::lines_shown(&it.terms.lines),
        weekly_pence: it.terms.weekly().0,
        route: Some(terms::route_shown(&it.terms.route, Justification::Shown)),
        valid_until: it.terms.valid_until.to_string(),
        own_establishment: it.own_establishment,
        live: takeable(state, it, now),
        withdrawn: it.withdrawn,
        submit_time: Some(timestamp(it.at)),
        mitigations: assurances::mitigations_shown(&it.terms.mitigations),
        impact_risk_assessment: it.terms.impact.as_ref().map(assurances::impact_shown),
        evaluation: None,
    }
}

/// Whether an offer could be taken now, as far as offer and referral go.
pub(crate) fn takeable(state: &State, offer: &Offer, now: Timestamp) -> bool {
    let referral = state.referrals.get(&offer.referral);
    offer.live(now)
        && referral.is_some_and(|it| it.stage == Stage::Open && it.version == offer.referral_version)
}

/// An award by its id; an empty message if it is not there.
pub(crate) fn award_by_id(state: &State, id: AwardId, now: Timestamp) -> proto::Award {
    state.awards.get(&id).map(|it| award(state, it, now)).unwrap_or_default()
}

pub(crate) fn award(state: &State, it: &Award, now: Timestamp) -> proto::Award {
    let proposed = &it.proposed;
    let (award_state, agreement, failure_reason, failure_detail) = match &it.outcome {
        Outcome::Proposed => (proto::AwardState::Proposed, String::new(), String::new(), String::new()),
        Outcome::Confirmed { agreement, .. } => {
            let name = agreement_name(proposed.council, *agreement);
            (proto::AwardState::Confirmed, name, String::new(), String::new())
        }
        Outcome::Lapsed { agreement, reason, .. } => {
            let name = agreement_name(proposed.council, *agreement);
            let detail = format!("the agreement ended before the child came: {reason}");
            (proto::AwardState::Lapsed, name, "AGREEMENT_ENDED_BEFORE_START".to_owned(), detail)
        }
        Outcome::Failed { reason, detail, .. } => {
            (proto::AwardState::Failed, String::new(), reason.clone(), detail.clone())
        }
    };
    let approval = proposed.evidence.approval.as_ref().or(it.retrospective.as_ref());
    let due = proposed.evidence.approval_due;
    let clocks = state.clocks.awards.get(&proposed.award);
    let undecided = state.gates_undecided(proposed.award);
    let (ending, notice_last_day) = staying::end(state, proposed.award);
    let waits = |due: Timestamp| state.approvals_due.contains(&(due, proposed.award));
    proto::Award {
        name: award_name(proposed.council, proposed.award),
        referral: referral_name(proposed.council, proposed.referral),
        offer: offer_name(proposed.council, proposed.referral, proposed.terms.offer),
        state: award_state.into(),
        provider: provider_name(&proposed.provider),
        place: place_name(&proposed.place),
        establishment: establishment_name(&proposed.urn),
        provision: proposed.provision.clone(),
        start: proposed.start.to_string(),
        weekly_pence: proposed.terms.weekly().0,
        route: Some(terms::route_shown(&proposed.terms.route, Justification::Shown)),
        propose_time: Some(timestamp(proposed.at)),
        agreement,
        failure_reason,
        failure_detail,
        approval: approval.map(cascade::by),
        approval_time: approval.map(|approval| timestamp(approval.at)),
        approval_due_time: due.map(timestamp),
        approval_overdue: due.is_some_and(|due| due < now && waits(due)),
        policy_version: proposed.evidence.policy_version,
        area_authority: clocks.and_then(|it| it.area_authority.clone()).unwrap_or_default(),
        household: clocks.and_then(|it| it.household.as_ref()).map(household_name).unwrap_or_default(),
        statutory_steps: clocks.into_iter().flat_map(|it| it.steps.values()).map(step_shown).collect(),
        choice: proposed.evidence.choice.as_ref().map(choice),
        passed_gates: proposed.evidence.gates.iter().map(cascade::passed_gate).collect(),
        gates_due: undecided.into_iter().map(str::to_owned).collect(),
        gates_due_time: proposed.evidence.gates_due.as_ref().map(|it| timestamp(it.due)),
        ending,
        notice_last_day,
    }
}

fn choice(it: &ChoiceEvidence) -> proto::AwardChoice {
    proto::AwardChoice {
        evaluated: it.evaluated,
        standing: it.standing,
        rank: it.rank.unwrap_or(0),
        score_basis_points: it.score_basis_points.unwrap_or(0),
        departure_reason: it.departure_reason.clone().unwrap_or_default(),
        sibling_split_reason: it.sibling_split_reason.clone().unwrap_or_default(),
    }
}

pub(crate) fn policy(state: &State, council: CouncilId) -> proto::CascadePolicy {
    let mode = match state.policy.mode {
        CascadeMode::Sequential => proto::CascadeMode::Sequential,
        CascadeMode::Parallel => proto::CascadeMode::Parallel,
    };
    let required = |(provision, steps): (&String, &Vec<String>)| proto::RequiredSteps {
        provision: provision.clone(),
        steps: steps.clone(),
    };
    proto::CascadePolicy {
        name: policy_name(council),
        etag: state.policy_version.to_string(),
        version: state.policy_version,
        mode: mode.into(),
        required: state.policy.required.iter().map(required).collect(),
        approver_roles: state.policy.approver_roles.iter().cloned().collect(),
        emergency_approval_hours: state.policy.emergency_approval_hours.into(),
        clocks: Some(clock_policy(&state.policy.clocks)),
        evaluation_required: state.policy.evaluation_required,
        steps: Some(cascade::step_policy(&state.policy.steps)),
    }
}

fn clock_policy(it: &ClockPolicy) -> proto::ClockPolicy {
    proto::ClockPolicy {
        adjoining: it.adjoining.iter().cloned().collect(),
        response_emergency_hours: Some(it.response_emergency_hours.into()),
        response_urgent_hours: Some(it.response_urgent_hours.into()),
        response_planned_working_days: Some(it.response_planned_working_days.into()),
        senior_review_age_max: Some(it.senior_review_age_max.into()),
        disruption_meeting_working_days: Some(it.disruption_meeting_working_days.into()),
    }
}
