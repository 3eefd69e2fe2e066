"""What an earlier run learnt of caller and plugin, so that the next one need not ask for it first."""

from collections import OrderedDict
from dataclasses import dataclass

from aei_marketplace.accounts import rules as account_rules
from aei_marketplace.accounts import service as accounts
from aei_marketplace.executions.store.quick import Terms, find_known
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.work import Works
from aei_protocol.identifiers import PluginId

MOST_PASSES = 4_096


@dataclass(frozen=True, slots=True)
class Pass:
    """Who asks, and what applies to a plugin in their tenant.

    It admits nobody by itself: the start that is written under it compares the digest in the same
    transaction, and nothing runs before that start is durable.

    Attributes:
        terms: None when the plugin is not installed.
    """

    token_hash: bytes
    plugin_id: str
    actor: Actor
    terms: Terms | None
    digest: bytes
    holder: account_rules.TokenState


class Passes:
    """The passes that were used last."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._kept: OrderedDict[tuple[bytes, str], Pass] = OrderedDict()

    def find(self, token: str, plugin_id: str) -> Pass | None:
        """A pass that was kept and whose token has not expired."""
        key = (account_rules.token_hash(token), plugin_id)
        found = self._kept.get(key)
        if found is None:
            return None
        if found.holder.expires_at <= self._works.clock():
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return found

    async def read(self, token: str, plugin_id: str, trace_id: str) -> Pass:
        """What is so now, kept from here on.

        Raises:
            NotSignedIn: the token is unknown, revoked or expired.
        """
        token_hash = account_rules.token_hash(token)
        known = await find_known(
            self._works.database.quick, token_hash, _nameable(plugin_id), self._works.clock()
        )
        actor = await accounts.actor_of_token(self._works, known.holder, trace_id)
        assert known.holder is not None, "an unknown token has no actor"
        fresh = Pass(token_hash, plugin_id, actor, known.terms, known.digest, known.holder)
        if known.terms is not None:
            self.keep(fresh)
        return fresh

    def keep(self, known: Pass) -> None:
        """Use it for the next runs; of too many, the one that was used longest ago is dropped."""
        self._kept[known.token_hash, known.plugin_id] = known
        if len(self._kept) > MOST_PASSES:
            self._kept.popitem(last=False)

    def forget(self, outdated: Pass) -> None:
        """Whoever comes with this token for this plugin next is asked for anew."""
        self._kept.pop((outdated.token_hash, outdated.plugin_id), None)


def _nameable(plugin_id: str) -> str:
    """The id, or the empty one, which nothing has, for what cannot be one."""
    try:
        PluginId.parse(plugin_id)
    except ValueError:
        return ""
    return plugin_id
