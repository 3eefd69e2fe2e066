"""One call to the host: text in, text out, its error as an exception."""

from collections.abc import Callable

from componentize_py_types import Err

from aei.errors import raised_from


def ask(call: Callable[..., str], *texts: str) -> str:
    """Call the host.

    Raises:
        HostError: the host's answer was an error; the subclass says which.
    """
    try:
        return call(*texts)
    except Err as error:
        raise raised_from(error.value) from None
