//! Random histories of a council's log, for the properties: small, so that what is asked meets itself.

use crate::cascade_model::{decisions, step_policies};
use crate::support::{
    agreement, approval, at, award, council, emergency, framework, offer, post, provider, referral,
    requirements, sealed, spot, submit, terms,
};
use care::published::{Approval, Route};
use care::{OfferId, ProviderId, QuestionId, ReferralId, Timestamp, london_date};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::sample::select;
use referrals_domain::{
    AmendReferral, AnswerQuestion, AskQuestion, CascadeMode, CascadePolicy, Command, ConfirmAward,
    DeclineReferral, EndGrantKeys, EndShortlisting, Envelope, EraseIdentity, EvaluateOffer, FailAward,
    GiveRetrospectiveApproval, HomeKnown, ImpactAssessment, KeyPurpose, PostReferral, ProposeAward,
    ReadShortlisted, RecordArrival, RecordCascadeStep, RecordDeparture, ReleaseReferral, ReleaseStage,
    Requirements, RevealIdentity, SetCascadePolicy, ShortlistProvider, SubmitOffer, SweepInvitations,
    ViewInvitation, Viewer, WaiveCascadeStep, WithdrawOffer, WithdrawReferral,
};
use std::collections::{BTreeMap, BTreeSet};

const STEPS: [&str; 4] = ["CONNECTED_CARE", "IN_HOUSE_FOSTERING", "IN_HOUSE_RESIDENTIAL", "FRAMEWORK"];
const ROLES: [&str; 3] = ["HEAD_OF_SERVICE", "PLACEMENT_PANEL", "TEA_LADY"];

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
            ReleaseReferral { referral, providers, stage: ReleaseStage::Broadcast, homes: BTreeMap::new(), step: None, at: at(0) }.into()
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
            RecordArrival { award: award(n), on: london_date(at(0)), corrected: false, at: at(0) }.into()
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
                homes: BTreeMap::new(),
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
pub(crate) fn timed(command: Command, n: usize) -> Command {
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
