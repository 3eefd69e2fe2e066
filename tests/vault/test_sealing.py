"""Sealing secrets: what opens, and what does not."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.sealing import (
    Place,
    SealBroken,
    new_data_key,
    open_value,
    seal_value,
    unwrap_data_key,
    wrap_data_key,
)
from aei_marketplace.vault.errors import SecretUnfit
from aei_marketplace.vault.rules.endpoints import key_place
from aei_marketplace.vault.rules.secrets import LONGEST_VALUE, check_name, check_value, secret_place

TENANT, OTHER = UUID(int=1), UUID(int=2)
MASTER = bytes(range(32))
HERE = secret_place(TENANT, "KEY", 1)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=500)


@given(texts)
def test_a_sealed_value_opens_where_it_belongs(value: str) -> None:
    key = new_data_key()
    sealed = seal_value(key, HERE, value)
    assert value.encode() not in sealed.content or len(value) < 3
    assert open_value(key, HERE, sealed) == value


@pytest.mark.parametrize(
    "elsewhere",
    [
        secret_place(OTHER, "KEY", 1),
        secret_place(TENANT, "YEK", 1),
        secret_place(TENANT, "KEY", 2),
        key_place(TENANT, "KEY", 1),
    ],
)
def test_a_value_moved_to_another_place_does_not_open(elsewhere: Place) -> None:
    key = new_data_key()
    sealed = seal_value(key, HERE, "hidden")
    with pytest.raises(SealBroken):
        open_value(key, elsewhere, sealed)


@given(st.integers(0, 21), st.integers(1, 255))
def test_a_changed_byte_is_noticed(position: int, change: int) -> None:
    key = new_data_key()
    sealed = seal_value(key, HERE, "hidden")
    content = bytearray(sealed.content)
    content[position] ^= change
    with pytest.raises(SealBroken):
        open_value(key, HERE, replace(sealed, content=bytes(content)))


def test_the_same_value_sealed_twice_looks_different() -> None:
    key = new_data_key()
    assert seal_value(key, HERE, "x") != seal_value(key, HERE, "x")


def test_a_data_key_opens_with_its_master_key_for_its_tenant_only() -> None:
    key = new_data_key()
    wrapped = wrap_data_key(MASTER, TENANT, key)
    assert unwrap_data_key(MASTER, TENANT, wrapped) == key
    with pytest.raises(SealBroken):
        unwrap_data_key(bytes(32), TENANT, wrapped)
    with pytest.raises(SealBroken):
        unwrap_data_key(MASTER, OTHER, wrapped)


@pytest.mark.parametrize("name", ["", "key", "1KEY", "KEY-1", "KEY\n", "K" * 65, "SCHLÜSSEL", "A B"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(SecretUnfit):
        check_name(name)


@pytest.mark.parametrize("value", ["", "x" * (LONGEST_VALUE + 1), "ä" * (LONGEST_VALUE // 2 + 1), "\ud800"])
def test_a_value_that_cannot_be_kept_is_refused(value: str) -> None:
    with pytest.raises(SecretUnfit):
        check_value(value)


def test_the_longest_value_and_name_are_kept() -> None:
    assert check_value("x" * LONGEST_VALUE)
    assert check_name("K" * 64)
