//! Simulated market histories and questions, out of bytes.

use super::{at, evidence};
use care::market::{
    BlockAllocated, BlockEnded, BlockTerms, EstablishmentAmended, EstablishmentRegistered, HoldEnd,
    HoldReleased, HouseholdAmended, HouseholdApproval, HouseholdClosed, HouseholdRegistered, MarketEvent,
    Mix, OccupancyEnded, PlaceClosed, PlaceHeld, PlaceOccupied, PlaceOpened, PlaceReserved,
    ProviderRegistered, Registration, RegistrationStatus, ResaleOf, ResaleSold, ReservationEnd,
    ReservationEnded, RestrictionNoticeLifted, RestrictionNoticeServed, Sexes, VacancyAdvertised,
    VacancyConfirmed, VacancyQueried, VacancyUnlisted, VacancyWithdrawn,
};
use care::published::{ClaimReleased, PlaceClaimed};
use care::{AwardId, CouncilId, Date, EstablishmentUrn, HouseholdId, Pence, PlaceId, ReferralId, Timestamp};
use geography::Miles;
use matching::{Criteria, Operator};
use proptest::prelude::{Strategy, any};
use std::collections::BTreeSet;
use uuid::Uuid;

const SECTORS: [&str; 6] = ["DL1 5", "DL3 7", "NE1 1", "DH1 3", "DE1 1", "XX1 1"];
const NEEDS: [&str; 6] =
    ["TRAUMA", "AUTISM", "MISSING", "SELF_HARM", "HARMFUL_SEXUAL_BEHAVIOUR", "LEARNING_DISABILITY"];
const GRADES: [&str; 5] = ["OUTSTANDING", "GOOD", "REQUIRES_IMPROVEMENT", "INADEQUATE", "NONE"];
const PROVISIONS: [&str; 5] =
    ["RESIDENTIAL", "FOSTERING", "SUPPORTED_ACCOMMODATION", "RESIDENTIAL", "UNREGISTERED"];
const COUNCILS: [&str; 3] = ["E06000005", "E06000015", "E06000047"];
const SEXES: [Sexes; 4] = [Sexes::Any, Sexes::Any, Sexes::Male, Sexes::Female];
const HOMES: u8 = 5;
/// Of them the first belong to no household, and the others to one each or two.
const PLACES: u8 = 5;
const OWN_PLACES: u8 = 2;

/// What kinds of steps there are.
const KINDS: u8 = 27;

/// A step of a history: bytes that are read as an event, so that a failure shrinks to few and small ones.
pub(crate) type Step = [u8; 8];

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(any::<Step>(), 0..120)
}

fn jan(day: u8) -> Date {
    Date::constant(2026, 1, i8::try_from(day % 28 + 1).unwrap())
}

fn of<T: Copy>(all: &[T], byte: u8) -> T {
    all[usize::from(byte) % all.len()]
}

fn codes(bits: u8) -> BTreeSet<String> {
    let chosen = NEEDS.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    chosen.map(|(_, code)| (*code).to_owned()).collect()
}

fn urn(home: u8) -> EstablishmentUrn {
    format!("h{}", home % HOMES).parse().unwrap()
}

fn place(home: u8, number: u8) -> PlaceId {
    format!("h{}-{:02}", home % HOMES, number % PLACES + 1).parse().unwrap()
}

fn household(home: u8, number: u8) -> HouseholdId {
    format!("h{}-h{:02}", home % HOMES, number % 2 + 1).parse().unwrap()
}

/// The household that a place is opened in.
fn household_of(home: u8, number: u8) -> Option<HouseholdId> {
    let number = number % PLACES;
    (number >= OWN_PLACES).then(|| household(home, number / 4))
}

fn approval(a: u8, b: u8) -> HouseholdApproval {
    HouseholdApproval {
        approved_on: jan(1),
        children: 1 + a % 3,
        exempt: false,
        age_from: 7 + a % 5,
        age_to: 14 + b % 5,
        sexes: of(&SEXES, a / 4),
        sibling_groups: b.is_multiple_of(2),
        short_breaks_only: b % 8 == 7,
        siblings_only: false,
    }
}

fn council(byte: u8) -> CouncilId {
    of(&COUNCILS, byte).parse().unwrap()
}

fn award(byte: u8) -> AwardId {
    AwardId(Uuid::from_u128(u128::from(byte % 8) + 1))
}

/// Seldom a home lies elsewhere than was known.
fn moved(a: u8) -> Option<String> {
    (a % 4 == 3).then(|| of(&SECTORS, a / 4).to_owned())
}

fn registration(a: u8, b: u8) -> Registration {
    let status = if a % 5 == 4 { RegistrationStatus::Suspended } else { RegistrationStatus::Active };
    Registration {
        status,
        grade: of(&GRADES, b).to_owned(),
        age_from: 8 + a % 4,
        age_to: 15 + b % 4,
        sexes: of(&SEXES, a ^ b),
        places_registered: 4,
    }
}

/// Homes with places, so that few steps come to something.
pub(crate) fn opening() -> Vec<MarketEvent> {
    let provider = "P1".parse().unwrap();
    let mut events: Vec<MarketEvent> =
        vec![ProviderRegistered { provider, name: "Simulated".into(), at: at(0) }.into()];
    for home in 0..HOMES - 1 {
        events.push(event(&[0, home, home, home, home, home, home, 0], 0));
        events.extend([0, 1].map(|number| event(&[24, home, number, home, number, home + number, 0, 0], 0)));
        for number in 0..PLACES {
            events.push(event(&[1, home, number, 0, 0, 0, 0, 0], 0));
            events.push(event(&[2, home, number, 63, 0, 0, 0, 0], 0));
        }
    }
    events
}

/// What a step says. The market's fold takes any event, so a step need not make sense.
pub(crate) fn event(step: &Step, minute: i64) -> MarketEvent {
    let &[kind, home, number, a, b, c, d, e] = step;
    let (urn, place, at) = (urn(home), place(home, number), at(minute));
    match kind % KINDS {
        0 => EstablishmentRegistered {
            urn,
            provider: "P1".parse().unwrap(),
            provision: of(&PROVISIONS, a).into(),
            place_code: "K2".into(),
            utla: of(&COUNCILS, e).into(),
            sector: of(&SECTORS, b).into(),
            operated_by: (c % 3 == 2).then(|| council(d)),
            registered_on: jan(1),
            registration: registration(d, e),
            at,
        }
        .into(),
        1 => PlaceOpened { place, urn, household: household_of(home, number), at }.into(),
        24 | 25 => {
            let (household, approval) = (self::household(home, number), approval(a, b));
            // Seldom it is not told where a household lies.
            let (sector, utla) = match c % 4 {
                3 => (String::new(), String::new()),
                _ => (of(&SECTORS, c).to_owned(), of(&COUNCILS, d).to_owned()),
            };
            match kind % KINDS {
                24 => HouseholdRegistered { household, urn, approval, sector, utla, at }.into(),
                _ => HouseholdAmended { household, urn, approval, sector, utla, at }.into(),
            }
        }
        26 => HouseholdClosed { household: self::household(home, number), urn, on: jan(a), at }.into(),
        2..=5 => advertised(step, place, at),
        6 => EstablishmentAmended { urn, registration: registration(a, b), sector: moved(a), at }.into(),
        7 => RestrictionNoticeServed { urn, on: jan(a), at }.into(),
        8 => RestrictionNoticeLifted { urn, on: jan(a), at }.into(),
        9 if a % 2 == 0 => PlaceClosed { place, at }.into(),
        9 => VacancyWithdrawn { place, at }.into(),
        10 => PlaceHeld {
            place,
            council: council(a),
            referral: ReferralId(Uuid::from_u128(1)),
            referral_version: 1,
            from: jan(b),
            token: u64::from(c % 4),
            expires_at: at + jiff::SignedDuration::from_mins(i64::from(d)),
            at,
        }
        .into(),
        11 => {
            let reason = HoldEnd::Released;
            HoldReleased { place, council: council(a), token: u64::from(c % 4), reason, at }.into()
        }
        12 => claimed(step, place, at),
        13 => {
            let (award, on) = (award(a), jan(b));
            PlaceOccupied { award, council: council(c), place, on, counted_from: on, at }.into()
        }
        14 => OccupancyEnded {
            award: award(a),
            council: council(c),
            place,
            on: jan(b),
            yielded: Vec::new(),
            at,
        }
        .into(),
        15 => VacancyConfirmed { place, at }.into(),
        16 => VacancyQueried { place, confirmed_at: at, at }.into(),
        17 => VacancyUnlisted { place, asked_at: at, at }.into(),
        18..=21 => agreed(step, place, at),
        _ => ClaimReleased { award: award(a), council: council(c), place, reason: "TEST".into(), at }.into(),
    }
}

fn advertised(step: &Step, place: PlaceId, at: Timestamp) -> MarketEvent {
    let &[_, _, _, a, b, c, d, e] = step;
    let mix = Mix { children: (d % 4).into(), age_from: 8 + d % 5, age_to: 12 + e % 6, needs: codes(e) };
    VacancyAdvertised {
        place,
        available_from: jan(b % 10),
        needs: codes(a),
        sexes: of(&SEXES, b),
        age_from: 8 + c % 6,
        age_to: 14 + c % 5,
        note: String::new(),
        exclusions: codes(c & d & e),
        mix: (d >= 128).then_some(mix),
        reservation: None,
        at,
    }
    .into()
}

/// Reservations, blocks and their resale. Those of a place need not make sense together, but for its nights being there.
fn agreed(step: &Step, place: PlaceId, at: Timestamp) -> MarketEvent {
    let &[kind, home, _, a, b, c, d, e] = step;
    let (from, until) = (jan(b % 20), jan(b % 20 + 1 + d % 7));
    let (council, weekly, number) = (council(a), Pence(i64::from(e)), u64::from(c % 4));
    let (urn, provider, approver) = (urn(home), "P1".parse().unwrap(), "Post".to_owned());
    match (kind % KINDS, e % 3) {
        (18, _) => {
            let referral = None;
            PlaceReserved {
                place,
                urn,
                provider,
                council,
                referral,
                from,
                until,
                weekly,
                token: number,
                approver,
                at,
            }
            .into()
        }
        (19, 0) => {
            let reason = ReservationEnd::Ended;
            ReservationEnded { place, council, token: number, from, until, weekly, reason, at }.into()
        }
        (19 | 20, _) => {
            let terms = BlockTerms { from, until, weekly, partners: BTreeSet::new(), resale_weekly: None };
            BlockAllocated { place, block: number, urn, provider, council, terms, approver, at }.into()
        }
        (_, 0) => BlockEnded { place, block: number, council, from, until, weekly, at }.into(),
        (_, of) => {
            let of = if of == 1 { ResaleOf::Block(number) } else { ResaleOf::Reservation(number) };
            let (seller, buyer) = (council, self::council(d));
            ResaleSold { place, resale: 9, seller, buyer, of, from, until, weekly, token: 4, at }.into()
        }
    }
}

fn claimed(step: &Step, place: PlaceId, at: Timestamp) -> MarketEvent {
    let &[_, home, _, a, b, c, d, _] = step;
    PlaceClaimed {
        award: award(a),
        council: council(d),
        referral: ReferralId(Uuid::from_u128(1)),
        referral_version: 1,
        place,
        urn: urn(home),
        provider: "P1".parse().unwrap(),
        start: jan(b),
        solo: d % 4 == 0,
        token: u64::from(c % 4),
        evidence: evidence(),
        at,
    }
    .into()
}

/// A question: bytes again.
pub(crate) type Asked = [u8; 12];

pub(crate) fn criteria(asked: &Asked) -> Criteria {
    let near = |byte: u8| (!byte.is_multiple_of(4)).then(|| of(&SECTORS[..5], byte).parse().unwrap());
    let some = |byte: u8, when: u8| byte % 4 < when;
    Criteria {
        council: some(asked[0], 3).then(|| council(asked[0] >> 2)),
        provisions: if some(asked[1], 2) {
            [of(&PROVISIONS, asked[1] >> 2).to_owned()].into()
        } else {
            BTreeSet::new()
        },
        age_years: some(asked[2], 3).then(|| 9 + (asked[2] >> 2) % 9),
        sex: some(asked[3], 3).then(|| of(&["M", "F", "U"], asked[3] >> 2).to_owned()),
        needs: codes(asked[4]),
        all_needs: asked[5] & 1 == 1,
        solo: asked[5] & 6 == 6,
        near: near(asked[6]),
        within: some(asked[7], 2).then(|| Miles::whole(u32::from(asked[7] >> 2))),
        avoid_areas: some(asked[11] >> 2, 1)
            .then(|| of(&COUNCILS, asked[11] >> 4).to_owned())
            .into_iter()
            .collect(),
        home: near(asked[8]),
        centre: near(asked[8] >> 3),
        grade_at_least: some(asked[9], 1).then(|| of(&GRADES[..3], asked[9] >> 2).to_owned()),
        available_on: some(asked[10], 2).then(|| jan((asked[10] >> 2) % 15)),
        operator: of(&[Operator::Any, Operator::Any, Operator::InHouse, Operator::External], asked[11]),
    }
}
