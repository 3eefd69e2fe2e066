"""The corpus: each bad plugin is flagged by the check that is meant, each honest one by none that denies."""

import pytest

from aei_inspection.checks.check import find_checks, run_check
from aei_inspection.checks.report import Result, Severity, worst
from aei_inspection.checks.subject import Subject
from aei_inspection.content.yara_rules import compiled
from aei_marketplace.bench.corpus import BAD, HONEST
from aei_marketplace.bench.corpus.bad.parts import KEY
from aei_marketplace.bench.corpus.making import Sample, package

CHECKS = {check.id: check for check in find_checks()}
#: What these rules find is a reason to look, and never one to deny.
HINTS = frozenset(
    {
        "S102",
        "S301",
        "dependency-confusion",
        "mixing-loop",
        "new-named-host",
        "new-permission",
        "size-jump",
        "tags",
    }
)


def name(sample: Sample) -> str:
    return sample.name.replace(" ", "-")


@pytest.mark.parametrize("sample", BAD, ids=name)
def test_a_bad_plugin_is_flagged_by_the_check_that_is_meant(sample: Sample) -> None:
    subject = sample.subject()
    result = run_check(subject, CHECKS[sample.check])
    flagged = [finding for finding in result.findings if finding.rule == sample.rule]
    assert flagged, [(finding.rule, finding.evidence) for finding in result.findings] or result.note
    assert all(finding.place and finding.title for finding in flagged)
    assert result.result is (Result.PASS if sample.rule in HINTS else Result.FAIL)
    assert (worst(flagged) is Severity.MEDIUM) == (sample.rule in HINTS)
    if sample.check not in ("package", "permissions"):
        # It is this trick that is found: the gate has nothing to say.
        assert subject.problems == ()


@pytest.mark.parametrize("sample", HONEST, ids=name)
def test_an_honest_plugin_fails_no_check(sample: Sample) -> None:
    subject = sample.subject()
    results = [run_check(subject, check) for check in CHECKS.values()]
    denying = {
        result.id: [(f.rule, f.place, f.evidence) for f in result.findings] or result.note
        for result in results
        if result.result not in (Result.PASS, Result.NOT_RUN)
    }
    assert denying == {}


def test_the_corpus_is_large_enough_and_names_each_trick_once() -> None:
    assert len(BAD) >= 40
    assert len(HONEST) >= 20
    assert len({sample.name for sample in (*BAD, *HONEST)}) == len(BAD) + len(HONEST)


def test_every_check_that_denies_has_a_bad_plugin() -> None:
    # The component's own check is told from the gate's in test_structure; unused permissions never deny.
    assert {sample.check for sample in BAD} >= CHECKS.keys() - {"component", "unused-permissions"}


def test_most_rules_of_yara_have_a_bad_plugin() -> None:
    named = {sample.rule for sample in BAD if sample.check == "yara"}
    rules = {rule.identifier.replace("_", "-") for rule in compiled()}
    assert rules - named <= _WITHOUT, "a new rule needs a plugin that only it flags"


#: Rules that others already stand beside: see test_yara_rules.
_WITHOUT = {
    "mining-pool", "mining-algorithm", "mining-in-browsers", "drop-site", "tunnel", "machine-services",
    "credential-store", "embedded-elf", "embedded-macho", "embedded-module", "embedded-class",
}  # fmt: skip


def test_a_key_among_the_tests_does_not_stand_for_the_same_key_in_the_code() -> None:
    subject = Subject(package(KEY, source={"tests/key.pem": KEY}))
    found = run_check(subject, CHECKS["secrets"]).findings
    assert [finding.severity for finding in found] == [Severity.CRITICAL, Severity.MEDIUM]


def test_no_finding_of_a_secret_holds_the_secret() -> None:
    for sample in (sample for sample in BAD if sample.check == "secrets"):
        for finding in run_check(sample.subject(), CHECKS["secrets"]).findings:
            assert len(finding.evidence.partition("…")[0]) == 4, finding
