"""The one engine configuration: artefacts fit only the engine that compiled them."""

import hashlib
import platform
from importlib.metadata import version

from wasmtime import Config, Engine, _ffi

#: Compiling runs in one thread, so that the child's limits bound all of it.
_SETTINGS: dict[str, bool] = {"parallel_compilation": False}
#: What the publish gate refuses (`aei_inspection.component.FEATURES`), the engine cannot run either. Several
#: memories in one core module stay possible: the runtime's own adapters between two components need them.
_SWITCHED_OFF_IN_C = (
    "wasm_threads",
    "wasm_memory64",
    "wasm_relaxed_simd",
    "wasm_exceptions",
    "wasm_gc",
    "wasm_function_references",
    "wasm_stack_switching",
    "wasm_custom_page_sizes",
    "wasm_wide_arithmetic",
    "wasm_component_model_async",
    "wasm_component_model_more_async_builtins",
    "wasm_component_model_async_stackful",
)


def build_engine() -> Engine:
    """An engine with the house's configuration."""
    config = Config()
    for name, value in _SETTINGS.items():
        setattr(config, name, value)
    for name in _SWITCHED_OFF_IN_C:
        getattr(_ffi, f"wasmtime_config_{name}_set")(config.ptr(), False)
    return Engine(config)


def runtime() -> str:
    """The runtime's name and version, as shown to operators."""
    return f"wasmtime {version('wasmtime')}"


def fingerprint() -> str:
    """Changes whenever artefacts have to be compiled again."""
    parts = [runtime(), platform.machine(), repr(sorted(_SETTINGS.items())), repr(_SWITCHED_OFF_IN_C)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
