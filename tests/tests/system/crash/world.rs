//! A region whose process can be ended at any point, and clients with a witness outside it.

use super::SEED;
use super::commands::Command;
use super::stories::{Load, id};
use super::witness::{self, Answer, Sent, Witness};
use crate::process::Server;
use crate::region::{Routed, channel};
use api::referrals::Referral;
use api::vacancies::HoldPlaceRequest;
use eventlog::planted::Planted;
use prost::Message;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use service_kit::token::TokenKeys;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::watch;

/// A region, and clients with a witness outside it.
pub(crate) struct World {
    folder: TempDir,
    pub(super) up: watch::Sender<Option<Routed>>,
    pub(super) load: Arc<Load>,
    pub(super) draws: ChaCha8Rng,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = TokenKeys::load_or_create(&folder.path().join("region/keys")).unwrap();
        let (up, region) = watch::channel(None);
        let load = Arc::new(Load::new(region, Witness::open(&folder.path().join("witness")), keys));
        Self { folder, up, load, draws: ChaCha8Rng::seed_from_u64(SEED) }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("region")
    }

    /// Starts a process on the region's folder, which the clients speak to from then on.
    pub(crate) async fn start(&self, more: &[&str], planted: &[Planted]) -> Server {
        let mut server = Server::spawn_planted(&self.data(), more, planted);
        self.speak_to(&mut server).await;
        server
    }

    pub(crate) async fn speak_to(&self, server: &mut Server) -> Routed {
        let routed = Routed::One(channel(&format!("http://{}", server.listening().await)).await);
        self.up.send_replace(Some(routed.clone()));
        routed
    }

    /// Posts a referral for a council, and has it acknowledged.
    pub(crate) async fn post(&mut self, council: &str) -> Referral {
        let post = self.load.post(council, &mut self.draws);
        let answer = self.load.send_once(&format!("council/{council}"), &post).await;
        let Some(Answer::Yes(bytes)) = answer else { panic!("not posted: {answer:?}") };
        Referral::decode(bytes.as_slice()).unwrap()
    }

    /// A provider with an establishment of three places, each advertised.
    pub(crate) async fn open_home(&mut self) {
        self.load.open_homes(1, &mut self.draws).await;
    }

    /// Asks once to hold a place.
    pub(crate) async fn hold(&mut self, council: &str, referral: &Referral, place: &str) -> Option<Answer> {
        let request = HoldPlaceRequest {
            council: format!("councils/{council}"),
            place: place.to_owned(),
            referral: referral.name.clone(),
            referral_version: referral.version,
            lease_seconds: 600,
            first_night: String::new(),
            request_id: id(&mut self.draws),
        };
        self.load.send_once(&format!("council/{council}"), &Command::HoldPlace(request)).await
    }

    pub(crate) fn witnessed(&self) -> BTreeMap<String, Sent> {
        witness::read(&self.folder.path().join("witness"))
    }
}
