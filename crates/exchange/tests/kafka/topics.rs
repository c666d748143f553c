//! Topics are made once, compared ever after, and never changed.

use crate::world::{LOG, World};
use exchange::kafka::Applied;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_are_made_once_and_what_differs_is_told() {
    let world = World::new(2).await;
    let again = world.topics.apply(&world.connection, &[LOG]).await.unwrap();
    assert_eq!(again, Applied::default(), "all is as declared");
    let other = world.topics.clone().partitions(5);
    let found = other.apply(&world.connection, &[LOG]).await.unwrap();
    assert_eq!(found.made, Vec::<String>::new());
    let told: Vec<_> = found.differences.iter().map(ToString::to_string).collect();
    let expected = format!(
        "{}: partitions is 2, declared is 5. It was left so; change it with Kafka's own tools",
        world.topic
    );
    assert_eq!(told, [expected]);
    assert_eq!(tokio::task::block_in_place(|| world.in_topic()).len(), 2, "it was left so");
}
