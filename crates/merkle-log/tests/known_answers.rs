//! The eight-leaf vector of the certificate-transparency reference implementation: roots and proofs
//! that this crate did not compute.

use merkle_log::{
    Frontier, Hash, ParseHashError, ProofError, Tree, VerifyError, leaf_hash, verify_consistency,
    verify_inclusion,
};

const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// The root of the first 0, 1, 2 … 8 leaves.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn hash(text: &str) -> Hash {
    text.parse().expect("64 hexadecimal digits")
}

fn leaves() -> impl Iterator<Item = Hash> {
    LEAVES.iter().map(|text| leaf_hash(&hex::decode(text).expect("hexadecimal digits")))
}

#[test]
fn roots_of_every_size() {
    let tree: Tree = leaves().collect();
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root(), hash(ROOTS[0]));
    for (leaf, root) in leaves().zip(&ROOTS[1..]) {
        frontier.append(leaf);
        assert_eq!(frontier.root(), hash(root), "size {}", frontier.size());
    }
    for (size, root) in (0..).zip(ROOTS) {
        assert_eq!(tree.root_at(size), Ok(hash(root)), "size {size}");
    }
    assert_eq!(tree.root(), hash(ROOTS[8]));
    assert_eq!(Tree::new().root(), hash(ROOTS[0]));
}

#[test]
fn inclusion_proof_of_the_first_leaf_of_eight() {
    let tree: Tree = leaves().collect();
    let expected = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    .map(hash);
    let proof = tree.inclusion_proof(0, 8).unwrap();
    assert_eq!(proof, expected);
    let verified = verify_inclusion(leaf_hash(b""), 0, 8, &proof, hash(ROOTS[8]));
    assert_eq!(verified, Ok(()));
}

#[test]
fn consistency_proof_from_six_to_eight() {
    let tree: Tree = leaves().collect();
    let expected = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    .map(hash);
    let proof = tree.consistency_proof(6, 8).unwrap();
    assert_eq!(proof, expected);
    let verified = verify_consistency(6, hash(ROOTS[6]), 8, hash(ROOTS[8]), &proof);
    assert_eq!(verified, Ok(()));
}

#[test]
fn consistency_from_the_empty_tree_is_always_refused() {
    let tree: Tree = leaves().collect();
    for size in [0, 1, 8] {
        let root = tree.root_at(size).unwrap();
        let refused = verify_consistency(0, hash(ROOTS[0]), size, root, &[]);
        assert_eq!(refused, Err(VerifyError::FromEmpty));
        assert_eq!(tree.consistency_proof(0, size), Err(ProofError::FromEmpty));
    }
}

#[test]
fn what_the_tree_does_not_hold_is_refused() {
    let tree: Tree = leaves().collect();
    let beyond = ProofError::BeyondTree { size: 9, len: 8 };
    assert_eq!(tree.root_at(9), Err(beyond));
    assert_eq!(tree.frontier_at(9), Err(beyond));
    assert_eq!(tree.inclusion_proof(0, 9), Err(beyond));
    assert_eq!(tree.consistency_proof(1, 9), Err(beyond));
    assert_eq!(tree.inclusion_proof(4, 4), Err(ProofError::BeyondSize { index: 4, size: 4 }));
    assert_eq!(tree.consistency_proof(5, 4), Err(ProofError::Shrinking { old_size: 5, new_size: 4 }));
}

#[test]
fn rows_for_tiles() {
    let tree: Tree = leaves().take(5).collect();
    assert_eq!(tree.complete_nodes(0), tree.leaves());
    assert_eq!(tree.complete_nodes(1).len(), 2);
    assert_eq!(tree.complete_nodes(2), [hash(ROOTS[4])]);
    assert_eq!(tree.complete_nodes(3), []);
}

#[test]
fn a_hash_is_read_back_from_its_text() {
    let root = hash(ROOTS[8]);
    assert_eq!(root.to_string(), ROOTS[8]);
    assert_eq!(root.to_string().parse(), Ok(root));
    assert_eq!(format!("{root:?}"), format!("Hash({})", ROOTS[8]));
    for wrong in ["", "e3", &ROOTS[8][1..], &ROOTS[8].replace('5', "x")] {
        let refused: Result<Hash, ParseHashError> = wrong.parse();
        assert!(refused.is_err(), "{wrong}");
    }
}
