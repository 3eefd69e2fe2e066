"""All commands of `aei`."""

import typer

from aei_sdk.cli import (
    account,
    audit,
    billing,
    catalogue,
    certificates,
    executions,
    installations,
    notices,
    replays,
    reports,
    schemas,
    vulnerabilities,
)
from aei_sdk.cli.certifications import app as certification_app
from aei_sdk.cli.keys import app as key_app
from aei_sdk.cli.namespaces import app as namespace_app
from aei_sdk.cli.plugin import app as plugin_app
from aei_sdk.cli.publisher import app as publisher_app
from aei_sdk.cli.reviews import app as review_app
from aei_sdk.cli.rollouts import app as rollout_app
from aei_sdk.cli.trust import app as trust_app
from aei_sdk.cli.webhooks import app as webhook_app

_EXIT_CODES = "\n\n".join(
    [
        "Exit codes:",
        "  0 it worked · 1 it failed · 2 the command line is wrong · 3 not signed in, or not allowed",
        "  4 not found · 5 refused by a rule · 6 no answer from the marketplace",
        "  7 it has to be bought, or paid",
        "AEI_URL and AEI_TOKEN go before what `aei login` stored.",
    ]
)

app = typer.Typer(
    name="aei",
    help="Find, install and run plugins of an AEI marketplace, and write your own.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _commands in (
    *(account, catalogue, installations, executions, replays),
    *(billing, reports, notices, audit, schemas, certificates, vulnerabilities),
):
    _commands.register(app)
app.add_typer(plugin_app, name="plugin")
app.add_typer(review_app, name="review")
app.add_typer(rollout_app, name="rollout")
app.add_typer(certification_app, name="certification")
app.add_typer(key_app, name="key")
app.add_typer(namespace_app, name="namespace")
app.add_typer(publisher_app, name="publisher")
app.add_typer(trust_app, name="trust")
app.add_typer(webhook_app, name="webhook")
