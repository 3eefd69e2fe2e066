"""The form of a release's configuration, made from its `config_schema`."""

from typing import Any

from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.errors import Fault
from aei_marketplace.installations.errors import ConfigUnfit
from aei_marketplace.web.shell.schema_forms import Answer, SchemaForm


def config_form(release: ReleaseView) -> SchemaForm:
    """The form; its fields begin with `config`, as the faults of a configuration do."""
    return SchemaForm.of(release.manifest.document.get("config_schema"), "config", "Configuration")


def configuration(answer: Answer) -> dict[str, Any]:
    """The configuration that was filled in; whether it satisfies the schema is checked where it is kept.

    Raises:
        Invalid: a field cannot be read.
        ConfigUnfit: it is no object.
    """
    value = answer.checked()
    if value is None or not isinstance(value, dict):
        raise ConfigUnfit("A configuration is an object.", faults=[Fault("/config", "fill it in")])
    return value
