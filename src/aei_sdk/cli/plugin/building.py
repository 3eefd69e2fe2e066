"""`aei plugin build`."""

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
from aei_sdk.project import read_project

_BUILD = examples(
    "aei plugin build", "aei plugin build plugins/studio.langid -o langid.aeiplugin --with-source"
)


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog=_BUILD)(build)


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
