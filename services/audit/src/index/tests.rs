use super::*;
use audit_domain::{Leaf, RecordedEntry};

impl Index {
    /// Bytes on the heap, roughly.
    fn footprint(&self) -> usize {
        self.look(|logs| {
            let of_log = |log: &LogIndex| {
                // The tree's rows of nodes: at most as much again as the leaves, each up to twice what is in it.
                let tree = size_of_val(log.tree.leaves()) * 2 * 2;
                let rows = log.rows.capacity() * size_of::<Row>()
                    + log.rows.iter().map(Row::footprint).sum::<usize>();
                tree + rows + log.by_time.capacity() * 4
            };
            logs.names.footprint() + logs.logs.values().map(of_log).sum::<usize>()
        })
    }
}

fn hash(n: u64) -> Hash {
    merkle_log::leaf_hash(&n.to_be_bytes())
}

/// A leaf that is as large as the demo's are: a UUID in the stream and in the request id.
fn leaf(n: u64) -> Leaf {
    Leaf {
        hash: hash(n).to_string(),
        event_type: format!("Type{}", n % 40),
        stream: format!("referral/0190f5c2-6b1e-7c3a-9d21-{:012x}", n / 5),
        stream_version: n % 5 + 1,
        effective: None,
        council: "E06000015".parse().ok(),
    }
}

#[test]
fn a_hundred_thousand_events_take_tens_of_megabytes() {
    let log: LogId = "referrals/E06000015".parse().unwrap();
    let index = Index::new([log]);
    let mut frontier = Frontier::new();
    for batch in 0..400_u64 {
        let numbers = batch * 250..(batch + 1) * 250;
        numbers.clone().for_each(|n| frontier.append(hash(n)));
        let entry = |n: u64| RecordedEntry {
            actor: format!("council:E06000015/post-{}", n % 10),
            causation: Some(format!("request:0190f5c2-6b1e-7c3a-9d21-{n:012x}")),
            correlation: Some(format!("referral/0190f5c2-6b1e-7c3a-9d21-{:012x}", n / 5)),
            recorded_at_us: i64::try_from(n).unwrap(),
            leaves: vec![leaf(n)],
        };
        index.apply(&LeavesRecorded {
            log: log.to_string(),
            first_position: numbers.start + 1,
            entries: numbers.clone().map(entry).collect(),
            tree_size: numbers.end,
            root: frontier.root().to_string(),
        });
    }
    assert_eq!(index.head(log).map(|head| (head.size, head.contradiction)), Some((100_000, None)));
    let megabytes = index.footprint() / 1_000_000;
    assert!((10..40).contains(&megabytes), "{megabytes} MB");
}

#[test]
fn a_record_that_contradicts_itself_is_kept_as_that_and_nothing_after_it_is_taken() {
    let log: LogId = "vacancies/region".parse().unwrap();
    let recorded = |first: u64, root: Hash| LeavesRecorded {
        log: log.to_string(),
        first_position: first,
        entries: vec![RecordedEntry {
            actor: "test".to_owned(),
            causation: None,
            correlation: None,
            recorded_at_us: 0,
            leaves: vec![leaf(first)],
        }],
        tree_size: first,
        root: root.to_string(),
    };
    let root = |leaves: &[u64]| leaves.iter().map(|n| hash(*n)).collect::<Tree>().root();
    let after = |events: &[LeavesRecorded]| {
        let index = Index::new([log]);
        events.iter().for_each(|event| index.apply(event));
        let head = index.head(log).unwrap();
        (head.size, head.contradiction.map(|contradiction| contradiction.position))
    };
    let first = recorded(1, root(&[1]));
    assert_eq!(after(&[first.clone(), recorded(2, root(&[1, 2]))]), (2, None));
    assert_eq!(after(&[first.clone(), first.clone()]), (1, Some(1)));
    assert_eq!(after(&[first.clone(), recorded(3, root(&[1, 3]))]), (1, Some(3)));
    assert_eq!(after(&[first.clone(), recorded(2, root(&[1])), recorded(3, root(&[1, 2, 3]))]), (2, Some(2)));
}
