"""What can be done in the vault. No function for people gives a value back."""

from aei_marketplace.vault.service.asking import answer_model, try_endpoint
from aei_marketplace.vault.service.data_keys import Resealed, replace_data_keys
from aei_marketplace.vault.service.endpoints import (
    delete_endpoint,
    find_endpoint,
    list_endpoints,
    put_endpoint,
)
from aei_marketplace.vault.service.master_keys import KeyReport, Rewrapped, check_keys, rewrap_data_keys
from aei_marketplace.vault.service.secrets import (
    SecretName,
    delete_secret,
    find_secret,
    list_secrets,
    put_secret,
    secret_value,
)

__all__ = [
    "KeyReport",
    "Resealed",
    "Rewrapped",
    "SecretName",
    "answer_model",
    "check_keys",
    "delete_endpoint",
    "delete_secret",
    "find_endpoint",
    "find_secret",
    "list_endpoints",
    "list_secrets",
    "put_endpoint",
    "put_secret",
    "replace_data_keys",
    "rewrap_data_keys",
    "secret_value",
    "try_endpoint",
]
