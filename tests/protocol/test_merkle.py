"""The tree and its proofs, against the definitions of RFC 6962 and against whoever bends them."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_protocol.merkle import (
    EMPTY_ROOT,
    ProofWrong,
    Tree,
    check_consistency,
    check_inclusion,
    consistency_places,
    inclusion_places,
    leaf_hash,
    node_hash,
    peak_places,
    prove,
)

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=70)
grown = st.integers(1, 300).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def root_as_the_rfc_defines_it(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, by its recursive definition."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(root_as_the_rfc_defines_it(leaves[:split]), root_as_the_rfc_defines_it(leaves[split:]))


def path_as_the_rfc_defines_it(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return [*path_as_the_rfc_defines_it(index, left), root_as_the_rfc_defines_it(right)]
    return [*path_as_the_rfc_defines_it(index - split, right), root_as_the_rfc_defines_it(left)]


def subproof_as_the_rfc_defines_it(old: int, leaves: list[bytes], known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2."""
    if old == len(leaves):
        return [] if known else [root_as_the_rfc_defines_it(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = leaves[:split], leaves[split:]
    if old <= split:
        return [*subproof_as_the_rfc_defines_it(old, left, known), root_as_the_rfc_defines_it(right)]
    return [*subproof_as_the_rfc_defines_it(old - split, right, False), root_as_the_rfc_defines_it(left)]


def stored(leaves: list[bytes]) -> dict[tuple[int, int], bytes]:
    """What a log keeps: the hash of each perfect subtree, by its place."""
    known = {(0, position): leaf for position, leaf in enumerate(leaves)}
    return known | {(node.level, node.position): node.hash for node in Tree().extend(leaves)}


def inclusion(leaves: list[bytes], index: int) -> list[bytes]:
    return prove(inclusion_places(index, len(leaves)), stored(leaves))


def consistency(leaves: list[bytes], old: int) -> list[bytes]:
    return prove(consistency_places(old, len(leaves)), stored(leaves))


@given(hashes)
def test_the_root_is_that_of_the_rfc(leaves):
    tree = Tree()
    tree.extend(leaves)
    assert tree.root() == root_as_the_rfc_defines_it(leaves)


@given(hashes, st.data())
def test_a_tree_that_is_loaded_and_extended_is_the_tree_that_never_stopped(leaves, data):
    cut = data.draw(st.integers(0, len(leaves)))
    whole = Tree()
    whole.extend(leaves[:cut])
    known = stored(leaves[:cut])
    assert [(p.level, p.position) for p in whole.peaks] == peak_places(cut)
    assert all(place in known for place in peak_places(cut))
    whole.extend(leaves[cut:])
    assert whole.root() == root_as_the_rfc_defines_it(leaves)


@given(hashes)
def test_each_completed_subtree_is_reported_once(leaves):
    nodes = Tree().extend(leaves)
    places = [(n.level, n.position) for n in nodes]
    assert len(set(places)) == len(places)
    assert len(places) == len(leaves) - bin(len(leaves)).count("1")


def test_the_leaf_hash_is_that_of_rfc_6962():
    assert leaf_hash(b"entry") == hashlib.sha256(b"\x00entry").digest()
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_the_empty_tree_has_the_hash_of_nothing():
    assert Tree().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


@given(grown)
def test_an_inclusion_proof_is_the_path_of_the_rfc_and_checks(case):
    size, index = case
    leaves = leaves_of(size)
    proof = inclusion(leaves, index)
    assert proof == path_as_the_rfc_defines_it(index, leaves)
    check_inclusion(leaves[index], index, size, proof, root_as_the_rfc_defines_it(leaves))


@given(grown)
def test_a_consistency_proof_is_the_proof_of_the_rfc_and_checks(case):
    size, old = case
    leaves = leaves_of(size)
    proof = consistency(leaves, old)
    assert proof == (subproof_as_the_rfc_defines_it(old, leaves, True) if old else [])
    old_root = root_as_the_rfc_defines_it(leaves[:old])
    check_consistency(old, old_root, size, root_as_the_rfc_defines_it(leaves), proof)


def test_trees_of_one_size_are_consistent_without_a_proof():
    root = root_as_the_rfc_defines_it(leaves_of(9))
    assert consistency_places(9, 9) == []
    check_consistency(9, root, 9, root, [])
    with pytest.raises(ProofWrong):
        check_consistency(9, root, 9, leaf_hash(b"another"), [])


@given(grown, st.data())
def test_a_proof_for_another_leaf_or_place_is_refused(case, data):
    size, index = case
    leaves = leaves_of(size)
    root, proof = root_as_the_rfc_defines_it(leaves), inclusion(leaves, index)
    other = data.draw(st.integers(0, size).filter(lambda n: n != index))
    with pytest.raises(ProofWrong):
        check_inclusion(leaf_hash(b"another"), index, size, proof, root)
    with pytest.raises(ProofWrong):
        check_inclusion(leaves[index], other, size, proof, root)


@given(grown, st.data())
def test_a_bent_inclusion_proof_is_refused(case, data):
    size, index = case
    leaves = leaves_of(size)
    root, proof = root_as_the_rfc_defines_it(leaves), inclusion(leaves, index)
    with pytest.raises(ProofWrong):
        check_inclusion(leaves[index], index, size, bent(proof, data), root)


@given(st.integers(2, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1))), st.data())
def test_a_bent_consistency_proof_is_refused(case, data):
    size, old = case
    leaves = leaves_of(size)
    old_root, root = root_as_the_rfc_defines_it(leaves[:old]), root_as_the_rfc_defines_it(leaves)
    proof = consistency(leaves, old)
    with pytest.raises(ProofWrong):
        check_consistency(old, old_root, size, root, bent(proof, data))


@given(st.integers(2, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1))), st.data())
def test_no_proof_joins_a_rewritten_log_to_what_it_was(case, data):
    size, old = case
    leaves = leaves_of(size)
    changed = list(leaves)
    changed[data.draw(st.integers(0, old - 1))] = leaf_hash(b"rewritten")
    old_root, root = root_as_the_rfc_defines_it(leaves[:old]), root_as_the_rfc_defines_it(changed)
    for proof in (consistency(changed, old), consistency(leaves, old), []):
        with pytest.raises(ProofWrong):
            check_consistency(old, old_root, size, root, proof)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_a_leaf_that_is_not_in_the_tree_has_no_proof(index, size):
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_places(index, size)
    with pytest.raises(ProofWrong):
        check_inclusion(leaf_hash(b""), index, size, [], EMPTY_ROOT)


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3)])
def test_a_tree_never_grew_out_of_a_larger_one(old, new):
    with pytest.raises(ValueError, match="does not begin"):
        consistency_places(old, new)
    with pytest.raises(ProofWrong):
        check_consistency(old, EMPTY_ROOT, new, EMPTY_ROOT, [])


def test_what_is_not_a_hash_is_refused():
    with pytest.raises(ProofWrong, match="32 bytes"):
        check_inclusion(b"short", 0, 1, [], b"short")
    with pytest.raises(ProofWrong, match="32 bytes"):
        check_consistency(1, leaf_hash(b""), 2, leaf_hash(b""), [b"short"])


def test_every_tree_begins_with_the_empty_one_and_only_with_it():
    root = root_as_the_rfc_defines_it(leaves_of(3))
    check_consistency(0, EMPTY_ROOT, 3, root, [])
    with pytest.raises(ProofWrong):
        check_consistency(0, leaf_hash(b""), 3, root, [])
    with pytest.raises(ProofWrong):
        check_consistency(0, EMPTY_ROOT, 3, root, [root])


def bent(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    """The proof with one hash changed, missing or too many."""
    ways = ["more", "first"] + (["less", "change"] if proof else [])
    way = data.draw(st.sampled_from(ways))
    if way == "more":
        return [*proof, leaf_hash(b"more")]
    if way == "first":
        return [leaf_hash(b"more"), *proof]
    at = data.draw(st.integers(0, len(proof) - 1))
    return [*proof[:at], *([] if way == "less" else [leaf_hash(b"changed")]), *proof[at + 1 :]]
