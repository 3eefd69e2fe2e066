"""The sandbox host on the other end of a unix socket, as the port `ground.ports.Sandbox`."""

from aei_marketplace.adapters.sandbox.client import Patience, SandboxClient, open_sandbox

__all__ = ["Patience", "SandboxClient", "open_sandbox"]
