//! A million steps in random worlds: no invariant breaks, and everything that can be asked is asked and answered in every way.
//!
//! One world again: `SIMULATION_SEED=7 SIMULATION_STEPS=5000 cargo test -p simulation one_world`. The same variables give the million
//! another first seed and each of its worlds another length.
#![allow(clippy::print_stderr, reason = "what was covered is for whoever runs the test")]

use simulation::{
    ACCEPTED, AGREEMENT_REACTIONS, Coverage, FRAMEWORK_COMMANDS, MARKET_COMMANDS, NOTICE_COMMANDS,
    PLACEMENT_COMMANDS, REFERRAL_COMMANDS, REVIEW_COMMANDS, TERMS_COMMANDS, UPLIFT_COMMANDS, run,
};
use std::collections::BTreeSet;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The domains' own words for a "no", which all have to come.
const SOURCES: [(&str, &str, &str); 7] = [
    ("vacancies", include_str!("../../../services/vacancies/domain/src/rejection.rs"), "=> "),
    ("referrals", include_str!("../../../services/referrals/domain/src/rejection.rs"), "=> "),
    ("frameworks", include_str!("../../../services/contracts/domain/src/frameworks/rejection.rs"), "=> "),
    (
        "frameworks",
        include_str!("../../../services/contracts/domain/src/frameworks/terms_rejection.rs"),
        "=> ",
    ),
    ("agreements", include_str!("../../../services/contracts/domain/src/agreements/rejection.rs"), "=> "),
    (
        "agreements",
        include_str!("../../../services/contracts/domain/src/agreements/staying_rejection.rs"),
        "=> ",
    ),
    ("agreements", include_str!("../../../services/contracts/domain/src/call_off.rs"), ": &str = "),
];

/// What cannot come here, and why. Should it come after all, the reason why is wrong.
const OUT_OF_REACH: [(&str, &str, &str); 17] = [
    (
        "agreements",
        "ADDITION_NOT_TIME_BOXED",
        "an offer whose additions have no end is refused where it is made",
    ),
    (
        "vacancies",
        "REGISTER_TOO_DIFFERENT",
        "no world has so many establishments that more than ten could go",
    ),
    ("vacancies", "TOO_MANY_HOUSEHOLDS", "a world ends before an agency has five thousand households"),
    ("vacancies", "TOO_MANY_STATEMENTS", "a world ends before a home has stated fifty times what it is for"),
    ("vacancies", "RESERVATION_LIMIT_REACHED", "no world has fifty places that one council could reserve"),
    (
        "vacancies",
        "START_TOO_FAR",
        "an offer for so late a night is not taken, and the night only comes nearer",
    ),
    ("vacancies", "UNDER_16_SUPPORTED_ACCOMMODATION", "referrals has refused it before"),
    (
        "referrals",
        "LIMIT_REACHED",
        "nobody releases a referral to 500 providers or gets 500 offers, twenty on a shortlist or as many questions",
    ),
    ("frameworks", "TOO_MANY_LOTS", "a world ends before a framework has fifty lots"),
    (
        "frameworks",
        "LIMIT_REACHED",
        "nobody enters 200 prices of a lot, a hundred openings or price versions, a thousand discounts, 200 suspensions or 5,000 providers, \
         and no council joins a framework twenty times",
    ),
    ("agreements", "LIMIT_REACHED", "nobody gives notice of one placement twenty times"),
    ("agreements", "CLAIM_DISAGREES", "both halves of an award are made from the same proposal"),
    ("agreements", "UNREGISTERED_PROVISION", "the market has refused it before"),
    (
        "agreements",
        "ACCOMMODATION_RESTRICTED",
        "the market has refused it before, and what it takes back later is refused as released",
    ),
    ("agreements", "FUNDERS_NOT_WHOLE", "a referral with such shares is not posted"),
    ("agreements", "CORE_FEE_MISSING", "an offer without a core fee is not taken"),
    ("agreements", "SPOT_NOT_JUSTIFIED", "an award without a justification is not proposed"),
];

/// What nobody asks here: terms and reviews touch none of the invariants that the worlds are for, and tests of contracts live through them.
const NEVER_ASKED: [&[&str]; 3] = [TERMS_COMMANDS, UPLIFT_COMMANDS, REVIEW_COMMANDS];

const WORLDS: u64 = 200;
const STEPS: u64 = 5_000;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

/// The counters of many worlds. They are independent, so every processor has some.
fn run_worlds(first: u64, worlds: u64, steps: u64) -> Coverage {
    let next = AtomicU64::new(first);
    let work = || {
        let mut covered = Coverage::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + worlds {
                return covered;
            }
            covered.add(&run(seed, steps).unwrap_or_else(|failure| panic!("{failure}")));
        }
    };
    let mut covered = Coverage::default();
    thread::scope(|scope| {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            covered.add(&thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    covered
}

#[test]
fn one_world() {
    let (seed, steps) = (from_environment("SIMULATION_SEED", 1), from_environment("SIMULATION_STEPS", STEPS));
    let covered = run(seed, steps).unwrap_or_else(|failure| panic!("{failure}"));
    eprintln!("{covered}");
}

#[test]
fn a_million_steps_keep_every_invariant() {
    let (first, steps) =
        (from_environment("SIMULATION_SEED", 1), from_environment("SIMULATION_STEPS", STEPS));
    let covered = run_worlds(first, WORLDS, steps);
    eprintln!("{covered}");
    if steps < STEPS {
        return;
    }
    let commands = [
        MARKET_COMMANDS,
        REFERRAL_COMMANDS,
        FRAMEWORK_COMMANDS,
        PLACEMENT_COMMANDS,
        NOTICE_COMMANDS,
        AGREEMENT_REACTIONS,
    ];
    let never: Vec<&str> =
        commands.concat().into_iter().filter(|command| covered.of(command, ACCEPTED) == 0).collect();
    assert!(never.is_empty(), "never accepted: {never:?}");
    for command in NEVER_ASKED.concat() {
        assert_eq!(
            covered.of(command, ACCEPTED),
            0,
            "{command} is asked here by now: count it with the others"
        );
    }
    for (prefix, source, before) in SOURCES {
        let missing = missing(&covered, prefix, source, before);
        assert!(missing.is_empty(), "{prefix} never said {missing:?}");
    }
    for (prefix, reason, why) in OUT_OF_REACH {
        assert!(!covered.outcomes(prefix).contains(reason), "{prefix} said {reason}, though {why}");
    }
}

/// The reasons that a domain's source names, as they stand after `before`: `=> "REASON"`, or a constant of the checks.
fn reasons<'a>(source: &'a str, before: &'a str) -> BTreeSet<&'a str> {
    let named =
        source.lines().filter_map(|line| line.split_once(before)?.1.strip_prefix('"')?.split('"').next());
    named.collect()
}

/// Those of a domain that never came, and that are not known to be out of reach here.
fn missing<'a>(covered: &Coverage, prefix: &str, source: &'a str, before: &'a str) -> Vec<&'a str> {
    let came = covered.outcomes(prefix);
    let named = reasons(source, before);
    assert!(named.len() > 5, "no reasons were found in the source of {prefix}");
    let unreachable =
        |reason: &&str| OUT_OF_REACH.iter().any(|(log, out, _)| (*log, out) == (prefix, reason));
    named.into_iter().filter(|reason| !came.contains(reason) && !unreachable(reason)).collect()
}
