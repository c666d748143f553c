//! Figures after the demo's season are what the services' own lists say, counted by hand; the client puts them into files.

use crate::process::{Server, demo, run, token};
use crate::region::{Bearer, channel, council, lead, provider};
use api::common::route;
use api::contracts::contracts_service_client::ContractsServiceClient;
use api::contracts::{GetMonitoringRequest, ListAgreementsRequest, Monitoring};
use api::invoicing::ListInvoicesRequest;
use api::invoicing::invoicing_service_client::InvoicingServiceClient;
use api::referrals::referrals_service_client::ReferralsServiceClient;
use api::referrals::{ListInvitationsRequest, ListOffersRequest, ListReferralsRequest};
use service_kit::Role;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

/// A figure over all quarters: numerator and denominator.
type Counts = BTreeMap<String, (i64, i64)>;

/// Every page of a list.
macro_rules! all {
    ($client:expr, $method:ident, $request:ident { $($field:ident: $value:expr),* }, $items:ident) => {{
        let (mut items, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = $request { $($field: $value,)* page_size: 200, page_token, ..Default::default() };
            let page = $client.$method(request).await.unwrap().into_inner();
            items.extend(page.$items);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break items;
            }
        }
    }};
}

struct Served<'a> {
    data: &'a Path,
    channel: Channel,
}

impl Served<'_> {
    fn with(&self, role: Role) -> Bearer {
        Bearer::new(&token(self.data, role))
    }

    fn contracts(&self, role: Role) -> ContractsServiceClient<InterceptedService<Channel, Bearer>> {
        ContractsServiceClient::with_interceptor(self.channel.clone(), self.with(role))
    }

    async fn figures(&self, role: Role, scope: &str) -> Monitoring {
        let form = GetMonitoringRequest {
            scope: scope.to_owned(),
            from_quarter: "2024-25-Q1".to_owned(),
            to_quarter: "2026-27-Q4".to_owned(),
        };
        self.contracts(role).get_monitoring(form).await.unwrap().into_inner()
    }

    /// What the lists of a council come to.
    async fn counted(&self, gss: &str) -> Counts {
        let (role, parent) = (council(gss), format!("councils/{gss}"));
        let mut counts = Counts::new();
        let mut count = |kpi: &str, counted: bool| {
            let (numerator, denominator) = counts.entry(kpi.to_owned()).or_default();
            *numerator += i64::from(counted);
            *denominator += 1;
        };
        let mut referrals =
            ReferralsServiceClient::with_interceptor(self.channel.clone(), self.with(role.clone()));
        for referral in
            all!(referrals, list_referrals, ListReferralsRequest { parent: parent.clone() }, referrals)
        {
            let parent = referral.name;
            // A provider that offers may decline later: that it has offered stands in the offers.
            let offers = all!(referrals, list_offers, ListOffersRequest { parent: parent.clone() }, offers);
            let offerers: BTreeSet<String> = offers.into_iter().map(|offer| offer.provider).collect();
            let invitations = all!(
                referrals,
                list_invitations,
                ListInvitationsRequest { parent: parent.clone() },
                invitations
            );
            for it in invitations {
                let offered = offerers.contains(&it.provider);
                count("OFFER_RATE", offered);
                count("UNANSWERED", !offered && it.decline_reason.is_empty());
                if !offered && !it.decline_reason.is_empty() {
                    count("DECLINES", it.decline_reason == "NEED");
                }
            }
        }
        let mut contracts = self.contracts(role.clone());
        for it in
            all!(contracts, list_agreements, ListAgreementsRequest { parent: parent.clone() }, agreements)
        {
            let route = it.route.and_then(|route| route.route);
            count("ROUTE_IN_HOUSE", matches!(route, Some(route::Route::InHouse(_))));
            count("ROUTE_FRAMEWORK", matches!(route, Some(route::Route::Framework(_))));
            count("ROUTE_SPOT", matches!(route, Some(route::Route::Spot(_))));
            if !it.started_on.is_empty() && !it.ended_on.is_empty() {
                count("ENDING_UNTOLD", it.ending.is_empty());
            }
        }
        let mut invoicing = InvoicingServiceClient::with_interceptor(self.channel.clone(), self.with(role));
        for it in all!(invoicing, list_invoices, ListInvoicesRequest { parent: parent.clone() }, invoices) {
            let lines = invoicing
                .get_invoice(api::invoicing::GetInvoiceRequest { name: it.name })
                .await
                .unwrap()
                .into_inner()
                .lines;
            count("INVOICE_ACCURACY", lines.iter().all(|line| line.nights >= 0));
        }
        counts
    }
}

/// The figures of all quarters together, as far as they are counts that [`Served::counted`] counts too.
fn summed(monitoring: &Monitoring, wanted: &Counts) -> Counts {
    let mut sums = Counts::new();
    for row in monitoring.rows.iter().filter(|row| row.of.is_empty() || row.of == "NEED") {
        if let (true, Some(numerator), Some(denominator)) =
            (wanted.contains_key(&row.kpi), row.numerator, row.denominator)
        {
            let sum = sums.entry(row.kpi.clone()).or_default();
            *sum = (sum.0 + numerator, sum.1 + denominator);
        }
    }
    sums
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn monitoring_of_a_season_is_what_the_lists_say() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("region");
    let summary = demo(&data, &["--seed", "5"]);
    let (server, address) = Server::start(&data).await;
    let served = Served { data: &data, channel: channel(&format!("http://{address}")).await };
    let mut of_all = Counts::new();
    for ledger in summary["ledgers"].as_array().unwrap() {
        let gss = ledger["council"].as_str().unwrap();
        let counted = served.counted(gss).await;
        let figures = served.figures(council(gss), &format!("councils/{gss}")).await;
        assert_eq!(summed(&figures, &counted), counted, "{gss}");
        assert!(figures.rows.iter().all(|row| row.suppressed.is_empty()), "{gss} reads its own whole");
        for (kpi, (numerator, denominator)) in counted {
            let sum = of_all.entry(kpi).or_default();
            *sum = (sum.0 + numerator, sum.1 + denominator);
        }
    }
    let total = |key: &str| summary[key].as_i64().unwrap();
    assert_eq!(of_all["ROUTE_SPOT"].1, total("agreements"));
    assert_eq!(of_all["INVOICE_ACCURACY"].1, total("invoices"));
    assert!(of_all["OFFER_RATE"].0 > 0 && of_all["DECLINES"].1 > 0, "{of_all:?}");
    told_to_others(&served).await;
    into_files(&data, folder.path(), &format!("http://{address}"));
    assert_eq!(server.terminate(), Some(0));
}

/// The lead is told nothing that is few, and of what a provider is told by itself no more than that.
async fn told_to_others(served: &Served<'_>) {
    let region = served.figures(lead("d2n2"), "frameworks/d2n2").await;
    assert!(
        region.rows.iter().any(|row| row.suppressed.is_empty() && row.denominator.unwrap_or_default() > 0)
    );
    // Nights and prices are no cases.
    let cases = region.rows.iter().filter(|row| !matches!(row.kpi.as_str(), "FILL" | "VOIDS"));
    for row in cases {
        let few = |cases: Option<i64>| cases.is_some_and(|cases| (1..5).contains(&cases));
        let rest = row.denominator.zip(row.numerator).map(|(all, some)| all - some);
        let mixed =
            matches!(row.kpi.as_str(), "DECLINES" | "ROUTE_IN_HOUSE" | "ROUTE_FRAMEWORK" | "ROUTE_SPOT");
        assert!(!few(row.numerator) && !few(row.denominator) && (mixed || !few(rest)), "{row:?}");
    }
    let own = served.figures(provider("council-E06000015"), "providers/council-E06000015").await;
    assert!(own.rows.iter().all(|row| row.suppressed.is_empty()));
}

/// A page, charts and rows, as people ask for them.
fn into_files(data: &Path, folder: &Path, address: &str) {
    let token = token(data, council("E06000015"));
    for (format, begins) in [("html", "<!DOCTYPE html>"), ("svg", "<?xml"), ("csv", "quarter,kpi,of,")] {
        let out = folder.join(format!("kpis.{format}"));
        let asked =
            ["contracts", "get-monitoring-document", "--scope", "councils/E06000015", "--format", format];
        let to = ["--out", out.to_str().unwrap(), "--address", address, "--token", &token];
        let ended = run(asked.iter().chain(&to));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
        let file = std::fs::read_to_string(&out).unwrap();
        assert!(file.starts_with(begins), "{format}: {file}");
        if let Some(kept) = std::env::var_os("PRINTED_FIGURES") {
            std::fs::copy(&out, std::path::PathBuf::from(kept).join(format!("season.{format}"))).unwrap();
        }
    }
}
