import hashlib

from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.audit.rules import EMPTY_ROOT, Tree, node_hash, peak_places

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=70)


def root_as_the_rfc_defines_it(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, by its recursive definition."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(root_as_the_rfc_defines_it(leaves[:split]), root_as_the_rfc_defines_it(leaves[split:]))


@given(hashes)
def test_the_root_is_that_of_the_rfc(leaves):
    tree = Tree()
    tree.extend(leaves)
    assert tree.root() == root_as_the_rfc_defines_it(leaves)


@given(hashes, st.data())
def test_a_tree_that_is_loaded_and_extended_is_the_tree_that_never_stopped(leaves, data):
    cut = data.draw(st.integers(0, len(leaves)))
    known = {}
    whole = Tree()
    for node in whole.extend(leaves[:cut]):
        known[node.level, node.position] = node
    for position, leaf in enumerate(leaves[:cut]):
        known.setdefault((0, position), leaf)
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


def test_the_empty_tree_has_the_hash_of_nothing():
    assert Tree().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()
