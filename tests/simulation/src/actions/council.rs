//! A council's commissioners before an award: policy, referrals, cascade, search, release, and who sees the child.

use super::cascade::step_policy;
use crate::breach::Checked;
use crate::chance::Chance;
use crate::world::World;
use care::published::FunderShare;
use care::{Date, PlaceId, ProviderId, ReferralId};
use jiff::Span;
use referrals_domain::{
    AmendReferral, CascadeMode, CascadePolicy, ClockPolicy, EraseIdentity, KeyPurpose, PostReferral, Profile,
    RecordCascadeStep, RecordSearch, Requirements, RevealIdentity, Sealed, SetCascadePolicy, Stage, Viewer,
    WithdrawReferral,
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const STEPS: [&str; 5] =
    ["CONNECTED_CARE", "IN_HOUSE_FOSTERING", "IN_HOUSE_RESIDENTIAL", "FRAMEWORK", "OFF_FRAMEWORK"];
const EXHAUSTED: [&str; 4] = ["NO_PLACE", "NOT_SUITABLE", "DECLINED", "NOT_APPLICABLE"];
/// The roles that some council lets approve.
pub(super) const ROLES: [&str; 3] = ["HEAD_OF_SERVICE", "PLACEMENT_PANEL", "DIRECTOR_OF_CHILDRENS_SERVICES"];
const PROVISIONS: [&str; 4] =
    ["RESIDENTIAL", "FOSTERING", "RESIDENTIAL_EDUCATION", "SUPPORTED_ACCOMMODATION"];

/// An authority that no simulated council is.
pub(super) const OUTSIDE: &str = "W06000021";

/// A policy that a council might set: how many steps, in which order, who approves and how soon.
pub(crate) fn policy(chance: &mut Chance) -> CascadePolicy {
    let mut required = BTreeMap::new();
    for provision in PROVISIONS {
        let count = chance.below(3);
        let first = chance.below(2);
        let steps: Vec<String> = STEPS[first..first + count].iter().map(|step| (*step).into()).collect();
        if !steps.is_empty() {
            required.insert(provision.to_owned(), steps);
        }
    }
    let roles = ROLES[..=chance.below(2)].iter().map(|role| (*role).into());
    CascadePolicy {
        mode: if chance.percent(50) { CascadeMode::Sequential } else { CascadeMode::Parallel },
        required,
        approver_roles: roles.collect(),
        emergency_approval_hours: [4, 24, 72][chance.below(3)],
        clocks: clocks(chance),
        evaluation_required: chance.percent(25),
        steps: step_policy(chance),
    }
}

fn clocks(chance: &mut Chance) -> ClockPolicy {
    let adjoining = if chance.percent(50) { vec![OUTSIDE] } else { Vec::new() };
    ClockPolicy {
        adjoining: adjoining.into_iter().map(str::to_owned).collect(),
        response_emergency_hours: [1, 4, 12][chance.below(3)],
        response_urgent_hours: [12, 24, 72][chance.below(3)],
        response_planned_working_days: [3, 5][chance.below(2)],
        senior_review_age_max: [7, 11, 13][chance.below(3)],
        disruption_meeting_working_days: [10, 20][chance.below(2)],
    }
}

pub(super) fn sealed(purpose: &str) -> Sealed {
    let text = |part: &str| format!("simulated {purpose} {part}");
    Sealed {
        key_id: text("key"),
        nonce: text("nonce"),
        ciphertext: text("ciphertext"),
        key_commit: text("commit"),
    }
}

impl World {
    fn requirements(&mut self, age_years: u8) -> Requirements {
        let mut provisions = vec![self.chance.word(&PROVISIONS[..3]).to_owned()];
        if age_years >= 16 && self.chance.percent(60) || self.chance.percent(8) {
            provisions.push(PROVISIONS[3].to_owned());
        }
        if self.chance.per_mille(30) {
            provisions.push("UNREGISTERED".to_owned());
        }
        let share = |funder: &str, basis_points| FunderShare { funder: funder.into(), basis_points };
        let funders = match self.chance.below(40) {
            0 => vec![share("SOCIAL_CARE", 9_000)],
            1..=9 => vec![share("SOCIAL_CARE", 5_001), share("HEALTH", 4_999)],
            _ => vec![share("SOCIAL_CARE", 10_000)],
        };
        Requirements {
            provisions,
            age_years,
            age_assessed: self.chance.percent(5),
            sex: self.chance.word(&["F", "F", "M", "M", "U"]).into(),
            needs: vec!["TRAUMA".into()],
            category_of_need: None,
            legal_status: None,
            urgency: self.chance.word(&["EMERGENCY", "URGENT", "PLANNED"]).into(),
            needed_from: self.today,
            expected_weeks: None,
            anchor: None,
            max_distance_miles: None,
            solo: self.chance.percent(12),
            sibling_group_size: None,
            uasc: self.chance.percent(5),
            budget_code: None,
            funders,
            profile: Profile { siblings: self.siblings_asked(), ..Profile::default() },
        }
    }

    /// Whether siblings are to live together, where somebody thought of it.
    fn siblings_asked(&mut self) -> Option<String> {
        let asked = self.chance.word(&["REQUIRED", "REQUIRED", "PREFERRED", "APART"]).to_owned();
        Some(asked).filter(|_| self.chance.percent(40))
    }

    pub(super) fn post(&mut self) -> Checked {
        let desk = self.some_desk();
        let state = &self.desks[desk].referrals.state;
        let is_open = |id: &&ReferralId| state.referrals.get(id).is_some_and(|it| it.stage == Stage::Open);
        // Few at a time, so that what is begun is mostly carried through.
        if self.desks[desk].recent.iter().filter(is_open).count() >= 4 {
            return Ok(());
        }
        let known = self.desks[desk].recent.first().copied().filter(|_| self.chance.per_mille(15));
        let age = self.chance.small(5..=17);
        let born = self.today.saturating_sub(Span::new().years(age).days(self.chance.within(0..=364)));
        let referral = known.unwrap_or_else(|| ReferralId(self.chance.uuid()));
        let command = PostReferral {
            referral,
            council: self.desks[desk].council,
            requirements: self.requirements(age),
            identity: self.chance.percent(90).then(|| sealed("identity")),
            narrative: self.chance.percent(60).then(|| sealed("narrative")),
            background: None,
            follows: None,
            at: self.now,
        };
        if known.is_none() {
            self.born.insert(referral, born);
        }
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    pub(super) fn amend(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |_| true) else { return Ok(()) };
        let found = self.referral(desk, referral).map(|it| (it.version, it.requirements.age_years));
        let (version, age) = found.unwrap_or((1, 12));
        let old = u32::from(self.chance.percent(10));
        let told = self.chance.percent(40);
        let command = AmendReferral {
            referral,
            expected_version: version - old,
            requirements: self.requirements(age),
            identity: None,
            narrative: told.then(|| sealed("narrative")),
            background: None,
            envelopes: if told { self.envelopes_of_list(desk, referral) } else { BTreeMap::new() },
            at: self.now,
        };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    /// Mostly the first step that is missing for what is sought, so that awards become possible.
    pub(super) fn record_step(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |_| true) else { return Ok(()) };
        let policy = &self.desks[desk].referrals.state.policy;
        let missing = self.referral(desk, referral).and_then(|found| {
            let asked = found.requirements.provisions.iter().flat_map(|it| policy.steps_for(it));
            let tried = |step: &str| {
                found
                    .steps
                    .get(step)
                    .is_some_and(|(outcome, _)| outcome != "PLACE_FOUND" && outcome != "MOVED")
            };
            asked.map(String::as_str).chain(["FRAMEWORK"]).find(|step| !tried(step)).map(str::to_owned)
        });
        let step = match missing {
            Some(step) if self.chance.percent(92) => step,
            Some(_) => self.code(&STEPS),
            None if self.chance.percent(4) => self.code(&STEPS),
            None => return Ok(()),
        };
        let outcome = if self.chance.percent(6) { "PLACE_FOUND".into() } else { self.code(&EXHAUSTED) };
        let command = RecordCascadeStep { referral, step, outcome, at: self.now };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    pub(super) fn set_policy(&mut self) -> Checked {
        let desk = self.some_desk();
        let mut policy = policy(&mut self.chance);
        if self.chance.percent(10) {
            policy.approver_roles = BTreeSet::new();
        }
        let version = self.desks[desk].referrals.state.policy_version;
        let expected_version = if self.chance.percent(15) { version + 1 } else { version };
        let council = self.desks[desk].council;
        let command = SetCascadePolicy { council, expected_version, policy, at: self.now };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    pub(super) fn search(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |_| true) else { return Ok(()) };
        let top: Vec<PlaceId> = self.market.state.places().map(|(id, _)| id.clone()).take(3).collect();
        let version = self.desks[desk].referrals.state.referrals.get(&referral).map_or(1, |it| it.version);
        let command = RecordSearch {
            referral,
            referral_version: if self.chance.percent(2) { version + 1 } else { version },
            market_position: self.market.events.len() as u64,
            max_distance_miles: None,
            candidates: 3,
            excluded: BTreeMap::new(),
            top,
            digest: "5e".repeat(32),
            rules: "0123456789abcdef".to_owned(),
            at: self.now,
        };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    pub(super) fn withdraw_referral(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |_| true) else { return Ok(()) };
        let reason = self.code(&["RETURNED_HOME", "NEEDS_CHANGED", "ENTERED_IN_ERROR"]);
        let command = WithdrawReferral { referral, reason, at: self.now };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    /// The council looks, or a provider that was granted sight, or had it, or never was.
    pub(super) fn reveal(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.some_referral(desk) else { return Ok(()) };
        let granted: Vec<ProviderId> = self
            .referral(desk, referral)
            .map(|found| found.granted.keys().chain(found.releases.keys()).cloned().collect())
            .unwrap_or_default();
        let viewer = match self.chance.one_of(&granted).cloned() {
            Some(provider) if self.chance.percent(70) => Viewer::Provider(provider),
            _ if self.chance.percent(30) => match self.chance.one_of(&self.providers) {
                Some(provider) => Viewer::Provider(provider.clone()),
                None => Viewer::Council,
            },
            _ => Viewer::Council,
        };
        let purpose = self.code(&["PLACEMENT_PLANNING", "SAFEGUARDING", "CASE_WORK"]);
        let envelopes = match &viewer {
            Viewer::Council => BTreeMap::new(),
            Viewer::Provider(provider) => self.envelopes_of_grant(desk, referral, provider),
        };
        let command = RevealIdentity { referral, viewer, purpose, envelopes, at: self.now };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    pub(super) fn erase(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.some_referral(desk) else { return Ok(()) };
        let purposes: BTreeSet<KeyPurpose> = match self.chance.below(8) {
            0 => BTreeSet::new(),
            1 => [KeyPurpose::Narrative].into(),
            _ => KeyPurpose::ALL.into(),
        };
        self.ask_referrals(desk, &EraseIdentity { referral, purposes, at: self.now }.into())?;
        Ok(())
    }

    /// The age of a child on a day, as the referrals service reckons it from the sealed date of birth.
    pub(super) fn age_on(&self, referral: ReferralId, day: Date) -> Option<u8> {
        let born = self.born.get(&referral)?;
        let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
        u8::try_from(day.year() - born.year() - i16::from(!had_birthday)).ok()
    }
}
