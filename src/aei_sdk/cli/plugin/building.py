"""`aei plugin build` and `aei plugin check`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from aei_protocol.manifest import PACKAGE_SUFFIX
from aei_sdk.builder.cache import BuildCache
from aei_sdk.builder.package import Built, build_package
from aei_sdk.cli.options import AsJson, ProjectArgument, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.errors import UsageRefused
from aei_sdk.gate import read_package
from aei_sdk.project import read_project

_BUILD = examples(
    "aei plugin build", "aei plugin build plugins/studio.langid -o langid.aeiplugin --with-source"
)
_CHECK = examples("aei plugin check", "aei plugin check build/acme.counter-0.1.0.aeiplugin --json")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=_BUILD)(build)
    app.command(epilog=_CHECK)(check)


def build(
    directory: ProjectArgument = Path(),
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The package; in DIR/build otherwise.")
    ] = None,
    with_source: Annotated[bool, typer.Option("--with-source", help="Put the source in as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the package: minimal world, component, list of components, archive.

    A build of what was built before comes from the cache ($AEI_BUILD_CACHE, else ~/.cache/aei/builds).
    """
    with Screen(as_json) as screen:
        built = built_project(screen, directory, output, with_source)
        shown = {name: str(v) if isinstance(v, Path) else v for name, v in asdict(built).items()}
        screen.show(shown, lambda: _show(screen, built))


def check(
    target: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A package, or a project to build.")
    ] = Path(),
    as_json: AsJson = False,
) -> None:
    """Say everything that the registry's gate would say, all problems at once."""
    with Screen(as_json) as screen:
        package = read_package(package_content(screen, target))
        facts = {
            "id": package.manifest.id,
            "version": package.manifest.version,
            "sha256": package.sha256,
            "size_bytes": package.size,
            "imports": list(package.component_facts.imports),
            "files": list(package.names),
        }
        passed = f"{facts['id']} {facts['version']} passes: {package.size:,} bytes, sha256 {package.sha256}"
        screen.show(facts, lambda: screen.say(passed))


def built_project(
    screen: Screen, directory: Path, output: Path | None = None, with_source: bool = False
) -> Built:
    """Build a project with its progress on the screen."""
    with screen.progress("reading the project") as show:
        project = read_project(directory)
        return build_package(
            project,
            BuildCache.default(),
            lambda step: show(None, f"{project.manifest.id}: {step}"),
            output=output,
            with_source=with_source,
        )


def package_content(screen: Screen, target: Path) -> bytes:
    """A package's bytes: of the file, or of what the project builds to.

    Raises:
        UsageRefused: there is no such file.
    """
    if target.is_dir():
        return built_project(screen, target).path.read_bytes()
    if not target.is_file():
        raise UsageRefused(
            f"There is no {target}", advice=f"Name a {PACKAGE_SUFFIX} file or a project's folder."
        )
    return target.read_bytes()


def _show(screen: Screen, built: Built) -> None:
    state = "unchanged" if built.unchanged else f"built in {built.seconds:.1f} s"
    sizes = f"{built.size_bytes / 1e6:.2f} MB, component {built.component_bytes / 1e6:.2f} MB"
    screen.say(f"{built.path}  {state}", "bold")
    screen.say(f"{sizes}, sha256 {built.sha256}", "dim")
