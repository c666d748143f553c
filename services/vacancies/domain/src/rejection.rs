//! Why the market says no. None of it tells a council who else holds or has a place.

use care::market::{
    HoldPolicy, HouseholdApproval, MixInvalid, RegistrationStatus, Sexes, StatementOfPurpose,
};
use care::{
    DAYS_AHEAD_MAX, Date, EstablishmentUrn, HouseholdId, Pence, PlaceId, ProviderId, ReferralId, Refusal,
    RefusalKind, Timestamp, Violation, last_day_ahead, london_date,
};

use crate::commands::Command;

/// A refusal of the market.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(
    missing_docs,
    reason = "each variant's message says what it is, and its fields are the message's parts"
)]
pub enum Rejection {
    #[error("provider {0} is registered already")]
    ProviderExists(ProviderId),
    #[error("there is no provider {0}: register it first")]
    ProviderUnknown(ProviderId),
    #[error("establishment {0} is registered already: amend it instead")]
    EstablishmentExists(EstablishmentUrn),
    #[error("there is no establishment {0}: register it first")]
    EstablishmentUnknown(EstablishmentUrn),
    #[error("the URN {0} has more than {1} characters")]
    UrnTooLong(EstablishmentUrn, usize),
    #[error(
        "ages {from} to {to} are no range: the first must not exceed the second, and the second not {max}"
    )]
    AgeRangeInvalid { from: u8, to: u8, max: u8 },
    #[error("supported accommodation takes nobody under 16: age_from is {0}")]
    SupportedAccommodationAges(u8),
    #[error("provision {provision} does not go with place code {place_code}")]
    ProvisionMismatch { provision: String, place_code: String },
    #[error("it was changed meanwhile and is at revision {found}: read it again and retry")]
    EtagMismatch { found: u32 },
    #[error("{open} places are open, more than the {registered} to be registered: close some first")]
    PlacesBelowOpen { open: u16, registered: u16 },
    #[error(
        "{claimed} places are claimed on some night to come, more than the {registered} to be registered: wait until children have left"
    )]
    PlacesBelowClaimed { claimed: u16, registered: u16 },
    #[error("the register of {latest} has been imported: one of {as_of} says nothing new")]
    RegisterSuperseded { as_of: Date, latest: Date },
    #[error(
        "of the register of {as_of} {read} rows have been read, not {rows}: send the parts that are missing, then finish it"
    )]
    RegisterIncomplete { as_of: Date, read: usize, rows: u32 },
    #[error(
        "{gone} of {listed} establishments of the register before are not in that of {as_of}: if it is the whole register, say that you know how many \
         these are; more than {most} cannot go at once, import a date between first",
        most = Command::NO_LONGER_LISTED_MAX
    )]
    RegisterTooDifferent { as_of: Date, gone: usize, listed: usize },
    #[error("a restriction notice is in force since {0}: lift it before another is entered")]
    NoticeInForce(Date),
    #[error("no restriction notice is in force for establishment {0}")]
    NoticeNotInForce(EstablishmentUrn),
    #[error("the notice was served on {served}: it cannot be lifted on {lifted}, before that")]
    NoticeDatesReversed { served: Date, lifted: Date },
    #[error("{0} places cannot be opened at once: ask for 1 to {max}", max = Command::OPEN_PLACES_MAX)]
    CountOutOfRange(u16),
    #[error("{open} places are open and {registered} registered: {asked} more would exceed the registration")]
    PlacesExceedRegistration { open: u16, registered: u16, asked: u16 },
    #[error("there is no place {0}")]
    PlaceUnknown(PlaceId),
    #[error("place {0} is closed")]
    PlaceClosed(PlaceId),
    #[error("place {0} is held, reserved, awarded or occupied: wait until it is free")]
    PlaceInUse(PlaceId),
    #[error("place {0} is on hold until {1}: wait until the hold has ended")]
    PlaceHeld(PlaceId, Timestamp),
    #[error("place {0} is not advertised")]
    PlaceNotAdvertised(PlaceId),
    #[error("place {0} does not belong to the {1} that was named")]
    PlaceMismatch(PlaceId, &'static str),
    #[error("ages {from} to {to} exceed the registration, which allows {registered_from} to {registered_to}")]
    AgesOutsideRegistration { from: u8, to: u8, registered_from: u8, registered_to: u8 },
    #[error("the establishment is registered for one sex only: advertise for that one")]
    SexesOutsideRegistration,
    #[error("{0}")]
    MixInvalid(MixInvalid),
    #[error(
        "a lease of {0} seconds is not allowed: ask for {min} to {max}",
        min = HoldPolicy::LEASE_SECONDS_MIN, max = HoldPolicy::LEASE_SECONDS_MAX
    )]
    LeaseOutOfRange(u32),
    #[error(
        "referral {0} has {1} holds in force or more, the most that the council's policy allows: release one, or wait until one has ended"
    )]
    ReferralHoldLimit(ReferralId, u16),
    #[error(
        "the council has {0} holds in force or more, the most that its policy allows: release one, or wait until one has ended"
    )]
    CouncilHoldLimit(u16),
    #[error(
        "a lease of {asked} seconds is longer than the {most} that the council's hold policy (version {version}) allows: ask for less, or change the policy"
    )]
    LeaseBeyondPolicy { asked: u32, most: u32, version: u32 },
    #[error("{field} must be {least} to {most}")]
    HoldPolicyInvalid { field: &'static str, least: u32, most: u32 },
    #[error("place {place} is reserved until {until}: ask for nights from then on")]
    Reserved { place: PlaceId, until: Date },
    #[error(
        "the nights of place {place} until {until} are another council's to hold by a block contract: ask for nights from then on"
    )]
    BlockOfAnotherCouncil { place: PlaceId, until: Date },
    #[error(
        "another council has agreed nights of place {place} until {until}, and nobody knows beforehand how long a child stays: ask once those nights \
         have passed"
    )]
    AgreedByAnotherCouncil { place: PlaceId, until: Date },
    #[error("{from} to {until} has no night: until is the day after the last one")]
    NightsInvalid { from: Date, until: Date },
    #[error("the night of {from} has passed: give {today} or later")]
    NightsPassed { from: Date, today: Date },
    #[error(
        "a reservation begins at most {days} days after the place can be had: give {latest} or earlier, or ask later",
        days = Command::RESERVATION_AHEAD_DAYS
    )]
    ReservationTooFarAhead { latest: Date },
    #[error(
        "a reservation is charged for {days} days from its notice: end it on {least} or later, or let it run out on {until}",
        days = Command::RESERVATION_NOTICE_DAYS
    )]
    ReservationNoticeTooShort { least: Date, until: Date },
    #[error("place {0} is not advertised for reservation: hold it, or ask its provider")]
    NotForReservation(PlaceId),
    #[error("the price of place {place} is {weekly} a week now: accept that, or leave it")]
    PriceChanged { place: PlaceId, weekly: Pence },
    #[error("{nights} nights are more than the {most} that the place is advertised to be reserved for")]
    ReservationTooLong { nights: i64, most: u16 },
    #[error("a place is reserved for 1 to {max} nights at most, not {0}", max = Command::RESERVATION_NIGHTS_MAX)]
    ReservationTermsInvalid(u16),
    #[error(
        "the council has {most} reservations in force, which is the most: end one, or wait until one has ended",
        most = Command::RESERVATIONS_MAX
    )]
    ReservationLimit,
    #[error("the council has no reservation {token} of place {place}")]
    ReservationUnknown { place: PlaceId, token: u64 },
    #[error("{on} is no day to end on: give {least} or later, and before {until}")]
    EndOutOfRange { on: Date, least: Date, until: Date },
    #[error("place {0} is the council's own by a block contract, which is paid already: hold it")]
    NightsInOwnBlock(PlaceId),
    #[error("a block of {0} nights is too long: ask for {max} at most", max = Command::BLOCK_NIGHTS_MAX)]
    BlockTooLong(i64),
    #[error("place {place} is in a block until {until} already: ask for nights from then on")]
    BlockOverlaps { place: PlaceId, until: Date },
    #[error("the council has no block {number} of place {place}, nor is one with this number offered to it")]
    BlockUnknown { place: PlaceId, number: u64 },
    #[error("place {place} is in a block until {until}: end it with the other party first")]
    BlockInForce { place: PlaceId, until: Date },
    #[error(
        "a council pays for nights of place {place} until {until}: until then it is advertised from no later day, and neither it nor its household takes \
         fewer ages or sexes or gives other provision"
    )]
    NightsPromised { place: PlaceId, until: Date },
    #[error(
        "nights of place {place} until {until} were sold to another council: what they are part of does not end before"
    )]
    NightsSold { place: PlaceId, until: Date },
    #[error(
        "{0} must name other councils than the one that sells, at most {max}, and only those that the block contract allows",
        max = Command::PARTNERS_MAX
    )]
    PartnersInvalid(&'static str),
    #[error(
        "no resale {number} of place {place} is open to this council: it was sold, withdrawn or never offered to it"
    )]
    ResaleUnknown { place: PlaceId, number: u64 },
    #[error("some of these nights of place {0} are not the council's to sell")]
    ResaleNotOwn(PlaceId),
    #[error("place {0} is held, awarded or occupied on some of these nights: only void nights are sold")]
    ResaleNotVoid(PlaceId),
    #[error(
        "the nights of a reservation or a block are sold to its end, which is {0}: what remained behind could not be used"
    )]
    ResaleNotToTheEnd(Date),
    #[error(
        "these nights may be sold for {0} a week at most, by the block contract or as what the reservation costs"
    )]
    ResaleTooDear(Pence),
    #[error("some of these nights of place {0} are offered for resale already: withdraw that offer first")]
    ResaleOverlaps(PlaceId),
    #[error("place {place} is taken{}", known_end(.free_from))]
    PlaceTaken { place: PlaceId, free_from: Option<Date> },
    #[error("the hold {token} on place {place} has expired: hold the place again")]
    HoldExpired { place: PlaceId, token: u64 },
    #[error(
        "the token {token} is not that of the live hold on place {place}: it was used, given back or never given"
    )]
    HoldTokenStale { place: PlaceId, token: u64 },
    #[error("the hold {token} on place {place} is not this council's for this referral")]
    HoldNotYours { place: PlaceId, token: u64 },
    #[error(
        "the hold {token} on place {place} is for version {held} of the referral, not {asked}: release it and hold again"
    )]
    HoldForOtherVersion { place: PlaceId, token: u64, held: u32, asked: u32 },
    #[error("place {place} can be had from {available_from}, not from {start}")]
    NotAvailableYet { place: PlaceId, available_from: Date, start: Date },
    #[error(
        "{field} is {day}, more than {DAYS_AHEAD_MAX} days ahead: give {latest} or earlier, or ask later"
    )]
    DateTooFar { field: &'static str, day: Date, latest: Date },
    #[error("establishment {urn} is registered for {registered} places, and {claimed} are claimed by others{}", needs_it_empty(*.solo))]
    EstablishmentFull { urn: EstablishmentUrn, registered: u16, claimed: u16, solo: bool },
    #[error("establishment {0} is taken as a whole by a solo placement")]
    SoloOccupied(EstablishmentUrn),
    #[error(
        "children of establishment {urn} live in no carer household: it is {provision}, and not an agency or supported lodgings"
    )]
    NoHouseholds { urn: EstablishmentUrn, provision: String },
    #[error("establishment {0} has {max} households, which is the most", max = Command::HOUSEHOLDS_MAX)]
    TooManyHouseholds(EstablishmentUrn),
    #[error("there is no household {0} of this establishment: register it first")]
    HouseholdUnknown(HouseholdId),
    #[error("household {household} is closed since {on}: register it anew if its carers are approved again")]
    HouseholdClosed { household: HouseholdId, on: Date },
    #[error("a household is approved for 1 to {max} children, not {0}", max = HouseholdApproval::CHILDREN_MAX)]
    HouseholdChildren(u8),
    #[error(
        "{0} children are more than the usual fostering limit of {usual} (Children Act 1989, Schedule 7): say that all of them are siblings of each \
         other (siblings_only, paragraph 3), or that the authority has exempted the household (exempt, paragraph 4)",
        usual = HouseholdApproval::USUAL_LIMIT
    )]
    UsualFosteringLimit(u8),
    #[error("only a household that fosters is approved for short breaks, and this is {0}")]
    ShortBreaksNotFostered(String),
    #[error("{field} is {day}, which is to come: give {today} or a day before")]
    DayAhead { field: &'static str, day: Date, today: Date },
    #[error("the household is approved since {approved_on}: it cannot have closed on {on}, before that")]
    ClosedBeforeApproved { approved_on: Date, on: Date },
    #[error(
        "a child was in place {place} until {until}: the household cannot have closed on {on}, give {until} or later"
    )]
    PlaceInUseUntil { place: PlaceId, until: Date, on: Date },
    #[error(
        "{most} places of household {household} are open, or children there or to come, more than the {children} that it is to be approved for: close \
         some first, or wait until children have left"
    )]
    ChildrenBelowPlaces { household: HouseholdId, most: u16, children: u8 },
    #[error(
        "{open} places of the household are open and it is approved for {}: {asked} more are too many", children_in_words(*.children)
    )]
    PlacesExceedApproval { open: u16, children: u8, asked: u16 },
    #[error(
        "household {household} is approved for {from} to {to} years, {sexes}: advertise its places within that"
    )]
    OutsideApproval { household: HouseholdId, from: u8, to: u8, sexes: Sexes },
    #[error(
        "household {household} is approved for {}, and {claimed} of its places are claimed by others{}",
        children_in_words(*.children),
        needs_it_empty(*.solo)
    )]
    HouseholdFull { household: HouseholdId, children: u8, claimed: u16, solo: bool },
    #[error("household {0} is taken as a whole by a solo placement")]
    HouseholdTaken(HouseholdId),
    #[error("a statement of purpose has 1 to {max} characters, not {0}", max = StatementOfPurpose::CHARS_MAX)]
    StatementLength(usize),
    #[error("establishment {0} has {max} versions of its statement of purpose, which is the most", max = StatementOfPurpose::VERSIONS_MAX)]
    TooManyStatements(EstablishmentUrn),
    #[error("the registration of establishment {0} is {1}: no child may come")]
    RegistrationNotActive(EstablishmentUrn, RegistrationStatus),
    #[error("establishment {0} is unregistered provision, which the market never awards")]
    UnregisteredProvision(EstablishmentUrn),
    #[error(
        "establishment {urn} is under a restriction-of-accommodation notice since {since}: no child may come, \
         not even one who was there before"
    )]
    AccommodationRestricted { urn: EstablishmentUrn, since: Date },
    #[error("the child is {age}, place {place} takes {from} to {to}")]
    AgeOutOfRange { place: PlaceId, age: u8, from: u8, to: u8 },
    #[error("the child's sex is {sex}, place {place} takes {sexes} only")]
    SexNotTaken { place: PlaceId, sex: String, sexes: Sexes },
    #[error("the child is {0}: nobody under 16 may be placed in supported accommodation")]
    Under16SupportedAccommodation(u8),
}

fn known_end(date: &Option<Date>) -> String {
    date.map_or_else(String::new, |date| format!("; as far as is known it is free from {date}"))
}

fn children_in_words(children: u8) -> String {
    if children == 1 { "1 child".to_owned() } else { format!("{children} children") }
}

fn needs_it_empty(solo: bool) -> &'static str {
    if solo { "; a solo placement needs it empty" } else { "" }
}

impl Refusal for Rejection {
    fn reason(&self) -> &'static str {
        match self {
            Self::ProviderExists(_) => "PROVIDER_EXISTS",
            Self::ProviderUnknown(_) => "PROVIDER_UNKNOWN",
            Self::EstablishmentExists(_) => "ESTABLISHMENT_EXISTS",
            Self::EstablishmentUnknown(_) => "ESTABLISHMENT_UNKNOWN",
            Self::UrnTooLong(..) => "URN_TOO_LONG",
            Self::AgeRangeInvalid { .. } => "AGE_RANGE_INVALID",
            Self::SupportedAccommodationAges(_) => "SUPPORTED_ACCOMMODATION_AGES",
            Self::ProvisionMismatch { .. } => "PROVISION_MISMATCH",
            Self::EtagMismatch { .. } => "ETAG_MISMATCH",
            Self::PlacesBelowOpen { .. } => "PLACES_BELOW_OPEN",
            Self::PlacesBelowClaimed { .. } => "PLACES_BELOW_CLAIMED",
            Self::RegisterSuperseded { .. } => "REGISTER_SUPERSEDED",
            Self::RegisterIncomplete { .. } => "REGISTER_INCOMPLETE",
            Self::RegisterTooDifferent { .. } => "REGISTER_TOO_DIFFERENT",
            Self::NoticeInForce(_) => "NOTICE_IN_FORCE",
            Self::NoticeNotInForce(_) => "NOTICE_NOT_IN_FORCE",
            Self::NoticeDatesReversed { .. } => "NOTICE_DATES_REVERSED",
            Self::CountOutOfRange(_) => "COUNT_OUT_OF_RANGE",
            Self::PlacesExceedRegistration { .. } => "PLACES_EXCEED_REGISTRATION",
            Self::PlaceUnknown(_) => "PLACE_UNKNOWN",
            Self::PlaceClosed(_) => "PLACE_CLOSED",
            Self::PlaceInUse(_) | Self::PlaceInUseUntil { .. } => "PLACE_IN_USE",
            Self::PlaceHeld(..) => "PLACE_HELD",
            Self::PlaceNotAdvertised(_) => "PLACE_NOT_ADVERTISED",
            Self::PlaceMismatch(..) => "PLACE_MISMATCH",
            Self::AgesOutsideRegistration { .. } => "AGES_OUTSIDE_REGISTRATION",
            Self::SexesOutsideRegistration => "SEXES_OUTSIDE_REGISTRATION",
            Self::MixInvalid(_) => "MIX_INVALID",
            Self::LeaseOutOfRange(_) => "LEASE_OUT_OF_RANGE",
            Self::ReferralHoldLimit(..) => "REFERRAL_HOLD_LIMIT_REACHED",
            Self::CouncilHoldLimit(_) => "COUNCIL_HOLD_LIMIT_REACHED",
            Self::LeaseBeyondPolicy { .. } => "LEASE_BEYOND_POLICY",
            Self::HoldPolicyInvalid { .. } => "HOLD_POLICY_INVALID",
            Self::Reserved { .. } => "RESERVED",
            Self::BlockOfAnotherCouncil { .. } => "BLOCK_OF_ANOTHER_COUNCIL",
            Self::AgreedByAnotherCouncil { .. } => "AGREED_BY_ANOTHER_COUNCIL",
            Self::NightsInvalid { .. } => "NIGHTS_INVALID",
            Self::NightsPassed { .. } => "NIGHTS_PASSED",
            Self::ReservationTooFarAhead { .. } => "RESERVATION_TOO_FAR_AHEAD",
            Self::ReservationNoticeTooShort { .. } => "RESERVATION_NOTICE_TOO_SHORT",
            Self::NotForReservation(_) => "NOT_FOR_RESERVATION",
            Self::PriceChanged { .. } => "PRICE_CHANGED",
            Self::ReservationTooLong { .. } => "RESERVATION_TOO_LONG",
            Self::ReservationTermsInvalid(_) => "RESERVATION_TERMS_INVALID",
            Self::ReservationLimit => "RESERVATION_LIMIT_REACHED",
            Self::ReservationUnknown { .. } => "RESERVATION_UNKNOWN",
            Self::EndOutOfRange { .. } => "END_OUT_OF_RANGE",
            Self::NightsInOwnBlock(_) => "NIGHTS_IN_OWN_BLOCK",
            Self::BlockTooLong(_) => "BLOCK_TOO_LONG",
            Self::BlockOverlaps { .. } => "BLOCK_OVERLAPS",
            Self::BlockUnknown { .. } => "BLOCK_UNKNOWN",
            Self::BlockInForce { .. } => "BLOCK_IN_FORCE",
            Self::NightsPromised { .. } => "NIGHTS_PROMISED",
            Self::NightsSold { .. } => "NIGHTS_SOLD",
            Self::PartnersInvalid(_) => "PARTNERS_INVALID",
            Self::ResaleUnknown { .. } => "RESALE_UNKNOWN",
            Self::ResaleNotOwn(_) => "RESALE_NOT_OWN",
            Self::ResaleNotVoid(_) => "RESALE_NOT_VOID",
            Self::ResaleNotToTheEnd(_) => "RESALE_NOT_TO_THE_END",
            Self::ResaleTooDear(_) => "RESALE_TOO_DEAR",
            Self::ResaleOverlaps(_) => "RESALE_OVERLAPS",
            Self::PlaceTaken { .. } => "PLACE_TAKEN",
            Self::HoldExpired { .. } => "HOLD_EXPIRED",
            Self::HoldTokenStale { .. } => "HOLD_TOKEN_STALE",
            Self::HoldNotYours { .. } => "HOLD_NOT_YOURS",
            Self::HoldForOtherVersion { .. } => "HOLD_FOR_OTHER_VERSION",
            Self::NotAvailableYet { .. } => "NOT_AVAILABLE_YET",
            Self::DateTooFar { field: "start", .. } => "START_TOO_FAR",
            Self::DateTooFar { .. } => "DATE_TOO_FAR",
            Self::EstablishmentFull { .. } => "ESTABLISHMENT_FULL",
            Self::SoloOccupied(_) => "SOLO_OCCUPIED",
            Self::NoHouseholds { .. } => "NO_HOUSEHOLDS",
            Self::TooManyHouseholds(_) => "TOO_MANY_HOUSEHOLDS",
            Self::HouseholdUnknown(_) => "HOUSEHOLD_UNKNOWN",
            Self::HouseholdClosed { .. } => "HOUSEHOLD_CLOSED",
            Self::HouseholdChildren(_) => "HOUSEHOLD_CHILDREN",
            Self::UsualFosteringLimit(_) => "USUAL_FOSTERING_LIMIT",
            Self::ShortBreaksNotFostered(_) => "SHORT_BREAKS_NOT_FOSTERED",
            Self::DayAhead { .. } => "DAY_AHEAD",
            Self::ClosedBeforeApproved { .. } => "CLOSED_BEFORE_APPROVED",
            Self::ChildrenBelowPlaces { .. } => "CHILDREN_BELOW_PLACES",
            Self::PlacesExceedApproval { .. } => "PLACES_EXCEED_APPROVAL",
            Self::OutsideApproval { .. } => "OUTSIDE_APPROVAL",
            Self::HouseholdFull { .. } => "HOUSEHOLD_FULL",
            Self::HouseholdTaken(_) => "HOUSEHOLD_TAKEN",
            Self::StatementLength(_) => "STATEMENT_LENGTH",
            Self::TooManyStatements(_) => "TOO_MANY_STATEMENTS",
            Self::RegistrationNotActive(..) => "REGISTRATION_NOT_ACTIVE",
            Self::UnregisteredProvision(_) => "UNREGISTERED_PROVISION",
            Self::AccommodationRestricted { .. } => "ACCOMMODATION_RESTRICTED",
            Self::AgeOutOfRange { .. } => "AGE_OUT_OF_RANGE",
            Self::SexNotTaken { .. } => "SEX_NOT_TAKEN",
            Self::Under16SupportedAccommodation(_) => "UNDER_16_SUPPORTED_ACCOMMODATION",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::ProviderExists(_) | Self::EstablishmentExists(_) => RefusalKind::AlreadyExists,
            Self::ProviderUnknown(_)
            | Self::EstablishmentUnknown(_)
            | Self::PlaceUnknown(_)
            | Self::HouseholdUnknown(_)
            | Self::ReservationUnknown { .. }
            | Self::BlockUnknown { .. }
            | Self::ResaleUnknown { .. } => RefusalKind::NotFound,
            Self::EtagMismatch { .. } => RefusalKind::Conflict,
            _ if self.field().is_some() => RefusalKind::Invalid,
            _ => RefusalKind::Precondition,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let violation = |field: &str| Violation { field: field.to_owned(), description: self.to_string() };
        self.field().map(violation).into_iter().collect()
    }
}

impl Rejection {
    /// No place is advertised for, and no claim begins on, a day that is too far ahead.
    pub(crate) fn unless_near(field: &'static str, day: Date, at: Timestamp) -> Result<(), Self> {
        let latest = last_day_ahead(london_date(at));
        if day > latest { Err(Self::DateTooFar { field, day, latest }) } else { Ok(()) }
    }

    /// What is entered as having happened is of today or a day before.
    pub(crate) fn unless_come(field: &'static str, day: Date, at: Timestamp) -> Result<(), Self> {
        let today = london_date(at);
        if day > today { Err(Self::DayAhead { field, day, today }) } else { Ok(()) }
    }

    /// The field of the request that is wrong whatever the state.
    fn field(&self) -> Option<&'static str> {
        match self {
            Self::UrnTooLong(..) => Some("urn"),
            Self::AgeRangeInvalid { .. } => Some("age_to"),
            Self::SupportedAccommodationAges(_) => Some("age_from"),
            Self::ProvisionMismatch { .. } => Some("place_code"),
            Self::CountOutOfRange(_) => Some("count"),
            Self::LeaseOutOfRange(_) => Some("lease_seconds"),
            Self::NoticeDatesReversed { .. } => Some("on"),
            Self::DateTooFar { field, .. } | Self::DayAhead { field, .. } => Some(field),
            Self::HouseholdChildren(_) | Self::UsualFosteringLimit(_) => Some("approval.children"),
            Self::ClosedBeforeApproved { .. } => Some("on"),
            Self::StatementLength(_) => Some("text"),
            Self::MixInvalid(_) => Some("vacancy.mix"),
            Self::ReservationTermsInvalid(_) => Some("vacancy.reservation.nights_max"),
            Self::HoldPolicyInvalid { field, .. } => Some(field),
            Self::NightsInvalid { .. } => Some("until"),
            Self::BlockTooLong(_) => Some("terms.until"),
            Self::PartnersInvalid(field) => Some(field),
            _ => None,
        }
    }
}
