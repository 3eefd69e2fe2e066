"""The form of a task: made from a release's `input_schema`, filled from an example or from an earlier run."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import msgspec

from aei_marketplace.executions import service
from aei_marketplace.executions.errors import NoSuchExecution
from aei_marketplace.ground.errors import Fault, Invalid, Refusal
from aei_marketplace.ground.work import Work
from aei_marketplace.web.shell.forms import Form
from aei_marketplace.web.shell.schema_forms import Answer, Field, SchemaForm
from aei_protocol.manifest import Manifest

NAME = "task"
#: A task that is longer does not go back through a browser's form.
LONGEST = 128 * 1024


@dataclass(frozen=True, slots=True)
class Example:
    """One of a manifest's examples, and where the form is filled with it."""

    number: int
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class TaskForm:
    """What a page shows of a task.

    Attributes:
        form: what is wrong with the whole.
    """

    fields: Field
    examples: tuple[Example, ...]
    form: Form = field(default_factory=Form)

    def refused(self, answer: Answer, refusal: Refusal, form: Form) -> "TaskForm":
        """The same with what was typed, and what is wrong with it."""
        return replace(self, fields=answer.refused(refusal).field, form=form.refused(refusal))


@dataclass(frozen=True, slots=True)
class Begun:
    """What a page is asked to begin the form with.

    Attributes:
        example: place in the manifest's `examples`, from 0.
        again: the execution whose task is to be sent again.
    """

    example: int | None = None
    again: UUID | None = None


def schema_form(manifest: Manifest) -> SchemaForm:
    """The form of a release's tasks."""
    return SchemaForm.of(manifest.document.get("input_schema"), NAME, "Task")


async def task_form(work: Work, master_key: bytes, manifest: Manifest, begun: Begun) -> TaskForm:
    """The form of a task before anything was typed."""
    schema, examples = schema_form(manifest), manifest.document.get("examples", [])
    offered = _offered(examples, begun)
    if begun.again is not None:
        try:
            value = await _earlier(work, master_key, manifest.id, begun.again)
        except Refusal as refusal:
            return TaskForm(schema.show(), offered, Form().refused(refusal))
        return TaskForm(schema.show(value), offered)
    if begun.example is not None and 0 <= begun.example < len(examples):
        return TaskForm(schema.show(examples[begun.example]["input"]), offered)
    return TaskForm(schema.show(), offered)


def typed(manifest: Manifest, form: Form) -> tuple[Answer, TaskForm]:
    """What was typed, and the page's form of it."""
    answer = schema_form(manifest).read(form)
    return answer, TaskForm(answer.field, _offered(manifest.document.get("examples", []), Begun()))


def as_task(answer: Answer) -> msgspec.Raw:
    """The task that was typed.

    Raises:
        Invalid: it is not whole, or some of it cannot be read.
    """
    return msgspec.Raw(msgspec.json.encode(answer.checked()))


async def _earlier(work: Work, master_key: bytes, plugin_id: str, id: UUID) -> Any:
    execution, task = await service.find_task(work, master_key, id)
    if execution.plugin_id != plugin_id:
        raise NoSuchExecution(f"Execution {id} ran another plugin.")
    if len(task) > LONGEST:
        message = f"The task has {len(task):,} characters; a form takes {LONGEST:,}."
        raise Invalid(message, faults=[Fault("again", "too long to be edited; run it again as it is")])
    return msgspec.json.decode(task)


def _offered(examples: list[Any], begun: Begun) -> tuple[Example, ...]:
    return tuple(
        Example(number, example["title"], chosen=number == begun.example)
        for number, example in enumerate(examples)
    )
