"""How an execution can end."""

from enum import StrEnum


class Outcome(StrEnum):
    """The one word that says how an execution ended."""

    OK = "ok"
    GUEST_ERROR = "guest_error"
    TRAP = "trap"
    CPU_LIMIT = "cpu_limit"
    WALL_LIMIT = "wall_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    HOST_CALL_LIMIT = "host_call_limit"
    DENIED = "denied"
    SANDBOX_VIOLATION = "sandbox_violation"
    WORKER_LOST = "worker_lost"
    CANCELLED = "cancelled"
