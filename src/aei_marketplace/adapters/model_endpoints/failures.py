"""What can go wrong with an endpoint; the texts are ours, never the endpoint's."""


class EndpointFailed(Exception):
    """The endpoint gave no answer that can be used; the text may be shown to a guest."""


def too_large(what: str, most: int) -> EndpointFailed:
    """It sent more than is read."""
    return EndpointFailed(f"the endpoint sent {what} of more than {most:,} bytes")
