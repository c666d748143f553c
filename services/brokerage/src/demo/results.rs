//! What came of it, read back from the region through the API of those who may see it.

use super::calibration::{COUNCILS_SOURCE, FIGURES, LOTS_SOURCE, Measure, WEEKLY_COSTS};
use super::clients::{At, Clients, DemoError, for_each};
use super::replaying;
use super::season::{Child, Season, ledger_of};
use super::world::WEEKS;
use crate::client::progress::Progress;
use api::audit::verify_logs_response::Step;
use api::audit::{ListLogsRequest, LogHead, VerifyLogsRequest};
use api::contracts::{AgreementStatus, ListAgreementsRequest};
use care::{CouncilId, Date};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The demo's result, as `--output json` prints it.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) seed: u64,
    pub(crate) register: String,
    pub(crate) from: Date,
    pub(crate) until: Date,
    pub(crate) councils: usize,
    pub(crate) providers: usize,
    pub(crate) establishments: usize,
    pub(crate) places_registered: u64,
    pub(crate) places_advertised: u64,
    pub(crate) referrals_posted: usize,
    pub(crate) referrals_withdrawn: usize,
    pub(crate) referrals_open: usize,
    pub(crate) searches: u64,
    pub(crate) searches_replayed_equal: u64,
    pub(crate) offers: u64,
    pub(crate) declines: u64,
    pub(crate) shortlisted: usize,
    pub(crate) questions_answered: u64,
    pub(crate) declines_by_reason: BTreeMap<String, u64>,
    pub(crate) races: u64,
    pub(crate) racers: u64,
    pub(crate) awards_confirmed: u64,
    pub(crate) awards_refused: u64,
    pub(crate) awards_refused_by_reason: BTreeMap<String, u64>,
    pub(crate) awards_approved_afterwards: u64,
    pub(crate) agreements: u64,
    pub(crate) bought: Bought,
    pub(crate) placements_started: u64,
    pub(crate) placements_ended: u64,
    pub(crate) placements_ended_told_late: u64,
    pub(crate) identities_revealed: u64,
    pub(crate) identities_erased: u64,
    pub(crate) nights_billed: i64,
    pub(crate) invoices: i64,
    pub(crate) invoiced_pence: i64,
    pub(crate) invoices_paid: u64,
    pub(crate) measures: Vec<Measured>,
    pub(crate) leans_on: Vec<Printed>,
    pub(crate) ledgers: Vec<LedgerResult>,
    pub(crate) logs: Vec<LogResult>,
    pub(crate) audit: AuditResult,
    pub(crate) duration_ms: u128,
}

/// A council's money and placements.
#[derive(Debug, Serialize)]
pub(crate) struct LedgerResult {
    pub(crate) council: CouncilId,
    pub(crate) name: &'static str,
    pub(crate) debits_pence: i64,
    pub(crate) credits_pence: i64,
    pub(crate) balanced: bool,
    pub(crate) referrals: usize,
    pub(crate) placed: usize,
    pub(crate) nights_billed: i64,
    pub(crate) invoices: i64,
    pub(crate) invoiced_pence: i64,
    pub(crate) weekly_commitment_pence: i64,
    pub(crate) live_placements: i64,
}

/// A log's length.
#[derive(Debug, Serialize)]
pub(crate) struct LogResult {
    pub(crate) log: String,
    pub(crate) events: u64,
    pub(crate) root: String,
}

/// What the verification found.
#[derive(Debug, Serialize)]
pub(crate) struct AuditResult {
    pub(crate) verified: bool,
    pub(crate) logs: usize,
    pub(crate) events: u64,
    pub(crate) findings: Vec<String>,
}

/// A share or price of this market, beside what the strategies print of theirs.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) measure: String,
    pub(crate) value: i64,
    pub(crate) unit: &'static str,
    pub(crate) of: usize,
    pub(crate) printed: Vec<Printed>,
}

/// A figure of a strategy.
#[derive(Debug, Serialize)]
pub(crate) struct Printed {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) source: String,
}

/// How the run was made.
pub(crate) struct Made {
    pub(crate) seed: u64,
    pub(crate) register: String,
    pub(crate) providers: usize,
    pub(crate) establishments: usize,
    pub(crate) places_advertised: u64,
    pub(crate) started: std::time::Instant,
}

/// Reads everything back.
pub(crate) async fn gather(season: &Season<'_>, made: Made) -> Result<Results, DemoError> {
    let opened = season.opened;
    let agreements: u64 =
        for_each(&opened.councils, |(council, clients)| count_agreements(*council, clients))
            .await?
            .iter()
            .sum();
    let ledgers = for_each(opened.councils.keys(), |council| ledger(season, *council)).await?;
    let replayed = replaying::replay(season).await?;
    let (logs, audit) = verify(season).await?;
    let tally = &season.tally;
    let withdrawn =
        season.children.iter().filter(|child| matches!(child.stage, super::season::Stage::Withdrawn)).count();
    Ok(Results {
        seed: made.seed,
        register: made.register,
        from: super::world::FIRST_MONDAY,
        until: super::season::days_after(super::world::FIRST_MONDAY, i64::from(WEEKS) * 7),
        councils: opened.councils.len(),
        providers: made.providers,
        establishments: made.establishments,
        places_registered: opened.places_registered,
        places_advertised: made.places_advertised,
        referrals_posted: season.children.iter().filter(|child| !child.name.is_empty()).count(),
        referrals_withdrawn: withdrawn,
        referrals_open: season.children.iter().filter(|child| child.is_open()).count(),
        searches: replayed.searches,
        searches_replayed_equal: replayed.equal,
        offers: tally.offers,
        declines: tally.declines.values().sum(),
        shortlisted: season.children.iter().map(|child| child.shortlisted.len()).sum(),
        questions_answered: season.children.iter().map(|child| child.questions).sum(),
        declines_by_reason: tally.declines.clone(),
        races: tally.races,
        racers: tally.racers,
        awards_confirmed: tally.awards_confirmed,
        awards_refused: tally.awards_refused.values().sum(),
        awards_refused_by_reason: tally.awards_refused.clone(),
        awards_approved_afterwards: tally.approved_afterwards,
        agreements,
        bought: bought(&season.children),
        placements_started: tally.placements_started,
        placements_ended: tally.placements_ended,
        placements_ended_told_late: tally.told_late,
        identities_revealed: tally.identities_revealed,
        identities_erased: tally.identities_erased,
        nights_billed: ledgers.iter().map(|ledger| ledger.nights_billed).sum(),
        invoices: ledgers.iter().map(|ledger| ledger.invoices).sum(),
        invoiced_pence: ledgers.iter().map(|ledger| ledger.invoiced_pence).sum(),
        invoices_paid: tally.payments,
        measures: measures(season),
        leans_on: leans_on(),
        ledgers,
        logs,
        audit,
        duration_ms: made.started.elapsed().as_millis(),
    })
}

async fn count_agreements(council: CouncilId, clients: &Clients) -> Result<u64, DemoError> {
    let (mut count, mut page_token) = (0, String::new());
    loop {
        let request = ListAgreementsRequest {
            parent: format!("councils/{council}"),
            status: AgreementStatus::Unspecified.into(),
            page_size: 200,
            page_token,
        };
        let page = clients.contracts().list_agreements(request).await.at("list agreements")?;
        count += u64::try_from(page.agreements.len()).unwrap_or(0);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(count);
        }
    }
}

async fn ledger(season: &Season<'_>, council: CouncilId) -> Result<LedgerResult, DemoError> {
    let ledger = ledger_of(season.opened, council).await?;
    let own = || {
        season.children.iter().filter(move |child| child.plan.council == council && !child.name.is_empty())
    };
    Ok(LedgerResult {
        council,
        name: council.name(),
        debits_pence: ledger.debits_pence,
        credits_pence: ledger.credits_pence,
        balanced: ledger.balanced,
        referrals: own().count(),
        placed: own().filter(|child| child.placed().is_some()).count(),
        nights_billed: ledger.nights_billed,
        invoices: ledger.invoices,
        invoiced_pence: ledger.invoiced_pence,
        weekly_commitment_pence: ledger.weekly_commitment_pence,
        live_placements: ledger.live_placements,
    })
}

/// Each lead verifies the region's logs and those of its members, and a council without a lead verifies its own: together every log.
async fn verify(season: &Season<'_>) -> Result<(Vec<LogResult>, AuditResult), DemoError> {
    let region = season.venue.region();
    let leads = region
        .frameworks
        .iter()
        .map(|framework: &service_kit::Framework| season.opened.leads[&framework.id].clone());
    let guests = region.guests.iter().map(|council| season.opened.councils[council].clone());
    let mut logs: BTreeMap<String, LogHead> = BTreeMap::new();
    let mut verified: BTreeSet<String> = BTreeSet::new();
    let mut result = AuditResult { verified: true, logs: 0, events: 0, findings: Vec::new() };
    for auditor in leads.chain(guests) {
        let mut mine = Vec::new();
        for head in list_logs(&auditor).await? {
            if logs.insert(head.log.clone(), head.clone()).is_none() {
                mine.push(head.log);
            }
        }
        verify_some(&auditor, mine, &mut verified, &mut result).await?;
    }
    result.logs = verified.len();
    result.verified &= logs.keys().all(|log| verified.contains(log));
    let logs =
        logs.into_values().map(|head| LogResult { log: head.log, events: head.tree_size, root: head.root });
    Ok((logs.collect(), result))
}

async fn list_logs(auditor: &Clients) -> Result<Vec<LogHead>, DemoError> {
    let request = ListLogsRequest { parent: String::new(), page_size: 200, page_token: String::new() };
    Ok(auditor.audit().list_logs(request).await.at("list logs")?.logs)
}

async fn verify_some(
    auditor: &Clients,
    logs: Vec<String>,
    verified: &mut BTreeSet<String>,
    result: &mut AuditResult,
) -> Result<(), DemoError> {
    let progress = Progress::new("verifying logs", u64::try_from(logs.len()).unwrap_or(0));
    let mut steps = auditor.audit().verify_logs(VerifyLogsRequest { logs }).await.at("verify the logs")?;
    while let Some(step) =
        steps.message().await.map_err(|status| DemoError::Other(status.message().to_owned()))?
    {
        match step.step {
            Some(Step::Verdict(verdict)) => {
                progress.one_more();
                result.events += verdict.events;
                if !verdict.verified {
                    result.verified = false;
                    result.findings.push(format!(
                        "{} at {}: {}",
                        verdict.log, verdict.first_bad_position, verdict.detail
                    ));
                }
                verified.insert(verdict.log);
            }
            Some(Step::Summary(summary)) => result.verified &= summary.verified,
            Some(Step::Progress(_)) | None => {}
        }
    }
    Ok(())
}

fn measures(season: &Season<'_>) -> Vec<Measured> {
    let all = [
        (Measure::AllWithin20Miles, "children placed within 20 miles of home"),
        (Measure::ExternalWithin20Miles, "children placed with external providers within 20 miles"),
        (Measure::Beyond20Miles, "children placed more than 20 miles from home"),
        (Measure::OutsideArea, "children placed outside their council's area"),
        (Measure::External, "children placed with external providers"),
        (Measure::AgencyShareOfFostering, "foster placements with an agency"),
        (Measure::Fostering, "children placed in foster care"),
        (Measure::Residential, "children placed in children's homes"),
        (Measure::Unaccompanied, "unaccompanied children among referrals"),
        (Measure::AgencyFosteringWeekly, "mean weekly price, agency fostering"),
        (Measure::ExternalResidentialWeekly, "mean weekly price, external children's home"),
    ];
    all.into_iter().filter_map(|(measure, name)| measured(season, measure, name)).collect()
}

/// What the simulation's prices, lots and numbers of referrals start from.
fn leans_on() -> Vec<Printed> {
    let prices = WEEKLY_COSTS.iter().map(|cost| Printed {
        name: cost.name,
        value: format!("{} a week", care::Pence(cost.weekly_pence)),
        source: cost.source.to_string(),
    });
    let lots = Printed {
        name: "Lots of agency fostering",
        value: "six".to_owned(),
        source: LOTS_SOURCE.to_string(),
    };
    let weights = Printed {
        name: "Referrals by council",
        value: "as children started".to_owned(),
        source: COUNCILS_SOURCE.to_string(),
    };
    prices.chain([lots, weights]).collect()
}

fn measured(season: &Season<'_>, measure: Measure, name: &str) -> Option<Measured> {
    let placed = || season.children.iter().filter(|child| child.placed().is_some());
    let is = |child: &Child, test: &dyn Fn(&super::season::Placed) -> bool| child.placed().is_some_and(test);
    let near =
        |child: &Child| is(child, &|placed| placed.distance_tenths.is_some_and(|tenths| tenths <= 200));
    let measurable = |child: &&Child| is(child, &|placed| placed.distance_tenths.is_some());
    let external = |child: &Child| is(child, &|placed| !placed.own);
    let fostering = |child: &Child| child.plan.provision.starts_with("FOSTERING");
    let outside = |child: &Child| {
        is(child, &|placed| {
            season.establishments.get(&placed.urn).is_some_and(|home| home.council != child.plan.council)
        })
    };
    let (value, of) = match measure {
        Measure::AllWithin20Miles => share(placed().filter(measurable), near),
        Measure::ExternalWithin20Miles => {
            share(placed().filter(measurable).filter(|child| external(child)), near)
        }
        Measure::Beyond20Miles => share(placed().filter(measurable), |child| !near(child)),
        Measure::OutsideArea => share(placed(), outside),
        Measure::External => share(placed(), external),
        Measure::AgencyShareOfFostering => share(placed().filter(|child| fostering(child)), external),
        Measure::Fostering => share(placed(), fostering),
        Measure::Residential => share(placed(), |child| child.plan.provision.starts_with("RESIDENTIAL")),
        Measure::Unaccompanied => {
            share(season.children.iter().filter(|child| !child.name.is_empty()), |child| {
                child.plan.unaccompanied
            })
        }
        Measure::AgencyFosteringWeekly => mean(placed().filter(|child| fostering(child) && external(child))),
        Measure::ExternalResidentialWeekly => {
            mean(placed().filter(|child| child.plan.provision == "RESIDENTIAL" && external(child)))
        }
    }?;
    let printed = FIGURES.iter().filter(|figure| figure.measure == Some(measure)).map(|figure| Printed {
        name: figure.name,
        value: figure.to_string(),
        source: figure.source.to_string(),
    });
    let money = matches!(measure, Measure::AgencyFosteringWeekly | Measure::ExternalResidentialWeekly);
    let unit = if money { "pence a week" } else { "per mille" };
    Some(Measured { measure: name.to_owned(), value, unit, of, printed: printed.collect() })
}

/// The share of those for whom `test` holds, per mille to the nearest, and of how many.
fn share<'a>(
    children: impl Iterator<Item = &'a Child>,
    test: impl Fn(&Child) -> bool,
) -> Option<(i64, usize)> {
    let (mut yes, mut all) = (0_usize, 0_usize);
    for child in children {
        all += 1;
        yes += usize::from(test(child));
    }
    let per_mille = (yes * 1_000 + all / 2).checked_div(all)?;
    Some((i64::try_from(per_mille).ok()?, all))
}

fn mean<'a>(children: impl Iterator<Item = &'a Child>) -> Option<(i64, usize)> {
    let weekly: Vec<i64> =
        children.filter_map(|child| child.placed().map(|placed| placed.weekly_pence)).collect();
    let count = i64::try_from(weekly.len()).ok()?;
    Some((weekly.iter().sum::<i64>().checked_div(count)?, weekly.len()))
}

/// By which way the places were bought.
#[derive(Debug, Serialize)]
pub(crate) struct Bought {
    pub(crate) framework: usize,
    pub(crate) in_house: usize,
    pub(crate) spot: usize,
}

fn bought(children: &[Child]) -> Bought {
    let placed = || children.iter().filter_map(Child::placed);
    let in_house = placed().filter(|placed| placed.own).count();
    let spot = placed().filter(|placed| placed.spot).count();
    Bought { framework: placed().count() - in_house - spot, in_house, spot }
}
