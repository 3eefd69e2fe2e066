"""The JSON Schemas (2020-12) that authors' editors use, published by `aei schema` and at `/schemas/`."""

from importlib.resources import files

#: `manifest` is plugin.json, `test-case` a file of `tests/`, `messages` what passes between plugin and host.
PUBLISHED = ("manifest", "test-case", "messages")


def schema_text(name: str) -> str:
    """A published schema as text.

    Args:
        name: one of `PUBLISHED`.

    Raises:
        KeyError: there is none of that name.
    """
    if name not in PUBLISHED:
        raise KeyError(name)
    return (files("aei_protocol") / f"{name}.schema.json").read_text("utf-8")
