"""Rules of the broker that need no guest: texts, logs, progress, denials, endings, messages."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_protocol.limits import Limits
from aei_protocol.messages import (
    TO_HOST,
    TO_MARKETPLACE,
    Denial,
    Ended,
    Execute,
    LogLine,
    Prepare,
    Progress,
    Usage,
)
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_sandbox.broker.denials import Denials
from aei_sandbox.broker.journal import LONGEST_LINE, Journal
from aei_sandbox.broker.progress import ProgressReports
from aei_sandbox.ending import VERDICTS, ending_of_death, ending_of_verdict
from aei_sandbox.inside.traps import reduce_failure
from aei_sandbox.text import escaped
from aei_sandbox.wire import BadMessage, decode_for_host, decode_for_marketplace, encode


@given(st.text(), st.integers(1, 50))
def test_an_escaped_text_is_one_printable_line_of_bounded_length(text: str, longest: int) -> None:
    safe = escaped(text, longest)
    assert len(safe) <= longest
    assert safe.isprintable()


@given(st.text(), st.text())
def test_different_texts_stay_different_when_nothing_is_cut(one: str, other: str) -> None:
    assert (escaped(one, 10_000) == escaped(other, 10_000)) == (one == other)


def test_what_terminals_and_logs_act_upon_is_escaped() -> None:
    assert escaped("a\r\n\x1b[0m\u202e\x85\\n", 100) == "a\\r\\n\\x1b[0m\\u202e\\x85\\\\n"
    assert escaped("größe 日本", 100) == "größe 日本"


@given(st.lists(st.text(max_size=200), max_size=50), st.integers(0, 1000))
def test_a_log_never_exceeds_its_limit_and_truncates_at_the_first_line_that_does_not_fit(
    messages: list[str], limit: int
) -> None:
    lines: list[LogLine] = []
    journal = Journal("e", limit, lines.append)
    for message in messages:
        journal.write(0, "info", message)
    written = [line.message for line in lines]
    assert sum(len(text.encode()) for text in written) <= limit
    assert written == [escaped(m, LONGEST_LINE) for m in messages[: len(written)]]
    assert journal.truncated == (len(written) < len(messages))


@given(st.lists(st.floats(), min_size=1, max_size=100))
def test_progress_is_within_bounds_and_ends_with_the_last_report(fractions: list[float]) -> None:
    told: list[Progress] = []
    reports = ProgressReports("e", told.append, now=iter(n / 1000 for n in range(10_000)).__next__)
    for fraction in fractions:
        reports.report(fraction, "m")
    reports.flush()
    assert all(0.0 <= p.fraction <= 1.0 for p in told)
    last = fractions[-1]
    assert told[-1].fraction == (0.0 if math.isnan(last) else min(1.0, max(0.0, last)))


def test_progress_is_told_at_most_twenty_times_a_second() -> None:
    told: list[Progress] = []
    time = [0.0]
    reports = ProgressReports("e", told.append, now=lambda: time[0])
    for millisecond in range(1000):
        time[0] = millisecond / 1000
        reports.report(millisecond / 1000, "m")
    assert 18 <= len(told) <= 21


@given(st.lists(st.tuples(st.sampled_from(["network", "secrets"]), st.text(max_size=3)), max_size=100))
def test_no_denial_is_lost_in_the_summary(calls: list[tuple[str, str]]) -> None:
    denials = Denials()
    for permission, target in calls:
        denials.add(permission, target)
    listed, more = denials.summary()
    assert sum(d.count for d in listed) + more == denials.total == len(calls)
    for permission in ("network", "secrets"):
        assert sum(d.permission == permission for d in listed) <= 20


def test_a_flood_of_different_targets_is_counted_without_being_remembered() -> None:
    denials = Denials()
    for number in range(5_000):
        denials.add("network", f"h{number}.example")
    listed, more = denials.summary()
    assert (len(listed), more) == (20, 4_980)
    assert len(denials._counts) == 1_000


@pytest.mark.parametrize(
    ("kind", "denials", "outcome"),
    [
        ("ok", 3, Outcome.OK),
        ("error", 0, Outcome.GUEST_ERROR),
        ("error", 1, Outcome.DENIED),
        ("trap", 1, Outcome.DENIED),
        ("trap", 0, Outcome.TRAP),
        ("memory", 1, Outcome.MEMORY_LIMIT),
        ("output", 1, Outcome.OUTPUT_LIMIT),
        ("argument", 1, Outcome.HOST_CALL_LIMIT),
    ],
)
def test_a_verdict_names_the_outcome(kind: str, denials: int, outcome: Outcome) -> None:
    assert ending_of_verdict(kind, "text", denials).outcome is outcome


@given(st.sampled_from(sorted(VERDICTS)), st.text(), st.integers(0, 3))
def test_only_a_good_ending_carries_an_output(kind: str, text: str, denials: int) -> None:
    ending = ending_of_verdict(kind, text, denials)
    assert (ending.output == text) if kind == "ok" else (ending.output is None and ending.problem is not None)


def test_a_death_that_nobody_saw_is_a_lost_worker() -> None:
    assert ending_of_death(None).outcome is Outcome.WORKER_LOST


@given(st.text(max_size=500))
def test_no_word_of_the_runtimes_text_is_passed_on(noise: str) -> None:
    verdict = reduce_failure(
        f"error at m!{noise}\n\nCaused by:\n    wasm trap: wasm `unreachable` executed\n"
    )
    assert (verdict.kind, verdict.text) == ("trap", "unreachable")


def test_every_message_has_its_own_name_on_the_line() -> None:
    names = [kind.__name__ for kind in (*TO_HOST, *TO_MARKETPLACE)]
    assert len(set(names)) == len(names)


def test_messages_come_back_as_they_went() -> None:
    execute = Execute(
        "id",
        "t",
        "i",
        "a.b",
        "1.0.0",
        "0" * 64,
        ("log",),
        Capabilities(hosts=("a.example",)),
        Limits(),
        "{}",
        "task",
    )
    prepare = Prepare("id", "0" * 64, ("log",), b"\x00asm")
    for message in (execute, prepare):
        assert decode_for_host(encode(message)) == message
    ended = Ended(
        "id",
        Outcome.OK,
        "o",
        None,
        Usage(1.5),
        ("network",),
        (Denial("network", "h", 2),),
        1,
        True,
        ("seccomp",),
    )
    assert decode_for_marketplace(encode(ended)) == ended


def test_a_message_for_the_other_side_is_refused() -> None:
    with pytest.raises(BadMessage):
        decode_for_marketplace(encode(Prepare("id", "x", ())))


@given(st.binary(max_size=100))
def test_noise_is_a_bad_message_and_nothing_else(noise: bytes) -> None:
    with pytest.raises(BadMessage):
        decode_for_host(noise)


def test_the_encoding_is_the_one_that_the_readme_tells() -> None:
    kind, fields = msgspec.msgpack.decode(encode(LogLine("id", 3, "info", "m")))
    assert (kind, fields) == ("LogLine", {"id": "id", "at_ms": 3, "level": "info", "message": "m"})
