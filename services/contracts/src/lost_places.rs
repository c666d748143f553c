//! Sounds the alarm when the market takes back a place in which a child lives already, or may do.
//!
//! Such a placement goes on, since only people can say whether the child may stay, so that nothing in this service's logs
//! would show it. The market's log does, once it hears of the arrival (`OccupancyRefused`); the alarm need not wait for that.

use async_trait::async_trait;
use care::published::ClaimReleased;
use care::{CouncilId, EventBody, decode_body};
use contracts_domain::Agreements;
use contracts_domain::agreements::AgreementStatus;
use engine::Engine;
use eventlog::{LogId, Recorded, Service};
use exchange::{Reaction, ReactionError};
use service_kit::EngineReaction;
use std::collections::BTreeMap;
use std::sync::Arc;

/// This service's reaction, and a look at what each release met.
pub(crate) struct LostPlaces {
    reaction: Arc<EngineReaction<Agreements>>,
    agreements: Arc<BTreeMap<CouncilId, Engine<Agreements>>>,
}

impl LostPlaces {
    pub(crate) fn new(
        reaction: Arc<EngineReaction<Agreements>>,
        agreements: Arc<BTreeMap<CouncilId, Engine<Agreements>>>,
    ) -> Self {
        Self { reaction, agreements }
    }

    /// To be asked once the release was consumed. An agreement whose first night was yet to come has ended by now, so one that runs was
    /// met as it is, and one whose release is parked may be. After a restart a release may be given again, and an alarm that still holds sounds again.
    fn look(&self, event: &Recorded) {
        if event.log.service != Service::Vacancies || event.event_type != ClaimReleased::TYPE {
            return;
        }
        // What cannot be read is parked, with an alarm of its own.
        let Ok(released) = decode_body::<ClaimReleased>(event.version, &event.payload) else { return };
        let Some(engine) = self.agreements.get(&released.council) else { return };
        let running = engine.read(|state| {
            let agreement = state.of_award(released.award)?;
            matches!(agreement.status(), AgreementStatus::Issued | AgreementStatus::Started)
                .then_some(agreement.issued.agreement)
        });
        if let Some(agreement) = running {
            let ClaimReleased { council, place, reason, .. } = &released;
            let event = event.reference();
            tracing::error!(
                %council, %agreement, %place, reason, %event,
                "ALARM: the market took back a place in which a child lives or may live, the placement goes on until people have looked"
            );
        }
    }
}

#[async_trait]
impl Reaction for LostPlaces {
    fn name(&self) -> &'static str {
        self.reaction.name()
    }

    fn sources(&self) -> Vec<LogId> {
        self.reaction.sources()
    }

    fn position(&self, source: LogId) -> u64 {
        self.reaction.position(source)
    }

    async fn consume(&self, source: LogId, events: &[Arc<Recorded>]) -> Result<(), ReactionError> {
        self.reaction.consume(source, events).await?;
        events.iter().for_each(|event| self.look(event));
        Ok(())
    }
}
