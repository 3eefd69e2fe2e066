"""Checks that the documents tell the truth about this repository; `./market check` runs it.

Prints one line `file:line: what is wrong` for each fault, and ends with 1 when there is any.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # as a script, only tools/ is on the path
    sys.path.insert(0, str(ROOT))

from tools.documentation.command_lines import check_command_lines  # noqa: E402 the path comes first
from tools.documentation.hops import check_hops  # noqa: E402
from tools.documentation.pages import Fault, pages_of, repository_files  # noqa: E402
from tools.documentation.places import check_places  # noqa: E402
from tools.documentation.records import check_changelog, check_records  # noqa: E402
from tools.documentation.words import check_words  # noqa: E402


def faults_of(root: Path) -> list[Fault]:
    """Everything that is wrong, by file and line."""
    files = repository_files(root)
    found = [*check_records(root), *check_changelog(root), *check_words(root, files)]
    for page in pages_of(root, files):
        found += [*check_places(page), *check_hops(page), *check_command_lines(page)]
    return sorted(found, key=lambda fault: (fault.path, fault.line))


def main() -> int:
    """Check the repository that this file lies in."""
    faults = faults_of(ROOT)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
