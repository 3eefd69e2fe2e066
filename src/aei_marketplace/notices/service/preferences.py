"""What the actor wants to hear of; each person chooses for themselves."""

from collections.abc import Mapping

from aei_marketplace.ground.work import Work
from aei_marketplace.notices.rules.preferences import Chosen, read_choices
from aei_marketplace.notices.service.reading import reader_of
from aei_marketplace.notices.store import preferences as store


async def find_preferences(work: Work) -> Chosen:
    """What the actor chose; what is missing has its default.

    Raises:
        NotSignedIn: nobody is signed in.
    """
    return await store.find(work, reader_of(work.actor))


async def save_preferences(work: Work, document: Mapping[str, Mapping[str, str]]) -> Chosen:
    """Keep these choices in the place of all others.

    Args:
        document: kind → channel → setting.

    Raises:
        NotSignedIn: nobody is signed in.
        PreferencesUnfit: some of it cannot be chosen.
    """
    chosen = read_choices(document)
    await store.replace(work, reader_of(work.actor), chosen)
    return chosen
