//! Every proof verifies, every altered proof is refused, and all ways to a root agree with the
//! recursive definition of RFC 6962 §2.1.

use merkle_log::{
    Frontier, FrontierError, Hash, SIZE_MAX, Tree, VerifyError, empty_root, leaf_hash, node_hash,
    verify_consistency, verify_inclusion,
};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq};
use proptest::proptest;

const SIZE: u64 = 200;

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

fn tree() -> Tree {
    (0..SIZE).map(leaf).collect()
}

/// The definition, word for word, without any of the crate's shortcuts.
fn defined_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(defined_root(left), defined_root(right))
        }
    }
}

fn flip(hash: Hash, bit: usize) -> Hash {
    let mut bytes = hash.0;
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash(bytes)
}

/// Every copy of the proof that differs in one bit, is one hash short, or is one hash longer.
fn altered(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..proof.len() {
        for bit in 0..256 {
            let mut copy = proof.to_vec();
            copy[at] = flip(copy[at], bit);
            all.push(copy);
        }
        let mut copy = proof.to_vec();
        copy.remove(at);
        all.push(copy);
    }
    all.push([proof, &[empty_root()]].concat());
    all
}

#[test]
fn every_root_is_the_defined_root() {
    let tree = tree();
    let mut frontier = Frontier::new();
    for size in 0..=SIZE {
        let expected = defined_root(&tree.leaves()[..usize::try_from(size).unwrap()]);
        assert_eq!(tree.root_at(size), Ok(expected), "size {size}");
        assert_eq!(frontier.root(), expected, "size {size}");
        assert_eq!(tree.frontier_at(size).as_ref(), Ok(&frontier), "size {size}");
        frontier.append(leaf(size));
    }
}

#[test]
fn every_inclusion_verifies_and_only_for_its_leaf() {
    let tree = tree();
    for size in 1..=SIZE {
        let root = tree.root_at(size).unwrap();
        for index in 0..size {
            let proof = tree.inclusion_proof(index, size).unwrap();
            let check = |leaf| verify_inclusion(leaf, index, size, &proof, root);
            assert_eq!(check(leaf(index)), Ok(()), "{index} of {size}");
            assert!(matches!(check(leaf(index + 1)), Err(VerifyError::RootDiffers { .. })));
        }
    }
}

#[test]
fn every_consistency_verifies_and_only_for_its_roots() {
    let tree = tree();
    let roots: Vec<Hash> = (0..=SIZE).map(|size| tree.root_at(size).unwrap()).collect();
    let root = |size: u64| roots[usize::try_from(size).unwrap()];
    for new in 1..=SIZE {
        for old in 1..=new {
            let proof = tree.consistency_proof(old, new).unwrap();
            let check = |old_root, new_root| verify_consistency(old, old_root, new, new_root, &proof).is_ok();
            assert!(check(root(old), root(new)), "{old} to {new}");
            assert!(!check(root(old - 1), root(new)), "{old} to {new}");
            assert!(!check(root(old), root(new - 1)), "{old} to {new}");
        }
    }
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let root = tree().root();
    assert_eq!(
        verify_inclusion(root, 3, 3, &[], root),
        Err(VerifyError::IndexBeyondSize { index: 3, size: 3 })
    );
    assert_eq!(
        verify_inclusion(root, 0, 0, &[], root),
        Err(VerifyError::IndexBeyondSize { index: 0, size: 0 })
    );
    assert_eq!(
        verify_consistency(3, root, 2, root, &[]),
        Err(VerifyError::Shrinking { old_size: 3, new_size: 2 })
    );
    assert_eq!(verify_consistency(3, root, 3, root, &[]), Ok(()));
    assert_eq!(
        verify_consistency(3, root, 3, root, &[root]),
        Err(VerifyError::WrongLength { expected: 0, found: 1 })
    );
}

/// A node is not a leaf: a path that begins higher up leads to the same root, and is too short.
#[test]
fn a_node_passed_off_as_a_leaf_is_refused() {
    let tree = tree();
    let root = tree.root_at(8).unwrap();
    let proof = tree.inclusion_proof(0, 8).unwrap();
    let node = node_hash(leaf(0), proof[0]);
    assert_eq!(
        verify_inclusion(node, 0, 8, &proof[1..], root),
        Err(VerifyError::WrongLength { expected: 3, found: 2 })
    );
}

#[test]
fn a_frontier_of_impossible_parts_is_refused() {
    let node = leaf(0);
    assert_eq!(
        Frontier::from_parts(6, vec![node; 3]),
        Err(FrontierError::WrongNodeCount { size: 6, expected: 2, found: 3 })
    );
    let size = SIZE_MAX + 1;
    assert_eq!(Frontier::from_parts(size, vec![node]), Err(FrontierError::TooLarge { size }));
}

/// A size up to `SIZE` and a number from 1 to that size.
fn pair() -> impl Strategy<Value = (u64, u64)> {
    (1..=SIZE).prop_flat_map(|size| (1..=size, Just(size)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_altered_inclusion_proof_is_refused((number, size) in pair()) {
        let (tree, index) = (tree(), number - 1);
        let root = tree.root_at(size).unwrap();
        let proof = tree.inclusion_proof(index, size).unwrap();
        for wrong in altered(&proof) {
            prop_assert!(verify_inclusion(leaf(index), index, size, &wrong, root).is_err());
        }
        for bit in 0..256 {
            prop_assert!(verify_inclusion(leaf(index), index, size, &proof, flip(root, bit)).is_err());
            let other = flip(leaf(index), bit);
            prop_assert!(verify_inclusion(other, index, size, &proof, root).is_err());
        }
    }

    #[test]
    fn every_altered_consistency_proof_is_refused((old, new) in pair()) {
        let tree = tree();
        let (old_root, new_root) = (tree.root_at(old).unwrap(), tree.root_at(new).unwrap());
        let proof = tree.consistency_proof(old, new).unwrap();
        for wrong in altered(&proof) {
            prop_assert!(verify_consistency(old, old_root, new, new_root, &wrong).is_err());
        }
        for bit in 0..256 {
            let check = |old_root, new_root| {
                verify_consistency(old, old_root, new, new_root, &proof)
            };
            prop_assert!(check(flip(old_root, bit), new_root).is_err());
            prop_assert!(check(old_root, flip(new_root, bit)).is_err());
        }
    }

    /// A history in which any one leaf was replaced has no accepted proof from the honest root.
    #[test]
    fn rewritten_history_is_refused((number, old) in pair(), grown in 0_u64..100) {
        let honest: Tree = (0..old).map(leaf).collect();
        let new = old + grown;
        let forged: Tree = (0..new)
            .map(|index| if index == number - 1 { leaf(u64::MAX) } else { leaf(index) })
            .collect();
        let proof = forged.consistency_proof(old, new).unwrap();
        prop_assert!(verify_consistency(old, honest.root(), new, forged.root(), &proof).is_err());
    }

    /// A follower that stores its frontier and goes on from it reaches the tree's root.
    #[test]
    fn a_restored_frontier_goes_on((number, size) in pair()) {
        let tree = tree();
        let kept = tree.frontier_at(number).unwrap();
        let mut restored = Frontier::from_parts(kept.size(), kept.nodes().to_vec()).unwrap();
        for index in number..size {
            restored.append(leaf(index));
        }
        prop_assert_eq!(Ok(restored.root()), tree.root_at(size));
    }

    /// No input makes the verifiers panic.
    #[test]
    fn nothing_panics(
        sizes in any::<(u64, u64)>(),
        proof in proptest::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..70),
    ) {
        let root = leaf(0);
        prop_assert!(verify_inclusion(root, sizes.0, sizes.1, &proof, leaf(1)).is_err());
        prop_assert!(verify_consistency(sizes.0, root, sizes.1, leaf(1), &proof).is_err());
    }
}
