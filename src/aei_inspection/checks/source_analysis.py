"""Static analysis of supplied source: ruff's security rules for Python.

Sources in other languages have YARA, secrets, hosts and hidden code, which are checks of their own.
"""

from collections import Counter
from collections.abc import Iterator

from aei_inspection.checks.check import Check, NotRun
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.content.files import is_example, is_others, is_python, others_folders
from aei_inspection.content.ruff_run import Complaint, complaints

#: How bad what a rule finds is in a plugin; a rule that is not named here is `low`. Nothing here denies by
#: itself: the rules find habits, not intentions.
_SEVERITIES = {
    "S102": (Severity.MEDIUM, "Runs text as code (exec)", "Write the code plainly."),
    "S307": (
        Severity.MEDIUM,
        "Evaluates text as code (eval)",
        "Parse what you expect; `ast.literal_eval` reads values.",
    ),
    "S301": (Severity.MEDIUM, "Loads pickled objects, which can run code", "Use JSON."),
    "S302": (Severity.MEDIUM, "Loads marshalled objects, which can crash or run code", "Use JSON."),
    "S403": (Severity.INFO, "Imports pickle", "Use JSON."),
    "S404": (Severity.INFO, "Imports subprocess", "No plugin can start a process; remove it."),
    "S501": (Severity.MEDIUM, "Switches off the check of certificates", "Leave it on."),
    "S506": (Severity.MEDIUM, "Loads YAML that can make any object", "Use `yaml.safe_load`."),
    "S602": (Severity.MEDIUM, "Starts a shell", "No plugin can start a process; remove it."),
    "S604": (Severity.MEDIUM, "Calls something through a shell", "No plugin can start a process; remove it."),
    "S605": (Severity.MEDIUM, "Starts a shell", "No plugin can start a process; remove it."),
    "S609": (Severity.MEDIUM, "Passes a wildcard to a shell", "No plugin can start a process; remove it."),
    "S202": (Severity.MEDIUM, "Unpacks an archive without looking at its names", "Check each name first."),
    "S701": (Severity.MEDIUM, "Makes pages without escaping", "Switch escaping on."),
    "S101": (Severity.INFO, "Uses assert", ""),
}
_SIGN = "Look whether it is meant, and write it plainly if it is not."
#: Findings of one rule; a habit is told in a few.
_MOST_OF_ONE = 5


def run(subject: Subject) -> Iterator[Finding]:
    """What ruff says about the author's Python.

    Raises:
        NotRun: no Python source was supplied.
        RuffUnavailable: it did not judge.
    """
    sources = [source for source in subject.sources if is_python(source.place)]
    if not sources:
        if not subject.sources:
            raise NotRun("No source is supplied.")
        raise NotRun("No Python source is supplied; other languages are read by the other checks as text.")
    folders = others_folders(sources)
    told: Counter[str] = Counter()
    for complaint in complaints(sources):
        told[complaint.code] += 1
        if told[complaint.code] <= _MOST_OF_ONE:
            others = is_others(complaint.place, folders) or is_example(complaint.place)
            yield _finding(complaint, others)


def _finding(complaint: Complaint, others: bool) -> Finding:
    place = f"{complaint.place}:{complaint.line}"
    if not complaint.code:
        title = "Is no Python that the analysis can read"
        return Finding(Severity.LOW, title, place, "", complaint.message[:300], "unreadable-source")
    known = (Severity.LOW, complaint.message.split("\n", 1)[0], _SIGN)
    severity, title, advice = _SEVERITIES.get(complaint.code, known)
    lowered = Severity.LOW if others and severity is Severity.MEDIUM else severity
    return Finding(lowered, title, place, advice, complaint.message[:300], complaint.code)


CHECK = Check("source-analysis", 1, "Static analysis of supplied source", run)
