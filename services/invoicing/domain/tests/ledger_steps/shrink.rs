//! A history that fails, with as few commands as it still fails with.

use crate::world::World;
use care::london_date;
use invoicing_domain::Command;

/// How many times commands are left out and the rest is played again.
const TRIES_MAX: usize = 3_000;

/// Leaves out halves, then quarters, and at last single commands.
pub(crate) fn shrunk(commands: &[Command]) -> (Vec<Command>, String) {
    let (mut left, mut wrong) = (commands.to_vec(), String::from("it does not when played again"));
    if let Err((taken, why)) = World::play(&left) {
        left.truncate(taken);
        wrong = why;
    }
    let (mut size, mut tries) = (left.len().div_ceil(2), 0);
    while size > 0 && tries < TRIES_MAX {
        let mut start = 0;
        let before = left.len();
        while start < left.len() && tries < TRIES_MAX {
            tries += 1;
            let end = (start + size).min(left.len());
            let fewer: Vec<Command> = left[..start].iter().chain(&left[end..]).cloned().collect();
            match World::play(&fewer) {
                Err((taken, why)) => {
                    (left, wrong) = (fewer, why);
                    left.truncate(taken);
                }
                Ok(_) => start = end,
            }
        }
        // Single commands are tried again as long as one of them could be left out.
        if size > 1 {
            size = size.div_ceil(2);
        } else if left.len() == before {
            size = 0;
        }
    }
    (left, wrong)
}

/// The commands in words, a line each.
pub(crate) fn told(commands: &[Command]) -> String {
    let line =
        |command: &Command| format!("{} {:?}: {:?}\n", london_date(command.at), command.cause, command.ask);
    commands.iter().map(line).collect()
}
