//! The match of a line of payments for outcomes: what contracts said is due × the council's charge of it × the line. No night is confirmed for it:
//! a payment counts on the day on which its outcome was achieved, be that after the departure.

use super::{Agreed, Entitled};
use crate::agreement::Agreement;
use crate::events::{Claim, SupplierLine};
use crate::lines::OUTCOME;
use crate::state::State;
use care::{Date, Nights, Pence};
use std::collections::{BTreeMap, BTreeSet};

/// What is charged of the outcomes of one day.
#[derive(Default)]
pub(super) struct Due {
    net: Pence,
    vat: Pence,
    treatments: BTreeSet<String>,
}

/// The payments for outcomes that stand charged of an agreement, by the days on which those were achieved.
pub(super) fn due(state: &State, agreement: &Agreement) -> BTreeMap<Date, Due> {
    let mut by_day: BTreeMap<Date, Due> = BTreeMap::new();
    for paid in agreement.outcomes.values() {
        let Some(charge) = state.charges.get(&paid.charge) else { continue };
        let due = by_day.entry(paid.achieved_on).or_default();
        due.net += charge.total;
        due.vat += charge.vat();
        due.treatments.extend(charge.lines.iter().filter_map(|line| line.vat.clone()));
    }
    by_day
}

impl Agreed<'_> {
    fn outcomes_on(&self, nights: Nights) -> impl Iterator<Item = (&Date, &Due)> {
        self.outcomes.range(nights.start()..nights.end())
    }

    /// Whether an outcome of a line's days is charged.
    pub(super) fn has_outcome(&self, line: &SupplierLine) -> bool {
        self.outcomes_on(line.nights).next().is_some()
    }

    /// What is invoiced of the outcomes of a day, and of the VAT on them. What stands for several days counts on the first of them.
    fn outcome_invoiced(&self, day: Date) -> (Pence, Pence) {
        let of_day = |claim: &&Claim| {
            claim.kind == OUTCOME
                && self.outcomes_on(claim.nights).next().is_some_and(|(first, _)| *first == day)
        };
        let claims = self.claims.iter().filter(of_day);
        claims.fold((Pence::ZERO, Pence::ZERO), |sum, it| (sum.0 + it.amount, sum.1 + it.vat))
    }

    /// What a line may come to: the outcomes of its days, less what is invoiced of them.
    pub(super) fn outcomes_entitled(&self, line: &SupplierLine) -> Entitled {
        let part = |(day, due): (&Date, &Due)| {
            let (gone, gone_vat) = self.outcome_invoiced(*day);
            let nights = Nights::from_on(*day, day.tomorrow().ok());
            Claim { kind: OUTCOME.to_owned(), nights, amount: due.net - gone, vat: due.vat - gone_vat }
        };
        let parts = self.outcomes_on(line.nights).map(part);
        let parts: Vec<Claim> =
            parts.filter(|part| (part.amount, part.vat) != (Pence::ZERO, Pence::ZERO)).collect();
        let net = parts.iter().map(|part| part.amount).sum();
        let vat = parts.iter().map(|part| part.vat).sum();
        Entitled { parts, net, vat }
    }

    /// What else than the price keeps a line from being what is due.
    pub(super) fn outcome_troubles(&self, line: &SupplierLine, agreed: Pence) -> BTreeSet<&'static str> {
        let mut reasons = BTreeSet::new();
        if !self.has_outcome(line) {
            reasons.insert(if self.outcomes.is_empty() { "LINE_NOT_AGREED" } else { "NIGHTS_NOT_CONFIRMED" });
        }
        let again = |(day, _): (&Date, &Due)| self.outcome_invoiced(*day) != (Pence::ZERO, Pence::ZERO);
        if line.net > agreed && self.outcomes_on(line.nights).any(again) {
            reasons.insert("NIGHTS_ALREADY_INVOICED");
        }
        reasons
    }

    /// How VAT treats the outcomes of a line's days, with what they cost and the VAT on that.
    pub(super) fn outcome_vat(&self, line: &SupplierLine) -> (BTreeSet<&str>, (Pence, Pence)) {
        let all = || self.outcomes_on(line.nights).map(|(_, due)| due);
        let treated = all().flat_map(|due| &due.treatments).map(String::as_str).collect();
        (treated, all().fold((Pence::ZERO, Pence::ZERO), |sum, due| (sum.0 + due.net, sum.1 + due.vat)))
    }
}
