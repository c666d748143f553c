//! What stands on the homes that changed, as far as the token's bearer may see it.

use api::referrals::GetReferralRequest;
use api::referrals::referrals_service_client::ReferralsServiceClient;
use api::vacancies::vacancies_service_client::VacanciesServiceClient;
use api::vacancies::{Claim, GetPlaceRequest};
use serde::Serialize;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

/// More numbers than the places of any establishment have.
const PLACE_NUMBERS_MAX: u16 = 10_000;

/// A claim on a place of a home that changed.
#[derive(Serialize)]
pub(super) struct Touched {
    pub(super) place: String,
    council: String,
    /// HOLD, AWARD or OCCUPIED.
    pub(super) stage: String,
    pub(super) referral: String,
    /// The agreement (IPA), where the caller may see it.
    pub(super) agreement: String,
    start: String,
    end: String,
}

/// Asks a running region.
pub(super) struct Asking {
    channel: Channel,
    bearer: MetadataValue<Ascii>,
}

impl Asking {
    pub(super) async fn connect(address: &str, token: &str) -> Result<Self, String> {
        let bearer = format!("Bearer {}", token.trim()).parse();
        let bearer = bearer.map_err(|_| "--token: a token is printable ASCII".to_owned())?;
        let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|error| error.to_string())?;
        let channel = endpoint.connect().await;
        let channel =
            channel.map_err(|_| format!("nothing answers at {address}: start it with `brokerage run`"))?;
        Ok(Self { channel, bearer })
    }

    pub(super) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request
    }

    pub(super) fn vacancies(&self) -> VacanciesServiceClient<Channel> {
        VacanciesServiceClient::new(self.channel.clone())
    }

    /// The claims on the places of an establishment, which are numbered without gaps; none where the region does not know it.
    pub(super) async fn touched(&self, urn: &str) -> Result<Vec<Touched>, Status> {
        let mut vacancies = self.vacancies();
        let mut touched = Vec::new();
        for number in 1..=PLACE_NUMBERS_MAX {
            let name = format!("places/{urn}-{number:02}");
            let place = match vacancies.get_place(self.request(GetPlaceRequest { name })).await {
                Ok(place) => place.into_inner(),
                Err(status) if status.code() == Code::NotFound => break,
                Err(status) => return Err(status),
            };
            for claim in place.claims {
                let agreement = self.agreement(&claim).await?;
                let stage = claim.stage().as_str_name().trim_start_matches("CLAIM_STAGE_").to_owned();
                let Claim { council, referral, start, end, .. } = claim;
                touched.push(Touched {
                    place: place.name.clone(),
                    council,
                    stage,
                    referral,
                    agreement,
                    start,
                    end,
                });
            }
        }
        Ok(touched)
    }

    /// The agreement that a claim led to; empty where there is none or the caller may not see it.
    async fn agreement(&self, claim: &Claim) -> Result<String, Status> {
        // Of another's hold the referral is not told.
        if claim.referral.is_empty() {
            return Ok(String::new());
        }
        let request = self.request(GetReferralRequest { name: claim.referral.clone() });
        match ReferralsServiceClient::new(self.channel.clone()).get_referral(request).await {
            Ok(referral) => Ok(referral.into_inner().agreement),
            Err(status) if matches!(status.code(), Code::PermissionDenied | Code::NotFound) => {
                Ok(String::new())
            }
            Err(status) => Err(status),
        }
    }
}
