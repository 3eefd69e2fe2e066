"""What is looked for: one rule for each format. The first group of a pattern is the secret."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from checks import entropy, has_checksum, is_jwt, is_private_key, is_random, is_storage_key, looks_made_up

_REVOKE = "Revoke it where it was issued, issue another one, and keep that in a secret store."


@dataclass(frozen=True)
class Rule:
    """One kind of secret.

    Attributes:
        hint: a text without which the pattern cannot match, in lower case; asked first, it costs little.
        genuine: whether what matched is a secret indeed.
    """

    id: str
    title: str
    severity: str
    hint: str
    pattern: re.Pattern[str]
    genuine: Callable[[str], bool]
    advice: str = _REVOKE


#: Passwords that manuals print; whoever uses one has another problem.
_DOCUMENTED = frozenset({"password", "postgres", "secret", "anonymous", "guest"})


def _by_chance(least: float) -> Callable[[str], bool]:
    return lambda value: not looks_made_up(value) and entropy(value) >= least


def _rule(
    id: str,
    title: str,
    severity: str,
    hint: str,
    pattern: str,
    genuine: Callable[[str], bool],
    advice: str = _REVOKE,
) -> Rule:
    return Rule(id, title, severity, hint, re.compile(pattern), genuine, advice)


#: Formats with a shape of their own first: where two match the same place, the earlier one counts.
RULES = (
    _rule(
        "private-key", "Private key", "critical", "private key-----",
        r"(-----BEGIN (?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY-----\s[^-]{40,20000}"
        r"-----END [A-Z ]{0,12}PRIVATE KEY-----)",
        is_private_key,
        "Replace the pair of keys everywhere, remove this one, and keep the new one in a secret store.",
    ),
    _rule(
        "encrypted-private-key", "Private key behind a passphrase", "medium", "encrypted private key-----",
        r"(-----BEGIN ENCRYPTED PRIVATE KEY-----\s[^-]{40,20000}-----END ENCRYPTED PRIVATE KEY-----)",
        is_private_key,
        "A passphrase can be guessed at leisure: treat the key as known, and replace it.",
    ),
    _rule("github-token", "GitHub token", "critical", "gh", r"\b(gh[pousr]_[A-Za-z0-9]{36})\b", has_checksum),
    _rule(
        "github-fine-grained-token", "GitHub token", "critical", "github_pat_",
        r"\b(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b", _by_chance(4.2),
    ),
    _rule("npm-token", "npm token", "critical", "npm_", r"\b(npm_[A-Za-z0-9]{36})\b", has_checksum),
    _rule(
        "pypi-token", "Python package index token", "critical", "pypi-ageichlwas5vcmc",
        r"\b(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,400})", _by_chance(4.0),
    ),
    _rule(
        "gitlab-token", "GitLab token", "critical", "glpat-",
        r"\b(glpat-[A-Za-z0-9_-]{20})(?![\w-])", _by_chance(3.5),
    ),
    _rule(
        "aws-access-key-id", "AWS access key id", "high", "a",
        r"(?<![A-Za-z0-9])((?:AKIA|ASIA)[A-Z2-7]{16})(?![A-Za-z0-9])", _by_chance(2.9),
    ),
    _rule(
        "aws-secret-access-key", "AWS secret access key", "critical", "aws",
        r"(?i:aws)[\w.-]{0,20}(?i:secret|sk)[\w.-]{0,20}['\"]?\s{0,3}[:=]\s{0,3}['\"]?"
        r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        _by_chance(4.1),
    ),
    _rule(
        "slack-token", "Slack token", "critical", "xox",
        r"\b(xox[abprs]-\d{9,13}-[A-Za-z0-9-]{20,80})", _by_chance(3.3),
    ),
    _rule(
        "slack-webhook", "Slack webhook", "high", "hooks.slack.com",
        r"(https://hooks\.slack\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24})\b",
        _by_chance(3.5),
    ),
    _rule(
        "stripe-key", "Stripe live key", "critical", "k_live_",
        r"\b([sr]k_live_[A-Za-z0-9]{24,120})\b", _by_chance(3.5),
    ),
    _rule(
        "google-api-key", "Google API key", "high", "aiza",
        r"(?<![A-Za-z0-9])(AIza[A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])", _by_chance(4.0),
    ),
    _rule(
        "sendgrid-key", "SendGrid key", "critical", "sg.",
        r"\b(SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})(?![\w-])", _by_chance(4.3),
    ),
    _rule(
        "openai-key", "OpenAI key", "critical", "t3blbkfj",
        r"\b(sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,80}T3BlbkFJ[A-Za-z0-9_-]{20,80})", _by_chance(4.0),
    ),
    _rule(
        "anthropic-key", "Anthropic key", "critical", "sk-ant-",
        r"\b(sk-ant-[a-z]{3,5}\d{2}-[A-Za-z0-9_-]{80,120})", _by_chance(4.3),
    ),
    _rule(
        "azure-storage-key", "Azure storage account key", "critical", "accountkey",
        r"(?i:AccountKey)\s{0,3}=\s{0,3}([A-Za-z0-9+/]{86}==)", is_storage_key,
    ),
    _rule(
        "jwt", "Signed token (JWT)", "medium", "eyj",
        r"(?<![\w-])(eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{4,4000}\.[A-Za-z0-9_-]{20,2000})(?![\w-])",
        is_jwt,
        "End the session that it belongs to, or wait until it expires; issue tokens at run time only.",
    ),
    _rule(
        "password-in-url", "Password in an address", "high", "://",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:@/'\"<>{}$]{1,64}:([^\s@/'\"<>{}$]{6,128})@[\w.-]{1,255}",
        lambda value: not looks_made_up(value) and value.lower() not in _DOCUMENTED,
        "Change the password, and put the address together from a secret at run time.",
    ),
    _rule(
        "assigned-secret", "Secret in the source", "medium", "",
        r"(?i:pass(?:word|wd|phrase)|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|credential)s?"
        r"[\w-]{0,20}['\"\]]{0,2}\s{0,3}(?::=|=>|=|:)\s{0,3}['\"]([^\s'\"]{10,128})['\"]",
        is_random,
        "Change it, and read it at run time from the environment or a secret store.",
    ),
)  # fmt: skip
