"""What the bodies and answers of the accounts' routes share."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=120)]
Email = Annotated[str, Field(max_length=254)]
Password = Annotated[str, Field(max_length=1024)]
Secret = Annotated[str, Field(max_length=100)]
#: A path on this site; anything else counts as `/`.
Path = Annotated[str, Field(max_length=2000)]


class Body(BaseModel):
    """A JSON object without surprises."""

    model_config = ConfigDict(extra="forbid")


def listed(items: list[dict[str, Any]]) -> dict[str, Any]:
    """A whole list in the envelope of lists."""
    return {"items": items, "next_cursor": None, "total": len(items)}
