"""One message in its final form (RFC 5322 and MIME); nothing that is put in can add a header to it."""

import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.ports import MailRefused
from aei_marketplace.ground.texts import one_line, plain_lines

LONGEST_SUBJECT, LONGEST_TEXT = 200, 100_000
#: What HTML calls a valid e-mail address: ASCII, without quotes and comments.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@(?P<domain>[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)"
)
#: Servers that take 8-bit content are not a matter of course.
_ASCII = SMTP.clone(cte_type="7bit")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")


def compose(
    sender: str, to: str, subject: str, text: str, moment: datetime, message_id: str | None
) -> EmailMessage:
    """A message to one mailbox.

    Args:
        sender, to: bare addresses.
        message_id: unique without a host; a fresh one when None.

    Raises:
        MailRefused: nothing can be sent to this address.
        ValueError: sender or message id are not usable.
    """
    if not _ADDRESS.fullmatch(to):
        raise MailRefused("The address is none that mail can be sent to.")
    message = EmailMessage(policy=_ASCII)
    message["From"] = f"AEI Marketplace <{sender}>"
    message["To"] = to
    message["Subject"] = one_line(subject, LONGEST_SUBJECT)
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = f"<{checked_id(message_id)}@{domain_of(sender)}>"
    # Keeps holiday replies and mailing lists from answering a machine (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(plain_lines(text, LONGEST_TEXT))
    return message


def domain_of(address: str) -> str:
    """The domain of a bare address.

    Raises:
        ValueError: it is none.
    """
    parts = _ADDRESS.fullmatch(address)
    if parts is None:
        raise ValueError(f"{address!r} is not a bare e-mail address")
    return parts["domain"]


def checked_id(message_id: str | None) -> str:
    """The message id's left side.

    Raises:
        ValueError: it holds other than letters, digits, dots, hyphens and underscores.
    """
    wanted = message_id or str(new_id())
    if not _MESSAGE_ID.fullmatch(wanted) or wanted.startswith("."):
        raise ValueError(f"{wanted!r} cannot be a message id")
    return wanted
