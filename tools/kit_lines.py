"""Writes down what the kit's JavaScript says, for builds to be compared with their authors' source.

The kit's guest modules are in every build and in nobody's source. Run it when they change:
`.venv/bin/python -m tools.kit_lines`.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = ROOT / "src" / "aei_inspection" / "extract" / "kit_javascript.txt"


def kit_lines() -> str:
    """Each line of the kit's guest modules once, without indentation, sorted."""
    modules = (ROOT / "src" / "aei_sdk" / "guest" / "javascript").rglob("*.js")
    lines = {line.strip() for module in modules for line in module.read_text("utf-8").splitlines()}
    return "\n".join(sorted(line for line in lines if line)) + "\n"


if __name__ == "__main__":
    WRITTEN.write_text(kit_lines(), "utf-8")
