"""The colours keep the contrast that WCAG 2.2 asks for, in both themes."""

import re
from pathlib import Path

import pytest

from aei_marketplace.web.shell import static
from aei_marketplace.web.shell.marks import HUES

STYLE = Path(static.__file__).parent / "static" / "style"
TEXT = (STYLE / "tokens.css").read_text()
_PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
TOKENS = {name: (light, dark) for name, light, dark in _PAIR.findall(TEXT.partition(".hue-0")[0])}
ICONS = re.findall(
    r"\.hue-\d+ \{ --ground: light-dark\((#\w{6}), (#\w{6})\); --ink: light-dark\((#\w{6}), (#\w{6})\); \}",
    TEXT,
)
READ_ON = {
    "text": (
        "canvas",
        "surface",
        "raised",
        "sunken",
        "ok-ground",
        "note-ground",
        "warn-ground",
        "danger-ground",
    ),
    "muted": ("canvas", "surface", "raised", "sunken"),
    "ok": ("ok-ground", "surface"),
    "note": ("note-ground", "surface"),
    "warn": ("warn-ground", "surface"),
    "danger": ("danger-ground", "surface", "canvas"),
    "on-accent": ("accent", "accent-strong"),
    "on-danger": ("danger",),
}
SEEN_ON = {"control": ("canvas", "surface", "raised"), "accent": ("canvas", "surface", "raised")}


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21_to_1():
    assert round(contrast("#000000", "#ffffff"), 2) == 21


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [(i, g, 4.5) for i, grounds in READ_ON.items() for g in grounds]
    + [(i, g, 3.0) for i, grounds in SEEN_ON.items() for g in grounds],
)
def test_every_colour_is_read_where_it_is_used(ink: str, ground: str, least: float, theme: int):
    assert contrast(TOKENS[ink][theme], TOKENS[ground][theme]) >= least


def test_the_letters_of_every_generated_icon_are_read_too():
    assert len(ICONS) == HUES
    for light_ground, dark_ground, light_ink, dark_ink in ICONS:
        assert contrast(light_ground, light_ink) >= 4.5
        assert contrast(dark_ground, dark_ink) >= 4.5


def test_no_other_style_sheet_names_a_colour():
    for sheet in STYLE.glob("*.css"):
        if sheet.name != "tokens.css":
            assert re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(", sheet.read_text()) == [], sheet.name
