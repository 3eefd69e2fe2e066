"""Which names can be had."""

from aei_marketplace.catalog.errors import NamespaceReserved, PluginNotFound
from aei_marketplace.ground.errors import Fault, Invalid
from aei_protocol.identifiers import NAMESPACE, PluginId

#: Namespaces that would pass for the marketplace's own, or for a part of its addresses.
RESERVED = frozenset(
    {
        *("admin", "aei", "api", "auth", "login", "marketplace", "official", "operator", "registry"),
        *("root", "security", "staff", "support", "system"),
    }
)


def check_namespace(name: str) -> str:
    """A namespace that may be claimed.

    Raises:
        Invalid: it is not spelled like one.
        NamespaceReserved: it is kept for the marketplace.
    """
    if not NAMESPACE.fullmatch(name):
        expected = "lower-case letters, digits and hyphens, at most 39, a letter first"
        raise Invalid("The namespace cannot be used.", faults=[Fault("/namespace", expected)])
    if name in RESERVED:
        raise NamespaceReserved(
            f"The namespace {name} is kept for the marketplace.", faults=[Fault("/id", "reserved namespace")]
        )
    return name


def check_plugin_id(text: str) -> str:
    """A plugin id as it stands in an address.

    Raises:
        PluginNotFound: it is not spelled like one, so there is no such plugin.
    """
    try:
        return str(PluginId.parse(text))
    except ValueError as error:
        raise PluginNotFound(f"There is no plugin {text[:120]!r}: ids are namespace.name.") from error
