//! What may be asked of the market. A command that only states a fact carries the event that would state it.

use care::market::{
    EstablishmentRegistered, ProviderRegistered, RegistrationStatus, RestrictionNoticeLifted,
    RestrictionNoticeServed, Sexes, VacancyAdvertised,
};
use care::published::AwardProposedToMarket;
use care::{AwardId, CouncilId, Date, EstablishmentUrn, PlaceId, ProviderId, ReferralId, Timestamp};

/// The commands of the region's vacancies log. The last four come from other services' events; they are never refused,
/// a "no" to them is an event.
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
        /// When.
        at: Timestamp,
    },
    /// Open more places in an establishment; they are numbered on.
    OpenPlaces {
        /// The establishment.
        urn: EstablishmentUrn,
        /// How many, 1 to [`Command::OPEN_PLACES_MAX`].
        count: u16,
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
}

impl Command {
    /// How many places one command opens at most.
    pub const OPEN_PLACES_MAX: u16 = 200;
    /// How many places one command advertises, confirms or withdraws at most. Each may lead to two events, and an entry of a log takes 1,000.
    pub const UPSERT_ITEMS_MAX: usize = 500;
    /// How many rows of a register one command reads at most. Each may lead to two events and to those of leases that have ended.
    pub const REGISTER_ROWS_MAX: usize = 250;
    /// How many establishments one import may find listed no longer: in a register that lists so many fewer, something is wrong.
    pub const NO_LONGER_LISTED_MAX: usize = 500;
    /// The shortest lease of a hold.
    pub const LEASE_SECONDS_MIN: u32 = 60;
    /// The longest lease of a hold: three days.
    pub const LEASE_SECONDS_MAX: u32 = 259_200;
    /// How many holds a council has in force at most: one council must not keep the market from the others.
    pub const COUNCIL_HOLDS_MAX: usize = 50;
    /// How many holds are in force for one referral at most: a child needs one place, and a choice between few.
    pub const REFERRAL_HOLDS_MAX: usize = 3;
}

/// Some rows of a date of the regulator's register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterPart {
    /// The date.
    pub as_of: Date,
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
    /// For how long, [`Command::LEASE_SECONDS_MIN`] to [`Command::LEASE_SECONDS_MAX`].
    pub lease_seconds: u32,
    /// When.
    pub at: Timestamp,
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
