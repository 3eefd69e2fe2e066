"""Tries the misdeed that its task names, and tells what came of it."""

import json
import os
import re
import socket
import sys
import time
from typing import Any

import aei

SEEN: list[str] = []
_dumps = json.dumps


def run(task: dict[str, Any]) -> Any:
    """Do what `task["do"]` names, with `task` as its words."""
    return MISDEEDS[task["do"]](task)


def told(call: Any, *words: Any, **named: Any) -> dict[str, Any]:
    """What the host says to one call."""
    try:
        return {"ok": call(*words, **named)}
    except aei.HostError as error:
        return {"code": error.code, "message": str(error)}


def sleep(task: dict[str, Any]) -> str:
    time.sleep(task["seconds"])
    return "awake"


def backtrack(task: dict[str, Any]) -> str:
    return str(re.match(r"(a+)+$", "a" * 40 + "b"))


def hoard(task: dict[str, Any]) -> int:
    held = []
    while True:
        held.append(bytearray(1 << 20))


def read_passwords(task: dict[str, Any]) -> list[str]:
    with open("/etc/passwd") as file:
        return [file.read(), *os.listdir("/")]


def write_root(task: dict[str, Any]) -> str:
    with open("/x", "w") as file:
        file.write("here")
    return "written"


def tell_surroundings(task: dict[str, Any]) -> dict[str, Any]:
    return {"environ": dict(os.environ), "argv": sys.argv[1:]}


def connect(task: dict[str, Any]) -> str:
    with socket.socket() as line:
        line.connect(("127.0.0.1", task["port"]))
    return "connected"


def look_up(task: dict[str, Any]) -> str:
    return str(socket.getaddrinfo("example.com", 443))


def leave(task: dict[str, Any]) -> str:
    aei.files.write("persistent/left", "written before leaving")
    os._exit(0)


def shout(task: dict[str, Any]) -> str:
    line = "x" * (1 << 20)
    for _ in range(100):
        sys.stdout.write(line)
        sys.stderr.write(line)
    return "shouted"


def fetch_all(task: dict[str, Any]) -> list[dict[str, Any]]:
    answers = []
    for url in task["urls"]:
        answer = told(aei.http.fetch, url)
        if "ok" in answer:
            answer = {"status": answer["ok"].status, "url": answer["ok"].url, "body": answer["ok"].body}
        answers.append(answer)
    return answers


def ask_secrets(task: dict[str, Any]) -> list[dict[str, Any]]:
    return [told(aei.secrets.get, name) for name in task["names"]]


def time_secrets(task: dict[str, Any]) -> list[int]:
    """Nanoseconds of each look-up."""
    taken = []
    for name in task["names"]:
        began = aei.clock.monotonic()
        told(aei.secrets.get, name)
        taken.append(int((aei.clock.monotonic() - began) * 1e9))
    return taken


def reach_files(task: dict[str, Any]) -> list[dict[str, Any]]:
    return [told(aei.files.read, path) for path in task["paths"]]


def fill_files(task: dict[str, Any]) -> dict[str, Any]:
    for number in range(task["times"]):
        answer = told(aei.files.write, f"persistent/big-{number}", "x" * 1_000_000)
        if "code" in answer:
            return {"written": number, **answer}
    return {"written": task["times"]}


def empty_files(task: dict[str, Any]) -> int:
    names = [entry["path"] for entry in aei.files.listing("persistent/")]
    for name in names:
        aei.files.delete(name)
    return len(names)


def use_scratch(task: dict[str, Any]) -> dict[str, Any]:
    found = aei.files.listing("scratch/")
    read = told(aei.files.read, "scratch/left")
    aei.files.write("scratch/left", task["words"])
    return {"found": found, "read": read}


def remember(task: dict[str, Any]) -> list[str]:
    """Keep the task in a global, and leave a trap in the standard library for the next run."""
    SEEN.append(task["words"])
    trapped = json.dumps is not _dumps
    json.dumps = lambda *given, **named: _dumps(SEEN)  # type: ignore[assignment]
    return [*SEEN, "trapped"] if trapped else list(SEEN)


def tell_config(task: dict[str, Any]) -> dict[str, Any]:
    answer = told(aei.http.fetch, "http://origin.example:8080/count")
    return {"config": aei.config.get(), "random": aei.random.hex(16), "count": answer["ok"].body}


def provoke(task: dict[str, Any]) -> list[Any]:
    """Calls with words that no honest plugin sends."""
    from_host = [
        told(aei.http.fetch, "http://origin.example:8080/" + "9" * 9000),
        told(aei.http.fetch, "http://origin.example:99999999999999999999/"),
        told(aei.http.fetch, "not a url \x00\x01"),
        told(aei.http.fetch, "http://origin.example:8080/", method="BREW"),
        told(aei.http.fetch, "http://origin.example:8080/", headers={"x\r\ny": "z\r\n"}),
        told(aei.http.fetch, "http://origin.example:8080/", headers={"a": 10**400}),  # type: ignore[dict-item]
        told(aei.files.read, "'; DROP TABLE file; --"),
        told(aei.files.read, "persistent/" + "%s%n%x" * 20),
        told(aei.secrets.get, "SELECT 1; --"),
        told(aei.secrets.get, "\x00"),
    ]
    aei.progress(float("nan"), "no number")
    aei.progress(float("inf"), "\x00\x1b[2J")
    return [*from_host, {"ok": len(aei.random.hex(4294967295))}]


def forge_log(task: dict[str, Any]) -> str:
    aei.log.info(task["words"])
    return "logged"


def fail_loudly(task: dict[str, Any]) -> str:
    raise ValueError(task["words"])


def answer_with(task: dict[str, Any]) -> Any:
    return task["words"]


MISDEEDS = {
    "sleep": sleep,
    "backtrack": backtrack,
    "hoard": hoard,
    "read passwords": read_passwords,
    "write root": write_root,
    "tell surroundings": tell_surroundings,
    "connect": connect,
    "look up": look_up,
    "leave": leave,
    "shout": shout,
    "fetch": fetch_all,
    "ask secrets": ask_secrets,
    "time secrets": time_secrets,
    "reach files": reach_files,
    "fill files": fill_files,
    "empty files": empty_files,
    "use scratch": use_scratch,
    "remember": remember,
    "tell config": tell_config,
    "provoke": provoke,
    "forge log": forge_log,
    "fail loudly": fail_loudly,
    "answer with": answer_with,
}
