"""Whether what came of a case is what its file expects."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aei_inspection.schemas import check, compile_schema
from aei_protocol.messages import Ended
from aei_protocol.outcomes import Outcome
from aei_sdk.errors import Fault
from aei_sdk.gate import faults_of

_LONGEST_SHOWN = 80
_MOST_FAULTS = 20


def unmet(expect: Mapping[str, Any], ended: Ended, output: Any) -> list[Fault]:
    """What of an expectation is not met, each with its place; empty when all is.

    Args:
        expect: as in `test-case.schema.json`.
        output: read from JSON.
    """
    faults = [*_ending(expect, ended)]
    if ended.outcome is Outcome.OK and not faults:
        faults = [*_output(expect, output)]
    return faults[:_MOST_FAULTS]


def _ending(expect: Mapping[str, Any], ended: Ended) -> Iterator[Fault]:
    outcome = expect.get("outcome", Outcome.OK)
    if ended.outcome != outcome:
        yield Fault("outcome", f"expected {outcome}, got {ended.outcome}")
    elif (words := expect.get("problem")) and words not in (ended.problem or ""):
        yield Fault("problem", f"expected words with {_shown(words)}, got {_shown(ended.problem)}")
    denied = sorted({denial.permission for denial in ended.denied})
    if "denied" in expect and denied != sorted(expect["denied"]):
        yield Fault("denied", f"expected {_shown(sorted(expect['denied']))}, got {_shown(denied)}")


def _output(expect: Mapping[str, Any], output: Any) -> Iterator[Fault]:
    if "output" in expect:
        yield from _differences(expect["output"], output, "output", exact=True)
    if "output_subset" in expect:
        yield from _differences(expect["output_subset"], output, "output", exact=False)
    if "output_schema" in expect:
        schema = compile_schema(expect["output_schema"])
        found = faults_of(tuple(check(schema, output)))
        yield from (Fault(f"output{fault.pointer.rstrip('/')}", fault.message) for fault in found)


def _differences(expected: Any, got: Any, place: str, *, exact: bool) -> Iterator[Fault]:
    if isinstance(expected, dict) and isinstance(got, dict):
        for name in expected:
            if name in got:
                yield from _differences(expected[name], got[name], f"{place}/{name}", exact=exact)
            else:
                yield Fault(f"{place}/{name}", f"expected {_shown(expected[name])}, it is absent")
        if exact:
            extra = (name for name in got if name not in expected)
            yield from (Fault(f"{place}/{name}", f"not expected: {_shown(got[name])}") for name in extra)
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for index, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from _differences(one, other, f"{place}/{index}", exact=exact)
    elif not _same(expected, got):
        yield Fault(place, f"expected {_shown(expected)}, got {_shown(got)}")


def _same(expected: Any, got: Any) -> bool:
    """Equal as JSON has it: 1 is 1.0, and true is not 1."""
    return isinstance(expected, bool) == isinstance(got, bool) and expected == got


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
