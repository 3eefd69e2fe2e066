"""Many rows in one statement: each column travels as one array, and the statement stays the same."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql


@cache
def insert_rows(table: Table, columns: tuple[str, ...], then: str = "") -> TextClause:
    """The statement that inserts rows given as `as_columns` gives them.

    Args:
        columns: names of the table's columns, in any order; none of them an array.
        then: what follows, such as `on conflict do nothing returning key`.
    """
    types = {name: table.c[name].type.compile(dialect=postgresql.dialect()) for name in columns}  # type: ignore[no-untyped-call] # sqlalchemy leaves it untyped
    arrays = ", ".join(f"cast(:{name} as {types[name]}[])" for name in columns)
    return text(
        f"insert into {table.name} ({', '.join(columns)}) select * from unnest({arrays}) {then}"  # noqa: S608 names of our own tables
    )


def as_columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows of the same names, turned into a list for each name."""
    return {name: [row[name] for row in rows] for name in rows[0]}
