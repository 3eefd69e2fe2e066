"""Why the vault refuses."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound, Refusal


class SecretUnfit(Invalid):
    """The name or the value cannot be kept."""

    type = "secret-unfit"
    title = "The secret cannot be kept"


class NoSuchSecret(NotFound):
    """The tenant has no secret of this name."""

    type = "no-such-secret"
    title = "No such secret"
    advice = "GET /api/secrets lists the names."


class EndpointUnfit(Invalid):
    """The model endpoint cannot be kept as it was sent."""

    type = "model-endpoint-unfit"
    title = "The model endpoint cannot be kept"


class NoSuchEndpoint(NotFound):
    """The tenant has no model endpoint of this name."""

    type = "no-such-model-endpoint"
    title = "No such model endpoint"
    advice = "GET /api/model-endpoints lists the names."


class EndpointStale(Refusal):
    """The endpoint is not what the caller last saw."""

    status = 412
    type = "model-endpoint-changed"
    title = "It has changed meanwhile"
    advice = "Read the endpoint again and decide anew."


class ModelNameTaken(Conflict):
    """Another endpoint of the tenant answers for the name."""

    type = "model-name-taken"
    title = "The model's name is taken"
    advice = "Choose another name for guests, or remove it from the other endpoint first."


class BadQuestion(ValueError):
    """A guest's request to a model is not one that the gateway takes; the text is for the guest."""
