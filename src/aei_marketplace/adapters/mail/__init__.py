"""Mail into a folder or to an SMTP server, as the port `ground.ports.Mail`."""

from aei_marketplace.adapters.mail.folder import MailFolder
from aei_marketplace.adapters.mail.smtp import SmtpMail, SmtpServer

__all__ = ["MailFolder", "SmtpMail", "SmtpServer"]
