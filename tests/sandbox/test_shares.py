"""Who was served how much, by a clock that the tests move."""

from hypothesis import given
from hypothesis import strategies as st

from aei_sandbox.shares import MOST_DEBT, Shares


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def shares(most: int = 3) -> tuple[Shares, Clock]:
    clock = Clock()
    return Shares(most, clock), clock


def begin(of: Shares, tenant: str) -> None:
    of.arrive(tenant, None)
    of.depart(tenant)
    of.begin(tenant)


def test_occupied_time_counts_while_it_passes() -> None:
    of, clock = shares()
    begin(of, "a")
    begin(of, "a")
    clock.now = 0.25
    assert of.standing("a") == 0.5
    of.end("a")
    clock.now = 0.5
    assert of.standing("a") == 0.75


def test_who_comes_late_stands_where_those_who_run_began_and_has_no_credit() -> None:
    of, clock = shares()
    for _ in range(10):
        begin(of, "a")
        clock.now += 1
        of.end("a")
        of.arrive("a", None)
        of.depart("a")
    begin(of, "a")
    of.arrive("b", None)
    assert of.standing("b") == of.standing("a")


def test_a_long_run_is_no_debt_for_ever() -> None:
    of, clock = shares()
    begin(of, "a")
    of.arrive("b", None)
    clock.now = 3600
    of.end("a")
    of.arrive("a", None)
    assert of.standing("a") - of.standing("b") <= MOST_DEBT


def test_a_tenant_s_own_bound_only_lowers_the_host_s() -> None:
    of, _ = shares(most=3)
    for asked, allowed in ((None, 3), (1, 1), (2, 2), (99, 3), (0, 3), (-5, 1)):
        of.arrive("a", asked)
        of.depart("a")
        began = 0
        of.arrive("a", asked)
        while of.may_begin("a"):
            of.begin("a")
            began += 1
        assert began == allowed
        of.depart("a")
        for _ in range(began):
            of.end("a")


def test_nothing_is_kept_of_tenants_when_all_is_quiet() -> None:
    of, clock = shares()
    for n in range(100):
        begin(of, f"t{n}")
        clock.now += 0.1
        of.end(f"t{n}")
    assert not of._of


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.001, 0.05)), min_size=30, max_size=120))
def test_the_least_served_of_those_who_always_wait_is_never_more_than_one_run_behind(
    runs: list[tuple[str, float]],
) -> None:
    of, clock = shares(most=1)
    lengths = {t: [d for name, d in runs if name == t] or [0.01] for t in "abc"}
    had = dict.fromkeys("abc", 0.0)
    for tenant in "abc":
        of.arrive(tenant, None)
    for turn in range(len(runs)):
        tenant = min("abc", key=of.standing)
        duration = lengths[tenant][turn % len(lengths[tenant])]
        of.begin(tenant)
        clock.now += duration
        of.end(tenant)
        had[tenant] += duration
    assert max(had.values()) - min(had.values()) <= 2 * 0.05
