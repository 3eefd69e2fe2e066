"""The sandbox host on the other end of a unix socket, as the port `ground.ports.Sandbox`."""

from aei_marketplace.adapters.sandbox.client import Patience, SandboxClient

__all__ = ["Patience", "SandboxClient"]
