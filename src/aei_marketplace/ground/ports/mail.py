"""Who carries letters."""

from typing import Protocol

from aei_marketplace.ground.errors import Unavailable


class MailRefused(Unavailable):
    """The mail server will never take this message: sending it again is of no use."""

    type = "mail-refused"
    title = "The mail cannot be delivered"
    advice = "Check the address."
    retry = False


class Mail(Protocol):
    """The way to people's mailboxes; never used inside a work."""

    async def send(self, to: str, subject: str, text: str, *, message_id: str | None = None) -> None:
        """Hand one message over, in plain text.

        Args:
            to: a bare address.
            subject: one line.
            message_id: what tells a message that is sent again from a new one, unique without a host.

        Raises:
            MailRefused: it will never be taken.
            Unavailable: it cannot be handed over now.
        """
        ...


class NoMail:
    """A marketplace without any way to mailboxes."""

    async def send(self, to: str, subject: str, text: str, *, message_id: str | None = None) -> None:  # noqa: ARG002 it goes nowhere
        """Refuse.

        Raises:
            Unavailable: always.
        """
        raise Unavailable("This marketplace sends no mail.", advice="Ask its operator.")
