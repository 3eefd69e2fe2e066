"""The registry's rules, asked before anything leaves this machine."""

import json

import jsonschema_rs

from aei_protocol.manifest import Manifest, manifest_schema
from aei_sdk.errors import Fault, ProjectRefused


def read_manifest(content: bytes) -> Manifest:
    """Read `plugin.json` under the registry's rules.

    Raises:
        ProjectRefused: with every fault found.
    """
    try:
        document = json.loads(content)
    except ValueError as error:
        raise ProjectRefused(
            "plugin.json is not JSON", str(error), advice="Correct it and build again."
        ) from error
    errors = jsonschema_rs.validator_for(manifest_schema()).iter_errors(document)
    faults = [Fault("/" + "/".join(map(str, e.instance_path)), e.message) for e in errors]
    if faults:
        raise ProjectRefused(
            "plugin.json breaks the rules",
            "The registry would refuse it.",
            advice="Correct what is listed and build again.",
            faults=faults,
        )
    return Manifest(document)
