"""What a kind of notice is, and what people read of one."""

from dataclasses import dataclass
from enum import StrEnum
from string import Template


class Severity(StrEnum):
    """How urgent a notice is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class MailSetting(StrEnum):
    """When a notice is mailed."""

    OFF = "off"
    IMMEDIATE = "immediate"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of notice.

    Attributes:
        name: `noun.verb`.
        title, text: templates in plain text; `$name` stands for a value of the notice's data.
        mail: the default.
        fixed: why nobody can switch it off; None when everybody can.
        unmailed: why it is never mailed; None when it may be.
        link: template of a path where more stands; None where there is no such page.
    """

    name: str
    title: str
    text: str
    severity: Severity = Severity.INFO
    mail: MailSetting = MailSetting.OFF
    fixed: str | None = None
    unmailed: str | None = None
    link: str | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The names of its values."""
        return frozenset(Template(f"{self.title} {self.text} {self.link or ''}").get_identifiers())


@dataclass(frozen=True, slots=True)
class Words:
    """A notice as people read it.

    Attributes:
        title: one line.
        link: a path of this marketplace, or None.
    """

    title: str
    text: str
    link: str | None
