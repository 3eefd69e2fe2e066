"""`aei-marketplace ledger`: what operators do with the books from a shell."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console
from rich.progress import Progress

from aei_marketplace.commands.shell import AsJson, Data, open_works, read_settings, run
from aei_marketplace.ledger.service import Finding, Verdict, verify_ledger
from aei_marketplace.payouts.service import Proof, verify_statements
from aei_marketplace.sales.service import LineProof, verify_lines
from aei_marketplace.settings import Settings

#: Of the ledger, of creators' lines, of statements.
Proofs = tuple[Verdict, LineProof, Proof]

app = typer.Typer(help="The ledger: does it balance, and is it still what was written.", no_args_is_help=True)


@app.callback()
def _keep_the_name() -> None:
    """A group of one command would lose the command's name."""


@app.command(epilog="Example: aei-marketplace ledger verify --json")
def verify(data: Data = None, as_json: AsJson = False) -> None:
    """Recompute every entry, every closed month, every line of a creator's account and every statement.

    Ends with 0 when all is as it was written and balances, 1 when something is not, 2 when the settings
    cannot be read. The marketplace may run meanwhile; its database has to.
    """
    proofs = run(_verify(read_settings(data=data), as_json))
    findings = [finding for proof in proofs for finding in proof.findings]
    typer.echo(json.dumps(_document(proofs, findings)) if as_json else _in_words(proofs, findings))
    raise typer.Exit(1 if findings else 0)


async def _verify(settings: Settings, hidden: bool) -> Proofs:
    with _bar(hidden) as progress:
        async with open_works(settings) as works:
            verdict = await verify_ledger(works, progress)
            return verdict, await verify_lines(works), await verify_statements(works)


@contextmanager
def _bar(hidden: bool) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=hidden or not console.is_terminal) as progress:
        task = progress.add_task("entries", total=None)
        yield lambda done: progress.update(task, completed=done)


def _document(proofs: Proofs, findings: Sequence[Finding]) -> dict[str, Any]:
    verdict, lines, statements = proofs
    return {
        "whole": not findings,
        "entries": verdict.entries,
        "postings": verdict.postings,
        "closed_months": verdict.months,
        "lines": lines.lines,
        "statements": statements.statements,
        "totals": verdict.totals,
        "accounts": [
            {"kind": kind, "currency": currency, "amount_minor": amount}
            for (kind, currency), amount in sorted(verdict.by_kind.items())
        ],
        "findings": [asdict(finding) for finding in findings],
    }


def _in_words(proofs: Proofs, findings: Sequence[Finding]) -> str:
    verdict, lines, statements = proofs
    read = (
        f"{verdict.entries} entries with {verdict.postings} postings, {verdict.months} closed months,"
        f" {lines.lines} lines, {statements.statements} statements"
    )
    if not findings:
        return f"The ledger balances and is as it was written: {read}."
    found = [f"  {finding.kind}  {finding.subject}: {finding.detail}" for finding in findings]
    return "\n".join([f"The ledger is not as it was written ({read}):", *found])
