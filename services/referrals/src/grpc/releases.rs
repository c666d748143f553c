//! Showing a referral to providers.

use super::Answer;
use crate::Referrals;
use crate::desk::Desk;
use crate::form;
use crate::render;
use api::referrals as proto;
use care::market::{Establishment, Home, Market, RegistrationStatus};
use care::{CouncilId, ProviderId, ReferralId, Refusal, RefusalKind, Violation, london_date};
use referrals_domain::{Homes, ReleaseReferral, ReleaseStage};
use service_kit::{Caller, Fields, refuse, run_command};
use std::collections::{BTreeMap, BTreeSet};
use tonic::{Request, Status};

/// To how many providers one request may release.
const PROVIDERS_MAX: usize = 100;

/// Providers that the market does not have, and where the request names them.
#[derive(Debug)]
struct ProvidersUnknown(BTreeMap<ProviderId, String>);

impl std::fmt::Display for ProvidersUnknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<&str> = self.0.keys().map(ProviderId::as_str).collect();
        write!(f, "there is no provider {}: check the id, nothing was released", ids.join(", "))
    }
}

impl std::error::Error for ProvidersUnknown {}

impl Refusal for ProvidersUnknown {
    fn reason(&self) -> &'static str {
        "PROVIDER_UNKNOWN"
    }
    fn kind(&self) -> RefusalKind {
        RefusalKind::NotFound
    }
    fn violations(&self) -> Vec<Violation> {
        let violation = |(id, field): (&ProviderId, &String)| Violation {
            field: field.clone(),
            description: format!("there is no provider {id}"),
        };
        self.0.iter().map(violation).collect()
    }
}

/// The provisions that an establishment's homes give: those of its households that are open, which may be short breaks alone, and its own where it
/// has places that belong to no household, or nothing was entered yet.
fn given(market: &Market, found: &Establishment) -> BTreeSet<String> {
    let open = |home: &Home<'_>| match home.household {
        Some((_, household)) => household.closed_on.is_none(),
        None => found.households.is_empty() || market.places_of_home(*home).next().is_some(),
    };
    market.homes_of(found).filter(open).map(|home| home.provision().to_owned()).collect()
}

impl Referrals {
    pub(super) async fn release(
        &self,
        request: Request<proto::ReleaseReferralRequest>,
    ) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let mut providers = BTreeMap::new();
        if fields.at_most("providers", message.providers.len(), PROVIDERS_MAX).is_some() {
            for (i, provider) in message.providers.iter().enumerate() {
                let field = format!("providers[{i}]");
                providers.extend(fields.provider(&field, provider).map(|provider| (provider, field)));
            }
        }
        let step = form::step_asked(&mut fields, &message.cascade_step, london_date(caller.at));
        let ((council, referral), step) = fields.finish(|| name.zip(step))?;
        let desk = self.own_desk(&caller, council)?;
        self.require_in_market(desk, referral, &providers).await?;
        let homes = self.homes(council, &providers);
        let providers = providers.into_keys().collect();
        let (stage, at) = (ReleaseStage::Broadcast, caller.at);
        let command = ReleaseReferral { referral, providers, stage, homes, step, at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, caller.at)
        })
        .await
    }

    /// What the homes of the providers that are registered and not suspended give, those that the council operates itself told apart.
    fn homes(&self, council: CouncilId, asked: &BTreeMap<ProviderId, String>) -> BTreeMap<ProviderId, Homes> {
        self.market.read(|market, _| {
            let mut homes: BTreeMap<ProviderId, Homes> = BTreeMap::new();
            let active = |it: &Establishment| it.registration.status == RegistrationStatus::Active;
            let found = market.establishments().map(|(_, it)| it);
            for found in found.filter(|it| asked.contains_key(&it.provider) && active(it)) {
                let of = homes.entry(found.provider.clone()).or_default();
                let known = if found.operated_by == Some(council) { &mut of.own } else { &mut of.others };
                known.extend(given(market, found));
            }
            homes
        })
    }

    /// Refuses providers that are not registered. One that was a moment ago may not be in the picture of the market yet, so that the rest of
    /// its log is waited for before anybody is said to be unknown.
    async fn require_in_market(
        &self,
        desk: &Desk,
        referral: ReferralId,
        providers: &BTreeMap<ProviderId, String>,
    ) -> Result<(), Status> {
        let new: BTreeMap<ProviderId, String> = desk.engine.read(|state| {
            // A referral that is not there is refused as that.
            let Some(found) = state.referrals.get(&referral) else { return BTreeMap::new() };
            let new = providers.iter().filter(|(id, _)| !found.releases.contains_key(*id));
            new.map(|(id, field)| (id.clone(), field.clone())).collect()
        });
        let unknown = || {
            self.market.read(|market, _| {
                let unknown = new.iter().filter(|(id, _)| market.provider(id).is_none());
                unknown.map(|(id, field)| (id.clone(), field.clone())).collect::<BTreeMap<_, _>>()
            })
        };
        if unknown().is_empty() {
            return Ok(());
        }
        self.market_caught_up().await?;
        match unknown() {
            unknown if unknown.is_empty() => Ok(()),
            unknown => Err(refuse(&ProvidersUnknown(unknown))),
        }
    }
}
