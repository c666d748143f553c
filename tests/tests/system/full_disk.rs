//! A disk that is full: what cannot be kept is refused and says so, and once there is room everything goes on.

use crate::process::{Ended, Server, post_referral, run, token};
use crate::region::council;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The disk: what a new region takes, and room for some commands.
const DISK_MIB: u32 = 24;
/// Who the child is: sealed under a key of its own, which is kept before the referral.
const IDENTITY: &str = r#"{"given_name": "Zebedee", "narrative": "simulated"}"#;
/// So many posts do not fit any more by far.
const POSTS_MAX: u32 = 400;

/// Fills the disk up to so many bytes.
fn fill(ballast: &Path, left_bytes: u64) {
    let mut file = File::create(ballast).unwrap();
    let block = vec![1; 64 * 1024];
    loop {
        match file.write_all(&block) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => break,
            Err(error) => panic!("{error}"),
        }
    }
    let length = file.metadata().unwrap().len();
    OpenOptions::new().write(true).open(ballast).unwrap().set_len(length - left_bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_nothing_is_acknowledged_that_is_not_kept_and_with_room_again_all_goes_on() {
    let said = goes_on(400 * 1024, ".db: database or disk is full").await;
    assert!(
        said.contains("make room on the disk") && said.contains(".db"),
        "who runs it is told which file: {said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_not_even_a_key_finds_room_all_goes_on_after_it_too() {
    let said = goes_on(0, ".keys: ").await;
    assert!(said.contains("E06000015.keys"), "who runs it is told which file: {said}");
}

/// Gives what the service said while its disk was full.
async fn goes_on(left_bytes: u64, full: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("region");
    let (server, _) = Server::start(&data).await;
    let token = token(&data, council("E06000015"));
    assert_eq!(server.terminate(), Some(0));

    let mut server = Server::spawn_on_disk(&data, DISK_MIB);
    let address = server.listening().await;
    let post = |number: u32| {
        post_referral(address, &token, &["--request-id", &format!("r-{number}"), "--identity", IDENTITY])
    };
    let ballast = server.disk(&data).join("ballast");
    fill(&ballast, left_bytes);

    let mut kept: Vec<Ended> = Vec::new();
    let refused = loop {
        let number = u32::try_from(kept.len()).unwrap();
        assert!(number < POSTS_MAX, "the disk does not fill");
        let posted = post(number);
        match posted.code {
            Some(0) => kept.push(posted),
            _ => break posted,
        }
    };
    assert_eq!(kept.is_empty(), left_bytes == 0);
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert!(refused.stdout.contains("safe to try again"), "{refused:?}");
    // A file whose last block has room takes some more.
    let more = kept.len() + 1..POSTS_MAX as usize;
    for number in more {
        if server.said().contains(full) {
            break;
        }
        assert_eq!(post(u32::try_from(number).unwrap()).code, Some(69));
    }
    let said = server.said();
    assert!(
        said.contains("make room on the disk") && said.contains(".db"),
        "who runs it is told which file: {said}"
    );

    let (status, reasons) = server.http("/readyz");
    assert_eq!(status, 503, "{reasons}");
    assert!(reasons.contains("could not be appended to") && reasons.contains("make room"), "{reasons}");
    let (_, metrics) = server.http("/metrics");
    assert!(!metrics.contains("brokerage_append_failures_total 0\n"), "{metrics}");

    std::fs::remove_file(&ballast).unwrap();
    let kept_before = u32::try_from(kept.len()).unwrap();
    let new = [kept_before, POSTS_MAX, POSTS_MAX + 1];
    for number in new {
        let posted = post(number);
        assert_eq!(posted.code, Some(0), "{posted:?}\n{}", server.said());
        kept.push(posted);
    }
    for (number, posted) in (0..kept_before).chain(new).zip(&kept) {
        assert_eq!(post(number).json(), posted.json(), "what was acknowledged is there");
    }
    let address = format!("http://{address}");
    let listed = run([
        "referrals",
        "list",
        "--address",
        &address,
        "--token",
        &token,
        "--output",
        "json",
        "--parent",
        "councils/E06000015",
        "--page-size",
        "1000",
    ]);
    assert_eq!(listed.json()["referrals"].as_array().unwrap().len(), kept.len(), "and nothing else is");
    assert_eq!(server.terminate(), Some(0));
    said
}
