"""What a plugin does on trial: with the permissions that its manifest asks for, and made-up answers.

A rehearsal runs in the sandbox (`Execute.rehearsal`). Whoever has one runs the tasks of `tasks` and the
plugin of `nothing` under `CAP`, and hands the ends to `results`.
"""

from aei_inspection.rehearsal.nothing import NOTHING
from aei_inspection.rehearsal.results import CAP, ID, TITLE, VERSION, Run, check_result, run_of
from aei_inspection.rehearsal.tasks import Task, tasks_of

__all__ = ["CAP", "ID", "NOTHING", "TITLE", "VERSION", "Run", "Task", "check_result", "run_of", "tasks_of"]
