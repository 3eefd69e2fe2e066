"""Make `src/model.h` from `corpus/*.txt`: run `python training/train.py` in the plugin's folder.

Each corpus file is named by its ISO 639-1 code; its first line is the language's name, every other line a
sentence. The sentences were written for this plugin.
"""

import math
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
STEPS = 16  # costs are whole sixteenths of a nat, so that one byte holds them
TRIGRAMS_OF_A_LANGUAGE = 900
SCRIPTS = {
    "HAN": (0x4E00, 0x9FFF),
    "HIRAGANA": (0x3041, 0x3096),
    "KATAKANA": (0x30A1, 0x30FE),
    "HANGUL": (0xAC00, 0xD7A3),
}


def main() -> None:
    corpora = {
        path.stem: path.read_text("utf-8").splitlines() for path in sorted((HERE / "corpus").glob("*.txt"))
    }
    letters = number_letters(corpora)
    costs, floors = {}, {}
    for code, lines in corpora.items():
        counts = Counter(t for line in lines[1:] for t in trigrams(line, letters))
        costs[code], floors[code] = cost_of_each(counts)
    text = render([(code, lines[0]) for code, lines in corpora.items()], letters, costs, floors)
    (HERE.parent / "src" / "model.h").write_text(text, "utf-8")


def script_of(char: str) -> str | None:
    return next((name for name, (low, high) in SCRIPTS.items() if low <= ord(char) <= high), None)


def number_letters(corpora: dict[str, list[str]]) -> dict[str, int]:
    """Every letter of the corpora to a number from 1; upper and lower case share it.

    A capital belongs to the letter that it becomes in lower case: I is i's, though the Turkish ı claims it.
    """
    lower = {c for lines in corpora.values() for line in lines[1:] for c in line.lower() if is_letter(c)}
    plain = sorted(c for c in lower if not script_of(c))
    numbers = {c: i for i, c in enumerate(plain, len(SCRIPTS) + 1)}
    upper = {c.upper(): n for c, n in numbers.items() if c.upper().lower() == c and len(c.upper()) == 1}
    return upper | {"İ": numbers["i"]} | numbers


def is_letter(char: str) -> bool:
    """Letters and the vowel signs of scripts that write them as marks."""
    return char.isalpha() or 0x0900 <= ord(char) <= 0x0DFF or 0x0E30 <= ord(char) <= 0x0E4E


def letter_of(char: str, letters: dict[str, int]) -> int:
    script = script_of(char)
    return list(SCRIPTS).index(script) + 1 if script else letters.get(char, 0)


def trigrams(line: str, letters: dict[str, int]) -> list[int]:
    found, before, last = [], 0, 0
    for char in [*line, " "]:
        letter = letter_of(char, letters)
        if not letter and not last:
            continue
        found.append(before << 20 | last << 10 | letter)
        before, last = last, letter
    return found


def cost_of_each(counts: Counter[int]) -> tuple[dict[int, int], int]:
    """Costs of the commonest trigrams, and that of all others, with additive smoothing of a half."""
    total = sum(counts.values()) + 0.5 * 20_000
    common = sorted(counts, key=lambda t: (-counts[t], t))[:TRIGRAMS_OF_A_LANGUAGE]
    costs = {t: round(-math.log((counts[t] + 0.5) / total) * STEPS) for t in common}
    return costs, round(-math.log(0.5 / total) * STEPS)


def render(
    languages: list[tuple[str, str]],
    letters: dict[str, int],
    costs: dict[str, dict[int, int]],
    floors: dict[str, int],
) -> str:
    codes = [code for code, _ in languages]
    known = sorted({t for each in costs.values() for t in each})
    seen = [[(i, costs[code][t]) for i, code in enumerate(codes) if t in costs[code]] for t in known]
    offsets = [0]
    for entries in seen:
        offsets.append(offsets[-1] + len(entries))
    scripts = "\n".join(f"#define MODEL_{name} {i}" for i, name in enumerate(SCRIPTS, 1))
    pairs = sorted((ord(c), n) for c, n in letters.items())
    return f"""/* Made by training/train.py from training/corpus; do not edit. */
#ifndef MODEL_H
#define MODEL_H

#include "aei.h"

#define MODEL_STEPS {STEPS}
#define MODEL_LANGUAGES {len(codes)}
#define MODEL_LETTERS {len(pairs)}
#define MODEL_TRIGRAMS {len(known)}
{scripts}

static const struct {{ aei_text code, name; }} model_languages[] = {{
{rows(f'{{{{"{code}", {len(code)}}}, {{"{name}", {len(name.encode())}}}}}' for code, name in languages)}
}};

/* The cost of a trigram that the language's table lacks. */
static const uint8_t model_floor[] = {{
{rows(str(floors[code]) for code in codes)}
}};

static const struct {{ uint16_t point, letter; }} model_letters[] = {{
{rows(f"{{{point}, {number}}}" for point, number in pairs)}
}};

static const uint32_t model_trigrams[] = {{
{rows(map(str, known))}
}};

/* Where each trigram's entries begin in model_seen. */
static const uint16_t model_offsets[] = {{
{rows(map(str, offsets))}
}};

static const struct {{ uint8_t language, cost; }} model_seen[] = {{
{rows(f"{{{language}, {cost}}}" for entries in seen for language, cost in entries)}
}};

#endif
"""


def rows(cells) -> str:
    lines, line = [], "  "
    for cell in cells:
        if len(line) + len(cell) > 108:
            lines.append(line.rstrip())
            line = "  "
        line += f"{cell}, "
    return "\n".join([*lines, line.rstrip()])


if __name__ == "__main__":
    main()
