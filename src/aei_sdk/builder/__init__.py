"""From an author's source to a package: world, component, SBOM, archive."""
