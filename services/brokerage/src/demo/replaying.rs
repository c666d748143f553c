//! Decisions replayed: each search that a council made is made again, over the market as it was at that instant, and comes to the same
//! ranking.

use super::clients::{At, DemoError, for_each};
use super::season::{Child, Season};
use crate::client::progress::Progress;
use api::referrals::{ExplainSearchRequest, ListSearchesRequest, SearchEvidence};

/// What came of the replay.
pub(crate) struct Replayed {
    /// How many searches were recorded.
    pub(crate) searches: u64,
    /// How many came to the same ranking, byte for byte.
    pub(crate) equal: u64,
}

/// Makes every recorded search again, in the order in which the market went on.
pub(crate) async fn replay(season: &Season<'_>) -> Result<Replayed, DemoError> {
    let posted = season.children.iter().filter(|child| !child.name.is_empty());
    let found = for_each(posted, |child| searches(season, child)).await?;
    let mut searches: Vec<_> = found.into_iter().flatten().collect();
    searches.sort_by_key(|(_, search)| search.market_position);
    let mut replayed = Replayed { searches: 0, equal: 0 };
    let progress = Progress::new("replaying searches", u64::try_from(searches.len()).unwrap_or(0));
    for (child, search) in searches {
        let request = ExplainSearchRequest { name: search.name, page_size: 1, ..Default::default() };
        let council = &season.opened.councils[&child.plan.council];
        let explained = council.referrals().explain_search(request).await.at("replay a search")?;
        replayed.searches += 1;
        replayed.equal += u64::from(explained.equal);
        progress.one_more();
    }
    progress.finish();
    Ok(replayed)
}

async fn searches<'a>(
    season: &Season<'_>,
    child: &'a Child,
) -> Result<Vec<(&'a Child, SearchEvidence)>, DemoError> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListSearchesRequest { parent: child.name.clone(), page_size: 200, page_token };
        let council = &season.opened.councils[&child.plan.council];
        let page = council.referrals().list_searches(request).await.at("list searches")?;
        found.extend(page.searches.into_iter().map(|search| (child, search)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(found);
        }
    }
}
