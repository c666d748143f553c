//! A call-off that passes every check, to be altered.

use super::{DURHAM, addition, call_off, fold, framework_events, id, line, share, start};
use care::published::{Accommodation, FunderShare, PriceLine, Route};
use care::{CouncilId, Date, EstablishmentUrn, ProviderId};
use contracts_domain::frameworks::{FrameworkEvent, Frameworks, ProviderSuspended};
use contracts_domain::{CallOffQuestion, Shown, Verdict, judge_call_off};
use jiff::civil::date;
use std::collections::BTreeSet;

/// A question that owns its parts, so that a case alters the one it is about.
pub(crate) struct Case {
    pub(crate) council: CouncilId,
    pub(crate) provider: ProviderId,
    pub(crate) urn: EstablishmentUrn,
    pub(crate) provision: &'static str,
    pub(crate) grade: &'static str,
    pub(crate) age_years: u8,
    pub(crate) on: Date,
    pub(crate) start: Date,
    pub(crate) route: Route,
    pub(crate) lines: Vec<PriceLine>,
    pub(crate) funders: Vec<FunderShare>,
    pub(crate) solo: Option<bool>,
    pub(crate) by_referral: Option<BTreeSet<String>>,
    pub(crate) accommodation: Option<Accommodation>,
    pub(crate) events: Vec<FrameworkEvent>,
}

pub(crate) fn plain() -> Case {
    Case {
        council: id(DURHAM),
        provider: id("P1"),
        urn: id("SC000001"),
        provision: "RESIDENTIAL",
        grade: "GOOD",
        age_years: 13,
        on: date(2026, 5, 1),
        start: start(),
        route: call_off("STANDARD"),
        lines: vec![line("CORE", 450_000), addition("THERAPY", 90_000)],
        funders: vec![share("SOCIAL_CARE", 10_000)],
        solo: Some(false),
        by_referral: None,
        accommodation: Some(Accommodation::Unrestricted),
        events: framework_events(),
    }
}

pub(crate) fn spot() -> Case {
    let justification = "No framework provider could take siblings".to_owned();
    Case { route: Route::Spot { justification }, ..plain() }
}

impl Case {
    pub(crate) fn with(mut self, alter: impl FnOnce(&mut Self)) -> Self {
        alter(&mut self);
        self
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let question = CallOffQuestion {
            council: self.council,
            provider: &self.provider,
            urn: &self.urn,
            provision: self.provision,
            grade: self.grade,
            age_years: self.age_years,
            on: self.on,
            start: self.start,
            route: &self.route,
            lines: &self.lines,
            funders: &self.funders,
            shown: Shown {
                solo: self.solo,
                by_referral: self.by_referral.as_ref(),
                accommodation: self.accommodation,
            },
        };
        judge_call_off(&fold::<Frameworks>(&self.events), &question)
    }

    #[track_caller]
    pub(crate) fn fails(self, expected: &[&str]) {
        let verdict = self.verdict();
        let failed: Vec<_> =
            verdict.evidence.checks.iter().filter(|c| !c.passed).map(|c| c.check.as_str()).collect();
        assert_eq!(failed, expected, "{verdict:#?}");
        assert_eq!(verdict.refusal().map(|check| check.check.as_str()), expected.first().copied());
    }
}

pub(crate) fn suspended(urn: Option<&str>, from: Date) -> FrameworkEvent {
    let (framework, provider) = (id("tyne-tees"), id("P1"));
    let reason = "Inadequate at inspection".to_owned();
    let urn = urn.map(id);
    ProviderSuspended { framework, provider, urn, reason, from, urns: [].into(), council: None }.into()
}
