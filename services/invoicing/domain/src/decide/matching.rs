//! The three-way match of a provider's invoice: what the agreement's lines cost × the nights that the council has confirmed by charging them × the
//! invoice's line.
//!
//! What a line may come to is what its nights cost by the agreement's own components, as far as standing charges hold them, less what is
//! invoiced of them already. Both are differences of sums that grow from one night, so whatever a provider splits its invoices into, no
//! penny is accepted twice or lost. A line of `CORE` stands for what goes with the core fee too (uplift, discounts, what absences take off),
//! as far as that has no line of its own on the invoice: so a discount that a provider leaves out is not paid.
//!
//! What is above is in query and not payable; what is below is accepted as it is, and the rest of it may be invoiced later. Where price alone
//! differs, and by no more than the council tolerates, the line is accepted as invoiced, and the difference is said.

mod outcomes;

use crate::absence;
use crate::agreement::{Agreement, common, cut, joined, without};
use crate::events::{Claim, LineMatch, SupplierLine, Tolerance};
use crate::lines::{Component, OUTCOME, components, cost_of_kind, kinds, nights_of_kind, treatments};
use crate::state::{State, Supplier};
use crate::vat;
use care::{AgreementId, Date, InvoiceId, Nights, Pence, code_sets};
use std::collections::{BTreeMap, BTreeSet};

/// What of an invoice is matched, against which invoices.
pub(super) struct Matching<'a> {
    pub(super) state: &'a State,
    /// What is known of invoices, with those of the same submission that were read before.
    pub(super) supplier: &'a Supplier,
    /// Where some lines of an invoice are matched anew, which, counted from 0: what was accepted of them before does not count.
    pub(super) anew: Option<(InvoiceId, &'a BTreeSet<usize>)>,
    /// What is accepted of the lines that are not.
    pub(super) kept: Pence,
    /// An agreement as news is about to make it, instead of the one that is known.
    pub(super) changed: Option<&'a Agreement>,
}

/// What is known of one agreement while its lines are matched.
struct Agreed<'a> {
    agreement: &'a Agreement,
    components: Vec<Component>,
    /// The nights that standing charges hold, and that are what they cost.
    confirmed: Vec<Nights>,
    /// Payments for outcomes that stand charged, by day.
    outcomes: BTreeMap<Date, outcomes::Due>,
    /// What is invoiced already, lines before on this invoice included.
    claims: Vec<Claim>,
}

/// What a line may come to, night by night and kind by kind.
struct Entitled {
    parts: Vec<Claim>,
    net: Pence,
    vat: Pence,
}

impl Matching<'_> {
    /// Matches the lines of one invoice, or those of them that are matched anew, in their order. Differences in price are accepted only if all of them together are within the tolerance
    /// for an invoice.
    pub(super) fn lines(&self, lines: &[SupplierLine], tolerance: Tolerance) -> Vec<LineMatch> {
        let matches = self.within(lines, tolerance);
        let off = matches.iter().map(|it| it.difference.0.saturating_abs()).fold(0, i64::saturating_add);
        let agreed: Pence = matches.iter().map(|it| it.agreed).sum();
        let mut matches = if off == 0 || tolerance.invoice.allows(Pence(off), agreed) {
            matches
        } else {
            self.within(lines, Tolerance::default())
        };
        let accepted: Pence = matches.iter().map(|it| it.accepted + it.accepted_vat).sum();
        if self.kept + accepted < Pence::ZERO {
            let deductions = matches.iter_mut().filter(|it| it.accepted < Pence::ZERO);
            deductions.for_each(|it| *it = held_deduction(it));
        }
        matches
    }

    fn within(&self, lines: &[SupplierLine], tolerance: Tolerance) -> Vec<LineMatch> {
        let mut known: BTreeMap<AgreementId, Agreed<'_>> = BTreeMap::new();
        let mut matches = Vec::with_capacity(lines.len());
        let wanted = |n: &usize| self.anew.is_none_or(|(_, anew)| anew.contains(n));
        for (_, line) in lines.iter().enumerate().filter(|(n, _)| wanted(n)) {
            let Some(agreed) = self.agreed(&mut known, line.agreement) else {
                // Who submits it is told before; whatever else comes here is not paid.
                matches
                    .push(LineMatch { reasons: vec!["LINE_NOT_AGREED".to_owned()], ..LineMatch::default() });
                continue;
            };
            let own: Vec<&SupplierLine> =
                lines.iter().filter(|other| other.agreement == line.agreement).collect();
            let matched = agreed.matched(line, &own, tolerance);
            agreed.claims.extend(matched.claims.iter().cloned());
            matches.push(matched);
        }
        matches
    }

    fn agreed<'k, 's>(
        &'s self,
        known: &'k mut BTreeMap<AgreementId, Agreed<'s>>,
        id: AgreementId,
    ) -> Option<&'k mut Agreed<'s>> {
        let changed = self.changed.filter(|changed| changed.id == id);
        let agreement = changed.or_else(|| self.state.agreements.get(&id))?;
        Some(known.entry(id).or_insert_with(|| {
            let holds = |(from, _): &(&Date, &crate::agreement::Standing)| !agreement.stale.contains(from);
            let standing = agreement.standing.iter().filter(holds);
            let confirmed = standing.map(|(from, it)| Nights::from_on(*from, Some(it.until))).collect();
            let claims = self.supplier.claims(id, self.anew).into_iter().cloned().collect();
            let outcomes = outcomes::due(self.state, agreement);
            Agreed { agreement, components: components(agreement), confirmed, outcomes, claims }
        }))
    }
}

impl Agreed<'_> {
    fn matched(&self, line: &SupplierLine, own: &[&SupplierLine], tolerance: Tolerance) -> LineMatch {
        let entitled =
            if line.kind == OUTCOME { self.outcomes_entitled(line) } else { self.entitled(line, own) };
        let mut reasons = match line.kind == OUTCOME {
            true => self.outcome_troubles(line, entitled.net),
            false => self.troubles(line, entitled.net),
        };
        let over = line.net - entitled.net;
        if reasons.is_empty() && over != Pence::ZERO {
            let code = if over > Pence::ZERO { "PRICE_ABOVE_AGREEMENT" } else { "PRICE_BELOW_AGREEMENT" };
            reasons.insert(code);
        }
        let price_alone = reasons.iter().all(|code| code.starts_with("PRICE_"));
        let tolerated =
            price_alone && entitled.net != Pence::ZERO && tolerance.line.allows(over, entitled.net);
        let (accepted, difference) = match tolerated {
            true => (line.net, over),
            false => (self.acceptable(line, entitled.net), Pence::ZERO),
        };
        let claimed = accepted - difference;
        let due_vat = scaled(entitled.vat, accepted, entitled.net);
        if self.vat_differs(line, &entitled) {
            reasons.insert("VAT_DIFFERS");
        }
        // A penny between VAT by line and on the sum is the provider's to round.
        let rounding = accepted == line.net && (line.vat_amount.0 - due_vat.0).abs() <= 1;
        let accepted_vat =
            if rounding || line.vat_amount.0.abs() < due_vat.0.abs() { line.vat_amount } else { due_vat };
        LineMatch {
            agreed: entitled.net,
            agreed_vat: entitled.vat,
            accepted,
            accepted_vat,
            difference,
            reasons: in_order(&reasons),
            claims: claims_of(entitled, line, claimed),
        }
    }

    /// What is accepted of a line that is not tolerated as it is: no more than was agreed, and no more than was asked for.
    fn acceptable(&self, line: &SupplierLine, agreed: Pence) -> Pence {
        let confirmed = match line.kind == OUTCOME {
            true => self.has_outcome(line),
            false => self.confirmed.iter().any(|nights| common(*nights, line.nights).is_some()),
        };
        match line.net {
            _ if !confirmed => Pence::ZERO,
            net if net >= Pence::ZERO => net.min(agreed.max(Pence::ZERO)),
            net => net.min(agreed),
        }
    }

    /// What a line stands for: its own kind, and of `CORE` what goes with it and has no line of its own.
    fn covered(&self, line: &SupplierLine, own: &[&SupplierLine]) -> Vec<(String, Vec<Nights>)> {
        let goes_with_core = |kind: &str| absence::is_core(kind) || kind == "ABSENCE";
        let mut covered = vec![(line.kind.clone(), vec![line.nights])];
        if line.kind == "CORE" {
            for kind in
                kinds(&self.components).into_iter().filter(|kind| *kind != "CORE" && goes_with_core(kind))
            {
                let others =
                    own.iter().filter(|other| other.kind == kind).map(|other| other.nights).collect();
                let nights = without(&[line.nights], &joined(others));
                covered.push((kind.to_owned(), nights));
            }
        }
        covered
    }

    /// Where what is invoiced of a kind of line begins and ends: on either side of such a night another part may be left.
    fn turns(&self, kind: &str) -> BTreeSet<Date> {
        let of_kind = self.claims.iter().filter(|claim| claim.kind == kind);
        of_kind.flat_map(|claim| [claim.nights.start(), claim.nights.end()]).collect()
    }

    fn entitled(&self, line: &SupplierLine, own: &[&SupplierLine]) -> Entitled {
        let mut parts = Vec::new();
        for (kind, nights) in self.covered(line, own) {
            for confirmed in &self.confirmed {
                let within = nights.iter().filter_map(|nights| common(*nights, *confirmed));
                for nights in within.flat_map(|nights| cut(nights, self.turns(&kind).into_iter())) {
                    let (cost, vat) = cost_of_kind(&self.components, &kind, nights);
                    let (gone, gone_vat) = self.invoiced(&kind, nights);
                    let (amount, vat) = (cost - gone, vat - gone_vat);
                    if (amount, vat) != (Pence::ZERO, Pence::ZERO) {
                        parts.push(Claim { kind: kind.clone(), nights, amount, vat });
                    }
                }
            }
        }
        let net = parts.iter().map(|part| part.amount).sum();
        let vat = parts.iter().map(|part| part.vat).sum();
        Entitled { parts, net, vat }
    }

    /// What is invoiced of some nights of a kind of line, and of the VAT on them: of what is invoiced of more nights, the part that they cost of it.
    fn invoiced(&self, kind: &str, nights: Nights) -> (Pence, Pence) {
        let mut sum = (Pence::ZERO, Pence::ZERO);
        for claim in self.claims.iter().filter(|claim| claim.kind == kind) {
            let Some(both) = common(claim.nights, nights) else { continue };
            let up_to = |day: Date| {
                let before = Nights::from_on(claim.nights.start(), Some(day));
                let (cost, whole) = match cost_of_kind(&self.components, kind, claim.nights).0 {
                    // What costs nothing by now is spread over its nights.
                    Pence::ZERO => (Pence(before.count()), Pence(claim.nights.count())),
                    whole => (cost_of_kind(&self.components, kind, before).0, whole),
                };
                (scaled(claim.amount, cost, whole), scaled(claim.vat, cost, whole))
            };
            let (start, end) = (up_to(both.start()), up_to(both.end()));
            sum.0 += end.0 - start.0;
            sum.1 += end.1 - start.1;
        }
        sum
    }

    /// What else than the price keeps a line from being what was agreed.
    fn troubles(&self, line: &SupplierLine, agreed: Pence) -> BTreeSet<&'static str> {
        let mut reasons = BTreeSet::new();
        let holds = nights_of_kind(&self.components, &line.kind);
        if !kinds(&self.components).contains(line.kind.as_str()) {
            reasons.insert("LINE_NOT_AGREED");
        }
        for nights in without(&[line.nights], &self.confirmed) {
            reasons.insert(self.why_unconfirmed(nights));
        }
        let confirmed = self.confirmed.iter().filter_map(|nights| common(*nights, line.nights));
        let confirmed: Vec<Nights> = confirmed.collect();
        if !holds.is_empty() && !without(&confirmed, &holds).is_empty() {
            reasons.insert("LINE_EXPIRED");
        }
        let again = |claim: &Claim| {
            claim.kind == line.kind
                && confirmed.iter().any(|nights| nights.overlaps(&claim.nights))
                && self.invoiced(&line.kind, line.nights) != (Pence::ZERO, Pence::ZERO)
        };
        if line.net > agreed && self.claims.iter().any(again) {
            reasons.insert("NIGHTS_ALREADY_INVOICED");
        }
        reasons
    }

    fn why_unconfirmed(&self, nights: Nights) -> &'static str {
        if self.agreement.from.is_none() {
            return "AGREEMENT_NOT_STARTED";
        }
        let stays = self.agreement.staying_put_nights();
        let left = self.agreement.end.as_ref().is_some_and(|end| end.on <= nights.start());
        if left && !stays.is_some_and(|stays| stays.overlaps(&nights)) {
            return "CHILD_LEFT";
        }
        // The nights before the departure are charged with it.
        match &self.agreement.end {
            Some(end) if end.on < nights.end() && stays.is_none() => "CHILD_LEFT",
            _ => "NIGHTS_NOT_CONFIRMED",
        }
    }

    /// Whether a line's VAT is none that such a line has: another treatment, or another amount than goes with what is asked for.
    fn vat_differs(&self, line: &SupplierLine, entitled: &Entitled) -> bool {
        let (treated, (cost, vat)) = match line.kind == OUTCOME {
            true => self.outcome_vat(line),
            false => (
                treatments(&self.components, &line.kind, line.nights),
                cost_of_kind(&self.components, &line.kind, line.nights),
            ),
        };
        if treated.is_empty() {
            return false;
        }
        // Who has no VAT number adds no VAT, by whatever name it calls that.
        let adds_none = line.vat != vat::STANDARD && line.vat_amount == Pence::ZERO;
        if !(treated.contains(line.vat.as_str()) || treated.contains(vat::NO_VAT_NUMBER) && adds_none) {
            return true;
        }
        // Nights on both sides of a change of the law are told apart by the amounts.
        let (whole, tax) =
            if entitled.net == Pence::ZERO { (cost, vat) } else { (entitled.net, entitled.vat) };
        whole != Pence::ZERO && (line.vat_amount.0 - scaled(tax, line.net, whole).0).abs() > 1
    }
}

/// `amount × part ÷ whole`, half a penny away from zero; nothing of nothing.
pub(super) fn scaled(amount: Pence, part: Pence, whole: Pence) -> Pence {
    if whole == Pence::ZERO {
        return Pence::ZERO;
    }
    if part == whole {
        return amount;
    }
    let (over, under) = (i128::from(amount.0) * i128::from(part.0), i128::from(whole.0));
    let sign = over.signum() * under.signum();
    let rounded = (over.abs() * 2 + under.abs()) / (under.abs() * 2) * sign;
    Pence(i64::try_from(rounded).unwrap_or(amount.0))
}

/// For which nights and lines an accepted amount is: all parts where it is the whole of them, and otherwise what is left out is of the line's own
/// kind first.
fn claims_of(entitled: Entitled, line: &SupplierLine, claimed: Pence) -> Vec<Claim> {
    let vat = scaled(entitled.vat, claimed, entitled.net);
    let mut parts = entitled.parts;
    if claimed == entitled.net {
        return if claimed == Pence::ZERO { Vec::new() } else { parts };
    }
    if claimed == Pence::ZERO {
        return Vec::new();
    }
    if parts.is_empty() {
        let (kind, nights) = (line.kind.clone(), line.nights);
        return vec![Claim { kind, nights, amount: claimed, vat }];
    }
    // By how much less than entitled is claimed, taken off the parts of the line's own kind in proportion.
    let (mut less, mut less_vat) = (entitled.net - claimed, entitled.vat - vat);
    let of_kind = |part: &Claim| part.kind == line.kind;
    let mut whole: Pence = parts.iter().filter(|part| of_kind(part)).map(|part| part.amount).sum();
    let mut whole_vat: Pence = parts.iter().filter(|part| of_kind(part)).map(|part| part.vat).sum();
    for part in parts.iter_mut().filter(|part| of_kind(part)) {
        let (off, off_vat) = (scaled(less, part.amount, whole), scaled(less_vat, part.vat, whole_vat));
        whole -= part.amount;
        whole_vat -= part.vat;
        part.amount -= off;
        part.vat -= off_vat;
        less -= off;
        less_vat -= off_vat;
    }
    if let Some(first) = parts.first_mut() {
        first.amount -= less;
        first.vat -= less_vat;
    }
    parts.retain(|part| (part.amount, part.vat) != (Pence::ZERO, Pence::ZERO));
    parts
}

/// A deduction that is kept in query: there is nothing that it could be taken off.
pub(super) fn held_deduction(matched: &LineMatch) -> LineMatch {
    let mut reasons: BTreeSet<&str> = matched.reasons.iter().map(String::as_str).collect();
    reasons.insert("DEDUCTION_ALONE");
    let (agreed, agreed_vat) = (matched.agreed, matched.agreed_vat);
    LineMatch { agreed, agreed_vat, reasons: in_order(&reasons), ..LineMatch::default() }
}

/// Codes in the order of their set.
fn in_order(reasons: &BTreeSet<&str>) -> Vec<String> {
    let codes = code_sets::MATCH_REASON.codes.iter().map(|it| it.code);
    codes.filter(|code| reasons.contains(code)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::scaled;
    use care::Pence;

    #[test]
    fn a_part_is_rounded_half_a_penny_away_from_zero() {
        assert_eq!(scaled(Pence(100), Pence(1), Pence(3)), Pence(33));
        assert_eq!(scaled(Pence(-100), Pence(1), Pence(8)), Pence(-13));
        assert_eq!(scaled(Pence(-100), Pence(-1), Pence(8)), Pence(13));
        assert_eq!(scaled(Pence(i64::MAX), Pence(3), Pence(3)), Pence(i64::MAX));
        assert_eq!(scaled(Pence(5), Pence(1), Pence::ZERO), Pence::ZERO);
    }
}
