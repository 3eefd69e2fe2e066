"""A host whose workers can be told to misbehave, as if a guest had taken them over.

The forged worker stands here and nowhere in the shipped package: the host is started with an
interpreter of its own making, which replaces what a worker does with its task before the zygote
begins. Everything on the host's side is the real thing.
"""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from aei_sandbox.inside import worker
from aei_sandbox.inside.channel import Channel
from aei_sandbox.inside.guest import Bounds, Guest

_REPOSITORY = Path(__file__).resolve().parents[2]

#: What a worker that was taken over may write instead of an honest answer, by the word in its task.
FORGERIES: dict[str, bytes | tuple[object, ...]] = {
    "wrong execution id": ("done", "ok", '"forged"', "00000000-0000-0000-0000-000000000000"),
    "another tenant's installation": ("call", "files", "read", ["persistent/x"], "globex", "installation"),
    "an interface that is not linked": ("call", "models", "chat", ["{}"]),
    "an unknown message": ("execute", "globex", {}),
    "an outcome of its own": ("done", "worker_lost", "x"),
    "a second greeting": ("ready", ["seccomp"], {}),
    "oversized": b"\x7f\xff\xff\xff" + b"x" * 4096,
    "malformed": b"\x00\x00\x00\x05\xc1\xc1\xc1\xc1\xc1",
    "nested": b"\x00\x00\x10\x00" + b"\x91" * 4096,
}


def misbehave(guest: Guest, channel: Channel) -> None:
    """Run honest tasks honestly, and forge what others name."""
    _, task, bounds = channel.receive()
    word = msgspec.json.decode(task).get("forge")
    if word == "replayed":
        body = msgspec.msgpack.encode(("call", "secrets", "get", ["ACME_KEY"]))
        # The second call comes while the first one is being answered: no guest can do that.
        _write(channel, (len(body).to_bytes(4, "big") + body) * 2)
    elif word == "a forbidden system call":
        os.kill(os.getppid(), signal.SIGTERM)
    elif word is not None:
        forged = FORGERIES[word]
        _write(channel, forged) if isinstance(forged, bytes) else channel.send(*forged)
    else:
        verdict = guest.run(task, Bounds(*bounds))
        channel.send("done", verdict.kind, verdict.text)
        guest.clear()


def _write(channel: Channel, raw: bytes) -> None:
    channel._line.sendall(raw)


@contextmanager
def host_with_forgers(folder: Path) -> Iterator[Path]:
    """The socket of such a host."""
    interpreter = folder / "python"
    interpreter.write_text(
        f"#!{sys.executable} -I\n"
        "import sys\n"
        f"sys.path.insert(0, {str(_REPOSITORY)!r})\n"
        "from tests.sandbox import taken_over\n"
        "taken_over.become_zygote(sys.argv[-2:])\n"
    )
    interpreter.chmod(interpreter.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    path = folder / "h.sock"
    process = subprocess.Popen(
        [
            sys.executable, "-m", "tests.sandbox.taken_over", str(interpreter), "--die-with-parent",
            "--socket", str(path), "--artefacts", str(folder / "artefacts"),
        ],
        stdout=subprocess.PIPE, cwd=_REPOSITORY,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        yield path
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def become_zygote(orders: list[str]) -> None:
    """Entry of the zygote under the forged interpreter."""
    from aei_sandbox.inside import zygote

    worker._run_one = misbehave
    sys.argv = ["zygote", *orders]
    zygote.main()


def main() -> None:
    """Entry of the host: the real one, but for the interpreter that its zygote gets."""
    from types import SimpleNamespace

    from aei_sandbox import host, zygote

    interpreter = sys.argv.pop(1)
    zygote.sys = SimpleNamespace(executable=interpreter)  # type: ignore[assignment]
    host.main()


if __name__ == "__main__":
    main()
