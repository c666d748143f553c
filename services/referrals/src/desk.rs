//! What the service holds for one council: its log and its keys.

use crate::Referrals;
use crate::seal::Vault;
use care::{CouncilId, ReferralId, Refusal, RefusalKind};
use engine::Engine;
use eventlog::{LogId, Service};
use referrals_domain::{KeyPurpose, State};
use sealing::OwnerLock;
use service_kit::{Caller, Kit, StartError, not_found, refuse};
use tonic::Status;
use uuid::Uuid;

/// One council's log and keys. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) engine: Engine<referrals_domain::Referrals>,
    pub(crate) vault: Vault,
}

impl Desk {
    pub(crate) async fn open(
        kit: &Kit,
        (council, lock): (CouncilId, OwnerLock),
        accept_lost_keys: bool,
    ) -> Result<Self, StartError> {
        let engine: Engine<referrals_domain::Referrals> =
            kit.engine(LogId::council(Service::Referrals, council)).await?;
        let vault = Vault::open(&kit.keys_folder, (council, lock), &engine.read(sealed), accept_lost_keys)?;
        // A key outlives its end only if the service stopped between the event and the destruction.
        let ended = engine.read(ended);
        vault.destroy(ended).await.map_err(|error| StartError::Other(error.to_string()))?;
        Ok(Self { engine, vault })
    }
}

/// The keys whose end is recorded.
fn ended(state: &State) -> Vec<(ReferralId, String)> {
    let own = state.destroyed_keys.iter().map(|(referral, purpose)| (*referral, purpose.as_str().to_owned()));
    let of_providers = state.destroyed_provider_keys.iter().map(|(referral, key)| (*referral, key.name()));
    own.chain(of_providers).collect()
}

/// The keys of what is sealed in a council's log and was not ended.
fn sealed(state: &State) -> Vec<(ReferralId, String)> {
    let of_providers = state.referrals.values().flat_map(|referral| {
        let envelopes = referral.releases.iter().flat_map(|(provider, release)| {
            release.envelopes.iter().map(move |(purpose, envelope)| envelope.key(provider, *purpose).name())
        });
        envelopes.map(|name| (referral.id, name))
    });
    let parts = state.referrals.values().flat_map(|referral| {
        let identity = referral.identity.as_ref().map(|_| (referral.id, KeyPurpose::Identity));
        let judged = |offer| state.offers.get(offer).is_some_and(|offer| offer.evaluation.is_some());
        let told = referral.narrative.is_some()
            || referral.background.is_some()
            || !referral.questions.is_empty()
            || referral.offers.iter().any(judged);
        let narrative = told.then_some((referral.id, KeyPurpose::Narrative));
        identity.into_iter().chain(narrative)
    });
    let own = parts.filter(|part| !state.destroyed_keys.contains(part));
    own.map(|(referral, purpose)| (referral, purpose.as_str().to_owned())).chain(of_providers).collect()
}

impl Referrals {
    /// The desk of the council that calls, which must be this one.
    pub(crate) fn own_desk(&self, caller: &Caller, council: CouncilId) -> Result<&Desk, Status> {
        caller.require_council(council)?;
        self.desks
            .get(&council)
            .ok_or_else(|| not_found("COUNCIL_UNKNOWN", &service_kit::council_name(council)))
    }

    /// The desk that a provider names. A council that is not served looks like a referral that is not there.
    pub(crate) fn named_desk(&self, council: CouncilId, unknown: &impl Refusal) -> Result<&Desk, Status> {
        debug_assert_eq!(unknown.kind(), RefusalKind::NotFound);
        self.desks.get(&council).ok_or_else(|| refuse(unknown))
    }
}

/// What makes the id of a new thing: the request id, so that a repeat names the same thing. Without one each call is new.
pub(crate) fn id_seed(request_id: &str) -> String {
    if request_id.is_empty() { Uuid::new_v4().to_string() } else { request_id.to_owned() }
}
