//! What a ledger is to make of each command, by rules that are written here a second time and more simply: what is news, what is known
//! already, and what is refused. A step of its own for each `Ask`; where the domain learns another, it is told here what to expect.

use crate::days::{Day, date_of, day_of, year_end};
use crate::facts::{Facts, Nightly};
use crate::price::Priced;
use care::published::PriceLine;
use care::{AgreementId, Date, InvoiceId, PlaceId, ProviderId, london_date};
use invoicing_domain::{
    AccrueNights, Ask, Cause, Command, EntryId, IssueInvoice, PaymentStep, RecordPayment, RegistrationTold,
    RunId, Subject,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What is to come of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expect {
    /// No event at all.
    Nothing,
    /// An error with this reason.
    Refused(&'static str),
    /// An event that says with this reason why the fact cannot be taken.
    FactRefused(&'static str),
    /// So many events of news, and these agreements corrected and committed anew.
    News(usize, Vec<AgreementId>),
    /// The nights of an agreement charged.
    Charged(AgreementId),
    /// A payment for an outcome charged.
    Outcome(AgreementId),
    /// One invoice with these charges.
    Invoiced(BTreeSet<EntryId>),
    /// An invoice or credit note settled, in pence with VAT.
    Paid(i64),
    /// A month closed, with the first open day.
    Closed(Date),
    /// A run begun or finished.
    Run,
}

/// A charge or reversal that no invoice holds yet.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) provider: ProviderId,
    pub(crate) due_on: Date,
    pub(crate) outside_scope: bool,
    pub(crate) total: i64,
}

/// An invoice as it was issued.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    pub(crate) provider: ProviderId,
    pub(crate) issued_on: Date,
    pub(crate) gross: i64,
    /// What settled it; a nil invoice is settled by nothing.
    pub(crate) settled: Option<Option<Cause>>,
}

/// Everything that anybody knows.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) facts: BTreeMap<AgreementId, Facts>,
    pub(crate) open_from: Option<Date>,
    pub(crate) due: BTreeMap<EntryId, Due>,
    pub(crate) bills: BTreeMap<InvoiceId, Bill>,
    /// Runs, and whether each is finished.
    pub(crate) runs: BTreeMap<RunId, bool>,
    refused: HashSet<(Cause, &'static str, AgreementId)>,
    /// The days on which the registration of the one home turns, with whether it is registered from then on.
    home: BTreeMap<Day, bool>,
    /// The providers whose VAT number was recorded, with whether it was verified.
    numbers: BTreeMap<ProviderId, bool>,
    /// The accruals that had an effect: a second delivery has none.
    pub(crate) accrued: HashSet<Cause>,
}

/// News, nothing, or why a fact cannot be taken.
pub(crate) type Told = Result<Option<Vec<AgreementId>>, &'static str>;

impl Model {
    /// Takes up a command, and tells what is to come of it.
    pub(crate) fn take(&mut self, command: &Command) -> Expect {
        let today = london_date(command.at);
        match &command.ask {
            Ask::AccrueNights(ask) => self.accrue(command, ask, today),
            Ask::IssueInvoice(ask) => self.invoice(command, ask),
            Ask::RecordPayment(ask) => self.pay(command, ask, today),
            Ask::ClosePeriod(ask) => {
                let open_from = ask.month.last_of_month().tomorrow().unwrap();
                if today < open_from {
                    Expect::Refused("PERIOD_NOT_OVER")
                } else if self.open_from.is_some_and(|already| open_from <= already) {
                    Expect::Nothing
                } else {
                    self.open_from = Some(open_from);
                    Expect::Closed(open_from)
                }
            }
            Ask::StartRun { run, .. } => {
                let new = !self.runs.contains_key(run);
                self.runs.entry(*run).or_insert(false);
                if new { Expect::Run } else { Expect::Nothing }
            }
            Ask::FinishRun { run } => {
                match self.runs.get_mut(run).map(|done| std::mem::replace(done, true)) {
                    None => Expect::Refused("RUN_UNKNOWN"),
                    Some(false) => Expect::Run,
                    Some(true) => Expect::Nothing,
                }
            }
            Ask::NoteRegistrations(told) => self.home_told(&told[0], today),
            Ask::Payments(ask) => match &ask.step {
                PaymentStep::RecordTaxDetails { provider, .. } if !self.numbers.contains_key(provider) => {
                    self.numbers.insert(provider.clone(), false);
                    Expect::News(1, Vec::new())
                }
                PaymentStep::VerifyTaxDetails { provider, .. } => self.number_verified(provider, today),
                _ => Expect::Nothing,
            },
            fact => {
                let (kind, told) = self.fact(fact);
                let about = told.1;
                match told.0 {
                    Ok(None) => Expect::Nothing,
                    Ok(Some(_)) if matches!(command.ask, Ask::ChargeOutcome(_)) => Expect::Outcome(about),
                    Ok(Some(news)) => {
                        let touched = self.touched(&news, day_of(today));
                        Expect::News(news.len(), touched)
                    }
                    Err(reason) => match self.refused.insert((command.cause.clone(), kind, about)) {
                        true => Expect::FactRefused(reason),
                        false => Expect::Nothing,
                    },
                }
            }
        }
    }

    fn accrue(&mut self, command: &Command, ask: &AccrueNights, today: Date) -> Expect {
        if ask.through > today {
            return Expect::Refused("THROUGH_OUT_OF_RANGE");
        }
        let Some(facts) = self.facts.get_mut(&ask.agreement) else {
            return Expect::Refused("AGREEMENT_UNKNOWN");
        };
        if self.accrued.contains(&command.cause) {
            return Expect::Nothing;
        }
        let nights: Vec<usize> = facts.paid.nights(day_of(ask.through)).collect();
        for night in nights {
            let night = Day::try_from(night).unwrap();
            facts.charged.set(night, night + 1, true);
        }
        if facts.year_end < year_end(day_of(today)) {
            facts.reprice(day_of(today));
        }
        Expect::Charged(ask.agreement)
    }

    /// All that is due and treated by VAT alike; what is outside its scope comes after the rest.
    fn invoice(&self, command: &Command, ask: &IssueInvoice) -> Expect {
        let id = command.cause.id_of(&format!("INVOICE|{}|{}", ask.provider, ask.part));
        if self.bills.contains_key(&InvoiceId(id)) {
            return Expect::Nothing;
        }
        let due =
            || self.due.iter().filter(|(_, due)| due.provider == ask.provider && due.due_on <= ask.through);
        let outside_scope = due().all(|(_, due)| due.outside_scope);
        let charges: BTreeSet<EntryId> =
            due().filter(|(_, due)| due.outside_scope == outside_scope).map(|(id, _)| *id).collect();
        if charges.is_empty() { Expect::Nothing } else { Expect::Invoiced(charges) }
    }

    fn pay(&mut self, command: &Command, ask: &RecordPayment, today: Date) -> Expect {
        let open_from = self.open_from;
        let Some(bill) = self.bills.get_mut(&ask.invoice) else {
            return Expect::Refused("INVOICE_UNKNOWN");
        };
        if let Some(by) = &bill.settled {
            let same = by.as_ref() == Some(&command.cause);
            return if same { Expect::Nothing } else { Expect::Refused("INVOICE_SETTLED") };
        }
        if let Some(on) = ask.paid_on {
            if on < bill.issued_on || on > today {
                return Expect::Refused("PAYMENT_DATE_INVALID");
            }
            if open_from.is_some_and(|open_from| on < open_from) {
                return Expect::Refused("PERIOD_CLOSED");
            }
        }
        bill.settled = Some(Some(command.cause.clone()));
        Expect::Paid(bill.gross)
    }

    /// From a day on the home is registered or not, whatever was told of it and of later days before.
    fn home_told(&mut self, told: &RegistrationTold, today: Date) -> Expect {
        let from = day_of(told.from);
        let mut turns = self.home.clone();
        turns.retain(|day, _| *day < from);
        if turns.values().next_back().copied().unwrap_or(true) != told.registered {
            turns.insert(from, told.registered);
        }
        if turns == self.home {
            return Expect::Nothing;
        }
        self.home = turns;
        let mut touched = Vec::new();
        for facts in self.facts.values_mut().filter(|facts| facts.is_of_home()) {
            facts.home.clone_from(&self.home);
            facts.reprice(day_of(today));
            touched.push(facts.id);
        }
        Expect::News(1, touched)
    }

    /// From now on all nights of a provider bear the VAT that is due on them.
    fn number_verified(&mut self, provider: &ProviderId, today: Date) -> Expect {
        match self.numbers.get_mut(provider) {
            None => return Expect::Refused("TAX_DETAILS_UNKNOWN"),
            Some(true) => return Expect::Nothing,
            Some(verified) => *verified = true,
        }
        let mut touched = Vec::new();
        for facts in self.facts.values_mut().filter(|facts| facts.provider == *provider) {
            facts.has_vat_number = true;
            facts.reprice(day_of(today));
            touched.push(facts.id);
        }
        Expect::News(1, touched)
    }

    /// The nights on which a child of the council is at a place.
    fn occupied(&self, place: &PlaceId) -> Vec<(Day, Day)> {
        let there = self.facts.values().filter(|it| it.subject == Subject::Placement && it.place == *place);
        there.flat_map(|it| it.placement().into_iter().chain(it.staying())).collect()
    }

    /// The same with those on which one is expected.
    fn awaited(&self, place: &PlaceId) -> Nightly {
        let there = self.facts.values().filter(|it| it.subject == Subject::Placement && it.place == *place);
        there.fold(Nightly::none(), |mut all, it| {
            all.add(&it.expected());
            all
        })
    }

    /// Works out anew what news changes: the agreements it is about, and what was agreed beforehand of their places.
    fn touched(&mut self, news: &[AgreementId], today: Day) -> Vec<AgreementId> {
        let mut touched: BTreeSet<AgreementId> = news.iter().copied().collect();
        for id in news {
            let told = &self.facts[id];
            if told.subject == Subject::Placement {
                let there = self.facts.values().filter(|it| it.place == told.place);
                touched.extend(there.filter(|it| it.subject != Subject::Placement).map(|it| it.id));
            }
        }
        // What was agreed beforehand goes by the placements.
        let mut in_order: Vec<AgreementId> = touched.iter().copied().collect();
        in_order.sort_by_key(|id| self.facts[id].is_reducible());
        for id in &in_order {
            let place = &self.facts[id].place;
            let (occupied, awaited) = (self.occupied(place), self.awaited(place));
            self.facts.get_mut(id).unwrap().refresh(&occupied, awaited, today);
        }
        touched.into_iter().collect()
    }

    pub(crate) fn opened(&mut self, mut facts: Facts) -> Told {
        let id = facts.id;
        facts.home.clone_from(&self.home);
        facts.has_vat_number = self.numbers.get(&facts.provider) == Some(&true);
        self.facts.insert(id, facts);
        Ok(Some(vec![id]))
    }
}

/// An agreement of which nothing is charged yet; its lines come from weekly prices.
pub(crate) fn blank(
    (id, subject, token): (AgreementId, Subject, u64),
    provider: &ProviderId,
    place: &PlaceId,
    start: Date,
    lines: &[PriceLine],
) -> Facts {
    let line = |(line, priced): (u32, &PriceLine)| care::published::TermLine {
        line,
        kind: priced.kind.clone(),
        weekly: priced.weekly,
        from: start,
        until: priced.until,
        cause: "ISSUED".to_owned(),
        note: String::new(),
        worked_out: String::new(),
    };
    Facts {
        id,
        subject,
        token,
        provider: provider.clone(),
        other_council: None,
        sold_of: None,
        provision: subject.line().unwrap_or_default().to_owned(),
        in_house: false,
        place: place.clone(),
        home: BTreeMap::new(),
        has_vat_number: false,
        start: day_of(start),
        version: 1,
        lines: (1..).zip(lines).map(line).collect(),
        funders: vec![(day_of(start), crate::common::funders(&[("SOCIAL_CARE", 10_000)]))],
        rules: Vec::new(),
        absences: BTreeMap::new(),
        from: None,
        arrived_at: None,
        end: None,
        reopened_at: None,
        yielded: Vec::new(),
        stays: None,
        outcomes: BTreeMap::new(),
        charged: Nightly::none(),
        paid: Nightly::none(),
        awaited: Nightly::none(),
        priced: Priced::default(),
        year_end: day_of(date_of(0)),
    }
}
