"""The documents keep what `tools/check_docs.py` asks for, and it finds what does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from aei_marketplace.catalog.rules.states import ReleaseState
from aei_marketplace.launcher.examples import Example
from aei_marketplace.launcher.summary import summary
from aei_marketplace.settings.model import variable_of
from aei_marketplace.settings.values import PARSERS
from aei_protocol.outcomes import Outcome
from aei_protocol.walls import REQUIRED_WALLS
from tools.check_docs import ROOT, faults_of
from tools.documentation.command_lines import check_command_lines, split
from tools.documentation.hops import check_hops
from tools.documentation.pages import Page, pages_of, repository_files
from tools.documentation.places import anchor, check_places
from tools.documentation.records import check_changelog, check_records
from tools.documentation.words import check_words

RECORD = "# 1. A title\n\n## Context\n\n## Decision\n\n## Consequences\n\n## What would reopen it\n"
CODE = "def known():\n    pass\n\n\nclass Known:\n    def method(self):\n        pass\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small repository in which everything is right."""
    files = {
        "pyproject.toml": '[project]\nversion = "1.2.0"\n',
        "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n",
        "docs/adr/README.md": "# Decisions\n\n- [1. A title](0001-a-title.md)\n",
        "docs/adr/0001-a-title.md": RECORD,
        "src/aei_x/part.py": CODE,
        "migrations/versions/0001_first.sql": "create function known() returns int\n",
        "market": (ROOT / "market").read_text("utf-8"),
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def page(root: Path, text: str, path: str = "PAGE.md") -> Page:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, "utf-8")
    return Page(root, path)


def shell(root: Path, *lines: str) -> Page:
    return page(root, "\n".join(["```sh", *lines, "```", ""]))


def test_the_documents_of_this_repository_have_no_fault() -> None:
    assert [str(fault) for fault in faults_of(ROOT)] == []


def test_every_setting_stands_in_the_readme_with_its_variable() -> None:
    readme = Page(ROOT, "README.md").text
    missing = [name for name in PARSERS if f"`{variable_of(name)}`, `{name}`" not in readme]
    assert missing == []


def test_the_architecture_names_the_walls_that_are_required() -> None:
    text = Page(ROOT, "ARCHITECTURE.md").text
    assert [wall for wall in REQUIRED_WALLS if f"`{wall}`" not in text] == []


def test_the_glossary_knows_every_outcome_and_every_state_of_a_release() -> None:
    text = Page(ROOT, "GLOSSARY.md").text
    assert [outcome for outcome in Outcome if f"`{outcome}`" not in text] == []
    assert [state for state in ReleaseState if f"| {state} |" not in text] == []


def test_the_commands_that_a_start_suggests_would_be_taken(root: Path) -> None:
    example = Example(ROOT / "plugins" / "studio.langid", "studio.langid", "1.0.0", "c")
    lines = summary("http://127.0.0.1:8420", 1.0, {"admin": "aei_x"}, [example])
    assert any("aei" in line for line in lines)
    assert list(check_command_lines(shell(root, *lines))) == []


def test_a_start_without_an_operator_ends_with_the_first_ones_link() -> None:
    link = "http://127.0.0.1:8420/login?invitation=x"
    assert summary("http://127.0.0.1:8420", 1.0, {}, [], link)[-1].strip() == link


def test_the_script_says_file_and_line_and_ends_with_one(root: Path) -> None:
    tools = root / "tools"
    tools.mkdir()
    for path in [*(ROOT / "tools").glob("*.py"), *(ROOT / "tools" / "documentation").glob("*.py")]:
        copy = tools / path.relative_to(ROOT / "tools")
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text("utf-8"), "utf-8")
    run = [sys.executable, "tools/check_docs.py"]
    fine = subprocess.run(run, cwd=root, capture_output=True, text=True, check=False)
    page(root, "one\n\n[two](gone.md)\n")
    wrong = subprocess.run(run, cwd=root, capture_output=True, text=True, check=False)
    assert (fine.returncode, fine.stdout) == (0, "")
    assert (wrong.returncode, wrong.stdout) == (1, "PAGE.md:3: the link gone.md leads nowhere\n")


def test_a_small_repository_in_order_has_no_fault(root: Path) -> None:
    assert faults_of(root) == []


@pytest.mark.parametrize(
    "text",
    [
        "[there](src/aei_x/part.py)",
        "[a heading](docs/adr/0001-a-title.md#what-would-reopen-it)",
        "[here](#below)\n\n## Below",
        "[elsewhere](https://example.org/gone.md)",
        "`src/aei_x/part.py`, `aei_x/part.py`, `migrations/versions` and `src/*/part.py`",
        "`keys/database.json`, `/etc/passwd`, `ab/cd/<sha256>`, `text/event-stream` and `README`",
        "`[no link](gone.md)`",
        "```\n[in a block](gone.md) `src/gone.py`\n```",
    ],
)
def test_places_that_exist_and_what_is_no_place_pass(root: Path, text: str) -> None:
    assert list(check_places(page(root, text))) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[x](gone.md)", "the link gone.md leads nowhere"),
        ("![x](docs/gone.svg)", "the link docs/gone.svg leads nowhere"),
        ("[x](../outside)", "the link ../outside leads nowhere"),
        ("[x](..)", "the link .. leads out of the repository"),
        (
            "[x](docs/adr/README.md#gone)",
            "the link docs/adr/README.md#gone names a heading that is not there",
        ),
        ("[x](#gone)", "the link #gone names a heading that is not there"),
        ("`src/aei_x/gone.py`", "there is no `src/aei_x/gone.py`"),
        ("`aei_x/gone.py`", "there is no `aei_x/gone.py`"),
        ("`migrations/gone`", "there is no `migrations/gone`"),
        ("`src/*/gone.py`", "there is no `src/*/gone.py`"),
        ("`GONE.md`", "there is no `GONE.md`"),
    ],
)
def test_a_place_that_does_not_exist_is_found_with_its_line(root: Path, text: str, message: str) -> None:
    (fault,) = check_places(page(root, f"# Title\n\n{text}\n"))
    assert (fault.line, fault.message) == (3, message)


def test_anchors_are_made_as_code_hosts_make_them() -> None:
    assert anchor("What holds today, and what does not yet") == "what-holds-today-and-what-does-not-yet"


@pytest.mark.parametrize(
    "hop", ["part.py:known", "aei_x/part.py:Known.method", "src/aei_x/part.py:Known", "0001_first.sql:known"]
)
def test_a_hop_to_what_is_defined_passes(root: Path, hop: str) -> None:
    assert list(check_hops(page(root, f"`{hop}`\n", "src/aei_x/PAGE.md"))) == []


@pytest.mark.parametrize(
    ("hop", "message"),
    [
        ("aei_x/part.py:unknown", "aei_x/part.py defines no unknown"),
        ("aei_x/part.py:Known.unknown", "aei_x/part.py defines no Known.unknown"),
        ("aei_x/gone.py:known", "there is no aei_x/gone.py"),
        ("0001_first.sql:unknown", "0001_first.sql defines no unknown"),
    ],
)
def test_a_hop_to_nothing_is_found(root: Path, hop: str, message: str) -> None:
    (fault,) = check_hops(page(root, f"\n1. `{hop}`\n"))
    assert (fault.line, fault.message) == (2, message)


@pytest.mark.parametrize("hops", [0, 9])
def test_a_walkthrough_without_hops_or_with_too_many_is_found(root: Path, hops: int) -> None:
    walk = "## Walkthrough: x\n\n" + "1. `aei_x/part.py:known`\n" * hops + "\n## Next\n"
    (fault,) = check_hops(page(root, walk))
    assert (fault.line, fault.message) == (1, f"this walkthrough has {hops} hops; 1 to 8 can be followed")


@pytest.mark.parametrize(
    "line",
    [
        'aei run acme.counter --task \'{"text": "x"}\' --limit wall_ms=2000 --json',
        "$ .venv/bin/aei search language | head",
        "echo '{}' | AEI_TOKEN=x aei run acme.counter --task - && aei list",
        "aei plugin new acme.counter \\\n  --lang c",
        "aei plugin --help; aei audit --help",
        "aei audit --action plugin.publish --limit 5; aei audit proof x --log-key y; aei audit",
        "aei-marketplace token issue a@b.example --tenant acme --days 7 --scope plugin.execute",
        "./market up --data ./d --port 0 --seed none   # a remark about aei gone",
        "./market test tests/docs -k anything",
        "./market bench execute --quick --json",
        "./market install c python",
        'curl -s "$AEI_URL/api/me" -d \'{"aei": "gone"}\'',
        "an apostrophe that isn't closed",
    ],
)
def test_commands_that_would_be_taken_pass(root: Path, line: str) -> None:
    assert list(check_command_lines(shell(root, line))) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("aei gone", "there is no command gone"),
        ("aei plugin gone", "there is no command gone"),
        ("aei run", "Missing argument"),
        ("aei audit gone", "there is no command gone"),
        ("aei audit --gone", "No such option: --gone"),
        ("aei run acme.counter --gone", "No such option: --gone"),
        ("aei plugin new acme.counter --lang cobol", "Invalid value for '--lang'"),
        ("echo | aei list extra", "unexpected extra argument"),
        ("aei-marketplace token issue a@b.example --days 1000", "Invalid value for '--days'"),
        ("./market gone", "there is no command gone"),
        ("./market up --gone", "unrecognized arguments: --gone"),
        ("./market install everything", "it takes one or more of"),
        ("./market bench gone", "it takes any of"),
        ("./market check now", "it takes no arguments"),
    ],
)
def test_a_command_that_would_be_refused_is_found(root: Path, line: str, message: str) -> None:
    (fault,) = check_command_lines(shell(root, "true", line))
    assert fault.line == 3
    assert message in fault.message


@pytest.mark.parametrize("span", ["aei plugin build", "aei run", "aei", "./market up", "aei … anything"])
def test_a_code_span_may_leave_arguments_out(root: Path, span: str) -> None:
    assert list(check_command_lines(page(root, f"Say `{span}` now.\n"))) == []


@pytest.mark.parametrize("span", ["aei gone", "aei run --gone", "./market gone"])
def test_a_code_span_that_names_no_command_is_found(root: Path, span: str) -> None:
    (fault,) = check_command_lines(page(root, f"Say `{span}` now.\n"))
    assert fault.line == 1


def test_blocks_of_other_languages_are_no_commands(root: Path) -> None:
    assert list(check_command_lines(page(root, "```python\naei gone\n```\n"))) == []


def test_a_shell_line_is_split_into_its_commands() -> None:
    line = "A=1 B=2 first 'two words' | second && third > file; # fourth"
    assert list(split(line)) == [["first", "two words"], ["second"], ["third", ">", "file"]]


def test_a_record_that_the_index_does_not_list_is_found(root: Path) -> None:
    page(root, RECORD.replace("1. A title", "2. Another"), "docs/adr/0002-another.md")
    (fault,) = check_records(root)
    assert fault.path == "docs/adr/0002-another.md"
    assert "does not list it as [2. Another](0002-another.md)" in fault.message


def test_a_gap_in_the_numbers_and_a_missing_section_are_found(root: Path) -> None:
    page(root, RECORD.replace("## Consequences\n", ""), "docs/adr/0003-a-title.md")
    page(root, "- [1. A title](0001-a-title.md)\n- [1. A title](0003-a-title.md)\n", "docs/adr/README.md")
    assert [fault.message for fault in check_records(root)] == [
        "its name should be 0002-title-in-small-letters.md",
        "it has no section 'Consequences'",
    ]


def test_a_missing_index_of_records_is_found(root: Path) -> None:
    (root / "docs/adr/README.md").unlink()
    (fault,) = check_records(root)
    assert fault.message == "there is no index of the decision records"


@pytest.mark.parametrize("heading", ["[1.2.0] - 2030-01-01", "[Unreleased]"])
def test_a_changelog_with_the_present_version_or_an_open_section_passes(root: Path, heading: str) -> None:
    page(root, f"# Changelog\n\n## {heading}\n", "CHANGELOG.md")
    assert list(check_changelog(root)) == []


@pytest.mark.parametrize("text", ["# Changelog\n\n## [1.1.0]\n", None])
def test_a_changelog_that_is_behind_or_missing_is_found(root: Path, text: str | None) -> None:
    (root / "CHANGELOG.md").unlink() if text is None else page(root, text, "CHANGELOG.md")
    assert [fault.path for fault in check_changelog(root)] == ["CHANGELOG.md"]


def test_a_path_of_this_machine_is_found_in_any_file(root: Path) -> None:
    (root / "src/aei_x/part.py").write_text(f"\nWHERE = '{root}/x'\n", "utf-8")
    faults = list(check_words(root, repository_files(root)))
    assert {(fault.path, fault.line) for fault in faults} == {("src/aei_x/part.py", 2)}


def test_somebodys_home_folder_is_found(root: Path) -> None:
    page(root, "see /" + "home/ada/notes\n")
    (fault,) = check_words(root, ["PAGE.md"])
    assert fault.message == "a path of somebody's home folder"


@pytest.mark.parametrize("host", [("pypi", "org"), ("files", "python" + "hosted", "org"), ("crates", "io")])
def test_a_package_registry_is_found(root: Path, host: tuple[str, ...]) -> None:
    page(root, f"--index-url https://{'.'.join(host)}/simple\n")
    (fault,) = check_words(root, ["PAGE.md"])
    assert fault.message.startswith("the host of a package registry")


def test_the_name_of_an_ecosystem_is_no_host(root: Path) -> None:
    name = ".".join(("crates", "io"))
    page(root, f'the ecosystems "{name}" and `{name}`\nthe host index.{name}\n')
    assert [fault.line for fault in check_words(root, ["PAGE.md"])] == [2]


def test_the_mirror_that_this_machine_installs_from_is_found(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    page(root, "from mirror.example it came\n")
    (fault,) = check_words(root, ["PAGE.md"])
    assert fault.message == "the host of a package registry: mirror.example"


def test_files_that_are_no_text_and_links_are_left_alone(root: Path) -> None:
    (root / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    (root / "link").symlink_to("market")
    assert list(check_words(root, repository_files(root))) == []


def test_templates_of_new_projects_are_no_pages(root: Path) -> None:
    page(root, "[x](gone.md)\n", "src/aei_sdk/guest/templates/README.tool.md")
    assert [p.path for p in pages_of(root, repository_files(root))] == [
        "CHANGELOG.md",
        "docs/adr/0001-a-title.md",
        "docs/adr/README.md",
    ]
