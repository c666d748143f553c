//! Providers keep their advertisements fresh: each Monday their portals ask which wait for a word, and confirm them all at once.

use super::clients::{At, Clients, DemoError, for_each};
use super::season::Season;
use api::vacancies::{ListPlacesRequest, UpsertVacanciesRequest, VacancyAction, VacancyItem};
use care::ProviderId;

/// Places that one request asks for or confirms.
const PLACES_AT_ONCE: i32 = 200;

/// Confirms what is stale of all providers.
pub(crate) async fn confirm_stale(season: &Season<'_>, week: u32) -> Result<(), DemoError> {
    let chance = season.chance;
    for_each(&season.opened.providers, |(provider, clients)| async move {
        // What is confirmed waits no more, so the first page is always the next one.
        for page in 0_u32.. {
            let stale = stale_places(provider, clients).await?;
            if stale.is_empty() {
                break;
            }
            let item = |place| VacancyItem { place, action: VacancyAction::Confirm.into(), vacancy: None };
            let request = UpsertVacanciesRequest {
                provider: format!("providers/{provider}"),
                items: stale.into_iter().map(item).collect(),
                request_id: chance.request_id("confirm", format!("{provider}/{week}/{page}")),
            };
            let answer = clients.vacancies().upsert_vacancies(request).await.at("confirm vacancies")?;
            if let Some(refused) = answer.results.iter().find(|result| !result.reason.is_empty()) {
                let why = format!("{} could not be confirmed: {}", refused.place, refused.message);
                return Err(DemoError::Other(why));
            }
        }
        Ok(())
    })
    .await?;
    Ok(())
}

async fn stale_places(provider: &ProviderId, clients: &Clients) -> Result<Vec<String>, DemoError> {
    let request = ListPlacesRequest {
        parent: format!("providers/{provider}"),
        page_size: PLACES_AT_ONCE,
        to_confirm: true,
        ..ListPlacesRequest::default()
    };
    let listed = clients.vacancies().list_places(request).await.at("list stale vacancies")?;
    Ok(listed.places.into_iter().map(|place| place.name).collect())
}
