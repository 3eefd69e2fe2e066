"""Check files for tests, written as an author of a check would, but for what they do."""

from pathlib import Path

_FILE = '''"""{title}."""

from aei_inspection.checks.check import Check
from aei_inspection.checks.report import Finding, Severity


def run(subject):
{body}


CHECK = Check("{check_id}", 1, "{title}", run)
'''


def write_check(folder: Path, body: str, check_id: str = "a-first", title: str = "A check") -> Path:
    """One check's file; its folder.

    Args:
        body: Python statements, the body of `run(subject)`.
        check_id: checks run in the order of their ids.
    """
    folder.mkdir(exist_ok=True)
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    text = _FILE.format(title=title, body=indented, check_id=check_id)
    (folder / f"{check_id.replace('-', '_')}.py").write_text(text, "utf-8")
    return folder
