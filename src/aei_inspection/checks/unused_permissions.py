"""Permissions that the manifest declares and the component does not use, where that can be told.

What is not imported is never used. A component of Python imports all that its manifest opens, so there its
functions are asked. Nothing here fails: to ask for too much is no attack, but a person should know.
"""

from collections.abc import Iterator

from aei_inspection.checks.check import Check
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.extract.python_code import Function
from aei_protocol.interface import ALWAYS, SIGNATURES, import_name
from aei_protocol.permissions import INTERFACE_OF

#: The kit's own modules, which call every interface that is open.
KIT = frozenset({"aei", "aei_entry", "wit_world", "componentize_py_types"})

_ASKED_BY = {interface: f"/permissions/{name}" for name, interface in INTERFACE_OF.items()} | {
    "plugins": "/dependencies"
}
_ADVICE = "Leave it out of plugin.json: who installs the plugin has to grant it."


def run(subject: Subject) -> Iterator[Finding]:
    """Each interface that is open and not used, and each secret that nothing names."""
    imported = subject.package.component_facts.imports
    for interface in subject.manifest.interfaces:
        if interface in ALWAYS:
            continue
        if import_name(interface) not in imported:
            yield _unused(interface, "the component does not import it")
        elif subject.functions and not _is_used(interface, subject.functions):
            yield _unused(interface, "no function of the plugin's modules names it")
    yield from _unnamed_secrets(subject)


def _is_used(interface: str, functions: tuple[Function, ...]) -> bool:
    """Whether a function of the plugin's own names the interface, or one of its functions."""
    words = {interface, *SIGNATURES[interface]}
    return any(words & set(function.names) for function in functions if function.module.top not in KIT)


def _unused(interface: str, why: str) -> Finding:
    title = f"The manifest opens {interface}, which the plugin does not use"
    return Finding(
        Severity.LOW, title, f"plugin.json#{_ASKED_BY[interface]}", _ADVICE, why, "unused-permission"
    )


def _unnamed_secrets(subject: Subject) -> Iterator[Finding]:
    texts = subject.texts
    for name in subject.manifest.capabilities.secrets:
        if not any(name.encode() in text.content for text in texts):
            title = f"Nothing in the code names the secret {name}"
            place = "plugin.json#/permissions/secrets"
            yield Finding(Severity.LOW, title, place, _ADVICE, rule="unused-secret")


CHECK = Check("unused-permissions", 1, "Permissions declared and not used", run)
