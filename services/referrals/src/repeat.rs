//! Whether a request about a child can still be told from another under its id: the fingerprints that it is recognised by are made
//! with the child's keys, and are worth nothing without them.

use crate::desk::Desk;
use crate::seal::{Clear, Part};
use care::{Event, QuestionId, ReferralId};
use eventlog::{LogError, Recorded};
use referrals_domain::{ReferralEvent, SHORTLIST_MAX, Sealed};
use service_kit::{Caller, kept_under, referral_name, refused, unavailable};
use tonic::{Code, Status};

/// How many events one request about a child has at most: an amendment, and one for each of the shortlisted.
const REQUEST_EVENTS_MAX: u64 = 1 + SHORTLIST_MAX as u64;

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
        let before = self.sealed_before(caller, request_id).await?;
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

    /// The question that an earlier request under this id asked.
    pub(crate) async fn question_before(
        &self,
        caller: &Caller,
        request_id: &str,
    ) -> Result<Option<QuestionId>, Status> {
        let parts = self.sealed_before(caller, request_id).await?.map(|it| it.parts).unwrap_or_default();
        let asked = parts.into_iter().find_map(|(part, _)| match part {
            Part::Question(id) => Some(id),
            Part::Identity | Part::Narrative | Part::Background | Part::Answer(_) | Part::Rationale(_) => {
                None
            }
        });
        Ok(asked)
    }

    /// Whether a request under this id was answered before: the engine then has that answer, or refuses another request under it.
    pub(crate) async fn has_answered(&self, caller: &Caller, request_id: &str) -> Result<bool, Status> {
        if request_id.is_empty() {
            return Ok(false);
        }
        let kept = self.engine.log().reply(&kept_under(caller, request_id)).await;
        kept.map(|kept| kept.is_some()).map_err(|error| self.unread(&error))
    }

    fn unread(&self, error: &LogError) -> Status {
        tracing::error!(log = %self.engine.log_id(), %error, "a kept answer cannot be read");
        unavailable("the log cannot be read now; with the same request_id it is safe to try again")
    }

    async fn sealed_before(&self, caller: &Caller, request_id: &str) -> Result<Option<SealedBefore>, Status> {
        self.read_before(caller, request_id).await.map_err(|error| self.unread(&error))
    }

    async fn read_before(&self, caller: &Caller, request_id: &str) -> Result<Option<SealedBefore>, LogError> {
        if request_id.is_empty() {
            return Ok(None);
        }
        let log = self.engine.log();
        let Some(kept) = log.reply(&kept_under(caller, request_id)).await? else { return Ok(None) };
        // The last events are the request's, unless it had none: then they are another's, and say so.
        let before = kept.head.saturating_sub(REQUEST_EVENTS_MAX);
        let last = log.read(before, usize::try_from(kept.head - before).unwrap_or(0)).await?;
        let mut own = last.iter().rev().filter(|event| {
            event.meta.actor == caller.actor()
                && event.meta.causation == Some(format!("request:{request_id}"))
        });
        Ok(own.find_map(|event| SealedBefore::read(event)))
    }
}
