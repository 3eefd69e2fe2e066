"""Running cases: offline with recorded answers, or once against the real hosts to record them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from aei_protocol.messages import Ended
from aei_protocol.permissions import Capabilities
from aei_sdk.errors import AeiError, Fault
from aei_sdk.project import Project
from aei_sdk.testing.cases import Case
from aei_sdk.testing.expectations import unmet
from aei_sdk.testing.recordings import RECORDING_KEY, Recordings
from aei_sdk.trial import Run, Stage


class Answers(StrEnum):
    """Where the answers to a case's host calls came from."""

    RECORDED = "recorded"
    #: Nothing is recorded: what is on this machine was answered, what is beyond it was refused.
    OFFLINE = "offline"
    LIVE = "live"
    #: The real hosts', and they were kept for the next time.
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a case.

    Attributes:
        faults: why it failed; empty when it passed.
        refused: what an offline run kept the plugin from, `network api.acme.example`.
    """

    case: Case
    run: Run
    answers: Answers
    faults: Sequence[Fault]
    refused: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class Bench:
    """Runs the cases of one project.

    Attributes:
        config: the configuration of cases that state none.
        record: ask the real hosts and keep their answers.
        live: ask the real hosts and keep nothing.
        egress: `NAME:PORT=ADDRESS:PORT`, hosts that are found elsewhere while recording.
    """

    project: Project
    component: bytes
    artefacts: Path
    config: Mapping[str, Any] | None = None
    record: bool = False
    live: bool = False
    egress: Sequence[str] = ()

    async def run(self, cases: Sequence[Case]) -> list[Result]:
        """Run cases one after the other in a sandbox of their own.

        Raises:
            ProjectRefused: a recording cannot be read, or the sandbox refuses the component.
        """
        arguments = [word for host in self.egress for word in ("--egress-host", host)]
        async with Stage(self.project.manifest, self.component, self.artefacts, arguments) as stage:
            return [await self._run(stage, case) for case in cases]

    async def _run(self, stage: Stage, case: Case) -> Result:
        config = self.config if case.config is None else case.config
        recordings = Recordings(self.project)
        if self.record:
            run = await stage.run(case.task, config, journal=RECORDING_KEY)
            kept = _kept(recordings, case, run)
            return self._judged(case, run, Answers.KEPT if kept else Answers.LIVE)
        if self.live:
            return self._judged(case, await stage.run(case.task, config), Answers.LIVE)
        if (recorded := recordings.find(case.name)) is not None:
            run = await stage.run(case.task, config, journal=RECORDING_KEY, recorded=recorded)
            return self._judged(case, run, Answers.RECORDED)
        run = await stage.run(case.task, config, capabilities=_on_this_machine(self.project))
        return self._judged(case, run, Answers.OFFLINE)

    def _judged(self, case: Case, run: Run, answers: Answers) -> Result:
        refused = [f"{d.permission} {d.target}" for d in run.ended.denied if d.permission in _BEYOND]
        faults = [*_divergence(run.ended)] or [*unmet(case.expect, run.ended, run.output), *run.faults]
        return Result(case, run, answers, faults, refused if answers is Answers.OFFLINE else ())


#: Permissions that lead off this machine.
_BEYOND = frozenset({"network", "models", "plugins"})


def _on_this_machine(project: Project) -> Capabilities:
    return replace(project.manifest.capabilities, hosts=(), chat=(), embed=(), max_tokens=0, plugins=())


def _kept(recordings: Recordings, case: Case, run: Run) -> bool:
    if run.ended.journal is None:
        raise AeiError(
            f"The answers of “{case.title}” cannot be recorded",
            "They are longer than a journal may be.",
            advice="Let the case ask for less.",
        )
    return recordings.keep(case.name, run.ended.journal)


def _divergence(ended: Ended) -> Sequence[Fault]:
    if ended.divergence is None:
        return ()
    place = ended.divergence
    words = f"recorded was {place.expected}, the plugin did {place.got}: {place.detail}"
    return (
        Fault(f"call {place.call}", f"{words}. If that is meant, record again: aei plugin test --record"),
    )
