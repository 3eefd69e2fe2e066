"""Endpoints of the common chat-completion API over HTTP, as the port `ground.ports.ModelEndpoints`."""

from aei_marketplace.adapters.model_endpoints.client import ModelEndpointClient, Patience

__all__ = ["ModelEndpointClient", "Patience"]
