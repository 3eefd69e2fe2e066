"""Who collects money from buyers."""

from contextlib import AsyncExitStack
from pathlib import Path

from aei_marketplace.ground.ports.billing import BillingProvider, ManualBilling
from aei_marketplace.settings import Settings, SettingsError


def open_billing(settings: Settings, ports: AsyncExitStack) -> BillingProvider:
    """Who collects money from buyers.

    Raises:
        SettingsError: Stripe is chosen, and its library is not installed or a file holds nothing.
        OSError: a file cannot be read.
    """
    if settings.billing_provider == "manual":
        return ManualBilling()
    try:
        # Only where it is chosen: an installation without it does not need the library.
        from aei_marketplace.adapters.billing.stripe import StripeBilling
    except ImportError as error:
        raise SettingsError("Stripe's library is missing: run `./market install stripe`.") from error
    key, secrets_of_hook = _words(settings.stripe_key_file), _words(settings.stripe_webhook_secret_file)
    if len(key) != 1 or not secrets_of_hook:
        raise SettingsError(
            "`stripe_key_file` holds one key, `stripe_webhook_secret_file` at least one secret."
        )
    provider = StripeBilling(key[0], secrets_of_hook, settings.stripe_url)
    ports.push_async_callback(provider.close)
    return provider


def _words(file: Path | None) -> list[str]:
    return file.read_text("utf-8").split() if file is not None else []
