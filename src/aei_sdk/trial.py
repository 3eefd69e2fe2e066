"""Running a plugin's component on this machine, in the same sandbox host as the marketplace's."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from aei_inspection.schemas import check, compile_schema
from aei_protocol.manifest import Manifest
from aei_protocol.messages import Ended, LogLine
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_sandbox.local import HostLost, HostRefused, LocalHost, Observer
from aei_sdk.errors import AeiError, Fault, ProjectRefused
from aei_sdk.gate import faults_of

#: `AEI_SECRET_NAME` holds the value of the secret NAME in local runs.
SECRET_VARIABLE = "AEI_SECRET_"  # noqa: S105 the beginning of a variable's name


@dataclass(frozen=True, slots=True)
class Run:
    """One local execution.

    Attributes:
        output: the result as JSON, None unless the outcome is `ok`.
        faults: what in the output breaks the manifest's `output_schema`.
    """

    ended: Ended
    output: Any
    log: Sequence[LogLine]
    faults: Sequence[Fault]

    @property
    def passed(self) -> bool:
        """Whether it ended well with an output that keeps its schema."""
        return self.ended.outcome is Outcome.OK and not self.faults


class Stage:
    """A local sandbox host with one component ready; use it with `async with`.

    Args:
        manifest: whose permissions and limits hold.
        component: the component's bytes.
        artefacts: where compiled components are kept between runs.
        arguments: further arguments of the host's command line.
    """

    def __init__(
        self, manifest: Manifest, component: bytes, artefacts: Path, arguments: Sequence[str] = ()
    ) -> None:
        self._manifest, self._component = manifest, component
        self._host = LocalHost(*arguments, artefacts=artefacts, secret=_secret)
        self._digest = ""

    async def __aenter__(self) -> "Stage":
        try:
            await self._host.__aenter__()
        except HostLost as error:
            raise AeiError(
                "The sandbox did not start",
                str(error),
                advice="It runs on Linux with seccomp and landlock; the lines above say what is missing.",
            ) from error
        try:
            self._digest = (await self._host.prepare(self._component, self._manifest.interfaces)).component
        except HostRefused as refusal:
            await self._host.__aexit__(None, None, None)
            raise ProjectRefused(
                "The sandbox refuses the component", faults=[Fault("archive:/plugin.wasm", str(refusal))]
            ) from refusal
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._host.__aexit__(kind, error, trace)

    async def run(
        self,
        task: Any,
        config: Mapping[str, Any] | None = None,
        *,
        capabilities: Capabilities | None = None,
        journal: bytes | None = None,
        recorded: bytes | None = None,
    ) -> Run:
        """Run one task under the manifest's own permissions and limits.

        Args:
            task: what JSON can say.
            config: the configuration; empty when absent, as in an installation that was given none.
            capabilities: what it holds; what the manifest requests when absent.
            journal: the key of a journal of its host calls; none is kept without.
            recorded: a journal, made under that key, to answer its host calls from.
        """
        observer = Observer()
        ended = await self._host.execute(
            self._digest,
            json.dumps(task, ensure_ascii=False),
            interfaces=self._manifest.interfaces,
            capabilities=self._manifest.capabilities if capabilities is None else capabilities,
            limits=self._manifest.limits,
            config=json.dumps(config or {}),
            plugin=self._manifest.id,
            observer=observer,
            journal=journal,
            recorded=recorded,
        )
        output, faults = self._read_output(ended.output)
        return Run(ended, output, observer.lines, faults)

    def _read_output(self, text: str | None) -> tuple[Any, list[Fault]]:
        if text is None:
            return None, []
        try:
            output = json.loads(text)
        except ValueError as error:
            return None, [Fault("/", f"the output is not JSON: {error}")]
        return output, output_faults(self._manifest, output)


def output_faults(manifest: Manifest, output: Any) -> list[Fault]:
    """What in an output breaks the manifest's `output_schema`."""
    schema = manifest.document.get("output_schema")
    return faults_of(tuple(check(compile_schema(schema), output))) if schema else []


def input_faults(manifest: Manifest, task: Any) -> list[Fault]:
    """What in a task breaks the manifest's `input_schema`."""
    schema = manifest.document.get("input_schema")
    return faults_of(tuple(check(compile_schema(schema), task))) if schema else []


def config_faults(manifest: Manifest, config: Any) -> list[Fault]:
    """What in a configuration breaks the manifest's `config_schema`."""
    schema = manifest.document.get("config_schema")
    return faults_of(tuple(check(compile_schema(schema), config))) if schema else []


def _secret(_tenant: str, name: str) -> str | None:
    return os.environ.get(SECRET_VARIABLE + name)
