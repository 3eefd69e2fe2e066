"""Why a collection is refused."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound, Refusal


class CollectionUnfit(Invalid):
    """The collection cannot be kept as it was sent."""

    type = "collection-unfit"
    title = "The collection cannot be kept"


class NoSuchCollection(NotFound):
    """There is no such collection, or it is not published."""

    type = "no-such-collection"
    title = "No such collection"
    advice = "GET /api/collections lists them."


class CollectionStale(Refusal):
    """Somebody changed the collection since the caller read it."""

    status = 412
    type = "collection-changed"
    title = "It has changed meanwhile"
    advice = "Look at it as it stands now, and decide anew."


class CollectionConflict(Conflict):
    """The change does not fit the collection's state."""

    type = "collection-conflict"
    advice = "Look at it as it stands now: its state says what can be done."


class TooManyCollections(Conflict):
    """As many collections are kept as may be kept."""

    type = "too-many-collections"
    title = "Too many collections"
    advice = "Archive one that is not needed any more."


class RotationStale(Refusal):
    """Somebody changed the rotation's flag since the caller read it."""

    status = 412
    type = "rotation-changed"
    title = "It has changed meanwhile"
    advice = "Look at it as it stands now, and decide anew."
