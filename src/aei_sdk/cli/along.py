"""What comes along with an installation: shown with what it asks for, and agreed to."""

from typing import Any

from aei_sdk.cli.permissions import GrantChoice, choose_grants, show_permissions
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Plan, PlanStep


def choose_along(
    screen: Screen, plan: Plan, choice: GrantChoice, wanted: bool
) -> dict[str, dict[str, Any]] | None:
    """What to say of the plan's steps; None installs the plugin alone.

    Args:
        choice: for the plugin itself; of what comes along it only says whether everything is granted.
        wanted: somebody agreed to the steps by an option.
    """
    if plan["problem"]:
        screen.note(plan["problem"])
    for step in plan["steps"]:
        _show(screen, step)
    if not wanted and not (plan["steps"] and screen.confirm("Install these too?")):
        if plan["steps"]:
            screen.note(
                "It is installed alone; what calls them fails. --with-dependencies brings them along."
            )
        return None
    return {step["plugin_id"]: _agreed(screen, step, choice.everything) for step in plan["steps"]}


def _agreed(screen: Screen, step: PlanStep, everything: bool) -> dict[str, Any]:
    if not step["new_permissions"]:
        return {"version": step["version"]}  # it asks for nothing, or for nothing new: its grants stay
    grants = choose_grants(screen, step["permissions"], GrantChoice((), everything))
    keeps = step["action"] == "update" and not grants
    return {"version": step["version"]} if keeps else {"version": step["version"], "grants": grants}


def _show(screen: Screen, step: PlanStep) -> None:
    stands = f" (now {step['present']})" if step["present"] else ""
    needed = ", ".join(step["needed_by"])
    screen.say(f"Needs {step['plugin_id']} {step['version']}{stands}, for {needed}.")
    if step["warning"]:
        screen.say(f"{step['warning']}.")
    if step["new_permissions"]:
        show_permissions(screen, step["permissions"])
