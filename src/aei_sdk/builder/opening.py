"""What a manifest has to say before a module of `aei` is open to its plugin."""

from aei_protocol.permissions import INTERFACE_OF

#: Interface to the part of `plugin.json` that opens it; those that are always open are not here.
NEEDS = {interface: f'"permissions": {{"{name}": …}}' for name, interface in INTERFACE_OF.items()} | {
    "plugins": '"dependencies"'
}
