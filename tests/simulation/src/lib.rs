//! A model of the whole region: the domains of vacancies, referrals and contracts in memory, the exchange between them, and random
//! councils, providers, regulators and clocks that ask of them whatever may be asked, valid, invalid and stale alike. After every step
//! an independent oracle checks invariants 1 to 7 of the design.
//!
//! A world is made by a seed alone, so a failure can be seen again. Everybody in it is simulated, the children too.
//!
//! What it does not cover: the services around the domains (fields, access, what a provider is shown before award, dead letters),
//! the logs and the broker, invoicing, and what becomes of an agreement's terms (`contracts/domain/tests/terms_properties.rs`).

mod actions;
mod breach;
mod chance;
mod coverage;
mod exchange;
mod log;
mod opening;
mod oracle;
mod reactions;
mod world;

pub use breach::{Breach, Failure, Invariant};
pub use coverage::{
    ACCEPTED, AGREEMENT_REACTIONS, Coverage, FRAMEWORK_COMMANDS, MARKET_COMMANDS, NOTHING, NOTICE_COMMANDS,
    PLACEMENT_COMMANDS, REFERRAL_COMMANDS, REVIEW_COMMANDS, TERMS_COMMANDS, UPLIFT_COMMANDS,
};

use world::World;

/// Opens the world of a seed, takes `steps` steps in it and then delivers whatever is on its way.
///
/// # Errors
/// When an invariant does not hold, with what is needed to see it again.
pub fn run(seed: u64, steps: u64) -> Result<Coverage, Box<Failure>> {
    let mut world = World::new(seed);
    let fail = |world: &World, step, breach: Breach| {
        let last_events = world.last_events(&breach.stream);
        Err(Box::new(Failure { seed, step, breach, last_events }))
    };
    if let Err(breach) = world.open() {
        return fail(&world, 0, breach);
    }
    for step in 1..=steps {
        if let Err(breach) = world.step() {
            return fail(&world, step, breach);
        }
    }
    match world.come_to_rest() {
        Ok(()) => Ok(world.into_coverage()),
        Err(breach) => fail(&world, steps, breach),
    }
}
