"""The spelling of names: plugin ids, namespaces, digests."""

import re
from dataclasses import dataclass

NAMESPACE = re.compile(r"[a-z][a-z0-9-]{0,38}")
PLUGIN_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PluginId:
    """`namespace.name`, for example `acme.summarise`."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "PluginId":
        """Read `namespace.name`.

        Raises:
            ValueError: the text is not spelled like a plugin id.
        """
        namespace, dot, name = text.partition(".")
        if not (dot and NAMESPACE.fullmatch(namespace) and PLUGIN_NAME.fullmatch(name)):
            raise ValueError(f"{text[:120]!r} is not a plugin id: expected namespace.name, lower case")
        return cls(namespace, name)

    def __str__(self) -> str:
        return f"{self.namespace}.{self.name}"
