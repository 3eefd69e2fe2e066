"""A new plugin's project: complete, and its examples pass."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from aei_protocol.identifiers import PluginId
from aei_protocol.manifest import MANIFEST_NAME, README_NAME
from aei_sdk.errors import UsageRefused
from aei_sdk.project import SOURCE_FOLDER, Language

KINDS = ("agent", "model", "tool", "scanner")

_CATEGORY = {"agent": "agents", "model": "models", "tool": "productivity", "scanner": "security"}
_TEXT_INPUT = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string", "maxLength": 100_000}},
}
_COUNTS = {
    "type": "object",
    "required": ["characters", "words", "lines"],
    "properties": {name: {"type": "integer", "minimum": 0} for name in ("characters", "words", "lines")},
}
_FINDINGS = {
    "type": "object",
    "required": ["findings"],
    "properties": {
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["line", "severity", "message"],
                "properties": {
                    "line": {"type": "integer", "minimum": 1},
                    "severity": {"enum": ["info", "warning", "error"]},
                    "message": {"type": "string"},
                },
            },
        }
    },
}
_CHAT_INPUT = {
    "type": "object",
    "required": ["messages"],
    "properties": {
        "model": {"type": "string"},
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "properties": {"role": {"type": "string"}, "content": {"type": "string"}},
            },
        },
    },
}
_CHAT_OUTPUT = {
    "type": "object",
    "required": ["object", "model", "choices"],
    "properties": {"object": {"const": "chat.completion"}, "choices": {"type": "array", "minItems": 1}},
}

#: No `dom` and no `node` among the libraries: a plugin has neither.
_JSCONFIG = {
    "compilerOptions": {
        "checkJs": True,
        "strict": True,
        "target": "es2023",
        "lib": ["es2023"],
        "module": "esnext",
        "moduleResolution": "bundler",
        "types": [],
    },
    "include": ["src", "types"],
}


def create_project(plugin_id: str, language: Language, kind: str, directory: Path) -> list[Path]:
    """Write a project and return the files made.

    Raises:
        UsageRefused: the id is not one, or the folder holds something already.
    """
    name = _parsed(plugin_id).name
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageRefused(
            f"{directory} is not empty", "Nothing was written.", advice="Name another folder: --directory DIR"
        )
    manifest = json.dumps(new_manifest(plugin_id, kind), indent=2, ensure_ascii=False) + "\n"
    template = "counts" if kind in ("agent", "tool") else kind
    contents = {
        MANIFEST_NAME: manifest,
        README_NAME: _template(f"README.{kind}.md", plugin_id, name),
        f"{SOURCE_FOLDER}/plugin.{language}": _template(f"{template}.{language}", plugin_id, name),
        ".gitignore": "build/\n__pycache__/\n",
    }
    if language is Language.JAVASCRIPT:
        contents |= _editor_files()
    for path, text in contents.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text, "utf-8")
    return [directory / path for path in contents]


def new_manifest(plugin_id: str, kind: str) -> dict[str, Any]:
    """The manifest of a new plugin: no permission, the default limits, one example."""
    plugin = PluginId.parse(plugin_id)
    task, output, example = _shapes(kind)
    return {
        "manifest_version": 1,
        "id": plugin_id,
        "version": "0.1.0",
        "name": plugin.name.replace("-", " ").capitalize()[:60],
        "description": _DESCRIPTIONS[kind],
        "author": {"name": plugin.namespace},
        "kind": kind,
        "categories": [_CATEGORY[kind]],
        "license": "Apache-2.0",
        "compatibility": {"aei": ">=1.0.0 <3.0.0"},
        "input_schema": task,
        "output_schema": output,
        "examples": [{"title": "A first try", "input": example}],
        "pricing": {"model": "free"},
    }


_DESCRIPTIONS = {
    "agent": "Counts the characters, words and lines of a text",
    "tool": "Counts the characters, words and lines of a text",
    "model": "Answers a chat with the number of words that were said",
    "scanner": "Finds the lines of a text that still hold a TODO",
}


def _shapes(kind: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Input schema, output schema and an example's input."""
    match kind:
        case "model":
            message = {"role": "user", "content": "How many words are these?"}
            return _CHAT_INPUT, _CHAT_OUTPUT, {"messages": [message]}
        case "scanner":
            return _TEXT_INPUT, _FINDINGS, {"text": "open the file\nTODO: close it again"}
        case _:
            return _TEXT_INPUT, _COUNTS, {"text": "Grüße aus Köln\nand a second line"}


def _editor_files() -> dict[str, str]:
    """What lets an editor check and complete JavaScript: its settings and the types of `aei`."""
    types = (files("aei_sdk") / "guest" / "javascript" / "aei.d.ts").read_text("utf-8")
    return {"jsconfig.json": json.dumps(_JSCONFIG, indent=2) + "\n", "types/aei.d.ts": types}


def _template(file: str, plugin_id: str, name: str) -> str:
    text = (files("aei_sdk") / "guest" / "templates" / file).read_text("utf-8")
    return text.replace("@ID@", plugin_id).replace("@NAME@", name.replace("-", " ").capitalize())


def _parsed(plugin_id: str) -> PluginId:
    try:
        return PluginId.parse(plugin_id)
    except ValueError as error:
        raise UsageRefused(
            "That is not a plugin's id", str(error), advice="For example: acme.summarise"
        ) from None
