"""An import contract of our own: a domain's private floors belong to that domain and the wiring."""

from typing import Any

from importlinter import Contract, ContractCheck, fields, output


class PrivateFloors(Contract):
    """Refuses an import of another domain's private floor."""

    package = fields.StringField()
    floors = fields.ListField(subfield=fields.StringField())
    wiring = fields.ListField(subfield=fields.StringField())

    def check(self, graph: Any, verbose: bool) -> ContractCheck:  # noqa: ARG002 the base class calls it so
        """Find each direct import that crosses into a private floor."""
        broken = [
            (importer, private)
            for private in sorted(graph.modules)
            if private.startswith(f"{self.package}.") and private.split(".")[2:3]
            if private.split(".")[2] in self.floors
            for importer in sorted(graph.find_modules_that_directly_import(private))
            if importer not in self.wiring and _domain(importer) != _domain(private)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each crossing on a line of its own."""
        for importer, private in check.metadata["broken"]:
            output.print_error(f"{importer} must not import {private}")


def _domain(module: str) -> list[str]:
    return module.split(".")[:2]
