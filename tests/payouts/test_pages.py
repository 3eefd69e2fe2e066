"""Where a creator is paid, on the page of a payout."""

from dataclasses import replace

from aei_marketplace.accounts.service.sessions import Entrant, open_session
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.payouts import service
from aei_marketplace.web.csrf import FIELD, token_for
from tests.payouts.conftest import Books
from tests.payouts.test_sending import Provider
from tests.serving import Client, serving


async def test_staff_name_the_account_that_a_provider_pays_and_have_the_bank_pay_again(
    books: Books, urls: DatabaseUrls
):
    books.deps = replace(books.deps, billing=Provider())
    await books.sell(books.studio, 10_000)
    books.go_to(12, 16)
    await books.close()
    payout = await books.payout()
    async with serving(create_app(books.deps, urls.app)) as client:
        secret = await _secret_of(client, books)
        headers = {"Accept": "text/html", "Cookie": f"aei_session={secret}"}
        page = f"/admin/payouts/{payout.id}"

        async def send(step: str, **fields: str) -> int:
            data = {FIELD: token_for(secret), **fields}
            answer = await client.post(f"{page}/{step}", headers=headers, data=data, allow_redirects=False)
            return answer.status

        assert "Have the bank pay" not in (await client.get(page, headers=headers)).body.decode()
        assert await send("destination", destination="acct_7") == 303
        shown = (await client.get(page, headers=headers)).body.decode()
        assert "acct_7" in shown
        assert await send("destination", destination=" ") == 422
        assert await send("bank") == 303
    async with books.works.begin(books.staff["fay"]) as work:
        assert await service.find_destination(work, books.studio.id) is None


async def _secret_of(client: Client, books: Books) -> str:
    fay = books.staff["fay"]
    assert fay.id is not None
    visit = Visit(client.url, True, "127.0.0.1", "a test", "test")
    return (await open_session(books.deps, visit, Entrant(fay.id, None, None, "password"))).secret
