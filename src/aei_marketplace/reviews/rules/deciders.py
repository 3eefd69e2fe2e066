"""Who decides about a review or a reply: nobody about what is theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.reviews.errors import OwnPublisher, WroteItYourself


@dataclass(frozen=True, slots=True)
class Decider:
    """A member of the staff, before some reviews or replies.

    Attributes:
        id: None when a program of the operator's decides.
        tenants: those that they belong to.
        publishers: the tenant that publishes each plugin which is spoken of, by the plugin's id.
    """

    id: UUID | None
    tenants: frozenset[UUID]
    publishers: Mapping[str, UUID]

    def obstacle(
        self, plugin_id: str, *, writer: UUID | None = None, replied: UUID | None = None
    ) -> NotAllowed | None:
        """Why they do not decide about what is said of a plugin; None when they may.

        Args:
            writer: of the review; None for a reply, or when their account was erased.
            replied: the tenant that wrote the reply, which may have passed the plugin on; None for a review.
        """
        if writer is not None and writer == self.id:
            return WroteItYourself("You wrote this review.")
        if {self.publishers.get(plugin_id), replied} & self.tenants:
            return OwnPublisher(f"You belong to the publisher of {plugin_id}.")
        return None

    def check(self, plugin_id: str, *, writer: UUID | None = None, replied: UUID | None = None) -> None:
        """Whether they decide about it; the arguments are those of `obstacle`.

        Raises:
            WroteItYourself: the review is theirs.
            OwnPublisher: they belong to the publisher.
        """
        refusal = self.obstacle(plugin_id, writer=writer, replied=replied)
        if refusal is not None:
            raise refusal
