//! What the events make of an agreement, and which of its standing charges are not what its nights cost any more.

use super::State;
use crate::accounts::Account;
use crate::agreement::{
    Absence, Agreement, Departure, OutcomePaid, Standing, StayingPut, Subject, Terms, common, joined,
};
use crate::charge::Charge;
use crate::events::{
    AbsenceNoted, AgreementOpened, ChargesClosed, ChargesOpened, ChargesReopened, NightsAgreed,
    NightsAgreedEnded, NightsYielded, OutcomeCharged, StayingPutClosed, StayingPutOpened, TermsChanged,
};
use crate::journal::JournalEntry;
use crate::lines::{Component, charged, components};
use crate::vat;
use care::published::{FunderShare, PriceLine};
use care::{AgreementId, Date, Nights, Pence};
use std::collections::{BTreeMap, BTreeSet};

impl Agreement {
    pub(crate) fn opened(e: &AgreementOpened) -> Self {
        Self {
            id: e.agreement,
            subject: Subject::Placement,
            referral: Some(e.referral),
            provider: e.provider.clone(),
            other_council: None,
            sold_of: None,
            provision: e.provision.clone(),
            in_house: e.in_house,
            place: e.place.clone(),
            urn: e.urn.clone(),
            supply: Vec::new(),
            vat_assumed_before: None,
            start: e.start,
            terms: Terms::issued(e.start, &e.lines, &e.funders),
            absences: BTreeMap::new(),
            from: None,
            arrived_at: None,
            end: None,
            reopened_at: None,
            yielded: Vec::new(),
            staying_put: None,
            standing: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            charges: Vec::new(),
            stale: BTreeSet::new(),
            news: None,
            committed: Pence::ZERO,
            committed_to: None,
            committed_on: None,
        }
    }

    pub(crate) fn agreed(e: &NightsAgreed) -> Self {
        let kind = e.subject.line().unwrap_or("CORE").to_owned();
        let line = PriceLine { kind: kind.clone(), weekly: e.weekly, until: None };
        let own = FunderShare { funder: "SOCIAL_CARE".to_owned(), basis_points: 10_000 };
        let end = Departure { on: e.until, reason: "AGREED".to_owned(), at: e.at };
        Self {
            id: e.agreement,
            subject: e.subject,
            referral: None,
            provider: e.provider.clone(),
            other_council: e.other_council,
            sold_of: e.sold_of,
            provision: kind,
            in_house: false,
            place: Some(e.place.clone()),
            urn: e.urn.clone(),
            supply: Vec::new(),
            vat_assumed_before: None,
            start: e.from,
            terms: Terms::issued(e.from, &[line], &[own]),
            absences: BTreeMap::new(),
            from: Some(e.from),
            arrived_at: None,
            end: Some(end),
            reopened_at: None,
            yielded: Vec::new(),
            staying_put: None,
            standing: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            charges: Vec::new(),
            stale: BTreeSet::new(),
            news: None,
            committed: Pence::ZERO,
            committed_to: None,
            committed_on: None,
        }
    }

    /// What puts an arrival, a departure or an end right follows it whatever the clocks say, so that an older record which comes once more is older
    /// than both.
    pub(crate) fn arrive(&mut self, e: &ChargesOpened) {
        self.from = Some(e.from);
        self.arrived_at = self.arrived_at.max(Some(e.at));
        self.news = Some(e.reason().to_owned());
    }

    pub(crate) fn depart(&mut self, e: &ChargesClosed) {
        let at = self.end.as_ref().map_or(e.at, |known| known.at.max(e.at));
        self.end = Some(Departure { on: e.on, reason: e.reason.clone(), at });
        self.news = Some(e.reason.clone());
    }

    pub(crate) fn reopen(&mut self, e: &ChargesReopened) {
        self.end = None;
        self.reopened_at = self.reopened_at.max(Some(e.at));
        self.news = Some(ChargesReopened::REASON.to_owned());
    }

    pub(crate) fn set_terms(&mut self, e: &TermsChanged) {
        let mut lines = e.lines.clone();
        lines.sort_by_key(|line| line.line);
        let (version, mut funders) = (e.terms, e.funders.clone());
        let (absence_rules, absence_rules_from) = (e.absence_rules.clone(), e.absence_rules_from.clone());
        // A date from which the same funders pay the same shares is no turn.
        funders.dedup_by(|later, before| later.funders == before.funders);
        self.terms = Terms { version, lines, funders, absence_rules, absence_rules_from };
        self.news = Some(e.cause.clone());
    }

    pub(crate) fn note_absence(&mut self, e: &AbsenceNoted) {
        let absence = Absence { revision: e.revision, kind: e.kind.clone(), from: e.from, until: e.until };
        self.absences.insert(e.absence, absence);
        self.news = Some(e.kind.clone());
    }

    pub(crate) fn stay_put(&mut self, e: &StayingPutOpened) {
        let (from, lines, at) = (e.from, e.lines.clone(), e.at);
        self.staying_put = Some(StayingPut { from, lines, until: None, at });
        self.news = Some("STAYING_PUT".to_owned());
    }

    pub(crate) fn leave(&mut self, e: &StayingPutClosed) {
        if let Some(stays) = &mut self.staying_put {
            stays.until = Some(e.on);
            stays.at = stays.at.max(e.at);
        }
        self.news = Some("STAYING_PUT".to_owned());
    }

    pub(crate) fn end_agreed(&mut self, e: &NightsAgreedEnded) {
        self.end = Some(Departure { on: e.on, reason: e.reason.clone(), at: e.at });
        self.news = Some(e.reason.clone());
    }

    pub(crate) fn yield_nights(&mut self, e: &NightsYielded) {
        self.yielded.push(Nights::from_on(e.from, Some(e.until)));
        self.yielded = joined(std::mem::take(&mut self.yielded));
        self.news = Some("OCCUPIED".to_owned());
    }

    pub(crate) fn charged(&mut self, charge: &Charge, entry: &JournalEntry) {
        self.charges.push(charge.id);
        let (from, until) = (charge.nights.start(), charge.nights.end());
        self.standing.insert(from, Standing { charge: charge.id, until });
        self.assume_number(charge);
        self.commit(entry);
    }

    /// Notes up to where nights bear VAT without anything being told of the supplier: charges of today do not, so these were made before.
    fn assume_number(&mut self, charge: &Charge) {
        for line in charge.lines.iter().filter(|line| line.vat.as_deref() == Some(vat::STANDARD)) {
            let nights = line.nights.unwrap_or(charge.nights);
            if vat::supply_on(self, nights.start()).vat_number.is_none() {
                // A payment for an outcome has no night, on a day.
                let end = nights.end().max(nights.start().tomorrow().unwrap_or(nights.end()));
                self.vat_assumed_before = self.vat_assumed_before.max(Some(end));
            }
        }
    }

    pub(crate) fn outcome_charged(&mut self, e: &OutcomeCharged) {
        self.charges.push(e.charge.id);
        let (charge, amount, achieved_on) = (e.charge.id, e.charge.total, e.charge.nights.start());
        self.outcomes.insert(e.payment, OutcomePaid { charge, amount, achieved_on });
        self.assume_number(&e.charge);
    }

    pub(crate) fn reversed(&mut self, reversal: &Charge, entry: &JournalEntry) {
        self.charges.push(reversal.id);
        // A payment for an outcome may be dated like the first night of a charge.
        let first = reversal.nights.start();
        if self.standing.get(&first).is_some_and(|standing| Some(standing.charge) == reversal.reverses) {
            self.standing.remove(&first);
            self.stale.remove(&first);
        }
        self.outcomes.retain(|_, paid| Some(paid.charge) != reversal.reverses);
        self.commit(entry);
    }

    /// Takes up what an entry changes in the commitment.
    pub(crate) fn commit(&mut self, entry: &JournalEntry) {
        let control = Account::commitment_control();
        let changes = entry.memorandum.iter().filter(|posting| posting.account != control);
        self.committed += changes.map(|posting| posting.amount).sum();
    }
}

impl State {
    /// The nights on which a child of the council is placed where nights were agreed beforehand, or a young person stays put there, in order;
    /// none for a placement itself. An agreement that a decision is about to change is looked at as `changed`.
    #[must_use]
    pub fn occupied(&self, agreement: &Agreement, changed: Option<&Agreement>) -> Vec<Nights> {
        self.on_place(agreement, changed, |it| {
            it.placement_nights().into_iter().chain(it.staying_put_nights()).collect()
        })
    }

    /// The same with the nights of placements whose child is still expected: what is to come of these is to come of the placement alone. What is
    /// *paid* for a bed before the child comes is said by [`Self::occupied`].
    #[must_use]
    pub fn to_be_occupied(&self, agreement: &Agreement, changed: Option<&Agreement>) -> Vec<Nights> {
        self.on_place(agreement, changed, |it| it.expected(&[]))
    }

    fn on_place(
        &self,
        agreement: &Agreement,
        changed: Option<&Agreement>,
        nights: impl Fn(&Agreement) -> Vec<Nights>,
    ) -> Vec<Nights> {
        let reducible = matches!(agreement.subject, Subject::Reservation | Subject::Block);
        let Some(place) = agreement.place.as_ref().filter(|_| reducible) else {
            return Vec::new();
        };
        let others = self.places.get(place).into_iter().flatten();
        let others = others.filter_map(|id| self.agreements.get(id));
        // What is about to be opened is not known at the place yet.
        let changed = changed.filter(|it| it.place.as_ref() == Some(place));
        let others = others.filter(|it| changed.is_none_or(|changed| changed.id != it.id));
        let placements = others.chain(changed).filter(|it| it.subject == Subject::Placement);
        joined(placements.flat_map(nights).collect())
    }

    /// What was agreed beforehand of the place of a placement.
    #[must_use]
    pub fn beforehand_of(&self, placement: &Agreement) -> Vec<AgreementId> {
        let Some(place) = placement.place.as_ref().filter(|_| placement.subject == Subject::Placement) else {
            return Vec::new();
        };
        let ids = self.places.get(place).into_iter().flatten();
        let beforehand =
            |id: &&AgreementId| self.agreements.get(id).is_some_and(|it| it.subject.is_beforehand());
        ids.filter(beforehand).copied().collect()
    }

    /// The first nights of the standing charges that do not say what their nights cost.
    pub(crate) fn stale(&self, agreement: &Agreement, occupied: &[Nights]) -> BTreeSet<Date> {
        if agreement.standing.is_empty() || planted!(LateNewsIgnored) {
            return BTreeSet::new();
        }
        let (paid, components) = (agreement.paid(occupied), components(agreement));
        let wrong = |(from, standing): (&Date, &Standing)| {
            let nights = Nights::from_on(*from, Some(standing.until));
            let recorded = self.charges.get(&standing.charge)?;
            (!stands(agreement, &paid, &components, nights, recorded)).then_some(*from)
        };
        agreement.standing.iter().filter_map(wrong).collect()
    }

    pub(super) fn opened(&mut self, mut agreement: Agreement) {
        let id = agreement.id;
        agreement.supply = self.tax.supply_of(&agreement);
        if let Some(place) = &agreement.place {
            self.places.entry(place.clone()).or_default().insert(id);
        }
        self.agreements.insert(id, agreement);
        self.note_open(id);
    }

    /// Takes up news of an agreement, and sees what has to be corrected for it: of the agreement, and of what was agreed beforehand of the
    /// same place.
    pub(super) fn told(&mut self, id: AgreementId, change: impl FnOnce(&mut Agreement)) {
        let Some(agreement) = self.agreements.get_mut(&id) else { return };
        change(agreement);
        let Some(agreement) = self.agreements.get(&id) else { return };
        let others = self.beforehand_of(agreement);
        self.look_again(id);
        for other in others {
            if let Some(other) = self.agreements.get_mut(&other) {
                other.news = Some("OCCUPIED".to_owned());
            }
            self.look_again(other);
        }
    }

    /// Takes up how VAT sees the supply of agreements by now, and sees what has to be corrected for it.
    pub(super) fn supply_told(&mut self, news: &str) {
        let of = |it: &Agreement| Some(self.tax.supply_of(it)).filter(|supply| *supply != it.supply);
        let changed: Vec<_> = self.agreements.values().filter_map(|it| Some((it.id, of(it)?))).collect();
        for (id, supply) in changed {
            if let Some(agreement) = self.agreements.get_mut(&id) {
                agreement.supply = supply;
                agreement.news = Some(news.to_owned());
            }
            self.look_again(id);
        }
    }

    fn look_again(&mut self, id: AgreementId) {
        let Some(agreement) = self.agreements.get(&id) else { return };
        let stale = self.stale(agreement, &self.occupied(agreement, None));
        if let Some(agreement) = self.agreements.get_mut(&id) {
            agreement.stale = stale;
        }
        self.note_open(id);
    }

    /// Keeps the index of agreements that have nights to charge or to take back.
    pub(super) fn note_open(&mut self, id: AgreementId) {
        let open = self.agreements.get(&id).is_some_and(|it| {
            // A placement that nobody knows the end of always has nights to come, whether or not the child is there yet.
            let endless = it.end.is_none();
            endless || !it.stale.is_empty() || !it.uncharged(&self.occupied(it, None), Date::MAX).is_empty()
        });
        if open {
            self.open.insert(id);
        } else {
            self.open.remove(&id);
        }
    }
}

/// Whether a standing charge says what its nights cost: all are paid, by the same funders, and at this price.
fn stands(
    agreement: &Agreement,
    paid: &[Nights],
    components: &[Component],
    nights: Nights,
    recorded: &Charge,
) -> bool {
    let all_paid = paid.iter().any(|paid| common(*paid, nights) == Some(nights));
    let same_funders = agreement.terms.by_funders(nights).len() == 1;
    all_paid
        && same_funders
        && charged(agreement, components, nights, recorded.split).is_ok_and(|lines| recorded.says(&lines))
}
