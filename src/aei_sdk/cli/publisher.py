"""`aei publisher`: the domains that prove who your publisher is, and what it may keep."""

from enum import StrEnum
from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, Yes, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import DomainProof, Quota

app = typer.Typer(help="Prove who your publisher is, and see what it may keep.", no_args_is_help=True)

_COUNTED = {
    "storage_bytes": "bytes of packages",
    "releases": "releases",
    "releases_per_hour": "releases within an hour",
}


class Method(StrEnum):
    """Where the proof is to stand: in a TXT record, or in a file on the site."""

    DNS = "dns"
    FILE = "file"


@app.command(
    epilog=examples("aei publisher verify acme.example", "aei publisher verify acme.example --method file")
)
def verify(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="A domain of yours.")],
    method: Annotated[Method, typer.Option(help="A TXT record, or a file on the site.")] = Method.DNS,
    as_json: AsJson = False,
) -> None:
    """Prove by a domain who your publisher is; says what to put where."""
    with Screen(as_json) as screen:
        proof = call(lambda client: client.publisher.prove_domain(domain, method.value))
        screen.show(proof, lambda: _show_proof(screen, proof))


@app.command(epilog=examples("aei publisher domains", "aei publisher domains --json"))
def domains(as_json: AsJson = False) -> None:
    """Show your publisher's domains, and how the proof by each stands."""
    with Screen(as_json) as screen:
        page = call(lambda client: client.publisher.domains())
        rows = [(p["id"], p["domain"], p["state"], p["checked_at"], p["problem"]) for p in page["items"]]
        screen.show(page, lambda: screen.table(("ID", "DOMAIN", "STATE", "LOOKED AT", "PROBLEM"), rows))


@app.command(epilog=examples("aei publisher forget 0193b2c4-0000-7000-8000-000000000000"))
def forget(
    proof_id: Annotated[str, typer.Argument(metavar="ID", help="As `aei publisher domains` shows it.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Prove nothing by a domain any more; with the last one the mark of your publisher goes."""
    with Screen(as_json) as screen:
        screen.require_yes("Without a proven domain your publisher is not verified any more. Go on?", yes)
        call(lambda client: client.publisher.forget_domain(proof_id))
        screen.show({"forgotten": proof_id}, lambda: screen.say("It proves nothing any more."))


@app.command(epilog=examples("aei publisher quota", "aei publisher quota --json"))
def quota(as_json: AsJson = False) -> None:
    """Show what your publisher uses, and what it may."""
    with Screen(as_json) as screen:
        found = call(lambda client: client.publisher.quota())
        screen.show(found, lambda: screen.table(("WHAT", "USED", "ALLOWED"), _rows(found)))


def _show_proof(screen: Screen, proof: DomainProof) -> None:
    kind = "a TXT record at" if proof["method"] == Method.DNS else "a line of"
    screen.say(f"Put this into {kind} {proof['place']}")
    screen.say(f"  {proof['expected']}", "bold")
    screen.say("It is looked for every few minutes for a week: aei publisher domains")


def _rows(found: Quota) -> list[tuple[str, str, str]]:
    used, allowed = found["used"], found["allowed"]
    return [(said, f"{used[name]:,}", f"{allowed[name]:,}") for name, said in _COUNTED.items()]
