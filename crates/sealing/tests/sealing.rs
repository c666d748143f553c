//! What callers rely on: only the right key, for the right place, opens what was sealed.

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq};
use proptest::proptest;
use sealing::{KeyStore, NAME_BYTES_MAX, Needs, PLAINTEXT_BYTES_MAX, SealedBlob, SealingError};
use tempfile::{TempDir, tempdir};

const OWNER: &str = "E06000005";
const AAD: &str = "E06000005|referral/1|placing";
const TEXT: &[u8] = b"date of birth 2014-03-02";

fn store() -> (TempDir, KeyStore) {
    let dir = tempdir().expect("a temporary directory");
    let store = KeyStore::open(dir.path(), OWNER, &Needs::none()).expect("a new key store");
    (dir, store)
}

#[test]
fn what_was_sealed_is_given_back_and_after_reopening_too() {
    let (dir, store) = store();
    let blob = store.seal("child-1", "placing", AAD, TEXT).unwrap();
    assert_eq!(**store.unseal(&blob, AAD).unwrap(), *TEXT);
    drop(store);
    let store = KeyStore::open(dir.path(), OWNER, &Needs::none()).unwrap();
    assert_eq!(**store.unseal(&blob, AAD).unwrap(), *TEXT);
    let key = store.get("child-1", "placing").unwrap();
    assert_eq!(key.key_id(), blob.key_id);
    assert_eq!(**key.unseal(&blob, AAD).unwrap(), *TEXT);
}

#[test]
fn a_blob_in_another_place_is_refused() {
    let (_dir, store) = store();
    let blob = store.seal("child-1", "placing", AAD, TEXT).unwrap();
    for aad in ["", "E06000005|referral/2|placing", "E06000015|referral/1|placing"] {
        let refused = store.unseal(&blob, aad);
        assert!(matches!(refused, Err(SealingError::NotAuthentic { .. })));
    }
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let (_dir, store) = store();
    let blob = store.seal("child-1", "placing", AAD, TEXT).unwrap();
    for bit in 0..blob.ciphertext.len() * 8 {
        let mut wrong = blob.clone();
        wrong.ciphertext[bit / 8] ^= 1 << (bit % 8);
        let refused = store.unseal(&wrong, AAD);
        assert!(matches!(refused, Err(SealingError::NotAuthentic { .. })));
    }
    for bit in 0..96 {
        let mut wrong = blob.clone();
        wrong.nonce[bit / 8] ^= 1 << (bit % 8);
        let refused = store.unseal(&wrong, AAD);
        assert!(matches!(refused, Err(SealingError::NotAuthentic { .. })));
    }
    for bit in 0..256 {
        let mut wrong = blob.clone();
        wrong.key_commit[bit / 8] ^= 1 << (bit % 8);
        let refused = store.unseal(&wrong, AAD);
        assert!(matches!(refused, Err(SealingError::CommitmentDiffers { .. })));
    }
}

#[test]
fn each_subject_and_purpose_has_its_own_key() {
    let (_dir, store) = store();
    let blob = store.seal("child-1", "placing", AAD, TEXT).unwrap();
    for (subject, purpose) in [("child-1", "invoicing"), ("child-2", "placing")] {
        let other = store.create_or_get(subject, purpose).unwrap();
        let refused = other.unseal(&blob, AAD);
        assert!(matches!(refused, Err(SealingError::OtherKey { .. })));
        let mut renamed = blob.clone();
        other.key_id().clone_into(&mut renamed.key_id);
        let refused = store.unseal(&renamed, AAD);
        assert!(matches!(refused, Err(SealingError::CommitmentDiffers { .. })));
        // Even with its own commitment, another key does not open the blob.
        renamed.key_commit = other.seal(AAD, TEXT).unwrap().key_commit;
        let refused = store.unseal(&renamed, AAD);
        assert!(matches!(refused, Err(SealingError::NotAuthentic { .. })));
    }
}

#[test]
fn a_key_of_another_owner_is_unknown() {
    let (_dir, store) = store();
    let blob = store.seal("child-1", "placing", AAD, TEXT).unwrap();
    let dir = tempdir().unwrap();
    let other = KeyStore::open(dir.path(), "E06000015", &Needs::none()).unwrap();
    other.create_or_get("child-1", "placing").unwrap();
    let refused = other.unseal(&blob, AAD).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("owner E06000015 has no key {}: it was never made in this key store", blob.key_id)
    );
    let refused = store.get("child-2", "placing");
    assert!(matches!(refused, Err(SealingError::KeyUnknown { .. })));
}

#[test]
fn a_second_writer_is_kept_out_until_the_first_is_done() {
    let (dir, store) = store();
    let refused = KeyStore::open(dir.path(), OWNER, &Needs::none());
    assert!(matches!(refused, Err(SealingError::InUse { .. })));
    assert!(KeyStore::open(dir.path(), "E06000015", &Needs::none()).is_ok());
    drop(store);
    assert!(KeyStore::open(dir.path(), OWNER, &Needs::none()).is_ok());
}

#[test]
fn names_and_lengths_out_of_bounds_are_refused() {
    let (dir, store) = store();
    let long = "x".repeat(NAME_BYTES_MAX + 1);
    for (subject, purpose, wrong) in [
        ("", "placing", "subject"),
        (long.as_str(), "placing", "subject"),
        ("a\nb", "placing", "subject"),
        ("child-1", "", "purpose"),
        ("child-1", long.as_str(), "purpose"),
    ] {
        let refused = store.create_or_get(subject, purpose);
        assert!(matches!(refused, Err(SealingError::BadName { field, .. }) if field == wrong));
    }
    assert!(store.create_or_get(&long[1..], &long[1..]).is_ok());
    for owner in ["", "..", "a/b", "E06 5", &"x".repeat(65)] {
        let refused = KeyStore::open(dir.path(), owner, &Needs::none());
        assert!(matches!(refused, Err(SealingError::BadName { field: "owner", .. })));
    }
    let most = vec![0; PLAINTEXT_BYTES_MAX];
    assert!(store.seal("child-1", "placing", AAD, &most).is_ok());
    let refused = store.seal("child-1", "placing", AAD, &[&most[..], &[0]].concat());
    assert!(matches!(refused, Err(SealingError::TooLong { bytes: 262_145, .. })));
}

#[test]
fn in_json_all_parts_are_text() {
    let (_dir, store) = store();
    let blob = SealedBlob {
        key_id: "0a".to_owned(),
        nonce: [1; 12],
        ciphertext: vec![0xab, 0xcd],
        key_commit: [2; 32],
    };
    let json = serde_json::to_string(&blob).unwrap();
    assert_eq!(
        json,
        format!(
            r#"{{"key_id":"0a","nonce":"{}","ciphertext":"abcd","key_commit":"{}"}}"#,
            "01".repeat(12),
            "02".repeat(32)
        )
    );
    assert_eq!(serde_json::from_str::<SealedBlob>(&json).unwrap(), blob);
    let short = json.replacen("01", "", 1);
    assert!(serde_json::from_str::<SealedBlob>(&short).is_err());
    let sealed = store.seal("child-1", "placing", AAD, TEXT).unwrap();
    let json = serde_json::to_string(&sealed).unwrap();
    assert_eq!(serde_json::from_str::<SealedBlob>(&json).unwrap(), sealed);
}

#[test]
fn debug_output_shows_no_key() {
    let (_dir, store) = store();
    let key = store.create_or_get("child-1", "placing").unwrap();
    let expected = format!("DataKey {{ key_id: {:?}, .. }}", key.key_id());
    assert_eq!(format!("{key:?}"), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_for_any_place_comes_back(
        text in proptest::collection::vec(any::<u8>(), 0..300),
        aad in ".{0,40}",
        other in ".{0,40}",
    ) {
        let (_dir, store) = store();
        let blob = store.seal("child-1", "placing", &aad, &text).unwrap();
        prop_assert_eq!(&**store.unseal(&blob, &aad).unwrap(), &text);
        prop_assert_eq!(store.unseal(&blob, &other).is_ok(), aad == other);
        let again = store.seal("child-1", "placing", &aad, &text).unwrap();
        prop_assert!(again.nonce != blob.nonce && again.ciphertext != blob.ciphertext);
    }

    /// No two names share a key id, wherever the border between subject and purpose lies.
    #[test]
    fn names_do_not_run_into_each_other(a in "[a-c|]{1,4}", b in "[a-c|]{1,4}", c in "[a-c|]{1,4}") {
        let (_dir, store) = store();
        let left = store.create_or_get(&format!("{a}{b}"), &c).unwrap();
        let right = store.create_or_get(&a, &format!("{b}{c}")).unwrap();
        prop_assert!(left.key_id() != right.key_id());
    }
}
