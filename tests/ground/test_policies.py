"""Policies of row-level security as the planner meets them."""

import asyncpg

from aei_marketplace.adapters.postgres import DatabaseUrls

_PROBED = (
    ("exists (select from p where p.id = x.id)", "exists (select from p where p.id = x.id offset 0)"),
    (
        "it or (EXISTS( select from p where p.id = x.id and exists (select where (true))))",
        "it or (EXISTS( select from p where p.id = x.id and exists (select where (true) offset 0) offset 0))",
    ),
    ("name = 'exists (' and exists (select)", "name = 'exists (' and exists (select offset 0)"),
    ("exists (select from p OFFSET 0)", "exists (select from p OFFSET 0)"),
    ("it_exists (1) and coalesce(2)", "it_exists (1) and coalesce(2)"),
)


async def test_no_policy_lets_another_table_be_read_whole_to_show_a_few_rows(urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(urls.owner)
    try:
        policies = await connection.fetch(
            "select tablename, policyname, qual as condition from pg_policies where qual is not null"
            " union select tablename, policyname, with_check from pg_policies where with_check is not null"
        )
        unprobed = [
            (policy["tablename"], policy["policyname"])
            for policy in policies
            if policy["condition"].count("EXISTS ( SELECT") != policy["condition"].count("OFFSET 0)")
        ]
        assert sum("EXISTS" in policy["condition"] for policy in policies) > 20
        assert unprobed == [], "call aei_isolate, or write `offset 0` into the subquery"
        for condition, wanted in _PROBED:
            assert await connection.fetchval("select aei_probing($1)", condition) == wanted
    finally:
        await connection.close()
