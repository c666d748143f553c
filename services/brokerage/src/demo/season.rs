//! Twelve weeks of the market, week by week: arrivals and departures, referrals, answers, awards, bills.

use super::chance::Chance;
use super::clients::{At, DemoError, for_each};
use super::opening::Opened;
use super::venue::Venue;
use super::world::{EstablishmentPlan, FIRST_MONDAY, ProviderPlan, ReferralPlan, WEEKS};
use super::{asking, awarding, billing, confirming, offering, shortlisting, staying};
use care::{CouncilId, Date, EstablishmentUrn, ProviderId, Timestamp};
use jiff::{Span, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet};

/// What became of one referral so far.
#[derive(Debug, Clone)]
pub(crate) struct Child {
    pub(crate) plan: ReferralPlan,
    /// The referral's resource name, once it is posted.
    pub(crate) name: String,
    /// Tenths of a mile from the home to each place that a search found.
    pub(crate) distances: BTreeMap<String, u32>,
    /// To whom it was released.
    pub(crate) released: BTreeSet<ProviderId>,
    /// Whether the market outside was turned to, and the steps before it recorded.
    pub(crate) turned_outside: bool,
    /// Whether the framework was recorded as exhausted.
    pub(crate) framework_exhausted: bool,
    /// Who was shortlisted.
    pub(crate) shortlisted: BTreeSet<ProviderId>,
    /// How many questions were asked and answered.
    pub(crate) questions: u64,
    /// Offers that were tried and refused.
    pub(crate) tried: BTreeSet<String>,
    pub(crate) stage: Stage,
}

/// Where a child stands.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    Waiting,
    Open,
    Placed(Placed),
    Withdrawn,
}

/// A home found.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) award: String,
    pub(crate) agreement: String,
    pub(crate) provider: ProviderId,
    pub(crate) urn: EstablishmentUrn,
    pub(crate) start: Date,
    pub(crate) weekly_pence: i64,
    pub(crate) own: bool,
    pub(crate) spot: bool,
    pub(crate) distance_tenths: Option<u32>,
    pub(crate) approval_owed: bool,
    pub(crate) arrived: bool,
    pub(crate) departed: bool,
}

impl Child {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    pub(crate) fn placed(&self) -> Option<&Placed> {
        if let Stage::Placed(placed) = &self.stage { Some(placed) } else { None }
    }
}

/// What the clients saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) offers: u64,
    pub(crate) declines: BTreeMap<String, u64>,
    pub(crate) awards_confirmed: u64,
    pub(crate) awards_refused: BTreeMap<String, u64>,
    pub(crate) races: u64,
    pub(crate) racers: u64,
    pub(crate) placements_started: u64,
    pub(crate) placements_ended: u64,
    pub(crate) told_late: u64,
    pub(crate) identities_revealed: u64,
    pub(crate) identities_erased: u64,
    pub(crate) approved_afterwards: u64,
    pub(crate) payments: u64,
}

/// The simulated season.
pub(crate) struct Season<'a> {
    pub(crate) venue: &'a Venue,
    pub(crate) chance: Chance,
    pub(crate) opened: &'a Opened,
    pub(crate) establishments: BTreeMap<EstablishmentUrn, &'a EstablishmentPlan>,
    pub(crate) children: Vec<Child>,
    pub(crate) tally: Tally,
    pub(crate) today: Date,
}

impl<'a> Season<'a> {
    pub(crate) fn new(
        venue: &'a Venue,
        chance: Chance,
        opened: &'a Opened,
        providers: &'a [ProviderPlan],
        referrals: Vec<ReferralPlan>,
    ) -> Self {
        let establishments = providers.iter().flat_map(|provider| &provider.establishments);
        let child = |plan| Child {
            plan,
            name: String::new(),
            distances: BTreeMap::new(),
            released: BTreeSet::new(),
            turned_outside: false,
            framework_exhausted: false,
            shortlisted: BTreeSet::new(),
            questions: 0,
            tried: BTreeSet::new(),
            stage: Stage::Waiting,
        };
        Self {
            venue,
            chance,
            opened,
            establishments: establishments
                .map(|establishment| (establishment.urn.clone(), establishment))
                .collect(),
            children: referrals.into_iter().map(child).collect(),
            tally: Tally::default(),
            today: FIRST_MONDAY,
        }
    }

    /// Lives through one week, from 0.
    pub(crate) async fn week(&mut self, week: u32) -> Result<(), DemoError> {
        self.begin_day(week).await?;
        confirming::confirm_stale(self, week).await?;
        staying::arrivals_and_departures(self).await?;
        self.pass_hours(1).await?;
        asking::post_and_search(self, week).await?;
        self.pass_hours(1).await?;
        // The council's own carers and homes are asked first, the market after they have answered.
        offering::answer(self, offering::Who::Own).await?;
        self.pass_hours(1).await?;
        asking::release_outside(self, week).await?;
        self.pass_hours(1).await?;
        offering::answer(self, offering::Who::External).await?;
        self.pass_hours(1).await?;
        shortlisting::shortlist(self).await?;
        self.pass_hours(1).await?;
        if week % 3 == 2 {
            awarding::race_for_a_last_place(self, week).await?;
            self.pass_hours(1).await?;
        }
        for _ in 0..awarding::PASSES {
            awarding::take_best_offers(self).await?;
            self.pass_hours(1).await?;
        }
        staying::approve_afterwards(self).await?;
        staying::withdraw_some(self, week).await?;
        self.settle().await?;
        if week % 4 == 3 && week + 1 < WEEKS {
            billing::bill(self, week).await?;
        }
        Ok(())
    }

    /// The day after the last week: who has arrived or left by then, and the last bill.
    pub(crate) async fn finish(&mut self) -> Result<(), DemoError> {
        self.begin_day(WEEKS).await?;
        staying::arrivals_and_departures(self).await?;
        self.pass_hours(1).await?;
        billing::bill(self, WEEKS).await?;
        self.settle().await
    }

    async fn begin_day(&mut self, week: u32) -> Result<(), DemoError> {
        let wrong = |error: jiff::Error| DemoError::Other(error.to_string());
        self.today = FIRST_MONDAY.checked_add(Span::new().weeks(week)).map_err(wrong)?;
        let nine = self.today.at(9, 0, 0, 0).to_zoned(TimeZone::UTC).map_err(wrong)?;
        self.venue.move_clock(nine.timestamp()).await.map_err(DemoError::Other)
    }

    /// Waits until every service has heard what the others did, and lets the clock run on.
    pub(crate) async fn pass_hours(&self, hours: i64) -> Result<(), DemoError> {
        self.settle().await?;
        let later = Timestamp::from_second(self.venue.now().as_second() + hours * 3_600);
        let later = later.map_err(|error| DemoError::Other(error.to_string()))?;
        self.venue.move_clock(later).await.map_err(DemoError::Other)
    }

    pub(crate) async fn settle(&self) -> Result<(), DemoError> {
        self.venue.settled().await.map_err(DemoError::Other)
    }

    /// Lets every council act on its own children, all councils at once, each in the order of its referrals.
    pub(crate) async fn each_council<F>(
        &mut self,
        act: impl Fn(CouncilId, Vec<Child>) -> F,
    ) -> Result<(), DemoError>
    where
        F: Future<Output = Result<Vec<Child>, DemoError>>,
    {
        let mut by_council: BTreeMap<CouncilId, Vec<Child>> = BTreeMap::new();
        for child in std::mem::take(&mut self.children) {
            by_council.entry(child.plan.council).or_default().push(child);
        }
        let results = for_each(by_council, |(council, children)| act(council, children)).await?;
        self.children = results.into_iter().flatten().collect();
        self.children.sort_by_key(|child| child.plan.number);
        Ok(())
    }
}

/// A date some days later.
pub(crate) fn days_after(date: Date, days: i64) -> Date {
    // The demo's year is far from the calendar's ends.
    date.checked_add(Span::new().days(days)).unwrap_or(date)
}

/// The statement of all ledgers, one call per council, as the end of every bill.
pub(crate) async fn ledger_of(
    opened: &Opened,
    council: CouncilId,
) -> Result<api::invoicing::Ledger, DemoError> {
    let request =
        api::invoicing::GetLedgerRequest { parent: format!("councils/{council}"), ..Default::default() };
    opened.councils[&council].invoicing().get_ledger(request).await.at("read a ledger")
}
