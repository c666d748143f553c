//! What happened to the terms of an agreement, for the council's contracts log itself. What its price is over dates, absences, and payments
//! for outcomes are told to other services (`care::published`: `AgreementTermsSet`, `AbsenceRecorded`, `OutcomePaymentDue`).

use super::commands::Changes;
use crate::frameworks::UpliftAmount;
use care::published::{Approval, CallOffCheck, NoticeBy};
use care::{
    AgreementId, AwardId, CouncilId, Date, EventBody, FrameworkId, Pence, PlaceId, ProviderId, StreamId,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A side signed the agreement as it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementSigned {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// Which side.
    pub by: NoticeBy,
    /// The post of who signed.
    pub post: String,
    /// The day of signing.
    pub on: Date,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A side proposed an amendment. It holds nothing until both have signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendmentProposed {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// Its number among the agreement's amendments, from 1.
    pub amendment: u32,
    /// Which side.
    pub by: NoticeBy,
    /// What it changes.
    pub changes: Changes,
    /// What the framework says of the core fee, where that changes and was called off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CallOffCheck>,
    /// When.
    pub at: Timestamp,
}

/// A side signed an amendment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendmentSigned {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// Which amendment.
    pub amendment: u32,
    /// Which side.
    pub by: NoticeBy,
    /// The post of who signed.
    pub post: String,
    /// The day of signing.
    pub on: Date,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Both sides have signed an amendment: it holds. The price that it makes follows as `AgreementTermsSet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendmentTookEffect {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// Which amendment.
    pub amendment: u32,
    /// The version of the terms that it makes.
    pub terms: u32,
    /// The first night it holds for.
    pub from: Date,
    /// The lines that it begins or changes and that hold while siblings are there, by number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub siblings: BTreeMap<u32, SiblingDiscount>,
    /// What the framework says of the core fee, where that changes and was called off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CallOffCheck>,
    /// The day from which the price schedule holds that the core fee was judged by, where that changes and was called off: a rise from then or
    /// before is in it already. None in events of before that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_from: Option<Date>,
    /// When.
    pub at: Timestamp,
}

/// A discount that holds while a sibling is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiblingDiscount {
    /// The siblings' agreements.
    pub siblings: BTreeSet<AgreementId>,
    /// The end that was agreed beforehand, whoever stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// How an amendment that never held came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AmendmentEnd {
    /// The other side said no.
    Declined,
    /// Who proposed it took it back.
    Withdrawn,
}

/// An amendment came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendmentClosed {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// Which amendment.
    pub amendment: u32,
    /// How.
    pub end: AmendmentEnd,
    /// Why, in words without personal data.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// An outcome that is to be paid for, as it is agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOutcome {
    /// What is measured, such as a step down to a family, in words without personal data.
    pub measure: String,
    /// What is to show it.
    pub evidence: String,
    /// For how many weeks it must hold before it is paid; 0 for none.
    pub held_weeks: u16,
    /// What is paid each time, in pence.
    pub payment: Pence,
    /// What is paid for it altogether at most, in pence.
    pub cap: Pence,
}

/// The provider says that an outcome was achieved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeEvidenced {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The outcome's number.
    pub outcome: u32,
    /// The number among the agreement's payments for outcomes, from 1.
    pub payment: u32,
    /// The day on which it was achieved.
    pub achieved_on: Date,
    /// What shows it.
    pub evidence: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The council does not accept the evidence of an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRefused {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The number among the agreement's payments for outcomes.
    pub payment: u32,
    /// Why, in words without personal data.
    pub reason: String,
    /// The post that decided.
    pub approver: String,
    /// When.
    pub at: Timestamp,
}

/// How a place that was not called off from a framework came to be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purchase", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Purchase {
    /// Off the framework.
    Spot {
        /// Why the framework could not be used.
        framework: FrameworkShown,
        /// What was negotiated, in order of days.
        negotiation: Vec<Negotiated>,
        /// Who approved.
        approval: Approval,
    },
    /// The council's own, at an internal price.
    InHouse {
        /// How the price is made up, in words.
        basis: String,
        /// Who approved.
        approval: Approval,
    },
    /// A bed that stands by for emergencies: what is paid while it is free is the reservation's, in the region's vacancies log.
    Emergency {
        /// The place that is reserved.
        place: PlaceId,
        /// The reservation's token.
        reservation: u64,
        /// What is paid for a night on which it is used, in pence.
        nightly: Pence,
        /// Who approved.
        approval: Approval,
    },
}

/// What shows that the framework could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "shown", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FrameworkShown {
    /// It was asked, to no avail.
    Exhausted {
        /// Which of its lots, each as `frameworks/{framework}/lots/{lot}`.
        lots: Vec<String>,
        /// Which providers.
        providers: BTreeSet<ProviderId>,
    },
    /// It was left out.
    Waived {
        /// Why, a code of `care::code_sets::WAIVER`.
        why: String,
        /// Who approved that.
        approval: Approval,
    },
}

/// One step of a negotiation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Negotiated {
    /// The day.
    pub on: Date,
    /// Who offered.
    pub by: NoticeBy,
    /// What was offered for the core fee, in pence a week.
    pub core_weekly: Pence,
    /// Whether the other side agreed.
    pub agreed: bool,
}

/// How the place came to be bought is recorded; told again, the last one holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseRecorded {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// How.
    pub record: Purchase,
    /// When.
    pub at: Timestamp,
}

/// The council decided an uplift that a provider asked for. Each agreement's price follows as `AgreementTermsSet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpliftDecided {
    /// The council.
    pub council: CouncilId,
    /// The provider.
    pub provider: ProviderId,
    /// Which uplift.
    pub reference: String,
    /// What was asked for, in basis points; 0 where it was asked for by level.
    pub asked_basis_points: u32,
    /// What was negotiated for the region, in basis points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negotiated_basis_points: Option<u32>,
    /// What the council accepts, in basis points; 0 where it refuses, or accepts by level.
    pub accepted_basis_points: u32,
    /// The uplift of a framework that it is; none of spot purchases and the council's own provision, and in events of before that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<UpliftOf>,
    /// What was asked for; in events of before that was told see the basis points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<UpliftAmount>,
    /// What was negotiated for the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negotiated: Option<UpliftAmount>,
    /// The first night that was negotiated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negotiated_from: Option<Date>,
    /// What the council accepts; none where it refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<UpliftAmount>,
    /// The first night, where it accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The agreements that it is applied to.
    pub agreements: BTreeSet<AgreementId>,
    /// Why.
    pub reason: String,
    /// The post that decided.
    pub approver: String,
    /// When.
    pub at: Timestamp,
}

impl UpliftDecided {
    /// What the council accepted; nothing where it refused.
    #[must_use]
    pub fn amount(&self) -> Option<UpliftAmount> {
        let points = Some(self.accepted_basis_points).filter(|points| *points > 0);
        self.accepted.clone().or(points.map(UpliftAmount::BasisPoints))
    }

    /// What it could have accepted at most: what was negotiated, or what was asked for where nobody negotiates.
    pub(super) fn most(&self) -> Option<UpliftAmount> {
        let points = self.negotiated_basis_points.unwrap_or(self.asked_basis_points);
        let before = (self.asked.is_none()).then_some(UpliftAmount::BasisPoints(points));
        let apart = self.asked.clone().filter(|_| self.of.is_none());
        self.negotiated.clone().or(apart).or(before)
    }
}

/// An uplift that was asked for under a framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpliftOf {
    /// The framework.
    pub framework: FrameworkId,
    /// Its number there.
    pub number: u32,
}

impl fmt::Display for UpliftOf {
    /// The name that it has in the API.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frameworks/{}/uplifts/{}", self.framework, self.number)
    }
}

/// The council put right what it had decided of an uplift. Each agreement's price follows as `AgreementTermsSet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpliftCorrected {
    /// The council.
    pub council: CouncilId,
    /// The provider.
    pub provider: ProviderId,
    /// The number of the decision in the council's log.
    pub decision: u32,
    /// Which uplift.
    pub reference: String,
    /// What it should have been; none where it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<UpliftAmount>,
    /// From which night; none where it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The agreements whose price is another by it.
    pub agreements: BTreeSet<AgreementId>,
    /// Why it was wrong.
    pub reason: String,
    /// The post that decided.
    pub approver: String,
    /// When.
    pub at: Timestamp,
}

macro_rules! body {
    ($name:ident $(, $effective:ident)?) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new("agreement", self.agreement)
            }
            fn council(&self) -> Option<CouncilId> {
                Some(self.council)
            }
            $(fn effective(&self) -> Option<Date> {
                Some(self.$effective)
            })?
        }
    };
}

body!(AgreementSigned);
body!(AmendmentProposed);
body!(AmendmentSigned);
body!(AmendmentTookEffect, from);
body!(AmendmentClosed);
body!(OutcomeEvidenced, achieved_on);
body!(OutcomeRefused);
body!(PurchaseRecorded);

macro_rules! uplift_body {
    ($name:ident) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new("uplift", &self.provider)
            }
            fn council(&self) -> Option<CouncilId> {
                Some(self.council)
            }
            fn effective(&self) -> Option<Date> {
                self.from
            }
        }
    };
}

uplift_body!(UpliftDecided);
uplift_body!(UpliftCorrected);
