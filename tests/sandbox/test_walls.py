"""Native attacks from inside a worker's walls, as root and as a normal user, and with no walls at all."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from aei_protocol.walls import REQUIRED_WALLS
from aei_sandbox.walls import ALL, missing_required
from aei_sandbox.walls.identity import guest_identity
from tests.sandbox.attacks import ATTACKS, MAY_BE_ABSENT, NEED_ROOT

REPOSITORY = Path(__file__).parents[2]
NORMAL_USER = 64_000
AS_ROOT = os.geteuid() == 0
#: As root both users can be tried; started as a normal user there is only that one.
USERS = (0, NORMAL_USER) if AS_ROOT else (os.geteuid(),)


def run_inmate(mode: str, uid: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="aei-walls-") as folder:
        if AS_ROOT:
            os.chown(folder, uid, uid)
        done = subprocess.run(
            [sys.executable, "-B", "-m", "tests.sandbox.inmate", mode, str(uid if AS_ROOT else 0), folder],
            cwd=REPOSITORY, env={}, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_there_are_attacks_enough():
    assert len(ATTACKS) >= 40


@pytest.mark.parametrize("uid", USERS)
def test_no_attack_succeeds_behind_the_walls_of_a_worker(uid):
    report = run_inmate("walls", uid)
    expected = set(ALL) - (set() if uid == 0 and AS_ROOT else {"identity"})
    assert set(report["walls"]) == expected, report["missing"]
    assert set(report["results"]) == set(ATTACKS)
    leaks = {name: r for name, r in report["results"].items() if r in ("succeeded", "broken")}
    assert leaks == {}


@pytest.mark.parametrize("uid", USERS)
def test_the_same_attacks_succeed_without_walls(uid):
    report = run_inmate("control", uid)
    failed = {name for name, result in report["results"].items() if result != "succeeded"}
    allowed = MAY_BE_ABSENT if uid == 0 and AS_ROOT else MAY_BE_ABSENT | NEED_ROOT
    assert failed <= allowed


def test_the_required_walls_are_among_those_there_are():
    assert set(REQUIRED_WALLS) <= set(ALL)
    assert missing_required(ALL) == ()
    assert missing_required(["seccomp"]) == tuple(w for w in REQUIRED_WALLS if w != "seccomp")


WHOLE_MAP = "         0          0 4294967295"


@pytest.mark.parametrize(
    ("effective", "wanted", "id_map", "identity"),
    [
        (1000, None, WHOLE_MAP, 1000),
        (1000, 5, WHOLE_MAP, 1000),
        (0, None, WHOLE_MAP, 200_000),
        (0, None, "0 100000 65536", 65_533),
        (0, 1234, WHOLE_MAP, 1234),
        (0, None, "0 1000 1\n1 100000 65536", 65_533),
    ],
)
def test_guests_run_as_a_user_that_exists_here(effective, wanted, id_map, identity):
    assert guest_identity(effective, wanted, id_map) == identity


@pytest.mark.parametrize(("wanted", "id_map"), [(None, "0 1000 1"), (70_000, "0 0 65536"), (0, WHOLE_MAP)])
def test_guests_never_run_as_root_for_want_of_another_user(wanted, id_map):
    with pytest.raises(ValueError, match="--worker-uid"):
        guest_identity(0, wanted, id_map)
