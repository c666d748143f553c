//! A million steps of a council's ledger: agreements, arrivals and departures told late, back-dated terms and uplifts, absences, moves on one
//! day, siblings, Staying Put, retainers, voids and resale, invoices, payments, closes, second deliveries and other orders. After each command
//! what it touched is held against a model that prices night by night, and from time to time all of it; nothing may be off by a penny.
//!
//! A history is made by a seed alone. Where one fails, its commands are left out one after the other as long as it still fails, and what
//! remains is printed. It is the commands that are counted; a day that passes is none.
//!
//! What it does not cover: sums that leave an `i64` and limits on numbers (`limits.rs`), old records without lines' numbers or VAT
//! (`golden.rs`), and corrections that are delivered twice, which no log does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail here")]

mod books;
mod chance;
mod checks;
#[path = "../common/mod.rs"]
mod common;
mod days;
mod facts;
mod model;
mod price;
mod shrink;
mod steps;
mod telling;
mod terms;
mod world;

use care::planted::{Planted, plant};
use chance::Chance;
use invoicing_domain::Command;
use world::World;

const COMMANDS: usize = 1_000_000;
/// How many commands one history has.
const OF_A_HISTORY: usize = 250;
/// Of how many histories one is written and read as a log keeps it.
const READ_ONE_IN: u64 = 50;

/// What failed, after the command that it failed with.
struct Failed {
    commands: Vec<Command>,
    wrong: String,
}

/// Plays the history of a seed: how many commands were given, or what failed.
fn history(seed: u64, read: bool) -> Result<usize, Failed> {
    let (mut world, mut chance) = (World::default(), Chance::new(seed));
    let failed = |world: World, last: Option<Command>, wrong| {
        Err(Failed { commands: world.given.into_iter().chain(last).collect(), wrong })
    };
    let mut asks = steps::open(&mut world, &mut chance);
    while world.given.len() < OF_A_HISTORY {
        for ask in std::mem::take(&mut asks) {
            let command = world.command(ask);
            if let Err(wrong) = world.give(command.clone()) {
                let last =
                    (world.given.last().map(|given| &given.cause) != Some(&command.cause)).then_some(command);
                return failed(world, last, wrong);
            }
        }
        if chance.once_in(20)
            && let Some(command) = steps::redelivered(&mut world, &mut chance)
        {
            let given = world.given.len();
            if let Err(wrong) = world.give(command.clone()) {
                let last = (world.given.len() == given).then_some(command);
                return failed(world, last, wrong);
            }
        }
        asks = steps::next(&mut world, &mut chance);
    }
    let end = checks::end(&world).and_then(|()| if read { checks::replay(&world) } else { Ok(()) });
    match end {
        Ok(()) => Ok(world.given.len()),
        Err(wrong) => failed(world, None, wrong),
    }
}

/// The seed of the first history: another one where `LEDGER_STEPS_SEED` says so.
fn first_seed() -> u64 {
    std::env::var("LEDGER_STEPS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

#[test]
fn a_million_steps_and_nothing_is_off_by_a_penny() {
    plant(None);
    let (mut seed, mut given) = (first_seed(), 0);
    while given < COMMANDS {
        match history(seed, seed % READ_ONE_IN == 0) {
            Ok(commands) => given += commands,
            Err(failed) => {
                let (commands, wrong) = shrink::shrunk(&failed.commands);
                panic!(
                    "after {given} commands the history of LEDGER_STEPS_SEED={seed} failed: {}\nwith {} commands it does too: {wrong}\n{}",
                    failed.wrong,
                    commands.len(),
                    shrink::told(&commands)
                );
            }
        }
        seed += 1;
    }
}

/// Defects, each with what finds it among other things.
const DEFECTS: [Planted; 16] = [
    Planted::UnbalancedEntry,
    Planted::PostedTwice,
    Planted::ReversalRecomputed,
    Planted::WeeklyRoundingDrifts,
    Planted::DepartureDayPaid,
    Planted::AdditionOutlivesExpiry,
    Planted::DiscountOutlivesSibling,
    Planted::RetainerAndRelet,
    Planted::UpliftOnWrongLine,
    Planted::PostedIntoClosedPeriod,
    Planted::AbsencePaidInFull,
    Planted::FunderSplitLosesPenny,
    Planted::CommitmentNotReleased,
    Planted::StayingPutBeforeBirthday,
    Planted::VatOnExemptWelfare,
    Planted::LateNewsIgnored,
];

#[test]
fn each_planted_defect_is_found_within_a_hundred_histories_and_shown_in_few_commands() {
    for defect in DEFECTS {
        plant(Some(defect));
        let failed = (1..=100).find_map(|seed| history(seed, false).err());
        let Some(failed) = failed else { panic!("{defect:?} was not found") };
        let (commands, wrong) = shrink::shrunk(&failed.commands);
        plant(None);
        assert!(
            commands.len() <= 12,
            "{defect:?} is shown in {} commands: {}",
            commands.len(),
            shrink::told(&commands)
        );
        assert!(
            World::play(&commands).is_ok(),
            "{defect:?}: without it the history is right; with it {wrong}"
        );
    }
}
