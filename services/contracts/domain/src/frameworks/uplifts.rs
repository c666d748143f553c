//! Uplifts of the fees: a provider asks once, one council negotiates for the region (the provider's link authority, else the framework's lead; the
//! practice of CCRAG), and each member council decides for itself. The asking and the negotiation are in the region's log; what a council decides
//! is in its own, told to that provider and nobody else (`agreements/terms/uplift.rs`).

use super::decide::{Outcome, room_for};
use super::events::{LinkAuthorityNominated, UpliftNegotiated, UpliftRequested};
use super::rejection::FrameworkRejection;
use super::state::Framework;
use super::terms_rejection::TermsRejection;
use care::{CouncilId, Date, FrameworkId, LotId, Pence, ProviderId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The most uplifts of a framework.
pub const UPLIFTS_MAX: usize = 10_000;

/// By how much fees rise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UpliftAmount {
    /// Basis points of the core fee as it is by then, 1 to 10,000; half pence round up.
    BasisPoints(u32),
    /// Pence a week by support level; other levels do not rise.
    ByLevel(BTreeMap<String, Pence>),
}

impl UpliftAmount {
    /// What a core fee at a level rises by, pence a week; nothing for a level that it is not for.
    #[must_use]
    pub fn of(&self, level: &str, core_weekly: Pence) -> Option<Pence> {
        match self {
            Self::BasisPoints(points) => Some(core_weekly.max(Pence::ZERO).part(*points)),
            Self::ByLevel(by_level) => by_level.get(level).copied(),
        }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let in_range = |weekly: &Pence| *weekly > Pence::ZERO && *weekly <= Pence::MAX_INPUT;
        match self {
            Self::BasisPoints(1..=10_000) => None,
            Self::BasisPoints(_) => Some("give 1 to 10,000 basis points"),
            Self::ByLevel(by_level) if by_level.is_empty() => Some("give the rise of at least one level"),
            Self::ByLevel(by_level) if by_level.values().all(in_range) => None,
            Self::ByLevel(_) => Some("give more than nothing for each level"),
        }
    }

    /// Whether it is of the same form as another, and no more than that.
    pub(crate) fn is_within(&self, most: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(most) && !self.exceeds(most)
    }

    /// Whether it is more than another of the same form. Of two forms neither is: they compare fee by fee alone.
    fn exceeds(&self, asked: &Self) -> bool {
        match (self, asked) {
            (Self::BasisPoints(own), Self::BasisPoints(asked)) => own > asked,
            (Self::ByLevel(own), Self::ByLevel(asked)) => {
                own.iter().any(|(level, weekly)| asked.get(level).is_none_or(|asked| weekly > asked))
            }
            _ => false,
        }
    }
}

impl fmt::Display for UpliftAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BasisPoints(points) => write!(f, "{points} basis points of the core fee"),
            Self::ByLevel(by_level) => {
                let each: Vec<String> =
                    by_level.iter().map(|(level, weekly)| format!("{weekly} a week at {level}")).collect();
                f.write_str(&each.join(", "))
            }
        }
    }
}

/// What a provider asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpliftAsked {
    /// The provider.
    pub provider: ProviderId,
    /// The one lot; none: all that it is admitted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotId>,
    /// By how much.
    pub amount: UpliftAmount,
    /// The first night.
    pub from: Date,
    /// Why, in words without personal data.
    pub grounds: String,
}

/// What came of the negotiation: a recommendation to every member council.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpliftNegotiation {
    /// The council that negotiated.
    pub by: CouncilId,
    /// By how much, from which night; none where no rise is recommended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommended: Option<Recommended>,
    /// Why, in words without personal data.
    pub reason: String,
    /// The day on which it was told.
    pub on: Date,
}

/// A rise that is recommended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommended {
    /// By how much.
    pub amount: UpliftAmount,
    /// The first night.
    pub from: Date,
}

/// An uplift as far as the region knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uplift {
    /// What was asked.
    pub asked: UpliftAsked,
    /// The day on which it was asked.
    pub requested_on: Date,
    /// What came of the negotiation; none while it goes on.
    #[serde(default)]
    pub negotiation: Option<UpliftNegotiation>,
}

pub(super) fn nominate(
    framework: &Framework,
    id: &FrameworkId,
    provider: &ProviderId,
    council: CouncilId,
    today: Date,
) -> Outcome {
    if !framework.is_member(council, today) {
        return Err(FrameworkRejection::CouncilNotMember { framework: id.clone(), council });
    }
    room_for(framework, provider)?;
    if framework.link_authority(provider, today) == council {
        return Ok(vec![]);
    }
    Ok(vec![LinkAuthorityNominated { framework: id.clone(), provider: provider.clone(), council }.into()])
}

pub(super) fn request(framework: &Framework, id: &FrameworkId, asked: &UpliftAsked, today: Date) -> Outcome {
    check_amount(framework, id, "amount", asked, &asked.amount)?;
    let stands = |uplift: &&Uplift| {
        let lots_meet = uplift.asked.lot.is_none() || asked.lot.is_none() || uplift.asked.lot == asked.lot;
        uplift.negotiation.is_none() && uplift.asked.provider == asked.provider && lots_meet
    };
    if let Some((number, _)) = framework.uplifts.iter().find(|(_, uplift)| stands(uplift)) {
        return Err(TermsRejection::UpliftStands(*number).into());
    }
    if framework.uplifts.len() >= UPLIFTS_MAX {
        let (what, max) = ("uplifts of a framework", UPLIFTS_MAX);
        return Err(TermsRejection::LimitReached { what, max }.into());
    }
    let number = framework.uplifts.keys().next_back().map_or(1, |last| last.saturating_add(1));
    let (framework, asked) = (id.clone(), asked.clone());
    Ok(vec![UpliftRequested { framework, number, asked, requested_on: today }.into()])
}

pub(super) fn negotiate(
    framework: &Framework,
    id: &FrameworkId,
    number: u32,
    negotiation: &UpliftNegotiation,
) -> Outcome {
    let Some(uplift) = framework.uplifts.get(&number) else {
        return Err(TermsRejection::UpliftUnknown { framework: id.clone(), number }.into());
    };
    let (link, by) = (framework.link_authority(&uplift.asked.provider, negotiation.on), negotiation.by);
    if by != link {
        return Err(TermsRejection::NotLinkAuthority { link, by }.into());
    }
    if let Some(done) = &uplift.negotiation {
        return Err(TermsRejection::UpliftNegotiated { number, on: done.on }.into());
    }
    if let Some(recommended) = &negotiation.recommended {
        check_amount(framework, id, "recommended.amount", &uplift.asked, &recommended.amount)?;
        super::decide::not_before("recommended.from", recommended.from, uplift.asked.from)?;
        if recommended.amount.exceeds(&uplift.asked.amount) {
            let (asked, recommended) = (uplift.asked.amount.to_string(), recommended.amount.to_string());
            return Err(TermsRejection::UpliftAboveRequest { asked, recommended }.into());
        }
    }
    let provider = uplift.asked.provider.clone();
    let (framework, negotiation) = (id.clone(), negotiation.clone());
    Ok(vec![UpliftNegotiated { framework, number, provider, negotiation }.into()])
}

/// Insists that a rise is one, for lots and levels that the provider is admitted to.
fn check_amount(
    framework: &Framework,
    id: &FrameworkId,
    field: &'static str,
    asked: &UpliftAsked,
    amount: &UpliftAmount,
) -> Result<(), FrameworkRejection> {
    let admitted = framework.admissions.get(&asked.provider);
    let lots: Vec<&LotId> = admitted
        .into_iter()
        .flat_map(BTreeMap::keys)
        .filter(|lot| asked.lot.as_ref().is_none_or(|only| only == *lot))
        .collect();
    if lots.is_empty() {
        let (framework, provider) = (id.clone(), asked.provider.clone());
        return Err(
            TermsRejection::ProviderNotAdmitted { framework, provider, lot: asked.lot.clone() }.into()
        );
    }
    if let Some(problem) = amount.problem() {
        return Err(TermsRejection::UpliftInvalid { field, problem }.into());
    }
    let UpliftAmount::ByLevel(by_level) = amount else { return Ok(()) };
    let known = |level: &String| {
        lots.iter().any(|lot| framework.lots.get(*lot).is_some_and(|lot| lot.levels.contains_key(level)))
    };
    match by_level.keys().find(|level| !known(level)) {
        Some(level) => Err(TermsRejection::UpliftLevelUnknown { field, level: level.clone() }.into()),
        None => Ok(()),
    }
}

impl Framework {
    /// The council that negotiates a provider's uplifts on a day: the one that was nominated while it is a member, else the lead.
    #[must_use]
    pub fn link_authority(&self, provider: &ProviderId, on: Date) -> CouncilId {
        let nominated = self.link_authorities.get(provider).copied();
        nominated.filter(|council| self.is_member(*council, on)).unwrap_or(self.lead)
    }
}
