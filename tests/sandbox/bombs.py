"""Components that are small to send and large to compile, as text or as bytes."""

from wasmtime import wat2wasm

from tests.sandbox.guests import TASK, Guest


def locals_and_branches(live: int = 1000, branches: int = 1000, each: int = 8) -> bytes:
    """Many locals that stay alive across many branches: what register allocation likes least."""
    declared = " ".join(f"(local $v{n} i64)" for n in range(live))

    def side(n: int, operation: str) -> str:
        return " ".join(
            f"(local.set $v{(n * each + k) % live} ({operation} (local.get $v{(n * 7 + k * 13) % live})"
            f" (local.get $v{(n * 3 + k * 31) % live})))"
            for k in range(each)
        )

    body = "".join(
        f"(if (i32.and (local.get 0) (i32.const {1 << n % 31})) (then {side(n, 'i64.add')})"
        f" (else {side(n + 1, 'i64.mul')}))"
        for n in range(branches)
    )
    looped = f"(loop $again {body} (br_if $again (i64.eqz (local.get $v7))))"
    total = "(i64.const 0)" + "".join(f" (local.get $v{n}) (i64.add)" for n in range(live))
    function = f'(func (export "bomb") (param i32) (result i64) {declared} {looped} {total})'
    return Guest().build(f"(call $ok {TASK})", function)


def exponential_adapter(depth: int = 17) -> bytes:
    """One component calls another with a value whose type doubles at each level.

    The type stays below the validator's limit; the code that carries such a value from one memory to
    the other does not.
    """
    types = "(type $t0 (tuple u8 u8))" + "".join(
        f"(type $t{n} (tuple $t{n - 1} $t{n - 1}))" for n in range(1, depth)
    )
    memory = """(memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (unreachable))"""
    options = '(memory (core memory $i "memory")) (realloc (core func $i "realloc"))'
    nested = f"""(component $callee {types}
      (core module $m {memory} (func (export "f") (param i32)))
      (core instance $i (instantiate $m))
      (func (export "f") (param "x" $t{depth - 1}) (canon lift (core func $i "f") {options})))
    (component $caller {types}
      (import "f" (func $f (param "x" $t{depth - 1})))
      (core module $m {memory})
      (core instance $i (instantiate $m))
      (core func $lowered (canon lower (func $f) {options}))
      (core module $n (import "" "f" (func (param i32))))
      (core instance (instantiate $n (with "" (instance (export "f" (func $lowered)))))))
    (instance $callee (instantiate $callee))
    (instance (instantiate $caller (with "f" (func $callee "f"))))"""
    return Guest().build(f"(call $ok {TASK})", component=nested)


def many_functions(count: int = 100_000) -> bytes:
    """A function for each number."""
    many = "".join(f"(func (result i32) (i32.const {n}))" for n in range(count))
    return Guest().build(f"(call $ok {TASK})", many)


def giant_branch_tables(targets: int = 60_000, blocks: int = 10) -> bytes:
    """Tables of many targets, in many blocks."""
    table = "(br_table " + " ".join(str(n % 2) for n in range(targets)) + " 0 (local.get 0))"
    return Guest().build(
        f"(call $ok {TASK})", "".join(f"(func (param i32) (block {table}))" for _ in range(blocks))
    )


def exponential_types(depth: int = 40) -> bytes:
    """Each type is a pair of the one before."""
    pairs = "(type $t0 string)" + "".join(
        f"(type $t{n} (tuple $t{n - 1} $t{n - 1}))" for n in range(1, depth)
    )
    text = Guest().wat(f"(call $ok {TASK})", pages=1)
    pairs += f'(export "deep" (type $t{depth - 1}))'
    return bytes(wat2wasm(text.rstrip().removesuffix(")") + pairs + ")"))


def doubling_import(depth: int = 18) -> bytes:
    """An import whose type doubles with each level and stays just below the validator's limit."""
    pairs = "(type $t0 (tuple u8 u8))" + "".join(
        f"(type $t{n} (tuple $t{n - 1} $t{n - 1}))" for n in range(1, depth)
    )
    pairs += f'(import "f" (func (param "x" $t{depth - 1})))'
    text = Guest().wat(f"(call $ok {TASK})", pages=1)
    return bytes(wat2wasm(text.replace("(component", f"(component {pairs}", 1)))


def many_instances(count: int = 20_000) -> bytes:
    """Core instances beyond what any component needs."""
    many = "(core module $e)" + "".join("(core instance (instantiate $e))" for _ in range(count))
    return Guest().build(f"(call $ok {TASK})", component=many)
