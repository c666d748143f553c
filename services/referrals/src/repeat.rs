//! Whether a request about a child can still be told from another under its id: the fingerprints that it is recognised by are made
//! with the child's keys, and are worth nothing without them.

use crate::desk::Desk;
use crate::seal::{Clear, Part};
use care::{Event, ReferralId};
use eventlog::{LogError, Recorded};
use referrals_domain::{ReferralEvent, Sealed};
use service_kit::{Caller, kept_under, referral_name, refused, unavailable};
use tonic::{Code, Status};

/// What an earlier request sealed of a child.
struct SealedBefore {
    referral: ReferralId,
    parts: Vec<(Part, Option<Sealed>)>,
}

impl SealedBefore {
    fn read(recorded: &Recorded) -> Option<Self> {
        let event = ReferralEvent::decode(&recorded.event_type, recorded.version, &recorded.payload).ok()?;
        let (referral, identity, narrative, background) = match event {
            ReferralEvent::ReferralPosted(it) => (it.referral, it.identity, it.narrative, it.background),
            ReferralEvent::ReferralAmended(it) => (it.referral, it.identity, it.narrative, it.background),
            ReferralEvent::QuestionAsked(it) => {
                let parts = vec![(Part::Question(it.question), Some(it.text))];
                return Some(Self { referral: it.referral, parts });
            }
            ReferralEvent::QuestionAnswered(it) => {
                let parts = vec![(Part::Answer(it.question), Some(it.text))];
                return Some(Self { referral: it.referral, parts });
            }
            ReferralEvent::OfferEvaluated(it) => {
                let parts = vec![(Part::Rationale(it.offer), Some(it.rationale))];
                return Some(Self { referral: it.referral, parts });
            }
            _ => return None,
        };
        let background = background.map(|it| it.sealed);
        let parts =
            vec![(Part::Identity, identity), (Part::Narrative, narrative), (Part::Background, background)];
        Some(Self { referral, parts })
    }
}

impl Desk {
    /// Refuses a request whose id was used before, if that one sealed what this one says and the key is lost or destroyed: it may be the same
    /// and may be another. To be asked before anything is sealed, which would make a new key in the place of a lost one.
    pub(crate) async fn require_recognisable(
        &self,
        caller: &Caller,
        request_id: &str,
        clear: &Clear,
    ) -> Result<(), Status> {
        let before = self.sealed_before(caller, request_id).await.map_err(|error| {
            tracing::error!(log = %self.engine.log_id(), %error, "a kept answer cannot be read");
            unavailable("the log cannot be read now; with the same request_id it is safe to try again")
        })?;
        let Some(SealedBefore { referral, parts }) = before else { return Ok(()) };
        let asked = |part: Part| match part {
            Part::Identity => clear.person.is_some(),
            Part::Narrative => clear.narrative.is_some(),
            Part::Background => clear.codes.is_some(),
            // Whoever asks about these says something in them.
            Part::Question(_) | Part::Answer(_) | Part::Rationale(_) => true,
        };
        let gone = |(part, sealed): &(Part, Option<Sealed>)| {
            asked(*part) && sealed.as_ref().is_some_and(|it| !self.vault.has_key_of(referral, *part, it))
        };
        if !parts.iter().any(gone) {
            return Ok(());
        }
        let name = referral_name(self.vault.council(), referral);
        let message = format!(
            "this request_id was used before, for {name}; whether for this same request cannot be told any more, since the \
             keys to the child's identity are lost or destroyed: look the referral up, and ask with a new request_id only if \
             what you ask for is not there"
        );
        Err(refused(Code::FailedPrecondition, "REPEAT_UNRECOGNISABLE", message, [("referral", name)]))
    }

    async fn sealed_before(
        &self,
        caller: &Caller,
        request_id: &str,
    ) -> Result<Option<SealedBefore>, LogError> {
        if request_id.is_empty() {
            return Ok(None);
        }
        let log = self.engine.log();
        let Some(kept) = log.reply(&kept_under(caller, request_id)).await? else { return Ok(None) };
        // The last event of the request, unless it had none: then it is another's, and says so.
        let last = log.read(kept.head.saturating_sub(1), 1).await?;
        let own = last.iter().find(|event| {
            event.meta.actor == caller.actor()
                && event.meta.causation == Some(format!("request:{request_id}"))
        });
        Ok(own.and_then(|event| SealedBefore::read(event)))
    }
}
