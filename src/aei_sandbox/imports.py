"""Whether a component keeps to the interface: values in, names out or a refusal."""

from collections.abc import Iterable, Mapping

from aei_protocol.interface import RUN, RUN_SIGNATURE, SIGNATURES, import_name
from aei_sandbox.text import escaped

COMPONENT_PREAMBLE = bytes.fromhex("0061736d0d000100")
CORE_MODULE_PREAMBLE = bytes.fromhex("0061736d01000000")
_INTERFACE_OF = {import_name(interface): interface for interface in SIGNATURES}
_MOST_SHOWN = 10
_LONGEST_SHOWN = 200


class NotAdmitted(Exception):
    """The component is refused.

    Attributes:
        code: one of the codes of `aei_protocol.messages.Refused`.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def check_preamble(content: bytes) -> None:
    """Refuse what is no binary component before any parser sees it.

    Raises:
        NotAdmitted: `not_a_component`.
    """
    if content.startswith(COMPONENT_PREAMBLE):
        return
    what = (
        "a core module, not a component"
        if content.startswith(CORE_MODULE_PREAMBLE)
        else "no binary component"
    )
    raise NotAdmitted("not_a_component", f"this is {what}: build one with `aei plugin build`")


def admitted_interfaces(
    imports: Mapping[str, Mapping[str, str]], exports: Mapping[str, str], allowed: Iterable[str]
) -> tuple[str, ...]:
    """The interfaces that a component imports, when it imports and exports what it may.

    Names are compared exactly and functions by their whole signature: the runtime links by name
    alone, and would take a neighbouring version too.

    Args:
        imports: import name → item name → signature text (see `inside.signatures`).
        exports: export name → signature text.
        allowed: interfaces that its manifest opens.

    Raises:
        NotAdmitted: `overreach` or `no_run_export`.
    """
    open_to_it = set(allowed)
    beyond: list[str] = []
    used: list[str] = []
    for name, items in imports.items():
        interface = _INTERFACE_OF.get(name)
        if interface in open_to_it and interface is not None:
            used.append(interface)
            beyond += [
                f"{name}#{item}: {text}"
                for item, text in items.items()
                if text not in ("type", SIGNATURES[interface].get(item))
            ]
        elif not _types_only(items):
            beyond.append(name)
    if beyond:
        raise NotAdmitted("overreach", f"imports what its manifest does not open: {_shown(beyond)}")
    if exports.get(RUN) != RUN_SIGNATURE:
        found = exports.get(RUN)
        have = f"its `{RUN}` is {escaped(found, _LONGEST_SHOWN)}" if found else f"there is no `{RUN}`"
        raise NotAdmitted("no_run_export", f"a plugin exports {RUN}: {RUN_SIGNATURE}; {have}")
    return tuple(i for i in SIGNATURES if i in used)


def _types_only(items: Mapping[str, str]) -> bool:
    """An instance that only names types gives a component nothing to call."""
    return "" not in items and all(text == "type" for text in items.values())


def _shown(names: list[str]) -> str:
    shown = ", ".join(escaped(name, _LONGEST_SHOWN) for name in names[:_MOST_SHOWN])
    return shown + (f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else "")
