//! What may be asked of the market. A command that only states a fact carries the event that would state it.

use crate::agreed::{BuyResale, OfferBlock, OfferResale, ReservePlace, SetHoldPolicy};
use care::market::{
    EstablishmentRegistered, HouseholdApproval, ProviderRegistered, RegistrationStatus,
    RestrictionNoticeLifted, RestrictionNoticeServed, Sexes, StatementOfPurposeSet, VacancyAdvertised,
};
use care::published::AwardProposedToMarket;
use care::{
    AwardId, CouncilId, Date, EstablishmentUrn, HouseholdId, PlaceId, ProviderId, ReferralId, Timestamp,
};

/// The commands of the region's vacancies log. What comes from other services' events (search, claims,
/// occupancy) is never refused, a "no" to it is an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Enter a provider.
    RegisterProvider(ProviderRegistered),
    /// Enter an establishment.
    RegisterEstablishment(EstablishmentRegistered),
    /// State what the regulator now says of an establishment.
    AmendEstablishment {
        /// The establishment.
        urn: EstablishmentUrn,
        /// What changes.
        changes: RegistrationChanges,
        /// The revision that the change was made for; none to change whichever there is.
        revision: Option<u32>,
        /// When.
        at: Timestamp,
    },
    /// Enter a restriction-of-accommodation notice.
    ServeRestrictionNotice(RestrictionNoticeServed),
    /// Enter that the notice no longer holds.
    LiftRestrictionNotice(RestrictionNoticeLifted),
    /// State what an establishment is for.
    SetStatementOfPurpose(StatementOfPurposeSet),
    /// Enter a carer household; households are numbered on.
    RegisterHousehold(RegisterHousehold),
    /// State what a household is approved for now, or where it lies.
    AmendHousehold {
        /// The household.
        household: HouseholdId,
        /// What changes.
        changes: HouseholdChanges,
        /// The revision that the change was made for; none to change whichever there is.
        revision: Option<u32>,
        /// When.
        at: Timestamp,
    },
    /// Close a household with its places: the carers resigned, or their approval ended.
    CloseHousehold {
        /// The household.
        household: HouseholdId,
        /// Since when, today or before.
        on: Date,
        /// When.
        at: Timestamp,
    },
    /// Take some rows of a date of the regulator's register.
    ReadRegisterPart(RegisterPart),
    /// All rows of a date of the register have been read.
    FinishRegisterImport {
        /// The date.
        as_of: Date,
        /// The SHA-256 of the file, in hexadecimal.
        file_sha256: String,
        /// How many rows the file has.
        rows: u32,
        /// How many may be found listed no longer, if more than usual.
        gone_confirmed: u32,
        /// When.
        at: Timestamp,
    },
    /// Open more places in an establishment; they are numbered on.
    OpenPlaces {
        /// The establishment.
        urn: EstablishmentUrn,
        /// How many, 1 to [`Command::OPEN_PLACES_MAX`].
        count: u16,
        /// The carer household of the establishment that they are in, if any.
        household: Option<HouseholdId>,
        /// When.
        at: Timestamp,
    },
    /// Close a place.
    ClosePlace {
        /// The place.
        place: PlaceId,
        /// When.
        at: Timestamp,
    },
    /// Advertise a place, or change what it is advertised for.
    AdvertiseVacancy(VacancyAdvertised),
    /// Take the advertisement back.
    WithdrawVacancy {
        /// The place.
        place: PlaceId,
        /// When.
        at: Timestamp,
    },
    /// Say that what a place is advertised for still holds.
    ConfirmVacancy {
        /// The place.
        place: PlaceId,
        /// When.
        at: Timestamp,
    },
    /// Advertise, confirm and withdraw many places at once. One that cannot be had leaves the others as they are.
    UpsertVacancies {
        /// What is said of each place; of one that is named again, the first holds.
        changes: Vec<VacancyChange>,
        /// When.
        at: Timestamp,
    },
    /// Ask the providers that have said nothing of their advertised places for long, and unlist the places of those that do not answer.
    SweepStaleVacancies {
        /// The instant up to which they are looked at.
        at: Timestamp,
        /// How many places at most.
        limit: usize,
    },
    /// Hold a place for a referral.
    HoldPlace(HoldPlace),
    /// Give a hold back.
    ReleaseHold {
        /// The place.
        place: PlaceId,
        /// The council that gives it back.
        council: CouncilId,
        /// The hold's token.
        token: u64,
        /// When.
        at: Timestamp,
    },
    /// Give back what a council holds for a referral: the child has a home, or the referral was withdrawn.
    EndSearch {
        /// The council.
        council: CouncilId,
        /// The referral.
        referral: ReferralId,
        /// When.
        at: Timestamp,
    },
    /// Record the holds whose lease has ended.
    SweepExpiredHolds {
        /// The instant up to which leases are looked at.
        at: Timestamp,
        /// How many at most.
        limit: usize,
    },
    /// Claim the place of a proposed award.
    ClaimForAward(ClaimForAward),
    /// Give the claim of a failed award back.
    ReleaseClaim {
        /// The award.
        award: AwardId,
        /// The council.
        council: CouncilId,
        /// Why, `UPPER_SNAKE`.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// The child of an award came.
    OccupyPlace {
        /// The award.
        award: AwardId,
        /// The council.
        council: CouncilId,
        /// The place.
        place: PlaceId,
        /// The first night.
        on: Date,
        /// When.
        at: Timestamp,
    },
    /// The child of an award left, or never came.
    EndOccupancy {
        /// The award.
        award: AwardId,
        /// The council.
        council: CouncilId,
        /// The day of departure.
        on: Date,
        /// When.
        at: Timestamp,
    },
    /// An end of an award's placement that was recorded ahead does not come: the child stays.
    ResumeOccupancy {
        /// The award.
        award: AwardId,
        /// The council.
        council: CouncilId,
        /// When.
        at: Timestamp,
    },
    /// Say how a council holds.
    SetHoldPolicy(SetHoldPolicy),
    /// Reserve nights of a place against payment.
    ReservePlace(ReservePlace),
    /// End a reservation sooner.
    EndReservation {
        /// The place.
        place: PlaceId,
        /// The council whose it is.
        council: CouncilId,
        /// The reservation's token.
        token: u64,
        /// The first night that is free of it, today or later.
        on: Date,
        /// When.
        at: Timestamp,
    },
    /// Offer a council a place as a block bed.
    OfferBlock(OfferBlock),
    /// Take the block that is offered.
    AcceptBlock {
        /// The place.
        place: PlaceId,
        /// The council it is offered to.
        council: CouncilId,
        /// The block's number.
        block: u64,
        /// The post that approved it.
        approver: String,
        /// When.
        at: Timestamp,
    },
    /// Do not take it.
    DeclineBlock {
        /// The place.
        place: PlaceId,
        /// The council it is offered to.
        council: CouncilId,
        /// The block's number.
        block: u64,
        /// When.
        at: Timestamp,
    },
    /// Say on which day a block is to end; it ends once both parties say the same.
    EndBlock {
        /// The place.
        place: PlaceId,
        /// The council that says so; none where the provider does.
        council: Option<CouncilId>,
        /// The block's number.
        block: u64,
        /// The first night that is free of it, today or later.
        on: Date,
        /// When.
        at: Timestamp,
    },
    /// Offer other councils nights of a reservation or a block.
    OfferResale(OfferResale),
    /// Take such an offer back.
    WithdrawResale {
        /// The place.
        place: PlaceId,
        /// The council that sells.
        council: CouncilId,
        /// The offer's number.
        resale: u64,
        /// When.
        at: Timestamp,
    },
    /// Buy the nights of such an offer.
    BuyResale(BuyResale),
}

impl Command {
    /// How many places one command opens at most.
    pub const OPEN_PLACES_MAX: u16 = 200;
    /// How many places one command advertises, confirms or withdraws at most. Each may lead to two events, and an entry of a log takes 1,000.
    pub const UPSERT_ITEMS_MAX: usize = 500;
    /// How many rows of a register one command reads at most. Each may lead to two events and to those of leases that have ended.
    pub const REGISTER_ROWS_MAX: usize = 250;
    /// How many of a thousand listed establishments an import may find listed no longer without being asked whether that is so; ten always.
    pub const NO_LONGER_LISTED_PER_MILLE: usize = 50;
    /// How many at most: an entry of a log takes 1,000 events.
    pub const NO_LONGER_LISTED_MAX: usize = 900;
    /// How many nights one reservation takes at most, whatever is advertised: it bridges days and weeks, and a year's need is a block.
    pub const RESERVATION_NIGHTS_MAX: u16 = 84;
    /// How many days after the place can be had, or after today, a reservation begins at most: nights far ahead are no free lock on the market.
    pub const RESERVATION_AHEAD_DAYS: u16 = 7;
    /// How many days are charged at least from the day on which a council ends its reservation sooner.
    pub const RESERVATION_NOTICE_DAYS: u16 = 7;
    /// How many reservations a council has in force at most: one council must not keep the market from the others.
    pub const RESERVATIONS_MAX: usize = 50;
    /// How many nights one block covers at most: five years.
    pub const BLOCK_NIGHTS_MAX: i64 = 1_827;
    /// How many households one agency has at most, closed ones among them.
    pub const HOUSEHOLDS_MAX: usize = 5_000;
    /// How many partner councils a block or a resale names at most.
    pub const PARTNERS_MAX: usize = 20;
}

/// Some rows of a date of the regulator's register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterPart {
    /// The date.
    pub as_of: Date,
    /// The SHA-256 of the file, in hexadecimal.
    pub file_sha256: String,
    /// The rows, at most [`Command::REGISTER_ROWS_MAX`]; of one that is named again, the first holds.
    pub rows: Vec<RegisterRow>,
    /// When.
    pub at: Timestamp,
}

/// What the register says of one establishment. Of one that the market knows, status, grade and places are taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRow {
    /// The establishment as it would be entered.
    pub entry: EstablishmentRegistered,
    /// What its owner is called, if the market does not know it.
    pub provider_name: String,
    /// Whether the register says for how many places it is registered; if not, the entry's number is what a new one begins with.
    pub places_printed: bool,
}

/// What a provider says of one of many places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VacancyChange {
    /// It is advertised for this. What it is advertised for already is confirmed.
    Advertise(VacancyAdvertised),
    /// What it is advertised for still holds.
    Confirm(PlaceId),
    /// It is advertised no longer.
    Withdraw(PlaceId),
}

impl VacancyChange {
    /// The place.
    #[must_use]
    pub fn place(&self) -> &PlaceId {
        match self {
            Self::Advertise(vacancy) => &vacancy.place,
            Self::Confirm(place) | Self::Withdraw(place) => place,
        }
    }
}

/// What the regulator says anew of an establishment; what is none stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistrationChanges {
    /// Whether it may take children.
    pub status: Option<RegistrationStatus>,
    /// Its overall grade, a code of `code_sets::GRADE`.
    pub grade: Option<String>,
    /// The youngest age it takes, in years.
    pub age_from: Option<u8>,
    /// The oldest age it takes, in years.
    pub age_to: Option<u8>,
    /// Whom it takes.
    pub sexes: Option<Sexes>,
    /// How many places it is registered for.
    pub places_registered: Option<u16>,
    /// The postcode sector it lies in.
    pub sector: Option<String>,
}

/// An agency has approved a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterHousehold {
    /// The agency or scheme.
    pub urn: EstablishmentUrn,
    /// For what.
    pub approval: HouseholdApproval,
    /// The postcode sector it lies in; empty where it is not told.
    pub sector: String,
    /// The upper-tier authority it lies in, a GSS code; empty where it is not told.
    pub utla: String,
    /// When.
    pub at: Timestamp,
}

/// What is said anew of a household; what is none stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HouseholdChanges {
    /// What it is approved for.
    pub approval: Option<HouseholdApproval>,
    /// The postcode sector it lies in.
    pub sector: Option<String>,
    /// The upper-tier authority it lies in, a GSS code.
    pub utla: Option<String>,
}

/// A council asks to hold a place for a referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldPlace {
    /// The place.
    pub place: PlaceId,
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// The referral's version.
    pub referral_version: u32,
    /// For how long, [`HoldPolicy::LEASE_SECONDS_MIN`](care::market::HoldPolicy::LEASE_SECONDS_MIN) to what the council's policy allows.
    pub lease_seconds: u32,
    /// When.
    pub at: Timestamp,
    /// The first night; none for the earliest that can be had.
    pub first_night: Option<Date>,
}

/// A council proposed an award and asks for the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimForAward {
    /// The award.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// The referral's version that the offer answered.
    pub referral_version: u32,
    /// The place.
    pub place: PlaceId,
    /// Its establishment, as the offer names it.
    pub urn: EstablishmentUrn,
    /// Its provider, as the offer names it.
    pub provider: ProviderId,
    /// The kind of provision, as the offer names it.
    pub provision: String,
    /// The first night.
    pub start: Date,
    /// The token of the council's hold, if it has one.
    pub hold_token: Option<u64>,
    /// Whether the child must be alone in the establishment.
    pub solo: bool,
    /// The child's age on the first night, in years.
    pub age_years: u8,
    /// The child's sex, a code of `code_sets::SEX`; `U` is unknown.
    pub sex: String,
    /// The award instant.
    pub at: Timestamp,
}

/// What the market needs of an award: neither the price nor who approved it.
impl From<AwardProposedToMarket> for ClaimForAward {
    fn from(AwardProposedToMarket { proposed, sex, .. }: AwardProposedToMarket) -> Self {
        Self {
            award: proposed.award,
            council: proposed.council,
            referral: proposed.referral,
            referral_version: proposed.referral_version,
            place: proposed.place,
            urn: proposed.urn,
            provider: proposed.provider,
            provision: proposed.provision,
            start: proposed.start,
            hold_token: proposed.hold_token,
            solo: proposed.solo,
            age_years: proposed.age_years,
            sex,
            at: proposed.at,
        }
    }
}
