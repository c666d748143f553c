//! Invariants over random sequences of commands. A small model reads the events alone, so that a defect in `decide` or in
//! the fold that it trusts is seen from outside.

use crate::cascade_model::{CascadeModel, decisions, step_policies};
use crate::support::{
    agreement, approval, at, award, council, emergency, framework, offer, post, provider, referral,
    requirements, sealed, spot, submit, terms,
};
use care::published::{Approval, AwardProposed, Route};
use care::{AwardId, Domain, OfferId, ProviderId, QuestionId, ReferralId, Timestamp, london_date};
use jiff::SignedDuration;
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use referrals_domain::{
    AmendReferral, AnswerQuestion, AskQuestion, CascadeMode, CascadePolicy, Command, ConfirmAward,
    DeclineReferral, EndGrantKeys, EndShortlisting, Envelope, EraseIdentity, EvaluateOffer, FailAward,
    GiveRetrospectiveApproval, HomeKnown, ImpactAssessment, KeyPurpose, OfferSubmitted, PostReferral,
    ProposeAward, ReadShortlisted, RecordArrival, RecordCascadeStep, RecordDeparture, ReferralEvent,
    Referrals, ReleaseReferral, ReleaseStage, Requirements, RevealIdentity, SetCascadePolicy,
    ShortlistProvider, State, SubmitOffer, SweepInvitations, ViewInvitation, Viewer, WaiveCascadeStep,
    WithdrawOffer, WithdrawReferral,
};
use std::collections::{BTreeMap, BTreeSet};

const STEPS: [&str; 4] = ["CONNECTED_CARE", "IN_HOUSE_FOSTERING", "IN_HOUSE_RESIDENTIAL", "FRAMEWORK"];
const ROLES: [&str; 3] = ["HEAD_OF_SERVICE", "PLACEMENT_PANEL", "TEA_LADY"];

/// What the events say, read without the domain's own state.
#[derive(Default)]
struct Model {
    policy: CascadePolicy,
    policy_version: u32,
    versions: BTreeMap<ReferralId, u32>,
    requirements: BTreeMap<ReferralId, Requirements>,
    steps: BTreeMap<(ReferralId, String), String>,
    offers: BTreeMap<OfferId, OfferSubmitted>,
    withdrawn: BTreeSet<OfferId>,
    in_flight: BTreeMap<ReferralId, AwardProposed>,
    closed: BTreeSet<ReferralId>,
    granted: BTreeSet<(ReferralId, ProviderId)>,
    awarded: BTreeSet<(ReferralId, ProviderId)>,
    arrived: BTreeSet<AwardId>,
    shortlisted: BTreeSet<(ReferralId, ProviderId)>,
    asked: BTreeSet<(ReferralId, QuestionId)>,
    answered: BTreeSet<(ReferralId, QuestionId)>,
    passed: BTreeMap<OfferId, bool>,
    cascade: CascadeModel,
}

impl Model {
    fn see(&mut self, event: &ReferralEvent) -> Result<(), TestCaseError> {
        for open_again in self.cascade.see(&self.policy, event)? {
            self.steps.remove(&open_again);
        }
        match event {
            ReferralEvent::CascadePolicySet(event) => {
                prop_assert_eq!(event.version, self.policy_version + 1);
                (self.policy_version, self.policy) = (event.version, event.policy.clone());
            }
            ReferralEvent::ReferralPosted(event) => {
                prop_assert!(self.versions.insert(event.referral, 1).is_none());
                self.requirements.insert(event.referral, event.requirements.clone());
            }
            ReferralEvent::ReferralAmended(event) => {
                prop_assert!(!self.in_flight.contains_key(&event.referral));
                prop_assert_eq!(self.versions.insert(event.referral, event.version), Some(event.version - 1));
                self.requirements.insert(event.referral, event.requirements.clone());
            }
            ReferralEvent::CascadeStepRecorded(event) => {
                self.steps.insert((event.referral, event.step.clone()), event.outcome.clone());
            }
            ReferralEvent::OfferSubmitted(event) => {
                prop_assert!(!self.closed.contains(&event.referral));
                self.offers.insert(event.offer, event.clone());
            }
            ReferralEvent::OfferWithdrawn(event) => {
                self.withdrawn.insert(event.offer);
            }
            ReferralEvent::AwardProposed(event) => self.see_proposed(&event.proposed)?,
            ReferralEvent::ReferralAwarded(event) => {
                let proposed = self.in_flight.remove(&event.referral);
                prop_assert_eq!(proposed.map(|proposed| proposed.award), Some(event.award));
                self.closed.insert(event.referral);
                self.awarded.insert((event.referral, event.provider.clone()));
            }
            ReferralEvent::AwardFailed(event) => {
                let proposed = self.in_flight.remove(&event.referral);
                prop_assert_eq!(proposed.map(|proposed| proposed.award), Some(event.award));
            }
            ReferralEvent::ReferralWithdrawn(event) => {
                prop_assert!(!self.in_flight.contains_key(&event.referral));
                prop_assert!(self.closed.insert(event.referral));
            }
            ReferralEvent::IdentityGranted(event) => {
                let grant = (event.referral, event.provider.clone());
                prop_assert!(self.awarded.contains(&grant), "a grant without an award");
                self.granted.insert(grant);
            }
            ReferralEvent::ChildArrived(event) => {
                prop_assert!(self.closed.contains(&event.referral), "a child came without an award");
                prop_assert!(self.arrived.insert(event.award), "a child came twice");
            }
            ReferralEvent::IdentityGrantEnded(event) => {
                let grant = (event.referral, event.provider.clone());
                prop_assert!(self.granted.remove(&grant), "the end of no grant");
            }
            ReferralEvent::AwardLapsed(event) => {
                prop_assert!(!self.arrived.contains(&event.award), "open again though the child came");
                prop_assert!(self.closed.remove(&event.referral), "an award that did not hold");
            }
            ReferralEvent::IdentityRevealed(event) => {
                if let Some(provider) = &event.provider {
                    let grant = (event.referral, provider.clone());
                    prop_assert!(self.granted.contains(&grant), "unmasked without a grant");
                }
            }
            ReferralEvent::IdentityKeyDestroyed(event) => prop_assert!(self.closed.contains(&event.referral)),
            ReferralEvent::ProviderShortlisted(event) => {
                prop_assert!(!self.closed.contains(&event.referral));
                let on_list = (event.referral, event.provider.clone());
                prop_assert!(self.shortlisted.insert(on_list), "shortlisted twice");
            }
            ReferralEvent::ShortlistingEnded(event) => {
                let on_list = (event.referral, event.provider.clone());
                prop_assert!(self.shortlisted.remove(&on_list), "the end of no place on the list");
            }
            ReferralEvent::ShortlistedReferralRead(event) => {
                let reader = (event.referral, event.provider.clone());
                let on_list = self.shortlisted.contains(&reader) && !self.closed.contains(&event.referral);
                prop_assert!(on_list || self.granted.contains(&reader), "read by somebody else");
            }
            ReferralEvent::QuestionAsked(event) => {
                prop_assert!(!self.closed.contains(&event.referral), "asked after the search has ended");
                prop_assert!(self.asked.insert((event.referral, event.question)), "asked twice");
            }
            ReferralEvent::QuestionAnswered(event) => {
                prop_assert!(!self.closed.contains(&event.referral), "answered after the search has ended");
                let question = (event.referral, event.question);
                prop_assert!(self.asked.contains(&question), "what nobody asked is answered");
                prop_assert!(self.answered.insert(question), "answered twice");
            }
            ReferralEvent::OfferEvaluated(event) => {
                prop_assert!(!self.closed.contains(&event.referral), "judged after the search has ended");
                self.passed.insert(event.offer, event.passed());
            }
            ReferralEvent::SearchRecorded(_)
            | ReferralEvent::SiblingsLinked(_)
            | ReferralEvent::ReferralReleased(_)
            | ReferralEvent::ReferralDeclined(_)
            | ReferralEvent::RetrospectiveApprovalGiven(_)
            | ReferralEvent::ProviderEnvelopeSealed(_)
            | ReferralEvent::ProviderKeyDestroyed(_)
            | ReferralEvent::StatutoryStepRecorded(_)
            | ReferralEvent::InvitationViewed(_)
            | ReferralEvent::InvitationExpired(_)
            | ReferralEvent::CascadeStepWaived(_)
            | ReferralEvent::GateDecided(_) => {}
            ReferralEvent::ReferralLinked(_)
            | ReferralEvent::PlacementNoticeNoted(_)
            | ReferralEvent::PlacementEndingNoted(_) => {}
        }
        Ok(())
    }

    /// Invariant 6, and that what is taken is a live offer on this version of an open referral.
    fn see_proposed(&mut self, event: &AwardProposed) -> Result<(), TestCaseError> {
        prop_assert!(!self.closed.contains(&event.referral), "an award of a closed referral");
        prop_assert!(!self.in_flight.contains_key(&event.referral), "two awards at once");
        let offer = &self.offers[&event.terms.offer];
        prop_assert_eq!(offer.referral, event.referral);
        prop_assert!(!self.withdrawn.contains(&offer.offer), "a withdrawn offer");
        prop_assert_eq!(offer.referral_version, self.versions[&event.referral], "a stale offer");
        prop_assert!(offer.terms.valid_until >= london_date(event.at), "an expired offer");
        prop_assert!(self.passed.get(&offer.offer) != Some(&false), "an offer that failed the gate");
        let choice = event.evidence.choice.clone().unwrap_or_default();
        let evaluated = self.passed.contains_key(&offer.offer);
        prop_assert!(choice.rank.is_none() || evaluated, "a rank without evaluation");
        prop_assert!(choice.standing >= choice.evaluated, "more in the order than could be taken");
        prop_assert_eq!(
            choice.departure_reason.is_some(),
            choice.evaluated > 0 && choice.rank != Some(1),
            "a reason goes with a departure and with nothing else"
        );
        let urgency = &self.requirements[&event.referral].urgency;
        let due = event.at + SignedDuration::from_hours(i64::from(self.policy.emergency_approval_hours));
        self.cascade.check_gates(&self.policy, event, urgency, due)?;
        let in_house = event.terms.route == Route::InHouse && offer.own_establishment;
        if !in_house {
            let mut asked: Vec<&str> = self
                .policy
                .required
                .get(&event.provision)
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect();
            if matches!(event.terms.route, Route::Spot { .. }) {
                asked.push("FRAMEWORK");
            }
            prop_assert_eq!(event.evidence.policy_version, self.policy_version);
            for step in asked {
                let recorded = self.steps.get(&(event.referral, step.to_owned()));
                let waived = self.cascade.is_waived(event.referral, step);
                let spot = matches!(event.terms.route, Route::Spot { .. });
                let unsaid = spot && step == "FRAMEWORK" && self.cascade.is_by_itself(event.referral, step);
                prop_assert!(waived || !unsaid, "nobody said that the framework is exhausted");
                prop_assert!(
                    waived || recorded.is_some_and(|outcome| outcome != "PLACE_FOUND"),
                    "no evidence of {}",
                    step
                );
                prop_assert!(event.evidence.steps.iter().any(|evidence| evidence.step == step));
            }
            match (&event.evidence.approval, event.evidence.approval_due) {
                (Some(approval), None) => prop_assert!(self.policy.approver_roles.contains(&approval.role)),
                (None, Some(approval_due)) => {
                    prop_assert_eq!(approval_due, due);
                    prop_assert_eq!(urgency, "EMERGENCY");
                }
                other => prop_assert!(false, "neither one approver nor a deadline: {other:?}"),
            }
        }
        self.in_flight.insert(event.referral, event.clone());
        Ok(())
    }
}

fn policies() -> impl Strategy<Value = CascadePolicy> {
    let steps = prop::sample::subsequence(STEPS.to_vec(), 0..=3);
    let mode = select(vec![CascadeMode::Sequential, CascadeMode::Parallel]);
    let all = (mode, steps, 1_u16..100, select(ROLES.to_vec()), step_policies(ROLES.to_vec()));
    all.prop_map(|(mode, required, hours, role, steps)| CascadePolicy {
        mode,
        required: BTreeMap::from([(
            "RESIDENTIAL".to_owned(),
            required.into_iter().map(str::to_owned).collect(),
        )]),
        approver_roles: BTreeSet::from([role.to_owned()]),
        emergency_approval_hours: hours,
        clocks: referrals_domain::ClockPolicy::default(),
        evaluation_required: false,
        steps,
    })
}

fn asked() -> impl Strategy<Value = Requirements> {
    select(vec![requirements(), emergency()])
}

fn referrals() -> impl Strategy<Value = ReferralId> {
    (1..=2_u128).prop_map(referral)
}

fn offers() -> impl Strategy<Value = OfferId> {
    (1..=3_u128).prop_map(offer)
}

/// Under one of the first keys of a provider, or none.
fn envelope() -> impl Strategy<Value = Option<Envelope>> {
    prop::option::weighted(0.9, (1..4_u32).prop_map(|number| Envelope { number, sealed: sealed("told") }))
}

fn both_envelopes() -> impl Strategy<Value = BTreeMap<KeyPurpose, Envelope>> {
    (envelope(), envelope()).prop_map(|(identity, narrative)| {
        let both = [(KeyPurpose::Identity, identity), (KeyPurpose::Narrative, narrative)];
        both.into_iter().filter_map(|(purpose, it)| Some((purpose, it?))).collect()
    })
}

fn questions() -> impl Strategy<Value = QuestionId> {
    (1..4_u128).prop_map(|n| QuestionId(uuid::Uuid::from_u128(n)))
}

fn providers() -> impl Strategy<Value = ProviderId> {
    select(vec!["oak", "elm"]).prop_map(provider)
}

fn maybe_approval() -> impl Strategy<Value = Option<Approval>> {
    prop::option::of(select(ROLES.to_vec()).prop_map(|role| Approval { role: role.to_owned(), ..approval() }))
}

/// Two referrals, two providers, three offers: small, so that sequences meet each other. What leads on comes often.
fn commands() -> impl Strategy<Value = Command> {
    let outcome = select(vec!["NO_PLACE", "NO_PLACE", "NOT_SUITABLE", "PLACE_FOUND"]);
    prop_oneof![
        5 => (0..3_u32, policies()).prop_map(|(expected_version, policy)| {
            SetCascadePolicy { council: council(), expected_version, policy, at: at(0) }.into()
        }),
        5 => (referrals(), asked()).prop_map(|(referral, requirements)| {
            PostReferral { referral, ..post(requirements) }.into()
        }),
        5 => (referrals(), 1..3_u32, asked()).prop_map(|(referral, expected_version, requirements)| {
            let (identity, background, envelopes) = (None, None, BTreeMap::new());
            let narrative = None;
            AmendReferral { referral, expected_version, requirements, identity, narrative, background, envelopes, at: at(0) }.into()
        }),
        3 => (referrals(), 1..3_u32, asked(), envelope(), envelope()).prop_map(|(referral, expected_version, requirements, oak, elm)| {
            let envelopes = [("oak", oak), ("elm", elm)].into_iter().filter_map(|(name, it)| Some((provider(name), it?)));
            let (identity, narrative, background) = (None, Some(sealed("told anew")), None);
            let envelopes = envelopes.collect();
            AmendReferral { referral, expected_version, requirements, identity, narrative, background, envelopes, at: at(0) }.into()
        }),
        50 => (referrals(), select(STEPS.to_vec()), outcome).prop_map(|(referral, step, outcome)| {
            let (step, outcome) = (step.to_owned(), outcome.to_owned());
            RecordCascadeStep { referral, step, outcome, at: at(0) }.into()
        }),
        10 => (referrals(), providers()).prop_map(|(referral, provider)| {
            let providers = BTreeSet::from([provider]);
            ReleaseReferral { referral, providers, stage: ReleaseStage::Broadcast, own: BTreeSet::new(), step: None, at: at(0) }.into()
        }),
        30 => submissions().prop_map(Command::from),
        15 => evaluations().prop_map(Command::from),
        3 => (referrals(), offers(), providers()).prop_map(|(referral, offer, provider)| {
            WithdrawOffer { referral, offer, provider, at: at(0) }.into()
        }),
        3 => (referrals(), providers()).prop_map(|(referral, provider)| {
            DeclineReferral { referral, provider, reason: "NEED".to_owned(), at: at(0) }.into()
        }),
        80 => proposals().prop_map(Command::from),
        10 => (1..=4_u128, select(ROLES.to_vec())).prop_map(|(n, role)| {
            let approval = Approval { role: role.to_owned(), ..approval() };
            GiveRetrospectiveApproval { award: award(n), approval }.into()
        }),
        20 => (1..=4_u128).prop_map(|n| {
            ConfirmAward { award: award(n), agreement: agreement(), at: at(0) }.into()
        }),
        20 => (1..=4_u128).prop_map(|n| {
            RecordArrival { award: award(n), on: london_date(at(0)), at: at(0) }.into()
        }),
        15 => (1..=4_u128).prop_map(|n| {
            let (on, reason) = (london_date(at(0)), "CARPL".to_owned());
            RecordDeparture { award: award(n), on, reason, ending: None, at: at(0) }.into()
        }),
        10 => (1..=4_u128).prop_map(|n| {
            let (reason, detail) = ("PLACE_TAKEN".to_owned(), "taken".to_owned());
            FailAward { award: award(n), reason, detail, at: at(0) }.into()
        }),
        1 => referrals().prop_map(|referral| {
            WithdrawReferral { referral, reason: "OTHER".to_owned(), at: at(0) }.into()
        }),
        20 => (referrals(), prop::option::of(providers()), both_envelopes()).prop_map(|(referral, provider, envelopes)| {
            let viewer = provider.map_or(Viewer::Council, Viewer::Provider);
            RevealIdentity { referral, viewer, purpose: "SAFEGUARDING".to_owned(), envelopes, at: at(0) }.into()
        }),
        5 => referrals().prop_map(|referral| {
            EraseIdentity { referral, purposes: BTreeSet::from(KeyPurpose::ALL), at: at(0) }.into()
        }),
        6 => (referrals(), 1..3_u32, providers(), envelope()).prop_map(|(referral, referral_version, provider, envelope)| {
            ShortlistProvider { referral, referral_version, provider, envelope, at: at(0) }.into()
        }),
        1 => (referrals(), providers()).prop_map(|(referral, provider)| {
            EndShortlisting { referral, provider, at: at(0) }.into()
        }),
        8 => (referrals(), providers(), both_envelopes()).prop_map(|(referral, provider, envelopes)| {
            ReadShortlisted { referral, provider, envelopes, at: at(0) }.into()
        }),
        4 => (referrals(), providers(), questions()).prop_map(|(referral, provider, question)| {
            AskQuestion { question, referral, provider, text: sealed("why"), at: at(0) }.into()
        }),
        6 => Just(()).prop_map(|()| SweepInvitations { limit: 100, at: at(0) }.into()),
        6 => (referrals(), providers()).prop_map(|(referral, provider)| {
            ViewInvitation { referral, provider, at: at(0) }.into()
        }),
        6 => (referrals(), select(STEPS.to_vec()), select(ROLES.to_vec())).prop_map(|(referral, step, role)| {
            let (step, reason) = (step.to_owned(), "FAMILY_DECLINED".to_owned());
            let approval = Approval { role: role.to_owned(), ..approval() };
            WaiveCascadeStep { referral, step, reason, approval }.into()
        }),
        30 => decisions(ROLES.to_vec()).prop_map(Command::from),
        2 => (referrals(), questions()).prop_map(|(referral, question)| {
            AnswerQuestion { referral, question, text: sealed("so"), at: at(0) }.into()
        }),
        2 => (referrals(), providers()).prop_map(|(referral, provider)| {
            EndGrantKeys { referral, provider, at: at(0) }.into()
        }),
    ]
}

/// Sequences that begin with both referrals posted and released, so that most of each is about what comes then.
pub(crate) fn histories(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Command>> {
    let posts = (asked(), asked()).prop_map(|(first, second)| {
        let both = [(1, first), (2, second)].map(|(n, requirements)| {
            let providers = BTreeSet::from([provider("oak"), provider("elm")]);
            let stage = ReleaseStage::Broadcast;
            let post = PostReferral { referral: referral(n), ..post(requirements) };
            let release = ReleaseReferral {
                referral: referral(n),
                providers,
                stage,
                own: BTreeSet::new(),
                step: None,
                at: at(0),
            };
            [post.into(), release.into()]
        });
        both.into_iter().flatten().collect::<Vec<Command>>()
    });
    (posts, prop::collection::vec(commands(), len)).prop_map(|(mut all, rest)| {
        all.extend(rest);
        all
    })
}

fn submissions() -> impl Strategy<Value = SubmitOffer> {
    let routes = select(vec![framework(), spot(""), Route::InHouse]);
    (offers(), referrals(), providers(), routes, any::<bool>(), 1..=12_i64).prop_map(
        |(offer, referral, provider, route, own_establishment, days)| {
            let mut terms = terms(route);
            terms.valid_until = london_date(at(days * 24 * 60));
            let (done_on, post) = (london_date(at(0)), "registered manager".to_owned());
            terms.impact = Some(ImpactAssessment { done_on, post, findings: Vec::new() });
            SubmitOffer {
                offer,
                referral,
                provider,
                referral_version: None,
                own_establishment,
                ..submit(terms)
            }
        },
    )
}

fn evaluations() -> impl Strategy<Value = EvaluateOffer> {
    (referrals(), offers(), 0..=10_u8, select(vec!["GOOD", "GOOD", "GOOD", "INADEQUATE"])).prop_map(
        |(referral, offer, skills, grade)| EvaluateOffer {
            referral,
            offer,
            scores: BTreeMap::from([("SKILLS".to_owned(), skills)]),
            scorer: "post-0100".to_owned(),
            rationale: sealed("why"),
            exemption: None,
            weights: None,
            home: HomeKnown { grade: Some(grade.to_owned()), ..HomeKnown::default() },
            at: at(0),
        },
    )
}

fn proposals() -> impl Strategy<Value = ProposeAward> {
    let justification = prop::option::of(Just("nobody near".to_owned()));
    let departure = prop::option::weighted(0.8, Just("CHILD_WISHES".to_owned()));
    (1..=4_u128, referrals(), offers(), maybe_approval(), any::<bool>(), justification, departure).prop_map(
        |(n, referral, offer, approval, emergency, spot_justification, departure_reason)| ProposeAward {
            award: award(n),
            referral,
            offer,
            hold_token: None,
            age_years: 13,
            area_authority: None,
            household: None,
            approval,
            emergency,
            spot_justification,
            departure_reason,
            sibling_split_reason: None,
            at: at(0),
        },
    )
}

/// Gives the n-th command its instant: six hours after the one before, so that offers expire on the way.
fn timed(command: Command, n: usize) -> Command {
    let now: Timestamp = at(i64::try_from(n).unwrap() * 6 * 60);
    match command {
        Command::ProposeAward(mut it) => {
            it.at = now;
            it.into()
        }
        Command::SweepInvitations(mut it) => {
            it.at = now;
            it.into()
        }
        other => other,
    }
}

proptest! {
    #[test]
    fn invariants_6_and_7_hold_in_every_history(commands in histories(1..120)) {
        let mut state = State::default();
        let mut model = Model::default();
        let mut history = Vec::new();
        for (n, command) in commands.into_iter().enumerate() {
            let command = timed(command, n);
            let Ok(events) = Referrals::decide(&state, &command) else { continue };
            for event in &events {
                model.see(event)?;
                Referrals::evolve(&mut state, event);
            }
            if let Command::SweepInvitations(swept) = command {
                // Else whoever waits for the next instant would be woken for nothing, again and again.
                let left = state.next_evidence().filter(|next| *next < swept.at);
                prop_assert_eq!(left, None, "due and not recorded");
            }
            history.extend(events);
        }
        let mut replayed = State::default();
        history.iter().for_each(|event| Referrals::evolve(&mut replayed, event));
        prop_assert_eq!(&replayed, &state);
        let snapshot = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(&serde_json::from_str::<State>(&snapshot).unwrap(), &state);
    }

    #[test]
    fn evolving_is_total(commands in histories(1..80), order in any::<u64>()) {
        let mut state = State::default();
        let mut history = Vec::new();
        for command in &commands {
            if let Ok(events) = Referrals::decide(&state, command) {
                events.iter().for_each(|event| Referrals::evolve(&mut state, event));
                history.extend(events);
            }
        }
        // Events in any order and without those before them: nothing of it may panic.
        let mut other = State::default();
        let len = history.len().max(1);
        for n in 0..history.len() {
            let index = (n * 7 + usize::try_from(order % 1000).unwrap()) % len;
            Referrals::evolve(&mut other, &history[index]);
        }
    }
}

#[test]
fn the_random_histories_get_as_far_as_an_unmasking() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = histories(100..120);
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    for _ in 0..800 {
        let commands = strategy.new_tree(&mut runner).unwrap().current();
        let mut state = State::default();
        for (n, command) in commands.into_iter().enumerate() {
            // Time passes for those who do not answer, and not for offers, so that many are taken.
            let swept = matches!(command, Command::SweepInvitations(_));
            let command = if swept { timed(command, n) } else { command };
            let Ok(events) = Referrals::decide(&state, &command) else { continue };
            for event in &events {
                *seen.entry(care::Event::event_type(event)).or_default() += 1;
                Referrals::evolve(&mut state, event);
            }
        }
    }
    for needed in [
        "ChildArrived",
        "IdentityGrantEnded",
        "AwardLapsed",
        "AwardProposed",
        "AwardFailed",
        "ReferralAwarded",
        "IdentityRevealed",
        "IdentityKeyDestroyed",
        "ProviderEnvelopeSealed",
        "ProviderKeyDestroyed",
        "InvitationViewed",
        "InvitationExpired",
        "CascadeStepWaived",
        "GateDecided",
    ] {
        assert!(seen.get(needed).copied().unwrap_or(0) > 10, "too few {needed} to show anything: {seen:?}");
    }
}
