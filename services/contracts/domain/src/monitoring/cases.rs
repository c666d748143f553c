//! What is counted, one case at a time: an invitation, an agreement, a child's nights in a place, a bed bought beforehand, a document.

use super::heard::{Invitation, OpenPlace};
use super::placements::Placement;
use super::quarter::{Quarter, Quarters, months_after};
use super::report::Facts;
use care::{CouncilId, Date, FrameworkId, Nights, PlaceId, ProviderId, london_date};
use std::collections::BTreeMap;

/// The PLACEMENT_END code of a breakdown.
const DISRUPTION: &str = "DISRUPTION";
/// Within which payment is due: section 68 of the Procurement Act 2023.
const PAYMENT_DAYS: i64 = 30;

/// Cases of one kind: whatever is counted of them adds up to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// Invitations by how they were answered; measured in minutes to the offer.
    Answers,
    /// Declined invitations by reason.
    Declines,
    /// Agreements by route.
    Routes,
    /// Agreements by distance.
    Distance,
    /// Agreements by grade.
    Grade,
    /// Call-offs; measured in basis points of the ceiling.
    Price,
    /// Children's stays, in nights of the nights that places were open.
    Fill,
    /// Beds bought beforehand, in empty nights of the nights bought.
    Voids,
    /// Ended placements by how and how soon.
    Endings,
    /// Documents by whether they take something back, in pence of the pence billed.
    Invoices,
    /// Paid invoices by whether in time; measured in days.
    Payments,
}

impl Family {
    /// The family that all cases of this one are in as well.
    pub(super) fn within(self) -> Option<Self> {
        match self {
            Self::Declines => Some(Self::Answers),
            Self::Price => Some(Self::Routes),
            _ => None,
        }
    }
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case<'a> {
    pub(super) family: Family,
    pub(super) quarter: Quarter,
    /// The day on which the council's membership of a framework counts.
    pub(super) on: Date,
    /// Whose case it is; none of nights on which a place was open, which are nobody's.
    pub(super) council: Option<CouncilId>,
    pub(super) provider: &'a ProviderId,
    /// The council that operates the place itself; of stays alone.
    pub(super) operated_by: Option<CouncilId>,
    /// The framework that was called off from; of prices alone.
    pub(super) framework: Option<&'a FrameworkId>,
    /// Its kind in the family; none if it is no case but only adds to the whole.
    pub(super) kind: Option<&'a str>,
    /// What it has of its whole.
    pub(super) part: i64,
    /// The whole.
    pub(super) whole: i64,
    /// What is measured of it.
    pub(super) measure: Option<i64>,
}

impl<'a> Case<'a> {
    fn new(
        family: Family,
        (quarter, on): (Quarter, Date),
        council: impl Into<Option<CouncilId>>,
        provider: &'a ProviderId,
        kind: impl Into<Option<&'a str>>,
    ) -> Self {
        Self {
            family,
            quarter,
            on,
            council: council.into(),
            provider,
            operated_by: None,
            framework: None,
            kind: kind.into(),
            part: 0,
            whole: 0,
            measure: None,
        }
    }
}

/// Gives every case of these quarters, in no order that matters.
pub(super) fn each_case<'a>(facts: &Facts<'a>, quarters: Quarters, give: &mut impl FnMut(Case<'a>)) {
    for (council, asked) in &facts.heard.asked {
        let all = asked.invitations.values().flatten();
        for (provider, invitation) in all {
            answered(*council, provider, invitation, quarters, give);
        }
    }
    for placement in facts.placements {
        agreed(facts, placement, quarters, give);
        ended(facts, placement, quarters, give);
    }
    stays(facts, quarters, give);
    invoiced(facts, quarters, give);
}

fn answered<'a>(
    council: CouncilId,
    provider: &'a ProviderId,
    invitation: &'a Invitation,
    quarters: Quarters,
    give: &mut impl FnMut(Case<'a>),
) {
    let on = london_date(invitation.sent_at);
    let Some(quarter) = quarters.of(on) else { return };
    let case = |family, kind| Case::new(family, (quarter, on), council, provider, kind);
    match (invitation.offered_at, &invitation.declined) {
        (Some(offered_at), _) => {
            let seconds = offered_at.as_second() - invitation.sent_at.as_second();
            give(Case { measure: Some(seconds.max(0) / 60), ..case(Family::Answers, "OFFERED") });
        }
        (None, Some(reason)) => {
            give(case(Family::Answers, "DECLINED"));
            give(case(Family::Declines, reason));
        }
        (None, None) => give(case(Family::Answers, "UNANSWERED")),
    }
}

fn agreed<'a>(
    facts: &Facts<'a>,
    placement: &'a Placement,
    quarters: Quarters,
    give: &mut impl FnMut(Case<'a>),
) {
    let on = placement.issued_on;
    let Some(quarter) = quarters.of(on) else { return };
    let case = |family, kind| Case::new(family, (quarter, on), placement.council, &placement.provider, kind);
    give(case(Family::Routes, placement.route));
    if let Some(grade) = facts.heard.grades.get(&placement.award) {
        let good = matches!(grade.as_str(), "GOOD" | "OUTSTANDING");
        give(case(Family::Grade, if good { "GOOD" } else { "OTHER" }));
    }
    let asked = facts.heard.asked.get(&placement.council);
    let anchor = asked.and_then(|asked| asked.anchors.get(&placement.referral));
    let home = facts.heard.establishments.get(&placement.urn);
    let near = anchor.zip(home).and_then(|(anchor, home)| (facts.within_20_miles)(anchor, &home.sector));
    if let Some(near) = near {
        give(case(Family::Distance, if near { "WITHIN" } else { "BEYOND" }));
    }
    if let Some(ceiling) = placement.ceiling.filter(|ceiling| ceiling.0 > 0) {
        // A core fee is below ten million pounds a week: the product is far from the end of an i64.
        let measure = Some(placement.core.0.saturating_mul(10_000) / ceiling.0);
        let framework = placement.framework.as_ref();
        give(Case { measure, framework, ..case(Family::Price, "CALLED_OFF") });
    }
}

fn ended<'a>(
    facts: &Facts<'a>,
    placement: &'a Placement,
    quarters: Quarters,
    give: &mut impl FnMut(Case<'a>),
) {
    let (Some(started), Some((on, ending))) = (placement.started, &placement.ended) else { return };
    // What is planned for a day to come has not happened yet.
    let Some(quarter) = quarters.of(*on).filter(|_| *on <= facts.today) else { return };
    let within = |months| *on <= months_after(started, months);
    let kind = match ending.as_deref() {
        None => "UNTOLD",
        Some(DISRUPTION) if within(3) => "WITHIN_3",
        Some(DISRUPTION) if within(6) => "WITHIN_6",
        Some(DISRUPTION) if within(12) => "WITHIN_12",
        Some(_) => "OTHER",
    };
    give(Case::new(Family::Endings, (quarter, *on), placement.council, &placement.provider, kind));
}

/// The nights that are in both.
fn common(one: Nights, other: Nights) -> i64 {
    let (from, until) = (one.start().max(other.start()), one.end().min(other.end()));
    Nights::new(from, until).map_or(0, |nights| nights.count())
}

fn stays<'a>(facts: &Facts<'a>, quarters: Quarters, give: &mut impl FnMut(Case<'a>)) {
    let mut in_place: BTreeMap<&PlaceId, Vec<(CouncilId, Nights)>> = BTreeMap::new();
    for occupancy in facts.heard.occupancies.values() {
        let nights = Nights::from_on(occupancy.from, occupancy.until);
        in_place.entry(&occupancy.place).or_default().push((occupancy.council, nights));
    }
    for (id, place) in &facts.heard.places {
        let Some(home) = facts.heard.establishment_of(place) else { continue };
        let stays = in_place.get(id).map_or(&[][..], Vec::as_slice);
        for quarter in quarters.iter() {
            let passed = quarter.nights_passed(facts.today);
            let when = (quarter, quarter.first_day());
            let operated_by = home.operated_by;
            let whole = open_nights(place, passed);
            if whole > 0 {
                give(Case {
                    operated_by,
                    whole,
                    ..Case::new(Family::Fill, when, None, &home.provider, None)
                });
            }
            for (council, nights) in stays {
                let part = common(*nights, passed);
                if part > 0 {
                    let stay = Case::new(Family::Fill, when, *council, &home.provider, "STAY");
                    give(Case { operated_by, part, ..stay });
                }
            }
            for bought in place.beforehand.values() {
                let nights = Nights::from_on(bought.from, Some(bought.until));
                let whole = common(nights, passed);
                if whole > 0 {
                    let part = whole - filled_nights(nights, passed, stays);
                    let bed = Case::new(Family::Voids, when, bought.council, &home.provider, "BED");
                    give(Case { part, whole, ..bed });
                }
            }
        }
    }
}

/// How many of these nights the place was open.
fn open_nights(place: &OpenPlace, passed: Nights) -> i64 {
    place.spans.iter().map(|(from, until)| common(Nights::from_on(*from, *until), passed)).sum()
}

/// How many of the nights bought that have passed some child was there. In one night of a place there is one child at most.
fn filled_nights(bought: Nights, passed: Nights, stays: &[(CouncilId, Nights)]) -> i64 {
    let (from, until) = (bought.start().max(passed.start()), bought.end().min(passed.end()));
    let bought_and_passed = Nights::from_on(from, Some(until));
    stays.iter().map(|(_, nights)| common(*nights, bought_and_passed)).sum()
}

fn invoiced<'a>(facts: &Facts<'a>, quarters: Quarters, give: &mut impl FnMut(Case<'a>)) {
    for (council, invoices) in &facts.heard.invoices {
        for invoice in invoices.values() {
            let provider = &invoice.provider;
            if let Some(quarter) = quarters.of(invoice.issued_on) {
                let kind = if invoice.corrects { "CORRECTED" } else { "AS_BILLED" };
                let (part, whole) = (invoice.taken_back, invoice.billed);
                let document =
                    Case::new(Family::Invoices, (quarter, invoice.issued_on), *council, provider, kind);
                give(Case { part, whole, ..document });
            }
            let Some(paid_on) = invoice.paid_on.filter(|_| !invoice.credit_note) else { continue };
            if let Some(quarter) = quarters.of(paid_on) {
                let days = Nights::from_on(invoice.issued_on, Some(paid_on)).count();
                let kind = if days <= PAYMENT_DAYS { "IN_30_DAYS" } else { "LATER" };
                let paid = Case::new(Family::Payments, (quarter, paid_on), *council, provider, kind);
                give(Case { measure: Some(days), ..paid });
            }
        }
    }
}
