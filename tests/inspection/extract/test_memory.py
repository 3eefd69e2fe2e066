"""A component's modules and their memory."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.extract.core_modules import read_core_modules
from aei_inspection.extract.memory import Region, rebuild_memory
from aei_inspection.extract.strings import strings_of
from aei_inspection.problems import PackageRefused
from tests.inspection.heaps import component_with, escaped


def regions(component: bytes) -> dict[int | None, bytes]:
    return {
        region.start: region.content
        for module in read_core_modules(component)
        for region in rebuild_memory(module)
    }


def test_segments_that_nearly_touch_are_one_region_and_distant_ones_are_not():
    further = '(data (i32.const 110) "two") (data (i32.const 2000) "far")'
    assert regions(component_with(b"one", segments=further, at=100)) == {
        100: b"one" + bytes(7) + b"two",
        2000: b"far",
    }


def test_a_later_segment_overwrites_an_earlier_one():
    assert regions(component_with(b"abcdef", segments='(data (i32.const 102) "XY")', at=100)) == {
        100: b"abXYef"
    }


def test_an_address_may_be_computed_or_unknown():
    further = """(data (i32.add (i32.const 200) (i32.mul (i32.const 2) (i32.const 50))) "computed")
      (data (i32.sub (i32.const 0) (i32.const 16)) "from the end") (data "passive")"""
    assert regions(component_with(b"x", segments=further, at=100)) == {
        100: b"x",
        300: b"computed",
        (1 << 32) - 16: b"from the end",
        None: b"passive",
    }


@given(st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=40)), max_size=12))
def test_rebuilt_memory_is_what_a_runtime_would_hold(segments):
    texts = " ".join(f'(data (i32.const {at}) "{escaped(content)}")' for at, content in segments)
    expected = bytearray(600)
    for at, content in segments:
        expected[at : at + len(content)] = content
    found = bytearray(600)
    for start, content in regions(component_with(b"", segments=texts, at=0)).items():
        assert start is not None
        found[start : start + len(content)] = content
    assert found == expected


@given(st.binary(max_size=200))
def test_any_bytes_after_the_preamble_give_modules_or_a_refusal(tail):
    with suppress(PackageRefused):
        read_core_modules(b"\x00asm\x0d\x00\x01\x00" + tail)
    module = b"\x00asm\x01\x00\x00\x00" + tail
    with suppress(PackageRefused):
        read_core_modules(
            b"\x00asm\x0d\x00\x01\x00\x01" + bytes([len(module) | 0x80, len(module) >> 7]) + module
        )


def test_a_claim_of_countless_segments_is_refused():
    data = b"\x0b\x05\xff\xff\xff\xff\x0f"
    module = b"\x00asm\x01\x00\x00\x00" + data
    with pytest.raises(PackageRefused, match="segments"):
        read_core_modules(b"\x00asm\x0d\x00\x01\x00\x01" + bytes([len(module)]) + module)


def test_strings_are_found_in_each_width_and_short_ones_are_not():
    wide = "über Zürich".encode("utf-16-le")
    content = b"\xffplain text\x00\x01tiny\xff" + "in UCS-2".encode("utf-16-le") + b"\xff\xff"
    content += "in UCS-4".encode("utf-32-le") + b"\xff" + wide
    (found,) = strings_of([Region("here", (0, 0), 0, content)])
    assert found.place == "here"
    assert set(found.content.split(b"\n")) == {b"plain text", b"in UCS-2", b"in UCS-4"}
