"""The way from a model's name to an installed plugin: open in a process that runs executions."""

from collections.abc import Awaitable, Callable

from aei_marketplace.ground.ports import ModelCall, ModelReply

#: Runs a plugin on a guest's call; None when no such plugin of kind `model` is installed.
RunModel = Callable[[ModelCall, str], Awaitable[ModelReply | None]]


class PluginModels:
    """Passes calls on to whoever runs executions here."""

    def __init__(self) -> None:
        self._run: RunModel | None = None

    def open(self, run: RunModel) -> None:
        """Have calls answered by `run` from now on."""
        self._run = run

    async def answer(self, call: ModelCall, plugin_id: str) -> ModelReply | None:
        """The plugin's reply; None when no such model is installed, or nothing runs here."""
        return None if self._run is None else await self._run(call, plugin_id)
