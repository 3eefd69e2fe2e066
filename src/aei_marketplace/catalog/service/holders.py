"""Searching with a token that searched before: what is shown and who asks is one statement."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from aei_marketplace.accounts import rules as account_rules
from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.rules.views import PluginView
from aei_marketplace.catalog.service.search_index import SearchIndex
from aei_marketplace.catalog.service.searching import SearchPage, Show, search_as, suggest_as
from aei_marketplace.catalog.store import plugins
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works

#: Tokens whose holders are remembered.
MOST_HOLDERS = 1_000
_Answer = TypeVar("_Answer")


class Holders:
    """Who stood behind tokens when they asked last, in one process.

    A program searches with the same token again and again, and to ask first who that is took a sixth of the
    answer's time. So it is looked for as who they were, and the statement that reads what is shown says who
    they are. Nobody gets an answer before that was checked.
    """

    def __init__(self, works: Works, index: SearchIndex) -> None:
        self._works, self._index = works, index
        self._known: OrderedDict[bytes, Actor] = OrderedDict()

    async def search(
        self, token: str, trace_id: str, criteria: Criteria, page: PageWanted, *, facets: bool = False
    ) -> SearchPage:
        """Offered plugins that meet the criteria, best first.

        Raises:
            NotSignedIn: the token is unknown, revoked or expired; a refused known token is recorded.
            Invalid, IndexUnfinished: as `search_plugins`.
        """
        return await self._answer(
            token,
            trace_id,
            lambda actor, show: search_as(self._index, actor, show, criteria, page, facets=facets),
        )

    async def suggest(self, token: str, trace_id: str, typed: str, limit: int) -> list[PluginView]:
        """Plugins whose name begins with what was typed so far, the most installed first.

        Raises:
            NotSignedIn: as for a search.
            Invalid, IndexUnfinished: as `suggest_plugins`.
        """
        return await self._answer(
            token, trace_id, lambda actor, show: suggest_as(self._index, actor, show, typed, limit)
        )

    async def _answer(
        self, token: str, trace_id: str, ask: Callable[[Actor, Show], Awaitable[_Answer]]
    ) -> _Answer:
        token_hash = account_rules.token_hash(token)
        known = self._known.get(token_hash)
        if known is not None:
            with suppress(_SomebodyElse, Invalid):  # who asks in vain is asked first who they are
                return await ask(known, partial(self._show, token_hash, known, trace_id))
        actor = await accounts.authenticate(self._works, token, trace_id)
        self._keep(token_hash, actor)
        return await ask(actor, partial(plugins.by_ids_for, self._works.database.quick, actor))

    async def _show(
        self, token_hash: bytes, known: Actor, trace_id: str, ids: Sequence[str]
    ) -> dict[str, PluginView]:
        """What they may see who are known to hold the token, if they still do."""
        state, found = await plugins.by_ids_and_token(self._works.database.quick, token_hash, known, ids)
        self._known.pop(token_hash, None)  # unless they may still ask
        actor = await accounts.actor_of_token(self._works, state, trace_id)
        if _sight(actor) != _sight(known):
            raise _SomebodyElse
        self._keep(token_hash, actor)
        return found

    def _keep(self, token_hash: bytes, actor: Actor) -> None:
        """The one that asked last stands last."""
        self._known[token_hash] = actor
        self._known.move_to_end(token_hash)
        if len(self._known) > MOST_HOLDERS:
            self._known.popitem(last=False)


class _SomebodyElse(Exception):
    """The holder of a token sees other things than the last time."""


def _sight(actor: Actor) -> tuple[object, ...]:
    """All that decides what somebody sees."""
    return actor.id, actor.tenant, actor.staff
