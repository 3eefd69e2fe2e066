"""The way to mailboxes."""

from aei_marketplace.adapters.mail import MailFolder, SmtpMail, SmtpServer
from aei_marketplace.ground.ports import Mail
from aei_marketplace.settings import Settings


def open_mail(settings: Settings) -> Mail:
    """The way to mailboxes: to the operator's server, or into a folder where none is named."""
    return open_smtp(settings) or MailFolder(settings.mail, settings.mail_from)


def open_smtp(settings: Settings, *, patience: float = 30.0) -> SmtpMail | None:
    """The operator's mail server; None where none is named.

    Args:
        patience: seconds for one message.

    Raises:
        OSError: its password cannot be read.
    """
    if settings.smtp_server is None:
        return None
    host, _, port = settings.smtp_server.rpartition(":")
    password = settings.smtp_password_file.read_text("utf-8").strip() if settings.smtp_password_file else None
    server = SmtpServer(
        host.strip("[]"), int(port), settings.smtp_tls, settings.smtp_user, password, settings.smtp_ca_file
    )
    return SmtpMail(server, settings.mail_from, patience=patience)
