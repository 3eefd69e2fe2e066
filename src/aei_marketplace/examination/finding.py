"""What a look at one thing found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: a word or two.
        detail: what stands, or what is not safe and what to do about it.
    """

    what: str
    fine: bool
    detail: str
