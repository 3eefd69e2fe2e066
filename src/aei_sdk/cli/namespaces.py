"""`aei namespace`: your tenant's namespaces, who belongs to them, and how they change hands."""

from enum import StrEnum
from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, Yes, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Namespace, NamespaceMember, Page, Transfer
from aei_sdk.errors import UsageRefused

app = typer.Typer(
    help="Show your namespaces, say who publishes into them, hand them over.", no_args_is_help=True
)

NamespaceArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The namespace: what stands before the dot of a plugin's id.")
]
MemberArgument = Annotated[str, typer.Argument(metavar="WHO", help="As `aei namespace members` shows them.")]


class Role(StrEnum):
    """What a member may do: all of it, or publish and look after releases."""

    OWNER = "owner"
    MAINTAINER = "maintainer"


@app.command("list", epilog=examples("aei namespace list", "aei namespace list --json"))
def list_namespaces(as_json: AsJson = False) -> None:
    """List your tenant's namespaces, and what you are in each."""
    with Screen(as_json) as screen:
        page = call(lambda client: client.namespaces.list())
        rows = [(n["name"], _who_publishes(n), n["role"], n["plugins"]) for n in page["items"]]
        screen.show(page, lambda: screen.table(("NAME", "WHO PUBLISHES", "YOU ARE", "PLUGINS"), rows))


@app.command(epilog=examples("aei namespace claim acme-labs"))
def claim(name: NamespaceArgument, as_json: AsJson = False) -> None:
    """Claim a namespace ahead of its first release."""
    with Screen(as_json) as screen:
        call(lambda client: client.namespaces.claim(name))
        screen.show({"name": name}, lambda: screen.say(f"{name} is your tenant's."))


@app.command(epilog=examples("aei namespace show acme"))
def show(name: NamespaceArgument, as_json: AsJson = False) -> None:
    """Show one namespace, and the newest offer to hand it over."""
    with Screen(as_json) as screen:
        namespace = call(lambda client: client.namespaces.find(name))
        offers = call(lambda client: client.namespaces.transfers())
        transfer = next((t for t in offers["items"] if t["namespace"] == name), None)
        screen.show({**namespace, "transfer": transfer}, lambda: _show(screen, namespace, transfer))


@app.command(epilog=examples("aei namespace members acme"))
def members(name: NamespaceArgument, as_json: AsJson = False) -> None:
    """Show who belongs to a namespace; without members it is for all who publish for your tenant."""
    with Screen(as_json) as screen:
        page = call(lambda client: client.namespaces.members(name))
        rows = [(m["user_id"], m["name"], m["role"], m["named_at"]) for m in page["items"]]
        screen.show(page, lambda: screen.table(("ID", "NAME", "ROLE", "SINCE"), rows))


@app.command(
    epilog=examples(
        "aei namespace invite acme ada@acme.example --role owner",
        "aei namespace invite acme grace@acme.example",
    )
)
def invite(
    name: NamespaceArgument,
    who: Annotated[str, typer.Argument(metavar="EMAIL|ID", help="Somebody of your tenant.")],
    role: Annotated[Role, typer.Option(help="What they are to be.")] = Role.MAINTAINER,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take somebody of your tenant into a namespace, or change their role.

    With its first member a namespace is its members' alone.
    """
    with Screen(as_json) as screen:
        if not yes and not call(lambda client: client.namespaces.find(name))["members_only"]:
            closes = f"Nobody but its members and your tenant's Admins will publish into {name} then. Go on?"
            screen.require_yes(closes, yes)
        call(lambda client: client.namespaces.add_member(name, who, role.value))
        said = {"namespace": name, "member": who, "role": role.value}
        screen.show(said, lambda: screen.say(f"{who} is {_a(role)} of {name}."))


@app.command(
    epilog=examples("aei namespace remove acme 'Ada Lovelace'", "aei namespace remove acme ID --yes")
)
def remove(name: NamespaceArgument, who: MemberArgument, yes: Yes = False, as_json: AsJson = False) -> None:
    """Take somebody out of a namespace, or leave it; its last owner stays."""
    with Screen(as_json) as screen:
        member = _member(call(lambda client: client.namespaces.members(name)), who)
        called = member["name"] or member["user_id"]
        screen.require_yes(f"Take {called} out of {name}?", yes)
        call(lambda client: client.namespaces.remove_member(name, member["user_id"]))
        said = {"namespace": name, "removed": member["user_id"]}
        screen.show(said, lambda: screen.say(f"{called} does not belong to {name} any more."))


@app.command("open", epilog=examples("aei namespace open acme"))
def open_to_all(name: NamespaceArgument, yes: Yes = False, as_json: AsJson = False) -> None:
    """Give a namespace back to all who publish for your tenant; it has no members then."""
    with Screen(as_json) as screen:
        screen.require_yes(f"Let everybody who publishes for your tenant publish into {name}?", yes)
        call(lambda client: client.namespaces.open(name))
        said = f"All who publish for your tenant publish into {name}."
        screen.show({"opened": name}, lambda: screen.say(said))


@app.command(epilog=examples("aei namespace transfer acme --to globex"))
def transfer(
    name: NamespaceArgument,
    to: Annotated[str, typer.Option(metavar="TENANT", help="The short name of the tenant that gets it.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Offer a namespace with all its plugins to another tenant, for a week."""
    with Screen(as_json) as screen:
        inside = call(lambda client: client.namespaces.find(name))["plugins"]
        question = (
            f"Offer {name} with its plugins ({inside}) to {to}? Once they accept, it is theirs: your members,"
            " trusted workflows and tokens for it end, and only they can give it back."
        )
        screen.require_yes(question, yes)
        made = call(lambda client: client.namespaces.offer(name, to))
        screen.show(made, lambda: screen.say(f"{name} is offered to {to} until {made['expires_at']}."))


@app.command(epilog=examples("aei namespace offers"))
def offers(as_json: AsJson = False) -> None:
    """Show offers of namespaces from and to your tenant, the newest first."""
    with Screen(as_json) as screen:
        page = call(lambda client: client.namespaces.transfers())
        rows = [(t["namespace"], t["from"], t["to"], t["state"], t["expires_at"]) for t in page["items"]]
        screen.show(page, lambda: screen.table(("NAMESPACE", "FROM", "TO", "STATE", "UNTIL"), rows))


@app.command(epilog=examples("aei namespace accept acme"))
def accept(name: NamespaceArgument, yes: Yes = False, as_json: AsJson = False) -> None:
    """Take over a namespace that is offered to your tenant."""
    with Screen(as_json) as screen:
        question = f"Take over {name}? Whoever has its plugins installed relies on your tenant then."
        screen.require_yes(question, yes)
        done = call(lambda client: client.namespaces.accept(name))
        screen.show(done, lambda: screen.say(f"{name} is your tenant's."))


@app.command(epilog=examples("aei namespace withdraw acme"))
def withdraw(name: NamespaceArgument, as_json: AsJson = False) -> None:
    """Take back an offer to hand a namespace over, or decline one that is made to your tenant."""
    with Screen(as_json) as screen:
        call(lambda client: client.namespaces.end_offer(name))
        screen.show({"ended": name}, lambda: screen.say(f"{name} is not offered any more."))


def _member(page: Page[NamespaceMember], who: str) -> NamespaceMember:
    found = [m for m in page["items"] if who in (m["user_id"], m["name"])]
    if len(found) != 1:
        problem = "Several members are called so." if found else "No member is called so."
        raise UsageRefused(f"Who is {who!r}?", problem, advice="Name their id: aei namespace members NAME")
    return found[0]


def _show(screen: Screen, namespace: Namespace, transfer: Transfer | None) -> None:
    screen.say(namespace["name"], "bold")
    screen.say(f"plugins        {namespace['plugins']}")
    screen.say(f"who publishes  {_who_publishes(namespace)}")
    screen.say(f"you are        {namespace['role'] or 'not named in it'}")
    if transfer is not None:
        screen.say(f"transfer       to {transfer['to']}: {transfer['state']}")


def _who_publishes(namespace: Namespace) -> str:
    return "its members" if namespace["members_only"] else "your tenant"


def _a(role: Role) -> str:
    return "an owner" if role is Role.OWNER else "a maintainer"
