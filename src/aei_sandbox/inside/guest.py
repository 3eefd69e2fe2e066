"""One component, linked to exactly the interfaces it was given; each run is a fresh instance.

The runtime's C interface is used directly where its Python layer would copy a guest's argument
before its size can be looked at.
"""

import ctypes
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from wasmtime import Engine, Store, WasmtimeError, _ffi
from wasmtime.component import Component, Linker

from aei_protocol.interface import RUN, SIGNATURES, import_name
from aei_sandbox.inside.traps import Verdict, reduce_failure

#: The largest argument that a guest may hand to one host call, in bytes.
LARGEST_ARGUMENT = 1024 * 1024

_TABLES = 100

#: An instance is made ahead only where making one took less CPU time than this, in nanoseconds.
_QUICKLY_MADE_NS = 5_000_000

#: Answers one host call: interface, function, arguments → the value, or `(ok, text)` for a result.
HostCall = Callable[[str, str, Sequence[Any]], Any]

_STRING = _ffi.WASMTIME_COMPONENT_STRING.value


class Bounds(NamedTuple):
    """What one run may use; as in `aei_protocol.limits.Limits`."""

    memory_bytes: int
    output_bytes: int
    table_elements: int
    instances: int
    memories: int


class Stop(Exception):
    """Ends the run from inside a host call, with this verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.text)
        self.verdict = verdict


class _Instance(NamedTuple):
    store: Store
    bounds: Bounds
    run: Any


class Guest:
    """A component and the functions it may call.

    Only one may exist in a process, for its life: the runtime's callbacks find it by module state.
    """

    def __init__(
        self, engine: Engine, component: Component, interfaces: Iterable[str], call: HostCall
    ) -> None:
        self._engine = engine
        self._component = component
        self._spent: _Instance | None = None
        self._fresh: _Instance | None = None
        self._made_quickly = False
        self._linker = Linker(engine)
        _calls.clear()
        with self._linker.root() as root:
            for interface in interfaces:
                with root.add_instance(import_name(interface)) as instance:
                    for function, signature in SIGNATURES[interface].items():
                        _link(instance, interface, function, signature, call)

    def run(self, task: str, bounds: Bounds) -> Verdict:
        """Run one task in a fresh instance.

        Instantiating is part of the run: it may execute the guest's start functions.

        Args:
            task: the guest's argument.
        """
        global _stopped
        _stopped = None
        try:
            self._spent = instance = self._take_fresh(bounds) or self._instantiate(bounds)
            if instance.run is None:
                return Verdict("trap", "no run export")
            return _call(instance.store, instance.run._func, task, bounds.output_bytes)
        except WasmtimeError as error:
            return _stopped or reduce_failure(str(error))

    def clear(self) -> None:
        """Free everything of the last run; kept out of it, so that its answer need not wait."""
        if self._spent is not None:
            self._spent.store.close()
            self._spent = None

    def make_ahead(self, bounds: Bounds) -> None:
        """Make the instance of the next run while nobody waits for it.

        Nobody watches it being made, so it is made only of a component whose instance was just made
        quickly inside a run, under that run's limits. Start functions are the only code of a guest that
        this executes; without a host call they do the same each time, and with one they are stopped.
        """
        global _unattended
        if not self._made_quickly:
            return
        _unattended = True
        try:
            self._fresh = self._instantiate(bounds)
        except WasmtimeError:
            self._made_quickly = False
        finally:
            _unattended = False

    def _take_fresh(self, bounds: Bounds) -> _Instance | None:
        fresh, self._fresh = self._fresh, None
        if fresh is None or fresh.bounds == bounds:
            return fresh
        fresh.store.close()
        return None

    def _instantiate(self, bounds: Bounds) -> _Instance:
        store = Store(self._engine)
        store.set_limits(
            bounds.memory_bytes, bounds.table_elements, bounds.instances, _TABLES, bounds.memories
        )
        began = time.thread_time_ns()
        self._made_quickly = False
        function = self._linker.instantiate(store, self._component).get_func(store, RUN)
        self._made_quickly = time.thread_time_ns() - began < _QUICKLY_MADE_NS
        return _Instance(store, bounds, function)


def _call(store: Store, function: Any, task: str, output_bytes: int) -> Verdict:
    argument, result = _ffi.wasmtime_component_val_t(), _ffi.wasmtime_component_val_t()
    _put_string(argument, task)
    try:
        error = _ffi.wasmtime_component_func_call(
            ctypes.byref(function), store._context(), ctypes.byref(argument), 1, ctypes.byref(result), 1
        )
        if error:
            raise WasmtimeError._from_ptr(error)
    finally:
        _ffi.wasmtime_component_val_delete(ctypes.byref(argument))
    try:
        return _read_result(result, output_bytes)
    finally:
        _ffi.wasmtime_component_val_delete(ctypes.byref(result))


def _read_result(result: Any, output_bytes: int) -> Verdict:
    answer = result.of.result
    text = answer.val.contents.of.string
    if text.size > output_bytes:
        return Verdict("output", f"the result has {text.size} bytes, {output_bytes} are allowed")
    return Verdict("ok" if answer.is_ok else "error", _text(text))


# The runtime calls back with an index into this list. Module state, because closures made after the
# seccomp filter stands would need executable memory; the one callback below is made at import.
_calls: list[Callable[[Any, Any], None]] = []
_stopped: Verdict | None = None
_unattended = False


def _link(instance: Any, interface: str, function: str, signature: str, call: HostCall) -> None:
    readers, write = _parse(signature)

    def enter(arguments: Any, results: Any) -> None:
        values = [read(arguments[i]) for i, read in enumerate(readers)]
        answer = call(interface, function, values)
        if write is not None:
            write(results[0], answer)

    _calls.append(enter)
    name = function.encode()
    error = _ffi.wasmtime_component_linker_instance_add_func(
        instance.ptr(),
        ctypes.create_string_buffer(name),
        len(name),
        _callback,
        len(_calls) - 1,
        _no_finaliser,
    )
    if error:
        raise WasmtimeError._from_ptr(error)


@_ffi.wasmtime_component_func_callback_t  # type: ignore[untyped-decorator]  # a ctypes prototype
def _callback(index: Any, _context: Any, _type: Any, arguments: Any, _n: Any, results: Any, _m: Any) -> Any:
    global _stopped
    try:
        if _unattended:
            raise Stop(Verdict("trap", "a host call while nobody runs it"))
        _calls[index or 0](arguments, results)
    except Stop as stop:
        _stopped = stop.verdict
    except Exception as error:  # noqa: BLE001 an exception cannot cross the runtime's frames; it becomes a trap
        _stopped = Verdict("trap", f"host call failed: {type(error).__name__}")
    else:
        return 0
    return ctypes.cast(WasmtimeError("stopped by the host")._consume(), ctypes.c_void_p).value


_no_finaliser = ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p))


def _parse(signature: str) -> tuple[list[Callable[[Any], Any]], Callable[[Any, Any], None] | None]:
    """Readers of the parameters and writer of the result for one of the known signatures."""
    parameters, _, result = signature.removeprefix("func(").partition(")->")
    kinds = [p.partition(":")[2] for p in parameters.split(",") if p]
    return [_READERS[kind] for kind in kinds], _WRITERS[result]


def _read_string(value: Any) -> str:
    text = value.of.string
    if text.size > LARGEST_ARGUMENT:
        raise Stop(Verdict("argument", f"an argument of {text.size} bytes, {LARGEST_ARGUMENT} are allowed"))
    return _text(text)


def _text(vector: Any) -> str:
    return ctypes.string_at(vector.data, vector.size).decode() if vector.size else ""


def _put_string(value: Any, text: str) -> None:
    raw = text.encode()
    value.kind = _STRING
    source = ctypes.cast(ctypes.c_char_p(raw), ctypes.POINTER(_ffi.wasm_byte_t))
    _ffi.wasm_byte_vec_new(ctypes.byref(value.of.string), len(raw), source)


def _put_u64(value: Any, number: int) -> None:
    value.kind = _ffi.WASMTIME_COMPONENT_U64.value
    value.of.u64 = number


def _put_result(value: Any, answer: tuple[bool, str]) -> None:
    payload = _ffi.wasmtime_component_val_t()
    _put_string(payload, answer[1])
    value.kind = _ffi.WASMTIME_COMPONENT_RESULT.value
    value.of.result.is_ok = answer[0]
    value.of.result.val = _ffi.wasmtime_component_val_new(ctypes.byref(payload))


_READERS: dict[str, Callable[[Any], Any]] = {
    "string": _read_string,
    "f64": lambda value: float(value.of.f64),
    "u32": lambda value: int(value.of.u32),
}
_WRITERS: dict[str, Callable[[Any, Any], None] | None] = {
    "()": None,
    "u64": _put_u64,
    "string": _put_string,
    "result<string,string>": _put_result,
}
