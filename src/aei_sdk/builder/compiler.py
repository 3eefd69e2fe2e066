"""Running a compiler and keeping what it says."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from aei_sdk.errors import CompileFailed

#: No honest build takes longer; a compiler that hangs must not hang the author.
DEADLINE_S = 600

#: The end of a compiler's output says what was wrong; the beginning repeats it.
_MOST_OUTPUT = 8_000


def run_compiler(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    """Run a step of the build in `folder`, with `environment` on top of the current one.

    Raises:
        CompileFailed: the step failed or took too long.
    """
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CompileFailed("The build took too long", f"It was stopped after {DEADLINE_S} s.") from error
    if done.returncode != 0:
        said = done.stdout.decode("utf-8", "replace")
        said = said.replace(f"{folder}{os.sep}", "").replace(str(folder), "the project")
        raise CompileFailed("The source does not compile", said[-_MOST_OUTPUT:].strip())
