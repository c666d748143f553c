//! The councils' money: nights accrue, invoices are issued and paid, months are closed. Each council for itself.

use super::clients::{At, Clients, DemoError, for_each};
use super::season::Season;
use super::world::WEEKS;
use api::invoicing::{
    AccrueNightsRequest, ClosePeriodRequest, IssueInvoicesRequest, ListInvoicesRequest, RecordPaymentRequest,
};
use care::CouncilId;

/// Charges every night up to today and bills it; pays what was billed before; closes the month before last.
pub(crate) async fn bill(season: &mut Season<'_>, week: u32) -> Result<(), DemoError> {
    let this = &*season;
    let payments = for_each(&this.opened.councils, |(council, clients)| async move {
        let payments = pay(this, *council, clients).await?;
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

async fn pay(season: &Season<'_>, council: CouncilId, clients: &Clients) -> Result<u64, DemoError> {
    let request = ListInvoicesRequest {
        parent: format!("councils/{council}"),
        page_size: 200,
        page_token: String::new(),
        unsettled: true,
    };
    let due = clients.invoicing().list_invoices(request).await.at("list invoices")?.invoices;
    let mut payments = 0;
    for invoice in due {
        let request = RecordPaymentRequest {
            request_id: season.chance.request_id("pay", &invoice.number),
            name: invoice.name,
            paid_on: season.today.to_string(),
            amount_pence: 0,
        };
        clients.invoicing().record_payment(request).await.at("pay an invoice")?;
        payments += 1;
    }
    Ok(payments)
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
