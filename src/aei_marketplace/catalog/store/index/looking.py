"""Reading the index: each answer in one step.

Between two rows Python lets another thread run, and goes on only when that one pauses or after
`sys.getswitchinterval()`, a thousand times what a row takes. Beside other requests a long answer that is
taken row by row is therefore late. So SQLite gathers each answer into one text.
"""

import sqlite3
from collections.abc import Hashable, Sequence, Sized
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

_T = TypeVar("_T")


def all_of(
    connection: sqlite3.Connection, kind: type[_T], item: str, source: str, values: Sequence[object] = ()
) -> _T:
    """Everything that a source gives.

    Args:
        kind: a list of what each item is made into.
        item: one JSON value, as an expression over the columns of the source.
        source: what stands behind `from`, with marks for the values.
    """
    statement = f"select json_group_array({item}) from {source}"  # noqa: S608 expressions of ours
    gathered: str = connection.execute(statement, values).fetchone()[0]
    decoded: _T = _decoder(cast(Hashable, kind)).decode(gathered)
    return decoded


def marks(values: Sized) -> str:
    """A question mark for each value."""
    return ",".join("?" * len(values))


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cast(Any, kind))
