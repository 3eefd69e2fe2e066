"""Tiny components for tests, written as text: a body in core WebAssembly and the imports it names.

Layout of a guest's memory: 16 the result it returns, 32 the result of its last host call, 1024 its
texts, 65536 the heap.
"""

from wasmtime import wat2wasm

from aei_protocol.interface import SIGNATURES, import_name

_FLAT = {"string": "i32 i32", "f64": "f64", "u32": "i32"}

#: Returns what the last host call answered: a result as it is.
REPLY_RESULT = """(i32.store8 (i32.const 16) (i32.load8_u (i32.const 32)))
  (i32.store (i32.const 20) (i32.load (i32.const 36))) (i32.store (i32.const 24) (i32.load (i32.const 40)))
  (i32.const 16)"""
#: The same for a function that returns a plain string.
REPLY_STRING = """(call $ok (i32.load (i32.const 32)) (i32.load (i32.const 36)))"""
#: Where a host call leaves its answer.
AREA = "(i32.const 32)"
#: The guest's own argument.
TASK = "(local.get 0) (local.get 1)"


class Guest:
    """Collects texts and imports, then builds the component."""

    def __init__(self, *imports: str) -> None:
        self._imports = [tuple(name.split(".")) for name in imports]
        self._data: list[str] = []
        self._next = 1024

    def text(self, text: str | bytes) -> str:
        """A text in the guest's memory, as the two arguments that name it."""
        raw = text if isinstance(text, bytes) else text.encode()
        offset, self._next = self._next, self._next + len(raw)
        escaped = "".join(f"\\{byte:02x}" for byte in raw)
        self._data.append(f'(data (i32.const {offset}) "{escaped}")')
        return f"(i32.const {offset}) (i32.const {len(raw)})"

    def build(self, body: str, module: str = "", pages: int = 8, component: str = "") -> bytes:
        """The component.

        Args:
            body: of `run`, leaves the address of the result; `$ok` and `$err` make one.
            module: further definitions in the core module.
            pages: initial memory.
            component: further definitions in the component.
        """
        return bytes(wat2wasm(self._text(body, module, pages, component)))

    def _text(self, body: str, module: str, pages: int, component: str) -> str:
        return f"""(component
  {self._component_imports()}
  (core module $libc (memory (export "memory") {pages})
    (global $top (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.div_u (local.get 3) (i32.const 65536)) (i32.const 1))))))
      (local.get $at)))
  (core instance $l (instantiate $libc))
  {self._lowered()}
  (core module $main (import "l" "memory" (memory {pages}))
    {self._core_imports()}
    {" ".join(self._data)}
    (func $ok (param i32 i32) (result i32)
      (i32.store8 (i32.const 16) (i32.const 0)) (i32.store (i32.const 20) (local.get 0))
      (i32.store (i32.const 24) (local.get 1)) (i32.const 16))
    (func $err (param i32 i32) (result i32)
      (i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (local.get 0))
      (i32.store (i32.const 24) (local.get 1)) (i32.const 16))
    {module}
    (func (export "run") (param i32 i32) (result i32) (local $i i32) (local $n i64)
      {body}))
  (core instance $m (instantiate $main (with "l" (instance $l)) {self._given()}))
  {component}
  (func (export "run") (param "task" string) (result (result string (error string)))
    (canon lift (core func $m "run") (memory (core memory $l "memory"))
      (realloc (core func $l "realloc")))))"""

    def _component_imports(self) -> str:
        lines = []
        for interface in dict.fromkeys(i for i, _ in self._imports):
            functions = [f for i, f in self._imports if i == interface]
            exports = " ".join(
                f'(export "{f}" {_component_type(SIGNATURES[interface][f])})' for f in functions
            )
            lines.append(f'(import "{import_name(interface)}" (instance ${interface} {exports}))')
        return "\n".join(lines)

    def _lowered(self) -> str:
        return "\n".join(
            f'(core func ${i}_{f} (canon lower (func ${i} "{f}") (memory (core memory $l "memory"))'
            f' (realloc (core func $l "realloc"))))'
            for i, f in self._imports
        )

    def _core_imports(self) -> str:
        return " ".join(
            f'(import "h" "{i}-{f}" (func ${i}_{f} {_core_type(SIGNATURES[i][f])}))' for i, f in self._imports
        )

    def _given(self) -> str:
        if not self._imports:
            return ""
        exports = " ".join(f'(export "{i}-{f}" (func ${i}_{f}))' for i, f in self._imports)
        return f'(with "h" (instance {exports}))'


def _parts(signature: str) -> tuple[list[tuple[str, str]], str]:
    parameters, _, result = signature.removeprefix("func(").partition(")->")
    return [(n, k) for n, _, k in (p.partition(":") for p in parameters.split(",") if p)], result


def _component_type(signature: str) -> str:
    parameters, result = _parts(signature)
    text = " ".join(f'(param "{name}" {kind})' for name, kind in parameters)
    results = {
        "()": "",
        "u64": "(result u64)",
        "string": "(result string)",
        "result<string,string>": "(result (result string (error string)))",
    }
    return f"(func {text} {results[result]})"


def _core_type(signature: str) -> str:
    parameters, result = _parts(signature)
    flat = " ".join(_FLAT[kind] for _, kind in parameters)
    area = " i32" if result in ("string", "result<string,string>") else ""
    answer = "(result i64)" if result == "u64" else ""
    return f"(param {flat}{area}) {answer}"


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
