//! The councils' money: nights accrue, invoices are issued and paid, months are closed. Each council for itself.

use super::clients::{At, Clients, DemoError, for_each};
use super::paying;
use super::season::Season;
use super::world::WEEKS;
use api::invoicing::{AccrueNightsRequest, ClosePeriodRequest, IssueInvoicesRequest};
use care::CouncilId;

/// Charges every night up to today and bills it; pays what was billed before; closes the month before last.
pub(crate) async fn bill(season: &mut Season<'_>, week: u32) -> Result<(), DemoError> {
    let this = &*season;
    let payments = for_each(&this.opened.councils, |(council, clients)| async move {
        let payments = paying::pay(this, *council).await?;
        charge(this, *council, clients, week).await?;
        if week == WEEKS {
            let request = ClosePeriodRequest {
                parent: format!("councils/{council}"),
                request_id: this.chance.request_id("close", council),
                month: "2026-04".to_owned(),
                leave_uncharged: false,
            };
            clients.invoicing().close_period(request).await.at("close a period")?;
        }
        Ok(payments)
    })
    .await?;
    season.tally.payments += payments.into_iter().sum::<u64>();
    Ok(())
}

async fn charge(
    season: &Season<'_>,
    council: CouncilId,
    clients: &Clients,
    week: u32,
) -> Result<(), DemoError> {
    let request = AccrueNightsRequest {
        parent: format!("councils/{council}"),
        request_id: season.chance.request_id("accrue", format!("{council}/{week}")),
        through: season.today.to_string(),
        agreement: String::new(),
    };
    clients.invoicing().accrue_nights(request).await.at("accrue nights")?;
    for run in 0..100 {
        let request = IssueInvoicesRequest {
            parent: format!("councils/{council}"),
            request_id: season.chance.request_id("invoice", format!("{council}/{week}/{run}")),
            through: season.today.to_string(),
            provider: String::new(),
        };
        if !clients.invoicing().issue_invoices(request).await.at("issue invoices")?.more_due {
            return Ok(());
        }
    }
    Err(DemoError::Other(format!("{council}: invoices were still due after a hundred runs")))
}
