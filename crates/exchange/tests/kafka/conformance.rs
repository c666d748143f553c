//! The suite of the port, through relay and consumer, with one partition and with three.

use crate::world::World;
use exchange::conformance::Subject;
use std::sync::Arc;

async fn fresh(partitions: i32) -> Subject {
    let world = World::new(partitions).await;
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    let (exchange, publish) = (Arc::new(world.exchange()), Arc::clone(&world.log));
    Subject { exchange, publish, keep: Box::new((relay, publisher, world)) }
}

async fn of_one_partition() -> Subject {
    fresh(1).await
}

exchange::exchange_conformance_suite!(of_one_partition);

mod merged {
    async fn of_three_partitions() -> super::Subject {
        super::fresh(3).await
    }

    exchange::exchange_conformance_suite!(of_three_partitions);
}
