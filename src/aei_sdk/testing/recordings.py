"""Answers of hosts, recorded once: journals of `aei replay`, one for each case in `tests/recorded/`."""

from dataclasses import dataclass
from pathlib import Path

from aei_sandbox.broker.record import LARGEST_JOURNAL, BadJournal, read_journal
from aei_sdk.errors import Fault, ProjectRefused
from aei_sdk.project import Project, read_inside
from aei_sdk.testing.cases import TESTS_FOLDER

RECORDED_FOLDER = f"{TESTS_FOLDER}/recorded"
SUFFIX = ".journal"

#: The key of the digests in a recording. It is no secret: whoever has the recording reads the answers in it
#: anyway, and the digests of the questions only tell a replay whether they are the same.
RECORDING_KEY = b"recorded by aei plugin test"

#: Calls that answer the same in every run; a case that makes no other needs no recording.
_SETTLED = frozenset({"log.log", "progress.report", "config.get"})


@dataclass(frozen=True)
class Recordings:
    """The recordings of a project."""

    project: Project

    def path(self, case: str) -> Path:
        """Where the recording of a case lies, whether there is one or not."""
        return self.project.directory / RECORDED_FOLDER / f"{case}{SUFFIX}"

    def find(self, case: str) -> bytes | None:
        """The recording of a case.

        Raises:
            ProjectRefused: there is a file that cannot be read as one.
        """
        path = self.path(case)
        if not path.is_file():
            return None
        content = read_inside(self.project.directory, path, LARGEST_JOURNAL)
        try:
            read_journal(content)
        except BadJournal as error:
            place = str(path.relative_to(self.project.directory))
            raise ProjectRefused(
                "A recording cannot be read",
                advice="Record it again: aei plugin test --record",
                faults=[Fault(place, str(error))],
            ) from None
        return content

    def keep(self, case: str, journal: bytes) -> bool:
        """Keep a journal when it holds an answer that another run could get differently.

        Returns:
            Whether it was kept; if not, an older one is gone.
        """
        path = self.path(case)
        if all(call in _SETTLED for call, _, _ in read_journal(journal)):
            path.unlink(missing_ok=True)
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".new")
        half.write_bytes(journal)
        half.replace(path)
        return True

    def strays(self, cases: set[str]) -> list[str]:
        """Recordings that belong to no case."""
        found = (self.project.directory / RECORDED_FOLDER).glob(f"*{SUFFIX}")
        return sorted(path.name for path in found if path.stem not in cases)
