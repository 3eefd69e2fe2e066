"""Dependencies: one version that does for all, what stays as it is, and who excludes whom."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.versions import satisfies
from aei_marketplace.installations.errors import TooEntangled
from aei_marketplace.installations.rules.resolution import (
    Candidate,
    Choices,
    newly_broken,
    objections,
    resolve,
    standing_needs,
)

VERSIONS = ("2.1.0", "2.0.0", "1.4.0", "1.0.0")


def one(plugin: str, version: str = "1.0.0", **needs: str) -> Candidate:
    """A candidate; `b="^1"` means that it needs plugin `b` in that range."""
    return Candidate(plugin, version, needs)


def all_of(plugin: str, versions: Sequence[str] = VERSIONS, **needs: str) -> list[Candidate]:
    return [one(plugin, version, **needs) for version in versions]


def versions(chosen: Mapping[str, Candidate] | None) -> dict[str, str]:
    assert chosen is not None
    return {plugin: candidate.version for plugin, candidate in chosen.items()}


def test_the_highest_version_that_does_for_all_is_chosen_through_several_levels() -> None:
    offered = {"b": all_of("b", c="<2.1"), "c": all_of("c", d="^1"), "d": all_of("d")}
    found = resolve(Choices(one("a", b="*"), offered=offered))
    assert versions(found.chosen) == {"a": "1.0.0", "b": "2.1.0", "c": "2.0.0", "d": "1.4.0"}


def test_an_older_version_is_taken_where_the_newest_leads_nowhere() -> None:
    offered = {
        "b": [one("b", "2.0.0", c="^2"), one("b", "1.0.0", c="^1")],
        "c": [one("c", "1.0.0")],
    }
    found = resolve(Choices(one("a", b="*"), offered=offered))
    assert versions(found.chosen) == {"a": "1.0.0", "b": "1.0.0", "c": "1.0.0"}


def test_what_a_jump_backwards_would_leave_out_is_found() -> None:
    """The case of an open defect of a well-known resolver: dropping `q` to 1.0.0 is the one way out."""
    offered = {
        "p": [one("p", "2.0.0", q="3.0.0"), one("p", "1.0.0", q="1.0.0 || 2.0.0")],
        "q": [one("q", "2.0.0", o="2.0.0"), one("q", "1.0.0")],
        "o": [one("o", "2.0.0", p="2.0.0")],
    }
    found = resolve(Choices(one("a", p="*"), offered=offered))
    assert versions(found.chosen) == {"a": "1.0.0", "p": "1.0.0", "q": "1.0.0"}


def test_plugins_that_need_one_another_are_chosen_together() -> None:
    offered = {"b": [one("b", "1.0.0", a="^1")]}
    assert versions(resolve(Choices(one("a", b="^1"), offered=offered)).chosen) == {
        "a": "1.0.0",
        "b": "1.0.0",
    }


def test_what_was_yanked_does_for_who_needs_that_very_version_and_for_nobody_else() -> None:
    yanked = replace(one("b", "1.4.0"), yanked=True)
    offered = {"b": [one("b", "2.0.0"), yanked, one("b", "1.0.0")]}
    for wanted, expected in (("1.4.0", "1.4.0"), ("= 1.4.0", "1.4.0"), ("^1.0.0", "1.0.0"), ("*", "2.0.0")):
        found = resolve(Choices(one("a", b=wanted), offered=offered))
        assert versions(found.chosen)["b"] == expected
    refused = {"b": [("1.4.0", "It was yanked: it leaks.")]}
    none = resolve(Choices(one("a", b="~1.4.0"), offered=offered, refused=refused))
    assert none.chosen is None
    assert "b 1.4.0 would do, and your tenant cannot install it: It was yanked: it leaks" in none.why
    others = resolve(Choices(one("a", b=">=3"), offered=offered))
    assert "does for all (2.0.0, 1.0.0)" in others.why


def test_what_is_installed_and_does_is_kept_though_there_is_newer() -> None:
    found = resolve(Choices(one("a", b="^1"), {"b": one("b", "1.0.0")}, offered={"b": all_of("b")}))
    assert versions(found.chosen)["b"] == "1.0.0"


def test_what_is_installed_is_kept_even_where_something_new_has_to_be_older_for_it() -> None:
    offered = {
        "b": all_of("b"),
        "n": [one("n", "2.0.0", b="^2"), one("n", "1.0.0", b="^1")],
    }
    found = resolve(Choices(one("a", n="*"), {"b": one("b", "1.0.0")}, offered=offered))
    assert versions(found.chosen) == {"a": "1.0.0", "b": "1.0.0", "n": "1.0.0"}


def test_what_is_installed_moves_up_with_those_who_need_it_where_nothing_else_does() -> None:
    installed = {"b": one("b", "1.0.0"), "c": one("c", "1.0.0", b="^1")}
    offered = {"b": all_of("b"), "c": [one("c", "1.5.0", b="^2"), one("c", "1.0.0", b="^1")]}
    found = resolve(Choices(one("a", b="^2"), installed, offered=offered))
    assert versions(found.chosen) == {"a": "1.0.0", "b": "2.1.0", "c": "1.5.0"}


def test_what_is_installed_never_moves_down() -> None:
    found = resolve(Choices(one("a", b="^1"), {"b": one("b", "2.0.0")}, offered={"b": all_of("b")}))
    assert found.chosen is None
    assert found.why == (
        "a 1.0.0 needs b ^1; b 2.0.0 is installed, and no offered version above it does for all. "
        "Update b to a version that does, naming it, or uninstall what needs another."
    )


def test_what_is_pinned_stays() -> None:
    choices = Choices(one("a", b="^2"), {"b": one("b", "1.0.0")}, frozenset({"b"}), {"b": all_of("b")})
    assert "b 1.0.0 is installed and pinned" in resolve(choices).why


def test_two_who_exclude_one_another_are_named_with_what_to_do() -> None:
    choices = Choices(
        one("acme.a", "1.2.0", **{"acme.b": "^2"}),
        {"acme.c": one("acme.c", "1.0.0", **{"acme.b": "^1"})},
        offered={"acme.b": all_of("acme.b")},
    )
    assert resolve(choices).why == (
        "acme.a 1.2.0 needs acme.b ^2, but acme.c 1.0.0, which is installed, needs acme.b ^1; "
        "none of the offered versions of acme.b does for all (2.1.0, 2.0.0, 1.4.0 and 1 more). "
        "Update or uninstall acme.c first, or choose another version of acme.a."
    )


def test_a_version_that_would_do_and_is_refused_is_told_with_the_reason() -> None:
    choices = Choices(
        one("a", b="^2"), offered={"b": [one("b", "1.0.0")]}, refused={"b": [("2.0.0", "It is too young.")]}
    )
    assert "b 2.0.0 would do, and your tenant cannot install it: It is too young." in resolve(choices).why


def test_of_what_is_not_offered_there_is_no_version() -> None:
    assert "no version of b is offered to your tenant" in resolve(Choices(one("a", b="^1"))).why


@pytest.mark.parametrize("unreadable", ["", "no range", "||", "x" * 300, "^^1", "1.2.3 ||"])
def test_in_a_range_that_cannot_be_read_lies_no_version(unreadable: str) -> None:
    found = resolve(Choices(one("a", b=unreadable), offered={"b": all_of("b")}))
    assert found.chosen is None
    assert "a 1.0.0 needs b" in found.why


def test_a_search_without_end_is_ended() -> None:
    tangled = {
        f"p{n}": [one(f"p{n}", f"1.{m}.0", **{f"p{n + 1}": "*", "z": f"1.{m}.0"}) for m in range(9)]
        for n in range(9)
    }
    tangled["p9"] = [one("p9", z="9.0.0")]
    tangled["z"] = [one("z", f"1.{m}.0") for m in range(9)]
    with pytest.raises(TooEntangled):
        resolve(Choices(one("a", p0="*"), offered=tangled), most_choices=50)


def test_what_is_broken_already_stands_in_nobodys_way() -> None:
    needs = {"met": "^1", "unmet": "^2", "missing": "^1", "brought": "^1"}
    installed = {"met": "1.3.0", "unmet": "1.0.0"}
    assert standing_needs(needs, installed, frozenset({"brought"})) == {"met": "^1", "brought": "^1"}


def test_who_needs_a_plugin_objects_to_its_end_and_to_versions_outside_the_range() -> None:
    installed = [one("c", b="^1"), one("d", e="^1")]
    assert objections("b", None, installed) == ["c 1.0.0 needs b ^1"]
    assert objections("b", "2.0.0", installed) == ["c 1.0.0 needs b ^1"]
    assert objections("b", "1.9.0", installed) == []


def test_going_to_another_version_breaks_what_fitted_and_not_what_was_broken_before() -> None:
    beside = [one("b", "1.0.0"), one("c", a="^1")]
    before = one("a", "1.0.0", b="^1", gone="^1")
    assert newly_broken(before, one("a", "1.1.0", b="^1", gone="^1"), beside) == []
    assert newly_broken(before, one("a", "2.0.0", b="^2"), beside) == ["a needs b ^2", "c 1.0.0 needs a ^1"]
    assert newly_broken(before, one("a", "1.1.0", e="*"), beside) == ["a needs e *"]


PLUGINS = ("b", "c", "d")
ranges = st.sampled_from(["^1.0.0", "^2.0.0", ">=1.4.0", "<2.0.0", "*", "2.1.0", "junk"])


@st.composite
def universes(draw: st.DrawFn) -> Choices:
    """A wanted plugin and three others in up to three versions; some are installed, some of these pinned."""
    needs = st.dictionaries(st.sampled_from(PLUGINS), ranges, max_size=2)
    offered = {
        plugin: [
            Candidate(plugin, version, {k: v for k, v in draw(needs).items() if k != plugin})
            for version in VERSIONS
            if draw(st.booleans())
        ]
        for plugin in PLUGINS
    }
    installed = {p: draw(st.sampled_from(c)) for p, c in offered.items() if c and draw(st.booleans())}
    standing = {p: c.version for p, c in installed.items()}
    kept = {
        p: Candidate(p, c.version, standing_needs(c.needs, standing, frozenset(PLUGINS)))
        for p, c in installed.items()
    }
    pinned = frozenset(p for p in installed if draw(st.booleans()))
    return Choices(Candidate("a", "1.0.0", draw(needs)), kept, pinned, offered)


def is_solution(choices: Choices, chosen: Mapping[str, Candidate]) -> bool:
    return all(
        plugin in chosen and wanted != "junk" and satisfies(chosen[plugin].version, wanted)
        for candidate in chosen.values()
        for plugin, wanted in candidate.needs.items()
    )


def every_solution(choices: Choices) -> list[dict[str, Candidate]]:
    """All of them, by trying everything: each plugin left out, or in one of its versions."""
    possible: list[list[Candidate | None]] = []
    for plugin in PLUGINS:
        present = choices.installed.get(plugin)
        if present is None:
            possible.append([None, *choices.offered[plugin]])
        else:
            order = [c.version for c in choices.offered[plugin]]
            above = choices.offered[plugin][: order.index(present.version)]
            possible.append([present, *([] if plugin in choices.pinned else above)])
    found = []
    for combination in product(*possible):
        chosen = {c.plugin: c for c in (choices.wanted, *combination) if c is not None}
        if is_solution(choices, chosen):
            found.append(chosen)
    return found


@given(universes())
def test_a_solution_satisfies_every_range_and_one_is_found_exactly_if_there_is_one(choices: Choices) -> None:
    found, all_solutions = resolve(choices), every_solution(choices)
    assert (found.chosen is not None) is bool(all_solutions)
    assert bool(found.why) is (found.chosen is None)
    if found.chosen is not None:
        assert dict(found.chosen) in all_solutions


@given(universes())
def test_if_all_that_is_installed_can_stay_it_stays(choices: Choices) -> None:
    def stays(chosen: Mapping[str, Candidate]) -> bool:
        return all(chosen[plugin] == present for plugin, present in choices.installed.items())

    found = resolve(choices)
    if any(stays(solution) for solution in every_solution(choices)):
        assert found.chosen is not None
        assert stays(found.chosen)
