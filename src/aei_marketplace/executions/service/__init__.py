"""What can be done with executions."""

from aei_marketplace.executions.service.cancelling import cancel
from aei_marketplace.executions.service.failures import list_failures
from aei_marketplace.executions.service.journal_keys import count_journals
from aei_marketplace.executions.service.models import ask_model, list_models, model_runner
from aei_marketplace.executions.service.news import follow, read_log
from aei_marketplace.executions.service.records import (
    count_own,
    find_execution,
    find_trend,
    list_briefs,
    list_executions,
    read_execution,
)
from aei_marketplace.executions.service.recovery import forget_old, recover
from aei_marketplace.executions.service.replaying import find_task, replay, replay_later
from aei_marketplace.executions.service.runs import Runs
from aei_marketplace.executions.service.serving import serving
from aei_marketplace.executions.service.starting import execute, execute_by_token, execute_later
from aei_marketplace.executions.service.trying import try_out, try_out_later, tryouts_left

__all__ = [
    "Runs",
    "ask_model",
    "cancel",
    "count_journals",
    "count_own",
    "execute",
    "execute_by_token",
    "execute_later",
    "find_execution",
    "find_task",
    "find_trend",
    "follow",
    "forget_old",
    "list_briefs",
    "list_executions",
    "list_failures",
    "list_models",
    "model_runner",
    "read_execution",
    "read_log",
    "recover",
    "replay",
    "replay_later",
    "serving",
    "try_out",
    "try_out_later",
    "tryouts_left",
]
