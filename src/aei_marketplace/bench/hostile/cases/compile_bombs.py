"""C: packages that burst whoever reads or compiles them."""

import io
import json
import os
import random
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable

from aei_marketplace.bench.hostile.assembly import TASK, Guest, assemble
from aei_marketplace.bench.hostile.attempt import (
    BehindTheGate,
    Case,
    Publication,
    Scenario,
    Seen,
    expect,
)
from aei_marketplace.bench.hostile.field import Field
from aei_marketplace.bench.hostile.plugin import Plugin, make_manifest, pack
from aei_marketplace.bench.hostile.tenants import Tenant

#: The gate takes it, and it then compiles within the compiler's limits, or is held for their sake.
CONTAINED = expect("listed", "held", "component_too_complex", "invalid_component")
#: Rounds after the first use smaller bombs of the same kind, so that twenty rounds end in minutes.
_WHOLE, _SMALLER = 1.0, 0.25
_BLOCKS, _TARGETS, _FUNCTIONS, _LOCALS, _BRANCHES = 400, 60_000, 100_000, 1_000, 1_000
_INSTANCES, _PAIRS = 20_000, 40
_MANY_ENTRIES = 65_000
_MANIFEST_MODE = 0o100644 << 16


def bomb(build: Callable[[float], str]) -> Callable[[str, str, int], bytes]:
    """A package with a component that is bigger in the first round, and never the same twice."""

    def package(id: str, version: str, number: int) -> bytes:
        component = assemble(build(_WHOLE if number == 0 else _SMALLER))
        return pack(make_manifest(id, version, {}, {}, {}), component)

    return package


def branch_table(scale: float) -> str:
    """Many targets in many nested blocks."""
    blocks, targets = round(_BLOCKS * scale), round(_TARGETS * scale)
    choice = random.Random()  # noqa: S311 any spread of targets will do
    table = " ".join(str(choice.randrange(blocks)) for _ in range(targets))
    body = f"{'(block ' * blocks} (br_table {table} 0 (local.get 0)) {')' * blocks}"
    return _beside_run(f"(func $bomb (param i32) {body})")


def many_functions(scale: float) -> str:
    """Very many very small functions."""
    mark = random.Random().randrange(1 << 30)  # noqa: S311 only makes it another component
    functions = "".join(
        f"(func (result i32) (i32.const {mark + n}))" for n in range(round(_FUNCTIONS * scale))
    )
    return _beside_run(functions)


def live_locals(scale: float) -> str:
    """Locals that all live through many branches: allocating registers is superlinear in them."""
    count, branches = round(_LOCALS * scale), round(_BRANCHES * scale)
    mark = random.Random().randrange(1 << 30)  # noqa: S311 only makes it another component
    names = [f"$x{n}" for n in range(count)]
    steps = "".join(
        f"(if (local.get 0) (then (local.set {n} (i64.add (local.get {n}) (i64.const {mark}))))"
        f" (else (local.set {n} (i64.mul (local.get {n}) (i64.const 3)))))"
        for n in (names[step % count] for step in range(branches))
    )
    total = "".join(f"(local.set $sum (i64.xor (local.get $sum) (local.get {n})))" for n in names)
    declared = "".join(f"(local {n} i64)" for n in names)
    return _beside_run(
        f"(func $bomb (param i32) (result i64) {declared} (local $sum i64) {steps} {total} (local.get $sum))"
    )


def many_instances(scale: float) -> str:  # noqa: ARG001 the validator counts: smaller ones would be taken
    """Very many core instances."""
    return Guest().wat(
        f"(call $ok {TASK})",
        component="(core module $empty)" + "(core instance (instantiate $empty))" * _INSTANCES,
    )


def nested_pairs(scale: float) -> str:  # noqa: ARG001 doubling forty times is small to write
    """A type of two to the fortieth parts."""
    pairs = "".join(f"(type $t{n} (tuple $t{n - 1} $t{n - 1}))" for n in range(1, _PAIRS))
    return Guest().wat(f"(call $ok {TASK})", component=f"(type $t0 (tuple u8 u8)) {pairs}")


def _beside_run(definitions: str) -> str:
    return Guest().wat(f"(call $ok {TASK})", module=definitions)


def zip_bomb(id: str, version: str, number: int) -> bytes:  # noqa: ARG001 each round is the same
    """One entry that says it holds 4 GiB less one byte, and inflates to 10 GiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    content = piece * 10_240 + zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS).flush()
    manifest = json.dumps(make_manifest(id, version, {}, {}, {})).encode()
    return _zip([("plugin.json", manifest, len(manifest), False), ("plugin.wasm", content, 2**32 - 2, True)])


def many_entries(id: str, version: str, number: int) -> bytes:  # noqa: ARG001 each round is the same
    """As many entries as a plain zip can name."""
    return _zip((f"source/{n}", b"", 0, False) for n in range(_MANY_ENTRIES))


def a_million_entries(id: str, version: str, number: int) -> bytes:
    """Says that it has a million entries, in records for long archives."""
    small = many_entries(id, version, number)
    end = len(small) - 22
    long_end = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1_000_000, 1_000_000, end, 0)
    locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
    short_end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return small[:end] + long_end + locator + short_end


def _zip(entries: Iterable[tuple[str, bytes, int, bool]]) -> bytes:
    """An archive whose records say what they are told to: name, packed content, size, whether deflated."""
    body, directory, count = bytearray(), bytearray(), 0
    for name, content, size, deflated in entries:
        crc, raw = zlib.crc32(content) if not deflated else 0, name.encode()
        common = struct.pack(
            "<HHHHHIIIHH", 20, 0x800, 8 if deflated else 0, 0, 0x21, crc, len(content), size, len(raw), 0
        )
        directory += (
            struct.pack("<IH", 0x02014B50, 0x0314) + common
            + struct.pack("<HHHII", 0, 0, 0, _MANIFEST_MODE, len(body)) + raw
        )  # fmt: skip
        body += struct.pack("<I", 0x04034B50) + common + raw + content
        count += 1
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


#: Name → the entries that are added to an honest package; a marker in each is looked for on the disk.
_LINK, _DEVICE = 0o120777 << 16, 0o060666 << 16
HOSTILE_ENTRIES: dict[str, tuple[tuple[str, int], ...]] = {
    "parent folder": (("../escaped", _MANIFEST_MODE),),
    "deep parent folder": (("source/../../../escaped", _MANIFEST_MODE),),
    "absolute path": (("/escaped", _MANIFEST_MODE),),
    "drive letter": (("C:\\escaped", _MANIFEST_MODE),),
    "symbolic link": (("source/link", _LINK),),
    "device": (("source/device", _DEVICE),),
    "duplicate": (("source/twin", _MANIFEST_MODE), ("source/twin", _MANIFEST_MODE)),
    "case twins": (("source/twin", _MANIFEST_MODE), ("source/TWIN", _MANIFEST_MODE)),
    "normal form twins": (
        (f"source/{unicodedata.normalize('NFC', 'é')}", _MANIFEST_MODE),
        (f"source/{unicodedata.normalize('NFD', 'é')}", _MANIFEST_MODE),
    ),
}


def with_entries(kind: str, marker: bytes) -> Callable[[str, str, int], bytes]:
    """An honest package, but for its further entries."""

    def package(id: str, version: str, number: int) -> bytes:  # noqa: ARG001 each round is the same
        held = io.BytesIO(pack(make_manifest(id, version, {}, {}, {}), _HONEST.component))
        with zipfile.ZipFile(held, "a") as archive:
            for name, mode in HOSTILE_ENTRIES[kind]:
                entry = zipfile.ZipInfo("placeholder", (1980, 1, 1, 0, 0, 0))
                entry.filename, entry.external_attr, entry.create_system = name, mode, 3
                archive.NameToInfo.clear()  # a name that stands there already is meant
                archive.writestr(entry, marker)
        return held.getvalue()

    return package


async def publish_hostile_entries(place: Field, attacker: Tenant, number: int) -> list[Seen]:
    """Publish each kind; nothing of it may lie in the data folder, nor beside it."""
    marker = os.urandom(16).hex().encode()
    seen = [await place.publish(attacker, with_entries(kind, marker), number) for kind in HOSTILE_ENTRIES]
    taken = [kind for kind, one in zip(HOSTILE_ENTRIES, seen, strict=True) if "422" not in one.refusals]
    if taken:
        return [Seen(note="published", problem=f"not refused with 422: {', '.join(taken)}")]
    escaped = [path for path in place.data.parent.rglob("*escaped*") if path.is_file()]
    return [Seen(note="published", problem=f"written: {escaped}")] if escaped else seen


_HONEST = Plugin("honest", lambda: Guest().build(f"(call $ok {TASK})"))
_INSTANCE_BOMB = Plugin("instances", lambda: assemble(many_instances(1)))
_PAIR_BOMB = Plugin("pairs", lambda: assemble(nested_pairs(1)))
_INVALID = expect("invalid_component", "component_too_complex", "component_malformed")
_REFUSED_UNREAD = expect("unpacked_too_large", "ratio_too_high", "stored_size_mismatch")
_TOO_MANY = expect("too_many_entries", "zip64")

CASES = (
    Case(
        "C01",
        "60,000 branch targets in 400 blocks",
        "compiled within the compiler's limits, or held",
        (Publication(bomb(branch_table), CONTAINED),),
        seconds=240.0,
    ),
    Case(
        "C02",
        "100,000 tiny functions",
        "compiled within the compiler's limits, or held",
        (Publication(bomb(many_functions), CONTAINED),),
        seconds=240.0,
    ),
    Case(
        "C03",
        "1,000 live locals through 1,000 branches",
        "compiled within the compiler's limits, or held at them",
        (Publication(bomb(live_locals), CONTAINED),),
        seconds=240.0,
    ),
    Case(
        "C04",
        "20,000 core instances in one component",
        "refused by the validator, at the gate and behind it",
        (
            Publication(bomb(many_instances), _INVALID),
            BehindTheGate(_INSTANCE_BOMB, expect("invalid_component", "compile_limit")),
        ),
    ),
    Case(
        "C05",
        "a type of 40 nested pairs",
        "refused by the validator, at the gate and behind it",
        (
            Publication(bomb(nested_pairs), _INVALID),
            BehindTheGate(_PAIR_BOMB, expect("invalid_component", "compile_limit")),
        ),
    ),
    Case(
        "C06",
        "zip bomb: 10 MB that inflate to 10 GB, and a million entries",
        "refused from the directory, nothing inflated",
        (
            Publication(zip_bomb, _REFUSED_UNREAD, how="10 GB published"),
            Publication(many_entries, _TOO_MANY, how="65,000 entries published"),
            Publication(a_million_entries, _TOO_MANY, how="a million entries published"),
        ),
    ),
    Case(
        "C07",
        "paths outside, links, devices, twins in an archive",
        "422 for each, nothing written outside",
        (Scenario(publish_hostile_entries, expect("422"), how="published"),),
    ),
)
