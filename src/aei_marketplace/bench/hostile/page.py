"""The page of the report: what was tried, what came of it, on which machine."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from aei_marketplace.bench.hostile.experiment import Found
from aei_marketplace.bench.hostile.rounds import Account
from aei_marketplace.bench.report import Result

_MOST_SHOWN = 20

_INTRODUCTION = """# Fifty hostile plugins

Written by `./market bench hostile`; do not edit it. Each case was tried in every round by another tenant,
in a marketplace that was really started, beside harmless plugins of nine tenants that ran all the time.
Every tenant had a canary of its own in each channel: secrets, files, configuration, tasks, prompts, results
and logs. Each answer, problem, log, request and file was searched for others' canaries: plain, in upper and
lower case, in hex, base64, percent and JSON escapes, reversed, in UTF-16, split by separators or in pieces.

A case that the gate refuses was also tried behind it, straight at the sandbox host that ran the others'
plugins. No plugin gets WASI: what asks for it is refused there as `overreach` before it runs.
"""


def write_page(path: Path, found: Found, result: Result) -> None:
    """Write the page."""
    path.write_text("\n".join(_lines(found, result)) + "\n", "utf-8")


def _lines(found: Found, result: Result) -> Iterator[str]:
    document = result.document()
    machine = document["machine"]
    yield _INTRODUCTION
    yield (
        f"Run on {document['date']}: {machine['cpu']}, {machine['cpus']} processors, "
        f"{machine['memory_gib']} GiB, Linux {machine['kernel']}, Python {machine['python']}."
    )
    yield from _table(("Figure", "Value"), ((f"`{n}`", _value(v)) for n, v in result.figures.items()))
    yield "\n## Cases"
    accounts = found.rounds.accounts.values()
    yield from _table(("Case", "Behaviour", "Expected", "Seen", "Tries", "Verdict"), map(_row, accounts))
    yield "\n## What was not as expected\n"
    yield from _complaints(found)
    yield "\n## Leaks made on purpose"
    yield from _table(
        ("Leak", "Found", "Seen"),
        ((leak.name, "yes" if leak.found else "no", leak.seen) for leak in found.seeded),
    )
    yield "\n## Searched"
    yield from _table(("What", "How many"), ((kind, str(n)) for kind, n in sorted(found.searched.items())))
    yield _LIMITS


_LIMITS = """
## What this does not show

- Only the first round uses bombs of the whole size, and CPython built with WASI; the others use a quarter.
- The public half of DNS rebinding runs with a resolver of its own that lets no connection out.
- The time of sign-in is not compared: ten attempts a minute for an account leave no sample to speak of.
- `timing_*.t` is Welch's t over all samples of the run; beyond ±4.5 a difference is certain.
- Database files are searched for secrets only: what tenants store lies in them, behind row-level security.
"""


def _row(account: Account) -> tuple[str, ...]:
    case = account.case
    seen = "; ".join(
        f"{how}: {', '.join(f'{word} × {n}' for word, n in words.most_common())}"
        for how, words in account.words.items()
    )
    verdict = "as expected" if account.as_expected else "**not run**" if not account.tries else "**no**"
    return case.id, case.behaviour, case.expectation, seen, str(account.tries), verdict


def _complaints(found: Found) -> Iterator[str]:
    lines = [
        *(
            f"{a.case.id} {text} (× {n})"
            for a in found.rounds.accounts.values()
            for text, n in a.complaints.items()
        ),
        *found.rounds.general[:_MOST_SHOWN],
        *(str(leak) for leak in found.leaks[:_MOST_SHOWN]),
        *(text for phase in found.load["phases"].values() for text in phase["failures"][:_MOST_SHOWN]),
    ]
    yield from (f"- {_cell(line)}" for line in lines or ["Nothing."])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"\n| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).replace("|", "\\|").replace("<", "&lt;")


def _value(value: float | int | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
