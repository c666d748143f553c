//! What contracts publishes of outcomes-based payments: that one is to be paid.

use crate::domain::{EventBody, StreamId};
use crate::ids::{AgreementId, AwardId, CouncilId, ProviderId};
use crate::money::Pence;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// The council accepted the evidence of an agreed outcome, so its payment is due. Each is told once. In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomePaymentDue {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council, which pays.
    pub council: CouncilId,
    /// The provider, which is paid.
    pub provider: ProviderId,
    /// The outcome's number among those of the agreement, from 1.
    pub outcome: u32,
    /// The payment's number among those of the agreement, from 1.
    pub payment: u32,
    /// What is to be paid, in pence; more than nothing, and with what was paid for the outcome before within its cap.
    pub amount: Pence,
    /// The day on which the outcome was achieved: the tax point, and the day on which the funders' shares are looked up.
    pub achieved_on: Date,
    /// The measure that was met, in words without personal data.
    pub measure: String,
    /// The post that accepted it.
    pub approver: String,
    /// When.
    pub at: Timestamp,
}

impl EventBody for OutcomePaymentDue {
    const TYPE: &'static str = "OutcomePaymentDue";
    fn stream(&self) -> StreamId {
        StreamId::new("agreement", self.agreement)
    }
    fn council(&self) -> Option<CouncilId> {
        Some(self.council)
    }
    fn effective(&self) -> Option<Date> {
        Some(self.achieved_on)
    }
}
