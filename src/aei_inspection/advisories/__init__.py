"""Advisories about packages of other people: OSV records read strictly, and matched against versions.

`records` reads one record, `files` whole exports, `orders` orders versions as each ecosystem does, `ranges`
decides about one version, `matching` about what a plugin contains, `results` says it as a check's result.
"""
