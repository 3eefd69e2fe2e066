"""Misdeeds through WASI: no plugin gets it, so the gate refuses the component and the host does too."""

from aei_marketplace.bench.hostile.assembly import Guest
from aei_marketplace.bench.hostile.attempt import Attempt, BehindTheGate, Execution, Publication, expect
from aei_marketplace.bench.hostile.kit import project_plugin, wasi_component
from aei_marketplace.bench.hostile.plugin import Plugin

#: The outcome of a build without WASI that calls what is not there.
STUBBED = expect("trap", "guest_error")

_BODY = "(call $ok (i32.const 0) (i32.const 0))"

#: Interface → its import in component text, with the types that it really has.
IMPORTS = {
    "clocks": """(import "wasi:clocks/monotonic-clock@0.2.0" (instance
        (export "now" (func (result u64)))))""",
    "preopens": """(import "wasi:filesystem/types@0.2.0" (instance $types
        (export "descriptor" (type $d (sub resource)))))
      (alias export $types "descriptor" (type $descriptor))
      (import "wasi:filesystem/preopens@0.2.0" (instance
        (alias outer 1 $descriptor (type $outer)) (export "descriptor" (type $own (eq $outer)))
        (export "get-directories" (func (result (list (tuple (own $own) string)))))))""",
    "environment": """(import "wasi:cli/environment@0.2.0" (instance
        (export "get-environment" (func (result (list (tuple string string)))))
        (export "get-arguments" (func (result (list string))))))""",
    "sockets": """(import "wasi:sockets/network@0.2.0" (instance
        (export "network" (type (sub resource)))))""",
    "look-up": """(import "wasi:sockets/network@0.2.0" (instance $network
        (export "network" (type $n (sub resource)))))
      (import "wasi:sockets/ip-name-lookup@0.2.0" (instance
        (export "resolve-address-stream" (type (sub resource)))))""",
    "exit": """(import "wasi:cli/exit@0.2.0" (instance
        (export "exit" (func (param "status" (result))))))""",
    "stdout": """(import "wasi:io/streams@0.2.0" (instance $streams
        (export "output-stream" (type $o (sub resource)))))
      (alias export $streams "output-stream" (type $stream))
      (import "wasi:cli/stdout@0.2.0" (instance
        (alias outer 1 $stream (type $outer)) (export "output-stream" (type $own (eq $outer)))
        (export "get-stdout" (func (result (own $own))))))""",
}


def through_wasi(misdeed: str, interface: str, **words: object) -> tuple[Attempt, ...]:
    """The tries of one misdeed: without WASI, with it through the gate, and with it behind the gate.

    Args:
        misdeed: what `wild.python` calls it.
        interface: of `IMPORTS`.
        words: further words of its task.
    """
    small = Plugin(f"wasi-{interface}", lambda: Guest().build(_BODY, component=IMPORTS[interface]))
    return (
        Execution(
            project_plugin("wild.python"),
            STUBBED,
            {"do": misdeed, **words},
            {"cpu_ms": 1000, "wall_ms": 3000},
            how="built without WASI",
        ),
        Publication(lambda id, version, _: small.package(version, id), expect("wasi_import")),
        BehindTheGate(small, expect("overreach")),
    )


def python_with_wasi() -> tuple[Attempt, ...]:
    """CPython with WASI, 40 MB of it: too dear for every misdeed and round."""
    whole = Plugin("wasi-python", wasi_component)
    return (
        Publication(
            lambda id, version, _: whole.package(version, id),
            expect("wasi_import"),
            how="Python published",
            dear=True,
        ),
        BehindTheGate(whole, expect("overreach", "compile_limit"), how="Python behind the gate", dear=True),
    )
