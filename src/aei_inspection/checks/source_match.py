"""The build against the source that was supplied: nothing may run that the source does not show.

For Python, function by function: each one that is in the component must be defined in the module's source,
and use no name that does not stand there. Bodies are not compared beyond that. For JavaScript, line by line:
engines keep the text of functions. An engine can be made to forget it, so what is found differs for certain,
and what is not found may be there all the same.
"""

import re
from collections.abc import Iterator
from itertools import islice

from aei_inspection.checks.check import Check, NotRun
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import SOURCE_FOLDER, Subject
from aei_inspection.checks.unused_permissions import KIT
from aei_inspection.extract.components import pypi_name
from aei_inspection.extract.python import Module
from aei_inspection.extract.python_code import Function
from aei_inspection.extract.script_lines import foreign_lines
from aei_protocol.manifest import COMPONENT_NAME

#: Functions, classes, and what is evaluated late: aliases and bounds of type parameters (PEP 695).
_DEFINED = re.compile(r"(?:\b(?:def|class|type)\s+|\[\s*\*{0,2}(?=\w+\s*:))(\w+)")
_WORD = re.compile(r"\w+")
#: A private name is stored with its class's (Python's language reference, 6.2.1).
_MANGLED = re.compile(r"_[^\W_]\w*?(__\w*[^\W_]_?)")
_SCRIPTS = (".js", ".mjs")
_MOST_LINES = 20
_ADVICE = "Supply the source that this component was built from, or build it from this source."


def run(subject: Subject) -> Iterator[Finding]:
    """Modules, functions and lines of the component that the source does not show.

    Raises:
        NotRun: there is no source, or it can't be compared with this component.
    """
    if not subject.sources:
        raise NotRun("No source was supplied.")
    if subject.functions:
        yield from _of_python(subject)
    elif subject.scripts and any(source.place.endswith(_SCRIPTS) for source in subject.sources):
        yield from _of_javascript(subject)
    else:
        raise NotRun("The component holds no functions of Python or JavaScript to compare with this source.")


def _of_javascript(subject: Subject) -> Iterator[Finding]:
    foreign = list(islice(foreign_lines(subject.scripts, subject.sources), _MOST_LINES + 1))
    if foreign:
        count = f"{_MOST_LINES} or more" if len(foreign) > _MOST_LINES else str(len(foreign))
        title = f"The component holds JavaScript that the source does not have: {count} lines"
        shown = " ⏎ ".join(line for _, line in foreign)
        yield Finding(Severity.HIGH, title, foreign[0][0], _ADVICE, shown, "foreign-script")


def _of_python(subject: Subject) -> Iterator[Finding]:
    listed = {pypi_name(found.name).replace("-", "_") for found in subject.distributions}
    for module in sorted({function.module for function in subject.functions}):
        if module.top in KIT:
            continue
        functions = [function for function in subject.functions if function.module == module]
        if texts := _sources_of(subject, module):
            yield from _foreign(functions, texts)
        else:
            yield _unshown(module, functions, module.top in listed)


def _unshown(module: Module, functions: list[Function], listed: bool) -> Finding:
    """A module without a source: part of a distribution that is known, or of nothing."""
    named = f"its functions: {', '.join(function.name for function in functions[:20])}"
    title = f"The component has a module {module.path}.py that the source does not have"
    if listed:
        advice = "It may come with a distribution of this name; supply that as well, to have it compared."
        return Finding(Severity.LOW, title, COMPONENT_NAME, advice, named, "bundled-module")
    return Finding(Severity.HIGH, title, COMPONENT_NAME, _ADVICE, named, "foreign-module")


def _sources_of(subject: Subject, module: Module) -> list[str]:
    """The texts of the files that can be this module's source: one of this path, however deep."""
    name = f"/{module.path}.py"
    found = [source for source in subject.sources if f"/{source.place}".endswith(name)]
    exact = [source for source in found if source.place == f"{SOURCE_FOLDER}{module.path}.py"]
    return [source.content.decode("utf-8", "replace") for source in exact or found]


def _foreign(functions: list[Function], texts: list[str]) -> Iterator[Finding]:
    defined = {name for text in texts for name in _DEFINED.findall(text)}
    words = {word for text in texts for word in _WORD.findall(text)}
    for function in functions:
        place = f"{COMPONENT_NAME} {function.module.path}.py:{function.line}"
        if not _shows(function.name.rpartition(".")[2], defined):
            title = f"The source does not define {function.name}"
            yield Finding(Severity.HIGH, title, place, _ADVICE, rule="foreign-function")
        elif unknown := [name for name in function.names if not _stands_in(name, words)]:
            title = f"{function.name} uses names that its source does not have"
            yield Finding(Severity.HIGH, title, place, _ADVICE, ", ".join(unknown[:20]), "foreign-names")


def _shows(name: str, defined: set[str]) -> bool:
    """Whether a function is defined there, or is one that the compiler makes: `<lambda>`, `__annotate__`."""
    return name.startswith("<") or name == "__annotate__" or name in defined


def _stands_in(name: str, words: set[str]) -> bool:
    if name.startswith("__") and name.endswith("__"):
        return True
    private = _MANGLED.fullmatch(name)
    parts = _WORD.findall(private[1] if private else name)
    return all(part in words for part in parts)


CHECK = Check("source-match", 1, "Build against its source", run)
