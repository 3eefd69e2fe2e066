"""The file itself: a tar that is written once from front to end, and believed only when it is whole."""

from aei_marketplace.backup.archive.form import FORMAT, Head, LogFacts, Manifest, SequenceFacts, TableFacts
from aei_marketplace.backup.archive.parts import Part
from aei_marketplace.backup.archive.reading import Archive, open_archive
from aei_marketplace.backup.archive.writing import ArchiveWriter, new_archive

__all__ = [
    "FORMAT",
    "Archive",
    "ArchiveWriter",
    "Head",
    "LogFacts",
    "Manifest",
    "Part",
    "SequenceFacts",
    "TableFacts",
    "new_archive",
    "open_archive",
]
