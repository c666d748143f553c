//! Before a council decides, it shortlists those whose offers are best: they read the rest of the referral, ask what they miss, and are answered.

use super::awarding::live_offers;
use super::chance::Chance;
use super::clients::{At, Clients, DemoError};
use super::opening::Opened;
use super::season::{Child, Season};
use api::referrals::{
    AnswerQuestionRequest, AskQuestionRequest, ReadShortlistedReferralRequest, ShortlistProviderRequest,
};
use care::ProviderId;

/// How many offers a council takes a closer look at in a week.
const SHORTLISTED_PER_WEEK: usize = 2;
/// Assumption: how often a shortlisted provider asks something, per mille.
const ASKS_PER_MILLE: u32 = 250;
/// What is asked, and answered; all invented.
const TALK: [(&str, &str); 3] = [
    ("Which clubs or activities should go on?", "Football on Tuesdays and Saturdays, and drawing at home."),
    ("Who takes part in family time, and where?", "It is supervised, at a contact centre in town."),
    ("What helps when things get hard?", "A quiet room, and somebody who stays near without talking."),
];

/// Every council shortlists the providers with the best offers from outside.
pub(crate) async fn shortlist(season: &mut Season<'_>) -> Result<(), DemoError> {
    let (chance, opened) = (season.chance, season.opened);
    season
        .each_council(|council, mut children| async move {
            let clients = &opened.councils[&council];
            for child in children.iter_mut().filter(|child| child.is_open() && child.turned_outside) {
                look_closer(clients, chance, opened, child).await?;
            }
            Ok(children)
        })
        .await
}

async fn look_closer(
    clients: &Clients,
    chance: Chance,
    opened: &Opened,
    child: &mut Child,
) -> Result<(), DemoError> {
    let mut offers = live_offers(clients, child).await?;
    offers.retain(|offer| !offer.own_establishment && !child.tried.contains(&offer.name));
    offers.sort_by_key(|offer| (offer.weekly_pence, offer.name.clone()));
    for offer in offers.iter().take(SHORTLISTED_PER_WEEK) {
        let Some(provider) = super::asking::provider_of(&offer.provider) else { continue };
        if child.shortlisted.insert(provider.clone()) {
            let request = ShortlistProviderRequest {
                name: child.name.clone(),
                provider: offer.provider.clone(),
                request_id: chance.request_id("shortlist", format!("{}/{provider}", child.name)),
            };
            clients.referrals().shortlist_provider(request).await.at("shortlist a provider")?;
            talk(clients, chance, opened, child, &provider).await?;
        }
    }
    Ok(())
}

/// The provider reads what it may read now, and sometimes asks.
async fn talk(
    clients: &Clients,
    chance: Chance,
    opened: &Opened,
    child: &mut Child,
    provider: &ProviderId,
) -> Result<(), DemoError> {
    let asker = &opened.providers[provider];
    let request = ReadShortlistedReferralRequest { name: child.name.clone() };
    let read =
        asker.referrals().read_shortlisted_referral(request).await.at("read a shortlisted referral")?;
    if read.narrative_withheld || read.narrative.is_empty() {
        return Err(DemoError::Other(format!("{provider} was shortlisted and cannot read {}", child.name)));
    }
    let mut draws = chance.of("talk", format!("{}/{provider}", child.name));
    if !draws.happens(ASKS_PER_MILLE) {
        return Ok(());
    }
    let (question, answer) = *draws.weighted(&TALK, |_| 1);
    let request = AskQuestionRequest {
        parent: child.name.clone(),
        text: question.to_owned(),
        request_id: chance.request_id("ask", format!("{}/{provider}", child.name)),
    };
    let asked = asker.referrals().ask_question(request).await.at("ask a question")?;
    let request = AnswerQuestionRequest {
        name: asked.name,
        text: answer.to_owned(),
        request_id: chance.request_id("answer", format!("{}/{provider}", child.name)),
    };
    clients.referrals().answer_question(request).await.at("answer a question")?;
    child.questions += 1;
    Ok(())
}
