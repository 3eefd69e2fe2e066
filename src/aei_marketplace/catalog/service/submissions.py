"""What a publisher hands in, as far as it can be judged without the package and the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from aei_inspection.archive import MAX_ARCHIVE
from aei_marketplace.catalog.errors import PackageProblems, PackageTooLarge
from aei_marketplace.catalog.rules.names import PUBLIC
from aei_marketplace.ground.errors import Fault, Invalid

LARGEST_SIGNATURE = 64 * 1024
#: A package, and what may stand around it: the signature, the fields, the boundaries.
LARGEST_SUBMISSION = MAX_ARCHIVE + 256 * 1024
MOST_TENANTS = 100
VISIBILITIES = (PUBLIC, "private")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a publisher hands in.

    Attributes:
        package: the `.aeiplugin` file.
        signature: a DSSE envelope over it, verified and kept beside it; None when it is not signed.
        visibility: `public` or `private`; None keeps the plugin's, and is public for a new one.
        audience: short names of the tenants that see a private plugin besides its owner; None keeps
            those named before.
        plugin_id: the plugin that the package must belong to; None accepts any.
    """

    package: bytes
    signature: bytes | None = None
    visibility: str | None = None
    audience: Sequence[str] | None = None
    plugin_id: str | None = None

    @classmethod
    def of(
        cls,
        package: bytes | None,
        signature: bytes | None = None,
        visibility: str | None = None,
        audience: Sequence[str] | None = None,
        plugin_id: str | None = None,
    ) -> "Submission":
        """What was handed in, if there is a package in it that can be looked at.

        Raises:
            PackageProblems: there is none.
            PackageTooLarge: it goes beyond its limit.
        """
        if package is None:
            raise PackageProblems(
                "There is no package.", faults=[Fault("/package", "send the package as a file")]
            )
        if len(package) > MAX_ARCHIVE:
            raise PackageTooLarge(f"The package has {len(package)} bytes; at most {MAX_ARCHIVE} are taken.")
        return cls(package, signature, visibility, audience, plugin_id)


def package_too_large() -> PackageTooLarge:
    """The refusal of a request that cannot be a submission any more."""
    return PackageTooLarge(f"The request has more than {LARGEST_SUBMISSION} bytes.")


def read_audience(text: str | None) -> tuple[str, ...] | None:
    """Tenants by short name, with commas between them; None when nothing was said.

    Raises:
        Invalid: they are too many.
    """
    if text is None:
        return None
    slugs = tuple(sorted({slug.strip() for slug in text.split(",")} - {""}))
    if len(slugs) > MOST_TENANTS:
        fault = Fault("/audience", f"at most {MOST_TENANTS} tenants")
        raise Invalid("The audience is too long.", faults=[fault])
    return slugs


def check_submission(submission: Submission) -> None:
    """Check what comes beside the package.

    Raises:
        Invalid: with everything that is wrong.
    """
    faults = []
    if submission.visibility not in (None, *VISIBILITIES):
        faults.append(Fault("/visibility", f"one of {', '.join(VISIBILITIES)}"))
    if submission.audience and submission.visibility == "public":
        faults.append(Fault("/audience", "only a private plugin names tenants"))
    if submission.signature is not None and not 0 < len(submission.signature) <= LARGEST_SIGNATURE:
        faults.append(Fault("/signature", f"1 to {LARGEST_SIGNATURE} bytes"))
    if faults:
        raise Invalid("The submission has problems.", faults=faults)
