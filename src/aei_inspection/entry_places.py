"""How entries lie in the archive: one after the other from the first byte, and nothing in between."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from aei_inspection import zip_records as zips
from aei_inspection.entry_headers import extra_faults
from aei_inspection.problems import PackageRefused, Problem, entry_pointer, refuse
from aei_inspection.zip_records import BUILD_ADVICE, Header


def placed(
    content: bytes, pairs: Iterable[tuple[str, Header]], directory_at: int
) -> list[tuple[str, Header]]:
    """The entries with the place of their data, in the order given.

    Args:
        content: the archive.
        pairs: names and what the directory says of them.
        directory_at: where the central directory begins; the entries must reach exactly to it.

    Raises:
        PackageRefused: `overlapping_entries`, `leading_data`, `hidden_data`, `header_missing`,
            `header_mismatch`, `descriptor_mismatch`, `zip64`, `unknown_extra`, `malformed_extra`.
    """
    listed = list(pairs)
    problems: list[Problem] = []
    data_at: dict[str, int] = {}
    at = 0
    for name, central in sorted(listed, key=lambda pair: pair[1].at):
        _refuse_gap(name, central.at, at)
        local = zips.read_local(content, central.at, directory_at, central.name)
        problems.extend(_disagreements(name, central, local))
        data_at[name] = local.data_at
        at = _end(content, name, central, local, directory_at)
    if at != directory_at:
        message = f"{directory_at - at} bytes at {at} belong to no entry; {BUILD_ADVICE}."
        problems.append(Problem("hidden_data", "archive:/", message))
    if problems:
        raise PackageRefused(problems)
    return [(name, replace(central, data_at=data_at[name])) for name, central in listed]


def _refuse_gap(name: str, at: int, expected: int) -> None:
    if at < expected:
        raise _overlap(name)
    if at > expected:
        code = "hidden_data" if expected else "leading_data"
        message = f"{at - expected} bytes before the entry belong to nothing; {BUILD_ADVICE}."
        raise refuse(code, entry_pointer(name), message)


def _overlap(name: str) -> PackageRefused:
    message = f"The entry's data overlaps another part of the archive; {BUILD_ADVICE}."
    return refuse("overlapping_entries", entry_pointer(name), message)


def _end(content: bytes, name: str, central: Header, local: Header, directory_at: int) -> int:
    """Where the entry ends, its data descriptor included."""
    after = local.data_at + central.packed
    if after > directory_at:
        raise _overlap(name)
    if not local.flags & zips.FLAG_DESCRIPTOR:
        return after
    size = zips.descriptor_size(content, central, after, directory_at)
    if size is None:
        message = f"The data descriptor is missing or disagrees with the directory; {BUILD_ADVICE}."
        raise refuse("descriptor_mismatch", entry_pointer(name), message)
    return after + size


def _disagreements(name: str, central: Header, local: Header) -> Iterator[Problem]:
    fields = ["name", "flags", "method"]
    # A writer that streams leaves the three at zero and repeats them behind the data.
    streamed = bool(local.flags & zips.FLAG_DESCRIPTOR) and not (local.crc or local.packed or local.unpacked)
    if not streamed:
        fields += ["crc", "packed", "unpacked"]
    wrong = [each for each in fields if getattr(central, each) != getattr(local, each)]
    if wrong:
        message = f"The directory and the entry's own header disagree on: {', '.join(wrong)}; {BUILD_ADVICE}."
        yield Problem("header_mismatch", entry_pointer(name), message)
    for code, message in extra_faults(local):
        yield Problem(code, entry_pointer(name), message)
