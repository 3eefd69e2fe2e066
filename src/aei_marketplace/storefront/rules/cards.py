"""What a card says of a plugin at a glance."""

from dataclasses import dataclass

from aei_marketplace.catalog.rules.advisories import Severity
from aei_marketplace.catalog.rules.states import ReleaseState
from aei_marketplace.catalog.rules.versions import Channel
from aei_marketplace.catalog.rules.views import PluginView
from aei_marketplace.storefront.rules.permissions import brief
from aei_marketplace.storefront.rules.prices import price_of


@dataclass(frozen=True, slots=True)
class Card:
    """A plugin in a list.

    Attributes:
        version, state, advisory, certified: of the release that its listing describes; `advisory` is the
            severity of the gravest that concerns it, None while none does.
        icon: the path of its icon; None for letters.
        rating: the average of its reviews; None while there is none.
        touches: what it may touch, in a few words each.
    """

    id: str
    name: str
    publisher: str
    verified: bool
    description: str
    kind: str
    version: str
    preview: bool
    state: ReleaseState
    advisory: Severity | None
    certified: bool
    icon: str | None
    private: bool
    rating: float | None
    ratings: int
    installs: int
    price: str
    touches: tuple[str, ...]

    @property
    def href(self) -> str:
        """Its page."""
        return f"/marketplace/{self.id}"


def card_of(plugin: PluginView) -> Card:
    """A plugin's card."""
    document = plugin.document
    return Card(
        id=plugin.id,
        name=document["name"],
        publisher=plugin.publisher_name,
        verified=plugin.publisher_verified,
        description=document["description"],
        kind=document["kind"],
        version=plugin.latest_version,
        preview=plugin.latest_channel is Channel.PREVIEW,
        state=plugin.latest_state,
        advisory=plugin.advisory,
        certified=plugin.certified,
        icon=plugin.icon,
        private=plugin.visibility == "private",
        rating=plugin.rating_sum / plugin.rating_count if plugin.rating_count else None,
        ratings=plugin.rating_count,
        installs=plugin.installs,
        price=price_of(document),
        touches=brief(plugin.manifest.permissions),
    )
