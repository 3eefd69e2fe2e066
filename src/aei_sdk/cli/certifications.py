"""`aei certification`: ask for it, follow it, and as a Certifier decide."""

from typing import Annotated, Any

import typer

from aei_sdk.cli import certification_terms
from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, checked_id, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Certification, CertificationRequest

app = typer.Typer(help="Have releases certified, see why, and decide.", no_args_is_help=True)
certification_terms.register(app)

VersionArgument = Annotated[str, typer.Argument(metavar="VERSION", help="The exact version.")]
RequestArgument = Annotated[str, typer.Argument(metavar="ID", help="As `aei certification queue` shows it.")]
Reason = Annotated[str, typer.Option(help="Why; the publisher reads it.")]


@app.command(epilog=examples("aei certification submit acme.echo 1.0.0"))
def submit(plugin: PluginArgument, version: VersionArgument, as_json: AsJson = False) -> None:
    """Ask for the certification of your release. The same release is answered from the record."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        request = call(lambda client: client.certification.submit(plugin_id, version))
        screen.show(request, lambda: _show_request(screen, request))


@app.command(epilog=examples("aei certification show acme.echo 1.0.0"))
def show(plugin: PluginArgument, version: VersionArgument, as_json: AsJson = False) -> None:
    """Show how a release stands: its badge, the checks behind it, and what a badge does not say."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        found = call(lambda client: client.certification.of_release(plugin_id, version))
        screen.show(found, lambda: _show_standing(screen, found))


@app.command(epilog=examples("aei certification queue", "aei certification queue --state denied"))
def queue(
    state: Annotated[str | None, typer.Option(help="Those in this state; else those not decided.")] = None,
    as_json: AsJson = False,
) -> None:
    """List requests, the oldest first: all of them for Certifiers, your own for publishers."""
    with Screen(as_json) as screen:
        page = call(lambda client: client.certification.queue(state))
        rows = [
            (r["id"], r["plugin_id"], r["version"], r["state"], r["outcome"], r["submitted_at"])
            for r in page["items"]
        ]
        headings = ("ID", "PLUGIN", "VERSION", "STATE", "SCAN", "ASKED AT")
        screen.show(page, lambda: screen.table(headings, rows))


@app.command(epilog=examples("aei certification report 0193b2c4-0000-7000-8000-000000000000"))
def report(request_id: RequestArgument, as_json: AsJson = False) -> None:
    """Show a request's report: the verdict first, then what each check found."""
    with Screen(as_json) as screen:
        request = call(lambda client: client.certification.find(request_id))
        screen.show(request, lambda: _show_request(screen, request))


@app.command(epilog=examples("aei certification approve 0193b2c4-… --reason 'nothing stands against it'"))
def approve(request_id: RequestArgument, reason: Reason, as_json: AsJson = False) -> None:
    """Certifiers: approve a request."""
    _decide(request_id, "approve", reason, as_json)


@app.command(epilog=examples("aei certification deny 0193b2c4-… --reason 'declare api.example.com'"))
def deny(request_id: RequestArgument, reason: Reason, as_json: AsJson = False) -> None:
    """Certifiers: deny a request, and say what to fix."""
    _decide(request_id, "deny", reason, as_json)


@app.command(epilog=examples("aei certification scan 0193b2c4-0000-7000-8000-000000000000"))
def scan(request_id: RequestArgument, as_json: AsJson = False) -> None:
    """Certifiers: have a request scanned anew, as under another policy."""
    with Screen(as_json) as screen:
        request = call(lambda client: client.certification.scan_again(request_id))
        screen.show(request, lambda: screen.say(f"{request_id} waits for a new scan."))


@app.command(epilog=examples("aei certification withdraw 0193b2c4-0000-7000-8000-000000000000"))
def withdraw(request_id: RequestArgument, as_json: AsJson = False) -> None:
    """Take back your request before it is decided."""
    with Screen(as_json) as screen:
        request = call(lambda client: client.certification.withdraw(request_id))
        screen.show(request, lambda: screen.say(f"{request_id} is withdrawn."))


def _decide(request_id: str, decision: str, reason: str, as_json: bool) -> None:
    with Screen(as_json) as screen:
        request = call(lambda client: client.certification.decide(request_id, decision, reason))
        screen.show(request, lambda: _show_request(screen, request))


def _show_standing(screen: Screen, found: Certification) -> None:
    until = f" until {found['expires_at']}" if found["expires_at"] else ""
    said = f"certified{until}" if found["certified"] else "not certified"
    screen.say(f"{found['plugin_id']} {found['version']} is {said}.", "bold")
    screen.say(found["meaning"])
    for name, request in (
        ("Certification", found["certification"]),
        ("Before listing", found["publish_scan"]),
    ):
        if request is not None:
            screen.say(f"{name}:", "bold")
            _show_request(screen, request)


def _show_request(screen: Screen, request: CertificationRequest) -> None:
    screen.say(f"{request['plugin_id']} {request['version']}  {request['state']}", "bold")
    verdict, decision = request["verdict"], request["decision"]
    for objection in verdict["objections"] if verdict else ():
        screen.say(objection["message"])
    for words in (request["problem"], request["ended_reason"], decision["reason"] if decision else None):
        if words:
            screen.say(words)
    rows = [(c["id"], c["result"], len(c["findings"]), c["note"]) for c in request["checks"]]
    if rows:
        screen.table(("CHECK", "RESULT", "FINDINGS", ""), rows)
    for check in request["checks"]:
        for finding in check["findings"]:
            _show_finding(screen, check["id"], finding)
    screen.say(f"Request {request['id']}", "dim")


def _show_finding(screen: Screen, check: str, finding: dict[str, Any]) -> None:
    waived = " (waived)" if finding.get("waived") else ""
    place = f" at {finding['place']}" if finding["place"] else ""
    screen.say(f"{finding['severity']}  {check}: {finding['title']}{place}{waived}")
    if finding["advice"]:
        screen.say(f"   {finding['advice']}", "dim")
