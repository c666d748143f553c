//! What can happen next, with how often: each step looks at the world and makes commands. Most make sense, some come late, twice, in another
//! order or not at all. A new ability of the ledger is a new row here.

use crate::chance::Chance;
use crate::common::{agreement, by, derby, funders};
use crate::days::{Day, JANUARY, MARCH, date_of};
use crate::facts::Facts;
use crate::terms;
use crate::world::World;
use care::market::{
    BlockAllocated, BlockEnded, BlockTerms, OccupancyEnded, PlaceReserved, ResaleBought, ResaleOf,
    ResaleSold, ReservationEnded, Yielded,
};
use care::published::{
    AgreementIssued, AwardTerms, CallOffEvidence, PlacementEndWithdrawn, PlacementEnded, PlacementStarted,
    Route,
};
use care::{AgreementId, AwardId, OfferId, Pence, PlaceId, ProviderId, ReferralId};
use invoicing_domain::{
    AccrueNights, Ask, ClosePeriod, Command, IssueInvoice, PaymentStep, RecordPayment, RegistrationTold,
    RunId, RunKind, Subject, TaxDetails, VatNumber,
};
use jiff::civil::date;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What a step makes of the world: commands to be given one after the other, each made when the one before was taken.
type Make = fn(&mut World, &mut Chance) -> Vec<Ask>;

/// Each step with its weight.
const STEPS: [(usize, Make); 25] = [
    (12, wait),
    (16, accrue),
    (2, run),
    (6, invoice),
    (6, pay),
    (1, close),
    (3, issue),
    (5, arrive),
    (5, leave),
    (2, stay_after_all),
    (2, move_on_one_day),
    (9, terms::change),
    (4, terms::uplift_or_sibling),
    (6, terms::away),
    (2, terms::stay_put),
    (2, terms::outcome),
    (2, reserve),
    (1, block),
    (2, resell),
    (2, end_beforehand),
    (1, give_up),
    (1, home),
    (5, again),
    (4, release),
    (2, wrong),
];

const PLACES: [&str; 3] = ["SC045099-01", "SC045099-02", "SC045100-01"];
pub(crate) const PROVIDERS: [&str; 2] = ["acme", "beacon"];
const PROVISIONS: [&str; 4] = ["RESIDENTIAL", "FOSTERING", "UNREGISTERED", "RESIDENTIAL_SCHOOL_52_WEEKS"];
const OTHER_COUNCIL: &str = "E06000005";
const AGREEMENTS: u128 = 6;
/// Beyond it a history goes no further.
const LAST: Day = 230;

/// Opens a history: some agreements, of which most children have come.
pub(crate) fn open(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let start = if chance.once_in(4) { MARCH } else { JANUARY };
    world.today = start;
    let mut asks: Vec<Ask> = PROVIDERS.into_iter().flat_map(vat_number).collect();
    for n in 0..3 {
        asks.push(issued(world, chance, n));
        if !chance.once_in(3) {
            let on = world.today + chance.day(0, 12);
            asks.push(started(world, agreement(n), on));
        }
    }
    world.today = start + 20;
    asks
}

/// The next step.
pub(crate) fn next(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let all: usize = STEPS.iter().map(|(weight, _)| weight).sum();
    let mut nth = chance.below(all);
    for (weight, make) in STEPS {
        if nth < weight {
            let asks = make(world, chance);
            return hold(world, chance, asks);
        }
        nth -= weight;
    }
    Vec::new()
}

/// Some facts are on their way for long, and later ones come first.
fn hold(world: &mut World, chance: &mut Chance, asks: Vec<Ask>) -> Vec<Ask> {
    let waits = matches!(
        asks.as_slice(),
        [Ask::CloseCharges(_)
            | Ask::ReopenCharges(_)
            | Ask::SetTerms(_)
            | Ask::NoteAbsence(_)
            | Ask::OpenStayingPut(_)
            | Ask::OpenCharges(_)]
    );
    if waits && chance.once_in(5) {
        world.held.extend(asks);
        return Vec::new();
    }
    asks
}

fn release(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let nth = chance.below(world.held.len());
    if nth < world.held.len() { vec![world.held.swap_remove(nth)] } else { Vec::new() }
}

fn wait(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    world.today = (world.today + chance.day(1, 7)).min(LAST);
    Vec::new()
}

/// One that is known, of any kind.
pub(crate) fn any(world: &World, chance: &mut Chance) -> Option<AgreementId> {
    let nth = chance.below(world.model.facts.len());
    world.model.facts.keys().nth(nth).copied()
}

/// A placement, whether or not it is known here.
pub(crate) fn placement(chance: &mut Chance) -> AgreementId {
    agreement(u128::try_from(chance.below(usize::try_from(AGREEMENTS).unwrap())).unwrap())
}

fn accrue(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let early = if chance.once_in(3) { 40 } else { 3 };
    let through = date_of(world.today - chance.day(-1, early));
    let accrue = |agreement| Ask::AccrueNights(AccrueNights { agreement, through, run: None });
    any(world, chance).map(accrue).into_iter().collect()
}

/// All that is to be charged, in one run.
fn run(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let through = date_of(world.today - chance.day(0, 10));
    world.made += 1;
    let run = RunId(Uuid::from_u128(u128::from(world.made)));
    let charge = |agreement| Ask::AccrueNights(AccrueNights { agreement, through, run: Some(run) });
    let mut asks = vec![Ask::StartRun { run, kind: RunKind::Accrual, through }];
    asks.extend(world.state.to_accrue(through).into_iter().map(charge));
    asks.push(Ask::FinishRun { run });
    asks
}

fn invoice(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let through = date_of(world.today - chance.day(0, 20));
    let council = format!("council-{OTHER_COUNCIL}");
    let provider = match chance.below(5) {
        4 => council.parse().unwrap(),
        nth => PROVIDERS[nth % 2].parse().unwrap(),
    };
    vec![Ask::IssueInvoice(IssueInvoice { provider, part: 0, through, run: None })]
}

fn pay(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let open: Vec<_> =
        world.model.bills.iter().filter(|(_, bill)| bill.settled.is_none()).map(|(id, _)| *id).collect();
    let all: Vec<_> = world.model.bills.keys().copied().collect();
    let some = if chance.once_in(8) { all } else { open };
    let paid_on = chance.once_in(3).then(|| date_of(world.today - chance.day(-1, 6)));
    let pay = |invoice: &care::InvoiceId| {
        Ask::RecordPayment(RecordPayment { invoice: *invoice, amount: None, paid_on, by: "ann".to_owned() })
    };
    chance.one_of(&some).map(pay).into_iter().collect()
}

fn close(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let month = date_of(world.today - chance.day(10, 70));
    vec![Ask::ClosePeriod(ClosePeriod { month, leave_uncharged: true })]
}

/// Two people say that a provider has a VAT number.
fn vat_number(provider: &str) -> [Ask; 2] {
    let provider: ProviderId = provider.parse().unwrap();
    let vat_number = Some(VatNumber::new("GB220430231").unwrap());
    let details = TaxDetails { from: date(2020, 1, 1), vat_number, charity: false };
    [
        by("ann", PaymentStep::RecordTaxDetails { provider: provider.clone(), details }),
        by("ben", PaymentStep::VerifyTaxDetails { provider, revision: 1, how: "asked HMRC".to_owned() }),
    ]
}

/// The market tells that the home is registered no longer, or again; the register may be read late.
fn home(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let from = date_of(world.today + chance.day(-40, 3));
    let urn = "SC045099".parse().unwrap();
    let (registered, at) = (chance.once_in(2), world.now());
    vec![Ask::NoteRegistrations(vec![RegistrationTold { urn, registered, from, dates: None, at }])]
}

fn issue(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let known = |n: &u128| world.model.facts.contains_key(&agreement(*n));
    let next = (0..AGREEMENTS).find(|n| !known(n));
    next.map(|n| issued(world, chance, n)).into_iter().collect()
}

fn issued(world: &mut World, chance: &mut Chance, n: u128) -> Ask {
    let nth = usize::try_from(n).unwrap();
    let start = world.today + chance.day(-3, 12);
    let lines = terms::price_lines(chance, start);
    let funders = terms::shares(chance);
    let spot = Route::Spot { justification: "exhausted".to_owned() };
    let route = if chance.once_in(6) { Route::InHouse } else { spot };
    Ask::OpenAgreement(AgreementIssued {
        agreement: agreement(n),
        award: AwardId(Uuid::from_u128(n)),
        council: derby(),
        referral: ReferralId(Uuid::from_u128(1_000 + n / 2)),
        provider: PROVIDERS[nth % 2].parse().unwrap(),
        urn: "SC045099".parse().unwrap(),
        place: PLACES[nth % 3].parse().unwrap(),
        provision: (*chance.one_of(&PROVISIONS).unwrap()).to_owned(),
        start: date_of(start),
        terms: AwardTerms { offer: OfferId(Uuid::from_u128(n)), route, lines, funders },
        evidence: CallOffEvidence { contracts_position: 1, checks: vec![] },
        schedule_from: None,
        at: world.now(),
    })
}

fn started(world: &mut World, id: AgreementId, on: Day) -> Ask {
    Ask::OpenCharges(PlacementStarted {
        correction: None,
        agreement: id,
        award: AwardId(id.0),
        council: derby(),
        place: PLACES[0].parse().unwrap(),
        on: date_of(on),
        at: world.now(),
    })
}

fn ended(world: &mut World, id: AgreementId, on: Day, corrected: bool) -> Ask {
    Ask::CloseCharges(PlacementEnded {
        correction: corrected.then(|| "it was wrong".to_owned()),
        ending: None,
        notice_last_day: None,
        agreement: id,
        award: AwardId(id.0),
        council: derby(),
        place: PLACES[0].parse().unwrap(),
        on: date_of(on),
        reason: "CARPL".to_owned(),
        at: world.now(),
    })
}

fn arrive(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let (id, on) = (placement(chance), world.today + chance.day(-15, 4));
    let Ask::OpenCharges(arrival) = started(world, id, on) else { return Vec::new() };
    let correction = chance.once_in(3).then(|| "it was wrong".to_owned());
    vec![Ask::OpenCharges(PlacementStarted { correction, ..arrival })]
}

/// A departure, told up to two months late or before it comes; on the birthday of whoever is to stay put now and then.
fn leave(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let id = placement(chance);
    let birthday = world.model.facts.get(&id).and_then(|it| it.stays.as_ref()).map(|stays| stays.from);
    let on = match birthday.filter(|_| !chance.once_in(3)) {
        Some(birthday) => birthday,
        None => world.today + chance.day(-60, 15),
    };
    let corrected = chance.once_in(3);
    vec![ended(world, id, on, corrected)]
}

/// An end does not come, mostly one that was told.
fn stay_after_all(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let ended: Vec<_> = world.model.facts.values().filter(|it| it.end.is_some()).map(|it| it.id).collect();
    let id = match chance.one_of(&ended) {
        Some(id) if !chance.once_in(4) => *id,
        _ => placement(chance),
    };
    let (on, place) = (date_of(world.today + 5), PLACES[0].parse().unwrap());
    vec![Ask::ReopenCharges(PlacementEndWithdrawn {
        agreement: id,
        award: AwardId(id.0),
        council: derby(),
        place,
        on,
        reason: "goes on".to_owned(),
        at: world.now(),
    })]
}

/// A child moves from one placement to the next on one day.
fn move_on_one_day(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let from = chance.below(usize::try_from(AGREEMENTS).unwrap() / 2);
    let (from, to) =
        (agreement(2 * u128::try_from(from).unwrap()), agreement(2 * u128::try_from(from).unwrap() + 1));
    let on = world.today + chance.day(-10, 2);
    let corrected = chance.once_in(4);
    vec![ended(world, from, on, corrected), started(world, to, on)]
}

fn token(world: &mut World) -> u64 {
    world.token += 1;
    world.token
}

fn place(chance: &mut Chance) -> PlaceId {
    PLACES[chance.below(PLACES.len())].parse().unwrap()
}

fn nights(world: &World, chance: &mut Chance) -> (care::Date, care::Date) {
    let from = world.today + chance.day(-20, 20);
    (date_of(from), date_of(from + chance.day(0, 60)))
}

fn weekly(chance: &mut Chance) -> Pence {
    Pence(chance.between(0, 90_000))
}

fn reserve(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let (from, until) = nights(world, chance);
    vec![Ask::Reserve(PlaceReserved {
        place: place(chance),
        urn: "SC045099".parse().unwrap(),
        provider: PROVIDERS[chance.below(2)].parse().unwrap(),
        council: derby(),
        referral: None,
        from,
        until,
        weekly: weekly(chance),
        token: token(world),
        approver: "manager".parse().unwrap(),
        at: world.now(),
    })]
}

fn block(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let (from, until) = nights(world, chance);
    let (weekly, partners) = (weekly(chance), BTreeSet::new());
    vec![Ask::AllocateBlock(BlockAllocated {
        place: place(chance),
        block: token(world),
        urn: "SC045099".parse().unwrap(),
        provider: PROVIDERS[chance.below(2)].parse().unwrap(),
        council: derby(),
        terms: BlockTerms { from, until, weekly, partners, resale_weekly: None },
        approver: "manager".parse().unwrap(),
        at: world.now(),
    })]
}

/// Those of some subjects, agreed beforehand.
fn beforehand<'a>(world: &'a World, chance: &mut Chance, of: &[Subject]) -> Option<&'a Facts> {
    let all: Vec<&Facts> = world.model.facts.values().filter(|it| of.contains(&it.subject)).collect();
    chance.one_of(&all).copied()
}

/// Void nights sold to another council, or such a council's bought.
fn resell(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let (from, until) = nights(world, chance);
    let (weekly, resale, at) = (weekly(chance), token(world), world.now());
    let other = OTHER_COUNCIL.parse().unwrap();
    let of = [Subject::Reservation, Subject::Block, Subject::Bought];
    let sold = beforehand(world, chance, &of).map(|it| (it.place.clone(), it.subject, it.token));
    match sold.filter(|_| chance.once_in(2)) {
        Some((place, subject, token)) => {
            let of =
                if subject == Subject::Block { ResaleOf::Block(token) } else { ResaleOf::Reservation(token) };
            let (seller, buyer) = (derby(), other);
            vec![Ask::SellNights(ResaleSold {
                place,
                resale,
                seller,
                buyer,
                of,
                from,
                until,
                weekly,
                token: resale,
                at,
            })]
        }
        None => vec![Ask::BuyNights(ResaleBought {
            place: place(chance),
            resale,
            seller: other,
            buyer: derby(),
            from,
            until,
            weekly,
            token: resale,
            approver: "manager".parse().unwrap(),
            at,
        })],
    }
}

fn end_beforehand(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let of = [Subject::Reservation, Subject::Block, Subject::Bought];
    let Some(it) = beforehand(world, chance, &of) else { return Vec::new() };
    let (place, number, block) = (it.place.clone(), it.token, it.subject == Subject::Block);
    let (from, until) = (date_of(it.start), date_of(it.start + chance.day(-2, 40)));
    let (council, weekly, at) = (derby(), Pence::ZERO, world.now());
    if block {
        return vec![Ask::EndBlock(BlockEnded { place, block: number, council, from, until, weekly, at })];
    }
    let reason = "OCCUPIED".parse().unwrap();
    vec![Ask::EndReservation(ReservationEnded {
        place,
        council,
        token: number,
        from,
        until,
        weekly,
        reason,
        at,
    })]
}

/// A stay that was longer than was recorded takes nights of the council's own reservation.
fn give_up(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let Some(it) = beforehand(world, chance, &[Subject::Reservation]) else { return Vec::new() };
    let (place, token, start) = (it.place.clone(), it.token, it.start);
    let from = start + chance.day(0, 20);
    let (from, until) = (date_of(from), date_of(from + chance.day(0, 15)));
    let yielded = vec![Yielded { token, from, until, weekly: Pence::ZERO }];
    let award = AwardId(Uuid::from_u128(1));
    vec![Ask::YieldNights(OccupancyEnded {
        award,
        council: derby(),
        place,
        on: until,
        yielded,
        at: world.now(),
    })]
}

/// What was told before is told anew. That the same delivery comes twice is a step of the history itself, see [`redelivered`].
fn again(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let command = chance.one_of(&world.given).cloned();
    command.filter(|command| !is_correction(command)).map(|command| command.ask).into_iter().collect()
}

/// A command that is given once more with its own cause: a second delivery, today.
pub(crate) fn redelivered(world: &mut World, chance: &mut Chance) -> Option<Command> {
    let command = chance.one_of(&world.given).filter(|command| !is_correction(command)).cloned()?;
    Some(Command { at: world.now(), ..command })
}

/// A correction holds whenever it comes, so nobody can tell an old one that comes again from a new one: that none does, the log sees to, which
/// stores a source's position with its effect.
fn is_correction(command: &Command) -> bool {
    match &command.ask {
        Ask::CloseCharges(it) => it.correction.is_some(),
        Ask::CloseStayingPut(it) => it.correction.is_some(),
        _ => false,
    }
}

/// Facts that no ledger can take.
fn wrong(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let id = placement(chance);
    let (on, foreign) = (world.today - 5, OTHER_COUNCIL.parse().unwrap());
    let mut ask = match chance.below(3) {
        0 => started(world, agreement(99), on),
        1 => issued(world, chance, AGREEMENTS + 1),
        _ => ended(world, id, on, false),
    };
    match &mut ask {
        Ask::OpenAgreement(it) => it.terms.funders = funders(&[("SOCIAL_CARE", 9_999)]),
        Ask::CloseCharges(it) => it.council = foreign,
        _ => {}
    }
    vec![ask]
}
