"""What can be done with tax profiles."""

from aei_marketplace.tax_profiles.service.declaring import own_profiles, submit_profile
from aei_marketplace.tax_profiles.service.reading import (
    find_profile,
    list_profiles,
    profile_shape,
    refusal_reason,
    tax_standing,
    tax_standings,
)
from aei_marketplace.tax_profiles.service.revealing import Revealed, reveal_profile
from aei_marketplace.tax_profiles.service.reviewing import review_profile
from aei_marketplace.tax_profiles.service.sealed_values import put_sealed, sealed_values

__all__ = [
    "Revealed",
    "find_profile",
    "list_profiles",
    "own_profiles",
    "profile_shape",
    "put_sealed",
    "refusal_reason",
    "reveal_profile",
    "review_profile",
    "sealed_values",
    "submit_profile",
    "tax_standing",
    "tax_standings",
]
