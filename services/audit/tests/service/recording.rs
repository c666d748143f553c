//! Each event has one leaf, through restarts, and the roots are those of the events.

use crate::world::{DERBY, Decision, World, as_council, as_lead, decision, log, tree};
use audit_domain::{AuditEvent, LeavesRecorded};
use care::Event;
use merkle_log::Hash;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::proptest;
use std::collections::BTreeMap;

/// What the audit logs say, read from their files.
async fn recorded(world: &World) -> BTreeMap<String, Vec<LeavesRecorded>> {
    let mut recorded: BTreeMap<String, Vec<LeavesRecorded>> = BTreeMap::new();
    for owner in ["region", DERBY, "E06000018", "E06000005", "E06000059"] {
        for event in world.stored(log(&format!("audit/{owner}"))).await {
            let AuditEvent::LeavesRecorded(leaves) =
                AuditEvent::decode(&event.event_type, event.version, &event.payload).unwrap();
            let source = log(&leaves.log);
            assert_eq!(source.owner, event.log.owner, "a council's leaves are in the council's audit log");
            recorded.entry(leaves.log.clone()).or_default().push(leaves);
        }
    }
    recorded
}

/// That the leaves of each log are those of its events, one each and in order, and every root recorded on the way was right.
async fn check_leaves(world: &World) {
    let recorded = recorded(world).await;
    for id in world.audit.logs() {
        let events = world.stored(id).await;
        let tree = tree(&events);
        let mut position = 0_u64;
        for leaves in recorded.get(&id.to_string()).into_iter().flatten() {
            assert_eq!(leaves.first_position, position + 1);
            for leaf in leaves.entries.iter().flat_map(|entry| &entry.leaves) {
                let event = &events[usize::try_from(position).unwrap()];
                assert_eq!(leaf.hash, event.leaf_hash().to_string());
                assert_eq!(leaf.event_type, event.event_type);
                position += 1;
            }
            assert_eq!(leaves.tree_size, position);
            assert_eq!(leaves.root, tree.root_at(position).unwrap().to_string());
        }
        assert_eq!(position, u64::try_from(events.len()).unwrap(), "{id}: as many leaves as events");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recording_goes_on_after_a_restart_without_a_second_leaf() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("referrals/{DERBY}");
    let mut before = Vec::new();
    for round in 0..3_u64 {
        let world = World::open(folder.path()).await;
        // What was recorded is there at once, before anything is followed.
        let head = world.head(&as_council(DERBY), &name).await.unwrap();
        assert_eq!((head.tree_size, head.root), (round * 300, tree(&before).root().to_string()));
        world.append_many(&name, 300).await;
        world.caught_up().await;
        before = world.stored(log(&name)).await;
        check_leaves(&world).await;
        let head = world.head(&as_council(DERBY), &name).await.unwrap();
        assert_eq!((head.tree_size, head.root), (before.len() as u64, tree(&before).root().to_string()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_while_nobody_followed_is_recorded_in_few_events() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("contracts/{DERBY}");
    let world = World::open(folder.path()).await;
    // Derby's audit log starts to lag when a thousand events are handed over in one go.
    let many = Decision { events: vec!["Happened"; 1_000], ..decision("Happened", 1) };
    world.append(&name, many).await;
    world.caught_up().await;
    let recorded = recorded(&world).await;
    let sizes: Vec<_> = recorded[&name].iter().map(|leaves| leaves.tree_size).collect();
    assert_eq!(sizes, [256, 512, 768, 1_000]);
    let entries: usize = recorded[&name].iter().map(|leaves| leaves.entries.len()).sum();
    assert_eq!(entries, 4, "who, why and when of one decision are written once in each event");
    check_leaves(&world).await;
}

#[derive(Debug, Clone)]
enum Step {
    Append { log: usize, events: usize },
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (any::<u8>(), 0..5_usize, 1..40_usize)
        .prop_map(|(kind, log, events)| if kind < 40 { Step::Restart } else { Step::Append { log, events } });
    proptest::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    /// After any batches and restarts, at any moment, each log's root is that of the tree over its events.
    #[test]
    fn roots_are_those_of_the_events(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let logs = ["referrals/E06000015", "invoicing/E06000015", "contracts/E06000018", "vacancies/region", "contracts/region"];
            let mut world = World::open(folder.path()).await;
            for (n, step) in (0..).zip(steps) {
                match step {
                    Step::Append { log, events } => {
                        let many = Decision { events: vec!["Happened"; events], ..decision("Happened", n) };
                        world.append(logs[log], many).await;
                    }
                    // In the midst of whatever is being recorded.
                    Step::Restart => {
                        drop(world);
                        world = World::open(folder.path()).await;
                    }
                }
            }
            world.caught_up().await;
            check_leaves(&world).await;
            for name in logs {
                let events = world.stored(log(name)).await;
                let root: Hash = world.head(&as_lead("d2n2"), name).await.unwrap().root.parse().unwrap();
                assert_eq!(root, tree(&events).root());
            }
            let (_, summary) = world.verify(&as_lead("d2n2"), &[]).await;
            assert!(summary.verified);
        });
    }
}
