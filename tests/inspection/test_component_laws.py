"""Laws of the component reader: any bytes give an outline or a refusal, never anything else."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aei_inspection.component import read_component
from aei_inspection.component_sections import read_outline
from aei_inspection.problems import PackageRefused
from aei_inspection.wasm_binary import PREAMBLE
from aei_protocol.interface import ALWAYS
from tests.inspection.samples import component


def numbered(value: int) -> bytes:
    """LEB128."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + numbered(rest) if rest else bytes([low])


sections = st.builds(
    lambda section, body: bytes([section]) + numbered(len(body)) + body,
    st.sampled_from([0, 1, 4, 7, 10, 11]),
    st.binary(max_size=24) | st.just(PREAMBLE),
)


@given(st.binary(max_size=100))
def test_any_bytes_give_an_outline_or_a_refusal(content: bytes) -> None:
    with suppress(PackageRefused):
        read_outline(content)


@given(st.lists(sections, max_size=8).map(b"".join))
@example(b"\x0a\x05\x01\x00\x00\x02\x01")
@example(b"\x04\x08" + PREAMBLE)
def test_any_sections_give_an_outline_or_a_refusal(body: bytes) -> None:
    with suppress(PackageRefused):
        read_outline(PREAMBLE + body)


def test_deep_nesting_is_refused() -> None:
    content = PREAMBLE
    for _ in range(1000):
        content = PREAMBLE + b"\x04" + numbered(len(content)) + content
    with pytest.raises(PackageRefused):
        read_outline(content)


@given(st.integers(0, len(component()) - 1), st.integers(0, 255))
@settings(max_examples=60)
def test_one_changed_byte_is_accepted_or_refused_in_words(at: int, value: int) -> None:
    content = component()[:at] + bytes([value]) + component()[at + 1 :]
    try:
        facts = read_component(content, ALWAYS)
    except PackageRefused as refusal:
        shown = [problem.message for problem in refusal.problems]
    else:
        shown = list(facts.exports)
    assert shown
    assert all(text.isprintable() for text in shown)
