"""What signing in stands on: how long it lasts, where somebody comes from, how often they may try."""

from dataclasses import dataclass, field
from datetime import timedelta

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from aei_marketplace.ground.errors import TooMany

_PER_ACCOUNT, _PER_ADDRESS = parse("10/minute"), parse("30/minute")


@dataclass(frozen=True, slots=True)
class SignInTerms:
    """What the operator decided about sessions.

    Attributes:
        idle: a session that is not used for so long is over.
        lifetime: a session is over after so long in any case.
        proof: how old the last proof may be where proof is asked for.
        public_url: the address that callers use, None where they come directly.
    """

    idle: timedelta = timedelta(minutes=120)
    lifetime: timedelta = timedelta(hours=24)
    proof: timedelta = timedelta(minutes=10)
    public_url: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a request of a person comes from.

    Attributes:
        origin: `https://host` or `http://host:port`, as the browser calls it.
        trusted_origin: whether links in mails may lead there: the operator named it, or it is loopback.
        address: the network address.
        agent: what the browser calls itself, at most 300 characters.
        session: the secret of the session cookie, if one came.
        sign_in: the secret of the cookie of a sign-in under way, if one came.
    """

    origin: str
    trusted_origin: bool
    address: str
    agent: str
    trace_id: str
    session: str | None = field(default=None, repr=False)
    sign_in: str | None = field(default=None, repr=False)


class Attempts:
    """Counts attempts to prove something, of this process, for each account and each address."""

    def __init__(self) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, account: str, address: str) -> None:
        """One more attempt.

        Args:
            account: an e-mail address, an id, or what else is tried.

        Raises:
            TooMany: there were too many of either within a minute.
        """
        await self._hit(_PER_ACCOUNT, "account", account.lower())
        await self.count_address(address)

    async def count_address(self, address: str) -> None:
        """One more attempt that names no account.

        Raises:
            TooMany: there were too many within a minute.
        """
        await self._hit(_PER_ADDRESS, "address", address)

    async def _hit(self, limit: RateLimitItem, *key: str) -> None:
        if not await self._window.hit(limit, *key):
            raise TooMany("Too many attempts to sign in.", retry_after=60)
