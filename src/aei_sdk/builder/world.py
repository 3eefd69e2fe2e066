"""The minimal world of a plugin: it imports what the manifest opens and nothing else."""

from collections.abc import Sequence
from pathlib import Path

from aei_protocol.interface import wit_files, world

WORLD = "plugin"


def write_world(interfaces: Sequence[str], folder: Path) -> None:
    """Write `world.wit` and the WIT of these interfaces into an empty folder."""
    folder.mkdir(parents=True)
    texts = wit_files()
    for interface in interfaces:
        (folder / f"{interface}.wit").write_text(texts[f"{interface}.wit"], "utf-8")
    (folder / "world.wit").write_text(world(interfaces, WORLD), "utf-8")
