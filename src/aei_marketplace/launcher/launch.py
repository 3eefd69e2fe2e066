"""One start of the marketplace: from a running database to ready, and what is done while it runs."""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from aei_marketplace.launcher import programs
from aei_marketplace.launcher.calls import get, until_ready
from aei_marketplace.launcher.clone import PLUGINS
from aei_marketplace.launcher.console import Console
from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.launcher.examples import Example, ExamplePlugins, Publisher, find_examples
from aei_marketplace.launcher.listening import address_of, url_of
from aei_marketplace.launcher.logs import shorten_logs
from aei_marketplace.launcher.ready_file import write_ready_file
from aei_marketplace.launcher.summary import summary
from aei_marketplace.launcher.supervisor import Supervisor
from aei_marketplace.launcher.tool import callers_environment, run_tool
from aei_marketplace.settings import Settings

# A busy machine of few cores takes long; a part that dies meanwhile is noticed by the supervisor.
_READY_SECONDS = 180.0
_LOG_CHECK_SECONDS = 30.0


class Launch:
    """Brings the parts up in their order and attends to them.

    Attributes:
        supervisor: keeps the parts alive.
    """

    def __init__(
        self, settings: Settings, door: socket.socket, ready_file: Path | None, console: Console, began: float
    ) -> None:
        """Start nothing yet; needs a running event loop.

        Args:
            settings: as loaded.
            door: the listening socket that the web process gets.
            ready_file: written once everything is ready, and again when a part was restarted.
            console: where progress is shown.
            began: when the start began, on the monotonic clock.
        """
        self._settings, self._door, self._ready_file, self._console = settings, door, ready_file, console
        self._began = began
        self._tokens: dict[str, str] = {}
        self._invitation: str | None = None
        self._ready = False
        self.supervisor = Supervisor(console, settings.logs, on_restart=self._write_ready_file)

    async def bring_up_and_attend(self) -> None:
        """Bring everything up, say so, and go on with what may take longer. Never returns.

        Raises:
            LaunchError: a step on the way to readiness failed.
        """
        await self._start_parts()
        examples = find_examples(PLUGINS) if "publisher" in self._tokens else []
        plugins = self._example_plugins()
        missing = await plugins.missing(examples)
        for example in missing:
            if example.language == "c":
                await plugins.publish(example)
        self._ready = True
        self._write_ready_file()
        seconds = time.monotonic() - self._began
        for line in summary(self._url, seconds, self._tokens, examples, self._invitation):
            self._console.line(line)
        await asyncio.gather(
            self._keep_logs_short(),
            self._publish_later(plugins, [example for example in missing if example.language != "c"]),
        )

    async def _start_parts(self) -> None:
        """Start all at once; web and jobs load their code while the tables are prepared."""
        settings, (gate, closed) = self._settings, os.pipe()
        self.supervisor.add("sandbox", programs.sandbox(settings))
        self.supervisor.add("web", programs.web(settings, self._door, gate))
        self.supervisor.add("jobs", programs.jobs(settings, gate))
        with self._console.step("tables"):
            await self._tool("aei_marketplace.launcher.database", "database")
        # The other end stays open for those that are started again: they find the gate open.
        os.close(closed)
        with self._console.step("services"):
            await until_ready(address_of(self._door), _READY_SECONDS)
        with self._console.step("seed") as step:
            self._tokens = await self._kept_tokens() or json.loads(
                await self._tool("aei_marketplace.seed", "seed")
            )
            path = self._tokens.pop("invitation", None)
            self._invitation = path and (self._settings.public_url or self._url) + path
            step.note = settings.seed

    async def _kept_tokens(self) -> dict[str, str]:
        """The demo's tokens when all of them are still good, else none: the seed then sees to it."""
        if self._settings.seed == "none":
            return {}
        kept = self._settings.keys / "seed-demo.json"
        tokens: dict[str, str] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        for token in tokens.values():
            status, _ = await get(address_of(self._door), "/api/me", token)
            if status != 200:
                return {}
        return tokens

    async def _tool(self, module: str, name: str) -> str:
        environment = callers_environment() | self._settings.environment()
        return await run_tool(
            [sys.executable, "-P", "-m", module], environment, self._settings.logs / f"{name}.log"
        )

    async def _publish_later(self, plugins: ExamplePlugins, examples: Sequence[Example]) -> None:
        """Build what takes long while the marketplace serves already; a failure here ends nothing."""
        by_language = groupby(plugins.buildable(examples), key=lambda example: example.language)
        for language, group in [(language, list(group)) for language, group in by_language]:
            try:
                await plugins.install_tools(language)
                for example in group:
                    await plugins.publish(example, background=True)
            except LaunchError as error:
                self._console.error(str(error))

    async def _keep_logs_short(self) -> None:
        while True:
            shorten_logs(self._settings.logs)
            await asyncio.sleep(_LOG_CHECK_SECONDS)

    def _example_plugins(self) -> ExamplePlugins:
        publisher = Publisher(address_of(self._door), self._url, self._tokens.get("publisher", ""))
        return ExamplePlugins(
            self._console, self._settings.build, self._settings.logs / "examples.log", publisher
        )

    @property
    def _url(self) -> str:
        return url_of(self._door)

    def _write_ready_file(self) -> None:
        if self._ready and self._ready_file:
            pids = {"launcher": os.getpid(), **self.supervisor.pids}
            write_ready_file(self._ready_file, self._url, self._tokens, pids)
