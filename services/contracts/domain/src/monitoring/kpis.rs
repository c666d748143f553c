//! What each figure counts, as data. The page `docs/kpis.md` is made of it.

use super::cases::Family;

/// What a figure is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// A share, in basis points: 10,000 is all.
    BasisPoints,
    /// Minutes.
    Minutes,
    /// Days.
    Days,
}

/// How a figure is made of the cases of its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// The share that these kinds have among all cases.
    Share(&'static [&'static str]),
    /// The share of each kind among all cases, one figure for each.
    Each,
    /// The measure that so many per cent of the cases do not exceed, by nearest rank.
    Percentile(u8),
    /// The cases' parts of their wholes, in nights.
    Nights,
    /// The cases' parts of their wholes, in pence: told to nobody but those whose money it is.
    Money,
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kpi {
    /// Its code.
    pub code: &'static str,
    /// Its name in a few words.
    pub name: &'static str,
    /// What it counts, and in which quarter a case is.
    pub counts: &'static str,
    /// The numerator.
    pub numerator: &'static str,
    /// The denominator.
    pub denominator: &'static str,
    /// What it is in.
    pub unit: Unit,
    /// The events that it comes from.
    pub source: &'static str,
    pub(super) family: Family,
    pub(super) made: Made,
}

impl Kpi {
    /// Whether it is told to nobody but the one council or provider that it is about.
    #[must_use]
    pub fn own_only(&self) -> bool {
        self.made == Made::Money
    }
}

/// The code of the figure that is told for each DECLINE code.
pub const DECLINES: &str = "DECLINES";

macro_rules! kpi {
    ($code:expr, $name:literal, $family:ident, $made:expr, $unit:ident,
     counts $counts:literal, of $numerator:literal / $denominator:literal, from $source:literal) => {
        Kpi {
            code: $code,
            name: $name,
            counts: $counts,
            numerator: $numerator,
            denominator: $denominator,
            unit: Unit::$unit,
            source: $source,
            family: Family::$family,
            made: $made,
        }
    };
}

/// Every figure, in the order in which they are told.
pub const KPIS: [Kpi; 23] = [
    kpi!("OFFER_RATE", "Invitations answered with an offer", Answers, Made::Share(&["OFFERED"]), BasisPoints,
        counts "A referral released to a provider is one invitation, in the quarter of its first release. One that is not answered yet counts as \
                not answered with an offer, and so does one whose offers were all taken back.",
        of "invitations with an offer that stands" / "invitations",
        from "`ReferralReleased`, `OfferSubmitted`, `OfferWithdrawn`, `ReferralDeclined`"),
    kpi!("UNANSWERED", "Invitations not answered", Answers, Made::Share(&["UNANSWERED"]), BasisPoints,
        counts "Such invitations that have had neither an offer nor a decline so far.",
        of "invitations without an answer" / "invitations",
        from "`ReferralReleased`, `OfferSubmitted`, `ReferralDeclined`"),
    kpi!("TIME_TO_OFFER_MEDIAN", "Time to offer, median", Answers, Made::Percentile(50), Minutes,
        counts "From the first release of a referral to a provider to its first offer for it, in the quarter of the release, where an offer \
                stands. Half of the offers came at least as soon.",
        of "none" / "invitations with an offer that stands",
        from "`ReferralReleased`, `OfferSubmitted`, `OfferWithdrawn`"),
    kpi!("TIME_TO_OFFER_P90", "Time to offer, 90th percentile", Answers, Made::Percentile(90), Minutes,
        counts "The same; nine tenths of the offers came at least as soon.",
        of "none" / "invitations with an offer that stands",
        from "`ReferralReleased`, `OfferSubmitted`, `OfferWithdrawn`"),
    kpi!(DECLINES, "Declines by reason", Declines, Made::Each, BasisPoints,
        counts "Invitations that were declined and have no offer that stands, by the reason that was given last, in the quarter of the first release. One row \
                for each code of DECLINE.",
        of "invitations declined for this reason" / "invitations declined",
        from "`ReferralReleased`, `ReferralDeclined`, `OfferSubmitted`, `OfferWithdrawn`"),
    kpi!("ROUTE_IN_HOUSE", "Agreements for in-house provision", Routes, Made::Share(&["IN_HOUSE"]), BasisPoints,
        counts "Agreements in the quarter in which they were issued, by the route of the award.",
        of "agreements for the council's own provision" / "agreements issued",
        from "`AgreementIssued`"),
    kpi!("ROUTE_FRAMEWORK", "Agreements called off from a framework", Routes, Made::Share(&["FRAMEWORK"]), BasisPoints,
        counts "The same.",
        of "agreements called off from a framework" / "agreements issued",
        from "`AgreementIssued`"),
    kpi!("ROUTE_SPOT", "Agreements bought off the framework", Routes, Made::Share(&["SPOT"]), BasisPoints,
        counts "The same.",
        of "agreements bought spot" / "agreements issued",
        from "`AgreementIssued`"),
    kpi!("WITHIN_20_MILES", "Homes within 20 miles", Distance, Made::Share(&["WITHIN"]), BasisPoints,
        counts "Agreements in the quarter in which they were issued, of which both the place to measure from (the referral's anchor) and the \
                home's postcode sector are known: of a place in a carer household the household's where that is known, and not that of \
                its agency's office. Measured between sectors, so right to a few hundred metres in a town.",
        of "agreements for a home 20 miles away at most" / "agreements whose distance is known",
        from "`AgreementIssued`, `ReferralPosted`, `ReferralAmended`, `PlaceClaimed`, `PlaceOpened`, `EstablishmentRegistered`, \
              `EstablishmentAmended`, `HouseholdRegistered`, `HouseholdAmended`"),
    kpi!("GRADE_GOOD", "Homes that are good or outstanding", Grade, Made::Share(&["GOOD"]), BasisPoints,
        counts "Agreements in the quarter in which they were issued, by Ofsted's grade of the establishment when the award was judged. One that has \
                no grade yet is not good.",
        of "agreements with an establishment that is good or outstanding" / "agreements issued whose grade is known",
        from "`AgreementIssued`, `PlaceClaimed`"),
    kpi!("PRICE_OF_CEILING", "Core fee as a part of the ceiling, median", Price, Made::Percentile(50), BasisPoints,
        counts "Call-offs in the quarter in which the agreement was issued: the core fee as agreed first against the ceiling of the lot's level for \
                this age and these attributes.",
        of "none" / "call-offs whose ceiling is known",
        from "`AgreementIssued`, `LotAdded`"),
    kpi!("FILL", "Nights that places were filled", Fill, Made::Nights, BasisPoints,
        counts "Nights of the quarter that have passed, on which the place was open and its establishment's registration active. A child placed solo \
                fills every place of the home, or of the carer household. Of a council: in the places that it operates itself; of a framework: in \
                those of providers on the nights on which they were admitted with the establishment, whoever placed the child. Not told of a provider \
                to a framework's lead.",
        of "nights with a child in the place, or solo in another place of the home" / "nights on which the places were open",
        from "`PlaceOpened`, `PlaceClosed`, `PlaceOccupied`, `OccupancyEnded`, `PlaceClaimed`, `EstablishmentRegistered`, `EstablishmentAmended`"),
    kpi!("VOIDS", "Nights of block beds that stayed empty", Voids, Made::Nights, BasisPoints,
        counts "Nights of the quarter that have passed, of block beds: who bought them first pays, so that a resale changes nothing here. Of a \
                framework: the nights on which that council was a member.",
        of "nights of block beds with no child in the place" / "nights of block beds",
        from "`BlockAllocated`, `BlockEnded`, `PlaceOccupied`, `OccupancyEnded`"),
    kpi!("RETAINED", "Nights that a retainer kept a place free", Bought, Made::Nights, BasisPoints,
        counts "Nights of the quarter that have passed, of paid reservations. A reservation ends when the child comes, so that all of its nights are \
                empty: they are no voids. Of a framework: the nights on which that council was a member.",
        of "nights of paid reservations" / "nights of block beds and of paid reservations",
        from "`BlockAllocated`, `BlockEnded`, `PlaceReserved`, `ReservationEnded`, `OccupancyEnded`"),
    kpi!("BREAKDOWN_3_MONTHS", "Placements that broke down within 3 months", Endings, Made::Share(&["WITHIN_3"]), BasisPoints,
        counts "Placements in the quarter in which they ended, if the child came: ended as DISRUPTION, at most three months after the first night.",
        of "breakdowns within 3 months of the first night" / "placements ended",
        from "`PlacementStarted`, `PlacementEnded`"),
    kpi!("BREAKDOWN_6_MONTHS", "Placements that broke down within 6 months", Endings, Made::Share(&["WITHIN_3", "WITHIN_6"]), BasisPoints,
        counts "The same, at most six months after; those within three are among them.",
        of "breakdowns within 6 months of the first night" / "placements ended",
        from "`PlacementStarted`, `PlacementEnded`"),
    kpi!("BREAKDOWN_12_MONTHS", "Placements that broke down within 12 months", Endings, Made::Share(&["WITHIN_3", "WITHIN_6", "WITHIN_12"]), BasisPoints,
        counts "The same, at most twelve months after; those within six are among them.",
        of "breakdowns within 12 months of the first night" / "placements ended",
        from "`PlacementStarted`, `PlacementEnded`"),
    kpi!("ENDING_UNTOLD", "Placements of which nobody said how they ended", Endings, Made::Share(&["UNTOLD"]), BasisPoints,
        counts "The same placements. Breakdowns may be among these and are not counted above.",
        of "placements ended without a PLACEMENT_END code" / "placements ended",
        from "`PlacementStarted`, `PlacementEnded`"),
    kpi!("INVOICE_ACCURACY", "Invoices that take nothing back", Invoices, Made::Share(&["AS_BILLED"]), BasisPoints,
        counts "Self-billed invoices and credit notes in the quarter of their issue. One is inaccurate if it takes nights back that were charged \
                before, on it or on an earlier one.",
        of "documents that take nothing back" / "documents issued",
        from "`InvoiceIssued`"),
    kpi!("CREDITED", "Part of the money billed that was taken back", Invoices, Made::Money, BasisPoints,
        counts "The same documents, in money without VAT: all that is taken back, although most of it is charged anew. Told of a council to that \
                council alone, and of a provider to that provider.",
        of "pence taken back" / "pence billed",
        from "`InvoiceIssued`"),
    kpi!("DAYS_TO_PAY", "Days from invoice to payment, median", Payments, Made::Percentile(50), Days,
        counts "Invoices, not credit notes, in the quarter in which they were paid: from the day of issue.",
        of "none" / "invoices paid",
        from "`InvoiceIssued`, `PaymentRecorded`"),
    kpi!("DAYS_TO_PAY_P90", "Days from invoice to payment, 90th percentile", Payments, Made::Percentile(90), Days,
        counts "The same; nine tenths were paid at least as soon.",
        of "none" / "invoices paid",
        from "`InvoiceIssued`, `PaymentRecorded`"),
    kpi!("PAID_IN_30_DAYS", "Invoices paid within 30 days", Payments, Made::Share(&["IN_30_DAYS"]), BasisPoints,
        counts "The same invoices, against the 30 days of section 68 of the Procurement Act 2023.",
        of "invoices paid within 30 days of their issue" / "invoices paid",
        from "`InvoiceIssued`, `PaymentRecorded`"),
];
