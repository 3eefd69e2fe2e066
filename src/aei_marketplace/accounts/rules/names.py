"""How e-mail addresses, short names and passwords are spelled."""

import re

from aei_marketplace.ground.errors import Fault, Invalid

LEAST_PASSWORD = 12
LONGEST_NAME = 120
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,38}")


def check_email(email: str) -> str:
    """An e-mail address as it is stored.

    Raises:
        Invalid: it is not one.
    """
    if not (_EMAIL.fullmatch(email) and email.isprintable()):  # no NUL, which the database refuses
        raise Invalid("The e-mail address is not one.", faults=[Fault("/email", "expected name@host")])
    return email.lower()


def check_slug(slug: str) -> str:
    """A tenant's short name.

    Raises:
        Invalid: it is not spelled like one.
    """
    if not _SLUG.fullmatch(slug):
        raise Invalid(
            "The short name cannot be used.",
            faults=[Fault("/slug", "lower-case letters, digits and hyphens, at most 39, a letter first")],
        )
    return slug


def check_password(password: str) -> str:
    """A password that may be set.

    Raises:
        Invalid: it is too short or far too long.
    """
    if not LEAST_PASSWORD <= len(password) <= 1024:
        raise Invalid(
            "The password cannot be used.",
            faults=[Fault("/password", f"at least {LEAST_PASSWORD} characters, at most 1,024")],
        )
    return password


def check_name(name: str, longest: int = LONGEST_NAME) -> str:
    """What somebody or something is called.

    Raises:
        Invalid: it is empty, too long, or holds control characters.
    """
    short = name.strip()
    if not 1 <= len(short) <= longest or not short.isprintable():
        raise Invalid("The name cannot be used.", faults=[Fault("/name", f"1 to {longest} characters")])
    return short
