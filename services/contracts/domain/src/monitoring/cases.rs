//! What is counted, one case at a time: an invitation, an agreement, a child's nights in a place, a bed bought beforehand, a document.

use super::heard::{Establishment, Invitation, Invoice, OpenPlace};
use super::placements::Placement;
use super::quarter::{Quarter, Quarters, months_after};
use super::report::Facts;
use super::spans::{common, count, joined, nights_of, without};
use crate::frameworks::Framework;
use care::{
    AwardId, CouncilId, Date, EstablishmentUrn, FrameworkId, HouseholdId, Nights, PlaceId, ProviderId,
    london_date,
};
use std::collections::BTreeMap;

/// The PLACEMENT_END code of a breakdown.
const DISRUPTION: &str = "DISRUPTION";
/// The ROUTE code of a call-off.
pub(super) const FRAMEWORK: &str = "FRAMEWORK";
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
    /// Beds bought beforehand, in nights reserved of the nights bought.
    Bought,
    /// Block beds, in empty nights of the nights bought.
    Voids,
    /// Ended placements by how and how soon.
    Endings,
    /// Documents by whether they take something back, in pence of the pence billed.
    Invoices,
    /// Paid invoices by whether in time; measured in days.
    Payments,
}

impl Family {
    /// Every family.
    pub(super) const ALL: [Self; 12] = [
        Self::Answers,
        Self::Declines,
        Self::Routes,
        Self::Distance,
        Self::Grade,
        Self::Price,
        Self::Fill,
        Self::Bought,
        Self::Voids,
        Self::Endings,
        Self::Invoices,
        Self::Payments,
    ];

    /// The family that all cases of this one are in as well.
    pub(super) fn within(self) -> Option<Self> {
        match self {
            Self::Declines => Some(Self::Answers),
            Self::Price => Some(Self::Routes),
            Self::Voids => Some(Self::Bought),
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
    /// The council that operates the place itself; of nights alone.
    pub(super) operated_by: Option<CouncilId>,
    /// The award that a child is there by; of stays alone.
    pub(super) stay: Option<AwardId>,
    /// The establishment; of stays alone.
    pub(super) urn: Option<&'a EstablishmentUrn>,
    /// The nights that the part and the whole are counted of, where they are nights.
    pub(super) nights: Option<(Vec<Nights>, Vec<Nights>)>,
    /// The framework that was called off from, where the price counts; of prices and routes alone.
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
            stay: None,
            urn: None,
            nights: None,
            framework: None,
            kind: kind.into(),
            part: 0,
            whole: 0,
            measure: None,
        }
    }

    /// A case that is so many nights of so many.
    fn of_nights(self, part: Vec<Nights>, whole: Vec<Nights>) -> Self {
        Self { part: count(&part), whole: count(&whole), nights: Some((part, whole)), ..self }
    }

    /// What of the case lies in these nights; none if nothing does.
    pub(super) fn within(&self, spans: &[Nights]) -> Option<Self> {
        let (part, whole) = self.nights.as_ref()?;
        let (part, whole) = (common(part, spans), common(whole, spans));
        (!part.is_empty() || !whole.is_empty()).then(|| self.clone().of_nights(part, whole))
    }
}

/// Whose cases are wanted: what is others' is passed over before anything is made of it. More may be given than is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'w> {
    /// A council's.
    Council(CouncilId),
    /// A provider's.
    Provider(&'w ProviderId),
    /// Those of councils that are or were in one of these frameworks, and of providers that were admitted to one.
    Frameworks(&'w [&'w Framework]),
}

impl Wanted<'_> {
    fn council(self, council: CouncilId) -> bool {
        match self {
            Self::Council(wanted) => wanted == council,
            Self::Provider(_) => true,
            Self::Frameworks(all) => all.iter().any(|framework| framework.members.contains_key(&council)),
        }
    }

    fn provider(self, provider: &ProviderId) -> bool {
        match self {
            Self::Provider(wanted) => wanted == provider,
            Self::Council(_) | Self::Frameworks(_) => true,
        }
    }
}

/// Gives every case of these quarters that is wanted, in no order that matters.
pub(super) fn each_case<'a>(
    facts: &Facts<'a>,
    wanted: Wanted<'_>,
    quarters: Quarters,
    give: &mut impl FnMut(Case<'a>),
) {
    for (council, asked) in facts.heard.asked.iter().filter(|(council, _)| wanted.council(**council)) {
        let all = asked.invitations.values().flatten();
        for (provider, invitation) in all.filter(|(provider, _)| wanted.provider(provider)) {
            answered(*council, provider, invitation, quarters, give);
        }
    }
    let placements = facts.placements.iter().filter(|it| wanted.council(it.council));
    for placement in placements.filter(|it| wanted.provider(&it.provider)) {
        agreed(facts, placement, quarters, give);
        ended(facts, placement, quarters, give);
    }
    stays(facts, wanted, quarters, give);
    for (council, invoices) in facts.heard.invoices.iter().filter(|(council, _)| wanted.council(**council)) {
        for invoice in invoices.values().filter(|invoice| wanted.provider(&invoice.provider)) {
            invoiced(*council, invoice, quarters, give);
        }
    }
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
        (Some(offered_at), _) if !invitation.standing.is_empty() => {
            let seconds = offered_at.as_second() - invitation.sent_at.as_second();
            give(Case { measure: Some(seconds.max(0) / 60), ..case(Family::Answers, "OFFERED") });
        }
        (_, Some(reason)) => {
            give(case(Family::Answers, "DECLINED"));
            give(case(Family::Declines, reason));
        }
        (Some(_), None) => give(case(Family::Answers, "TAKEN_BACK")),
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
    let ceiling = placement.ceiling.filter(|ceiling| ceiling.0 > 0);
    let framework = placement.framework.as_ref().filter(|_| ceiling.is_some());
    give(Case { framework, ..case(Family::Routes, placement.route) });
    // One of which it is not known is no case, but may not be told from those of which it is.
    let good = |grade: &str| if matches!(grade, "GOOD" | "OUTSTANDING") { "GOOD" } else { "OTHER" };
    let claim = facts.heard.claims.get(&placement.award);
    give(Case { kind: claim.map(|claim| good(&claim.grade)), ..case(Family::Grade, "OTHER") });
    let asked = facts.heard.asked.get(&placement.council);
    let anchor = asked.and_then(|asked| asked.anchors.get(&placement.referral));
    let sector = facts.heard.sector_of(placement.award, &placement.urn);
    let near = anchor.zip(sector).and_then(|(anchor, sector)| (facts.within_20_miles)(anchor, sector));
    let near = near.map(|near| if near { "WITHIN" } else { "BEYOND" });
    give(Case { kind: near, ..case(Family::Distance, "BEYOND") });
    if let Some(ceiling) = ceiling {
        // A core fee is below ten million pounds a week: the product is far from the end of an i64.
        let measure = Some(placement.core.0.saturating_mul(10_000) / ceiling.0);
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

/// A child's nights in a place.
#[derive(Clone, Copy)]
struct Stay {
    award: AwardId,
    council: CouncilId,
    nights: Nights,
}

/// What a solo placement takes as a whole: a carer household, or an establishment without those.
type Home<'a> = (&'a EstablishmentUrn, Option<&'a HouseholdId>);

fn home_of(place: &OpenPlace) -> Home<'_> {
    (&place.urn, place.household.as_ref())
}

/// Who was where.
#[derive(Default)]
struct Stays<'a> {
    in_place: BTreeMap<&'a PlaceId, Vec<Stay>>,
    /// Of children who have a home for themselves, with the place in which they are.
    solo: BTreeMap<Home<'a>, Vec<(&'a PlaceId, Stay)>>,
}

impl<'a> Stays<'a> {
    fn of(facts: &Facts<'a>) -> Self {
        let mut stays = Self::default();
        for (award, occupancy) in &facts.heard.occupancies {
            let nights = Nights::from_on(occupancy.from, occupancy.until);
            let stay = Stay { award: *award, council: occupancy.council, nights };
            stays.in_place.entry(&occupancy.place).or_default().push(stay);
            let solo = facts.heard.claims.get(award).is_some_and(|claim| claim.solo);
            if let Some(place) = facts.heard.places.get(&occupancy.place).filter(|_| solo) {
                let alone = stays.solo.entry(home_of(place)).or_default();
                // The child's own place is open as well: there it is a case, and here its nights alone are counted.
                for nights in common(&nights_of(&place.spans), &[nights]) {
                    alone.push((&occupancy.place, Stay { nights, ..stay }));
                }
            }
        }
        stays
    }

    fn in_place(&self, place: &PlaceId) -> &[Stay] {
        self.in_place.get(place).map_or(&[], Vec::as_slice)
    }

    /// The stays of children in other places who have the home for themselves.
    fn beside(&self, id: &PlaceId, place: &'a OpenPlace) -> impl Iterator<Item = &Stay> {
        let solo = self.solo.get(&home_of(place)).into_iter().flatten();
        solo.filter(move |(of, _)| *of != id).map(|(_, stay)| stay)
    }
}

fn stays<'a>(facts: &Facts<'a>, wanted: Wanted<'_>, quarters: Quarters, give: &mut impl FnMut(Case<'a>)) {
    let stays = Stays::of(facts);
    for (id, place) in &facts.heard.places {
        let home = facts.heard.establishment_of(place).filter(|home| wanted.provider(&home.provider));
        let Some(home) = home else { continue };
        let open = common(&nights_of(&place.spans), &nights_of(&home.active));
        for quarter in quarters.iter() {
            let passed = [quarter.nights_passed(facts.today)];
            filled(&stays, (id, place, home), (quarter, &common(&open, &passed)), give);
            bought((stays.in_place(id), place, home), (quarter, &passed), give);
        }
    }
}

/// The nights of the quarter on which a place was open, and on which of them it was filled: by a child there, or by one who has the home for itself.
fn filled<'a>(
    stays: &Stays<'a>,
    (id, place, home): (&PlaceId, &'a OpenPlace, &'a Establishment),
    (quarter, open): (Quarter, &[Nights]),
    give: &mut impl FnMut(Case<'a>),
) {
    if open.is_empty() {
        return;
    }
    let case = |council: Option<CouncilId>, kind: Option<&'static str>| Case {
        operated_by: home.operated_by,
        urn: Some(&place.urn),
        ..Case::new(Family::Fill, (quarter, quarter.first_day()), council, &home.provider, kind)
    };
    give(case(None, None).of_nights(Vec::new(), open.to_vec()));
    let mut free = open.to_vec();
    let there = stays.in_place(id).iter().map(|stay| (stay, Some("STAY")));
    // A child elsewhere in the home is a case there.
    let beside = stays.beside(id, place).map(|stay| (stay, None));
    for (stay, kind) in there.chain(beside) {
        let nights = common(&free, &[stay.nights]);
        if !nights.is_empty() {
            free = without(&free, &[stay.nights]);
            let case = Case { stay: Some(stay.award), ..case(Some(stay.council), kind) };
            give(case.of_nights(nights, Vec::new()));
        }
    }
}

/// What was bought beforehand of the nights of the quarter that have passed.
fn bought<'a>(
    (stays, place, home): (&[Stay], &'a OpenPlace, &'a Establishment),
    (quarter, passed): (Quarter, &[Nights]),
    give: &mut impl FnMut(Case<'a>),
) {
    for bought in place.beforehand.values() {
        let whole = common(&[Nights::from_on(bought.from, Some(bought.until))], passed);
        if whole.is_empty() {
            continue;
        }
        let when = (quarter, quarter.first_day());
        let case = |family, kind| Case {
            operated_by: home.operated_by,
            ..Case::new(family, when, bought.council, &home.provider, kind)
        };
        if bought.reserved {
            give(case(Family::Bought, "RESERVED").of_nights(whole.clone(), whole));
        } else {
            let children = joined(stays.iter().map(|stay| stay.nights).collect());
            give(case(Family::Voids, "BED").of_nights(without(&whole, &children), whole.clone()));
            give(case(Family::Bought, "BLOCK").of_nights(Vec::new(), whole));
        }
    }
}

fn invoiced<'a>(
    council: CouncilId,
    invoice: &'a Invoice,
    quarters: Quarters,
    give: &mut impl FnMut(Case<'a>),
) {
    let case = |family, quarter, on, kind| Case::new(family, (quarter, on), council, &invoice.provider, kind);
    if let Some(quarter) = quarters.of(invoice.issued_on) {
        let kind = if invoice.corrects { "CORRECTED" } else { "AS_BILLED" };
        let (part, whole) = (invoice.taken_back, invoice.billed);
        give(Case { part, whole, ..case(Family::Invoices, quarter, invoice.issued_on, kind) });
    }
    let Some(paid_on) = invoice.paid_on.filter(|_| !invoice.credit_note) else { return };
    if let Some(quarter) = quarters.of(paid_on) {
        let days = Nights::from_on(invoice.issued_on, Some(paid_on)).count();
        let kind = if days <= PAYMENT_DAYS { "IN_30_DAYS" } else { "LATER" };
        give(Case { measure: Some(days), ..case(Family::Payments, quarter, paid_on, kind) });
    }
}
