"""Tiny components for tests, written as text: a body in core WebAssembly and the imports it names."""

from wasmtime import wat2wasm

from aei_marketplace.bench.hostile import assembly
from aei_marketplace.bench.hostile.assembly import AREA, TASK
from aei_marketplace.bench.hostile.assembly import REPLY as REPLY_RESULT

#: Returns what the last host call answered, for a function that returns a plain string.
REPLY_STRING = """(call $ok (i32.load (i32.const 32)) (i32.load (i32.const 36)))"""


class Guest(assembly.Guest):
    """A component of the hostile corpus' making, assembled in this process: many tests need one each."""

    def build(self, body: str, module: str = "", pages: int = 8, component: str = "") -> bytes:
        """The component's binary; arguments as `wat`."""
        return bytes(wat2wasm(self.wat(body, module=module, pages=pages, component=component)))


def echo() -> bytes:
    """Returns its task."""
    return Guest().build(f"(call $ok {TASK})")


def endless() -> bytes:
    """Never returns, and computes all the while."""
    return Guest().build("(loop $l (br $l)) (unreachable)")


def fetching(request: str | None = None) -> bytes:
    """Fetches the given request, or its task, and returns the answer."""
    guest = Guest("http.fetch")
    argument = TASK if request is None else guest.text(request)
    return guest.build(f"(call $http_fetch {argument} {AREA}) {REPLY_RESULT}")


def logging(times: int, message: str = "a line") -> bytes:
    """Logs a message so many times."""
    guest = Guest("log.log")
    arguments = f"{guest.text('info')} {guest.text(message)}"
    return guest.build(
        f"""(local.set $i (i32.const {times}))
        (loop $l (call $log_log {arguments})
          (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (call $ok {TASK})"""
    )


def asking(*requests: str, function: str = "chat") -> bytes:
    """Asks a model each of the requests, or its task, and returns the last answer."""
    guest = Guest(f"models.{function}")
    arguments = [guest.text(request) for request in requests] or [TASK]
    calls = " ".join(f"(call $models_{function} {argument} {AREA})" for argument in arguments)
    return guest.build(f"{calls} {REPLY_RESULT}")


def calling(plugin: str) -> bytes:
    """Calls another plugin with its own task and returns the answer."""
    guest = Guest("plugins.call")
    return guest.build(f"(call $plugins_call {guest.text(plugin)} {TASK} {AREA}) {REPLY_RESULT}")


def calling_again(plugin: str, times: int) -> bytes:
    """Calls another plugin so many times and returns the last answer."""
    guest = Guest("plugins.call")
    return guest.build(
        f"""(local.set $i (i32.const {times}))
        (loop $l (call $plugins_call {guest.text(plugin)} {TASK} {AREA})
          (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        {REPLY_RESULT}"""
    )


def remembering() -> bytes:
    """Reads clock, randomness, configuration and the secret KEY, and returns all of it as one JSON list."""
    guest = Guest("clock.now", "clock.monotonic", "random.hex", "config.get", "secrets.get", "log.log")
    level, key = guest.text("info"), guest.text("KEY")
    return guest.build(
        f"""(call $put (i64.rem_u (call $clock_now) (i64.const 1000000)))
        (call $put (i64.rem_u (call $clock_monotonic) (i64.const 1000000)))
        (call $random_hex (i32.const 8) {AREA})
        (call $quote (i32.load (i32.const 32)) (i32.load (i32.const 36)))
        (call $config_get {AREA}) (call $join (i32.load (i32.const 32)) (i32.load (i32.const 36)))
        (call $secrets_get {key} {AREA})
        (call $quote (i32.load (i32.const 36)) (i32.load (i32.const 40)))
        (call $log_log {level} {TASK})
        (i32.store8 (i32.const 32768) (i32.const 91))
        (i32.store8 (i32.sub (global.get $end) (i32.const 1)) (i32.const 93))
        (call $ok (i32.const 32768) (i32.sub (global.get $end) (i32.const 32768)))""",
        module="""(global $end (mut i32) (i32.const 32769))
        (func $byte (param i32) (i32.store8 (global.get $end) (local.get 0))
          (global.set $end (i32.add (global.get $end) (i32.const 1))))
        (func $copy (param i32 i32)
          (memory.copy (global.get $end) (local.get 0) (local.get 1))
          (global.set $end (i32.add (global.get $end) (local.get 1))))
        (func $join (param i32 i32) (call $copy (local.get 0) (local.get 1)) (call $byte (i32.const 44)))
        (func $quote (param i32 i32) (call $byte (i32.const 34)) (call $copy (local.get 0) (local.get 1))
          (call $byte (i32.const 34)) (call $byte (i32.const 44)))
        (func $put (param i64) (local $n i64) (local $digits i32)
          (call $byte (i32.const 49))
          (local.set $n (local.get 0)) (local.set $digits (i32.const 6))
          (loop $l
            (call $byte (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 10)))))
            (local.set $n (i64.div_u (local.get $n) (i64.const 10)))
            (br_if $l (local.tee $digits (i32.sub (local.get $digits) (i32.const 1)))))
          (call $byte (i32.const 44)))""",
    )
