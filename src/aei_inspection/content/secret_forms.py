"""The forms of secrets: keys and tokens as their issuers document them, so that leaks can be found."""

import re
from dataclasses import dataclass

from aei_inspection.checks.report import Severity


@dataclass(frozen=True)
class Form:
    """One kind of secret.

    Attributes:
        hint: bytes without which the pattern can't match, in lower case: asked first, it costs little.
        pattern: the group `secret` is what must stay unknown.
        entropy: bits of chance for each character that a real one has at least.
        edged: no letter or digit stands right before it.
    """

    id: str
    title: str
    severity: Severity
    hint: bytes
    pattern: re.Pattern[bytes]
    entropy: float
    edged: bool = False


_END = r"(?![A-Za-z0-9_-])"


def _form(id: str, title: str, severity: Severity, hint: str, pattern: str, entropy: float) -> Form:
    return Form(id, title, severity, hint.lower().encode(), re.compile(pattern.encode()), entropy)


def _token(
    id: str, title: str, hint: str, body: str, severity: Severity = Severity.CRITICAL, entropy: float = 3.0
) -> Form:
    pattern = re.compile(f"(?P<secret>{body}){_END}".encode())
    return Form(id, title, severity, hint.lower().encode(), pattern, entropy, edged=True)


def _assigned(
    id: str, title: str, hint: str, names: str, body: str, severity: Severity, entropy: float
) -> Form:
    """A value that is known by the name that it is given to."""
    pattern = rf"(?i:{names})[\"']?\s*(?:=>|:=|[:=])\s*[\"'`]?(?P<secret>{body})(?![A-Za-z0-9+/_=-])"
    return _form(id, title, severity, hint, pattern, entropy)


_KEY_BODY = (
    r"(?:\s|\\[nr])+(?:[A-Za-z0-9+/=:,. \t-]|\s|\\[nr]){60,20000}?"
    r"-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----"
)
FORMS = (
    _form(
        "private-key", "Private key", Severity.CRITICAL, "private key",
        rf"(?P<secret>-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP )?PRIVATE KEY(?: BLOCK)?-----{_KEY_BODY})",
        3.5,
    ),
    _form(
        "encrypted-private-key", "Private key behind a passphrase", Severity.MEDIUM,
        "encrypted private key",
        rf"(?P<secret>-----BEGIN ENCRYPTED PRIVATE KEY-----{_KEY_BODY})", 3.5,
    ),
    _form(
        "putty-private-key", "Private key", Severity.CRITICAL, "putty-user-key-file",
        r"(?P<secret>PuTTY-User-Key-File-[23]: [\s\S]{60,4000}?Private-Lines: \d+[\s\S]{40,4000}"
        r"?Private-MAC)",
        3.5,
    ),
    _token(
        "age-secret-key", "Secret key of age", "age-secret-key-1",
        r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}",
    ),
    _token("aws-access-key", "Access key of AWS", "a", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}", Severity.HIGH),
    _assigned(
        "aws-secret-key", "Secret access key of AWS", "secret",
        r"aws_?secret_?(?:access_?)?key(?:_?id)?|secretaccesskey",
        r"[A-Za-z0-9/+]{40}", Severity.CRITICAL, 4.2,
    ),
    _token("google-api-key", "API key of Google", "aiza", r"AIza[0-9A-Za-z_-]{35}", Severity.HIGH),
    _token("google-oauth-secret", "OAuth secret of Google", "gocspx-", r"GOCSPX-[0-9A-Za-z_-]{28}"),
    _token(
        "google-access-token", "Access token of Google", "ya29.", r"ya29\.[0-9A-Za-z_-]{60,300}",
        Severity.HIGH,
    ),
    _assigned(
        "google-service-account", "Key of a service account of Google", "private_key_id", "private_key_id",
        r"[0-9a-f]{40}",
        Severity.CRITICAL, 3.2,
    ),
    _assigned(
        "azure-storage-key", "Storage key of Azure", "accountkey", "accountkey", r"[A-Za-z0-9+/]{86}==",
        Severity.CRITICAL,
        4.5,
    ),
    _token(
        "azure-client-secret", "Client secret of Azure", "q~",
        r"[A-Za-z0-9_.~-]{3}\dQ~[A-Za-z0-9_.~-]{31,34}",
        Severity.CRITICAL, 3.8,
    ),
    _token("github-token", "Token of GitHub", "gh", r"gh[pousr]_[A-Za-z0-9]{36,251}"),
    _token(
        "github-fine-grained-token", "Token of GitHub", "github_pat_",
        r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    ),
    _token("gitlab-token", "Token of GitLab", "gl", r"gl(?:pat|dt|rt|ptt|cbt|soat|ft)-[A-Za-z0-9_-]{20,64}"),
    _token("npm-token", "Token of npm", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _token("pypi-token", "Token of a Python package index", "pypi-age", r"pypi-AgE[A-Za-z0-9_-]{50,400}"),
    _token("crates-token", "Token of Rust's index", "cio", r"cio[A-Za-z0-9]{32}", Severity.HIGH, 3.8),
    _token(
        "slack-token", "Token of Slack", "xox",
        r"xox[abeoprs]-(?:\d{6,14}-){1,3}[A-Za-z0-9-]{16,64}|xox[bp]-[A-Za-z0-9-]{24,80}",
    ),
    _token("slack-app-token", "Token of Slack", "xapp-", r"xapp-\d-[A-Z0-9]{8,14}-\d{8,14}-[a-f0-9]{40,64}"),
    _form(
        "slack-webhook", "Webhook of Slack", Severity.HIGH, "hooks.slack.com",
        r"(?P<secret>hooks\.slack\.com/(?:services"
        r"|workflows)/T[A-Z0-9]{6,12}/[AB][A-Z0-9]{6,12}/[A-Za-z0-9]{16,32})",
        3.0,
    ),
    _form(
        "discord-webhook", "Webhook of Discord", Severity.HIGH, "/webhooks/",
        r"(?P<secret>discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{15,21}/[A-Za-z0-9_-]{60,80})",
        3.0,
    ),
    _token(
        "discord-token", "Token of a bot of Discord", ".",
        r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}",
        Severity.CRITICAL, 4.0,
    ),
    _form(
        # Addresses have it right behind `bot`.
        "telegram-token", "Token of a bot of Telegram", Severity.CRITICAL, ":aa",
        rf"(?<!\d)(?P<secret>\d{{8,10}}:AA[A-Za-z0-9_-]{{33}}){_END}", 3.8,
    ),
    _token("stripe-key", "Live key of Stripe", "k_live_", r"[rs]k_live_[0-9A-Za-z]{16,247}"),
    _token(
        "stripe-test-key", "Test key of Stripe", "k_test_", r"[rs]k_test_[0-9A-Za-z]{24,247}",
        Severity.LOW,
    ),
    _token(
        "stripe-webhook-secret", "Webhook secret of Stripe", "whsec_", r"whsec_[0-9A-Za-z+/]{32,64}",
        Severity.HIGH,
        3.5,
    ),
    _token(
        "openai-key", "API key of OpenAI", "sk-",
        r"sk-(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_-]{20,120}T3BlbkFJ[A-Za-z0-9_-]{20,120}"
        r"|sk-proj-[A-Za-z0-9_-]{40,200}|sk-[A-Za-z0-9]{48}",
        Severity.CRITICAL, 3.5,
    ),
    _token(
        "anthropic-key", "API key of Anthropic", "sk-ant-",
        r"sk-ant-(?:api|admin|sid|oat)\d{2}-[A-Za-z0-9_-]{60,120}",
    ),
    _token(
        "huggingface-token", "Token of Hugging Face", "hf_", r"(?:hf|api_org)_[A-Za-z]{34}",
        Severity.CRITICAL,
        3.5,
    ),
    _token("replicate-token", "Token of Replicate", "r8_", r"r8_[A-Za-z0-9]{37}"),
    _token("groq-key", "API key of Groq", "gsk_", r"gsk_[A-Za-z0-9]{52}"),
    _token("xai-key", "API key of xAI", "xai-", r"xai-[A-Za-z0-9]{70,90}"),
    _token("perplexity-key", "API key of Perplexity", "pplx-", r"pplx-[A-Za-z0-9]{48}"),
    _token("sendgrid-key", "API key of SendGrid", "sg.", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _token("mailgun-key", "API key of Mailgun", "key-", r"key-[0-9a-f]{32}", Severity.HIGH),
    _token("mailchimp-key", "API key of Mailchimp", "-us", r"[0-9a-f]{32}-us\d{1,2}", Severity.HIGH),
    _token("twilio-key", "API key of Twilio", "sk", r"SK[0-9a-f]{32}", Severity.HIGH),
    _assigned(
        "twilio-token", "Token of Twilio", "twilio", r"twilio[\w-]{0,20}(?:token|secret)", r"[0-9a-f]{32}",
        Severity.HIGH,
        3.2,
    ),
    _token("shopify-token", "Token of Shopify", "shp", r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    _token("digitalocean-token", "Token of DigitalOcean", "_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    _token("square-token", "Token of Square", "sq0", r"sq0(?:atp|csp)-[0-9A-Za-z_-]{22,43}"),
    _token("docker-token", "Token of Docker", "dckr_", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,36}"),
    _token("databricks-token", "Token of Databricks", "dapi", r"dapi[a-f0-9]{32}(?:-\d)?"),
    _token("vault-token", "Token of Vault", "hv", r"hv[sbr]\.[A-Za-z0-9_-]{24,200}", Severity.CRITICAL, 3.5),
    _token("linear-key", "API key of Linear", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    _token(
        "notion-token", "Token of Notion", "n", r"(?:ntn_[A-Za-z0-9]{40,50}|secret_[A-Za-z0-9]{43})",
        Severity.CRITICAL,
        3.8,
    ),
    _token("atlassian-token", "Token of Atlassian", "atatt3", r"ATATT3[A-Za-z0-9_=-]{100,260}"),
    _token("postman-key", "API key of Postman", "pmak-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    _token("newrelic-key", "API key of New Relic", "nrak-", r"NRAK-[A-Z0-9]{27}"),
    _token(
        "grafana-token", "Token of Grafana", "gl",
        r"gl(?:sa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|c_[A-Za-z0-9+/]{32,400}={0,2})",
    ),
    _token("sentry-token", "Token of Sentry", "sntry", r"sntry[su]_[A-Za-z0-9+/=_-]{60,300}"),
    _token("supabase-token", "Token of Supabase", "sbp_", r"sbp_[a-f0-9]{40}"),
    _token(
        "planetscale-token", "Token of PlanetScale", "pscale_",
        r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,64}",
    ),
    _token(
        "doppler-token", "Token of Doppler", "dp.",
        r"dp\.(?:pt|st|ct|sa)\.(?:[\w-]{2,35}\.)?[A-Za-z0-9]{40,44}",
    ),
    _token("cloudflare-key", "Key of Cloudflare", "v1.0-", r"v1\.0-[a-f0-9]{24}-[a-f0-9]{146}"),
    _token("figma-token", "Token of Figma", "figd_", r"figd_[A-Za-z0-9_-]{40}"),
    _token("airtable-token", "Token of Airtable", "pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    _token(
        "web-token", "Signed web token (JWT)", "eyj",
        r"eyJ[A-Za-z0-9_-]{16,2000}\.eyJ[A-Za-z0-9_-]{16,4000}\.[A-Za-z0-9_-]{20,700}",
        Severity.MEDIUM, 4.0,
    ),
    _form(
        "password-in-url", "Password in an address", Severity.HIGH, "://",
        r"(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|oracle|ftp|sftp"
        r"|smtps?|https?)(?:\+\w+)?://[^\s:/?#@\"'<>{}$%]{1,64}:(?P<secret>[^\s:/?#@\"'<>{}$%]{6,128})"
        r"@(?!localhost\b|127\.|0\.0\.0\.0|example\.|host\b|server\b|db\b)[\w.-]+",
        2.5,
    ),
    _assigned(
        "assigned-secret", "Value that looks like a secret", "",
        r"(?:password|passwd|pwd|secret|token|api_?key|access_?key|auth_?key|private_?key"
        r"|client_?secret|credentials?)",
        r"(?:(?<=[\"'`])[A-Za-z0-9+/_=!@#$%^&*.-]{16,200})", Severity.MEDIUM, 3.7,
    ),
)  # fmt: skip
