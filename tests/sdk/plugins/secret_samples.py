"""Samples for the secret scanner: true ones made by chance, so that no file holds one, and look-alikes."""

import base64
import json
import random
import string
import zlib
from collections.abc import Callable, Iterator

_ALNUM = string.ascii_letters + string.digits
_URL = _ALNUM + "_-"
_BASE32 = string.ascii_uppercase + "234567"


def true_samples(seed: int, of_each: int) -> Iterator[tuple[str, str]]:
    """Rule and text, `of_each` for each rule, in lines of the kind that they are found in."""
    dice = random.Random(seed)
    for rule, make in _MAKERS.items():
        for _ in range(of_each):
            yield rule, make(dice)


def _drawn(dice: random.Random, alphabet: str, length: int) -> str:
    return "".join(dice.choices(alphabet, k=length))


def _in_line(prefix: str, alphabet: str, length: int, suffix: str = "") -> Callable[[random.Random], str]:
    lines = ("token: {}\n", "export KEY={}\n", '{{"key": "{}"}}\n', "curl -H 'Authorization: {}'\n")
    return lambda dice: dice.choice(lines).format(prefix + _drawn(dice, alphabet, length) + suffix)


def _checked(*prefixes: str) -> Callable[[random.Random], str]:
    def make(dice: random.Random) -> str:
        body, number, check = _drawn(dice, _ALNUM, 30), 0, ""
        number = zlib.crc32(body.encode())
        for _ in range(6):
            number, digit = divmod(number, 62)
            check = (string.digits + string.ascii_uppercase + string.ascii_lowercase)[digit] + check
        return f"TOKEN={dice.choice(prefixes)}{body}{check}\n"

    return make


def _pem(label: str, start: bytes) -> Callable[[random.Random], str]:
    def make(dice: random.Random) -> str:
        body = base64.b64encode(start + dice.randbytes(300)).decode()
        lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
        return f"key = '''\n-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n'''\n"

    return make


def _jwt(dice: random.Random) -> str:
    claims = {"sub": _drawn(dice, _ALNUM, 8), "exp": 4_000_000_000}
    parts = [
        json.dumps({"alg": "HS256", "typ": "JWT"}).encode(),
        json.dumps(claims).encode(),
        dice.randbytes(32),
    ]
    return "jwt=" + ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "\n"


def _azure(dice: random.Random) -> str:
    key = base64.b64encode(dice.randbytes(64)).decode()
    return f"DefaultEndpointsProtocol=https;AccountName=store;AccountKey={key};EndpointSuffix=x\n"


def _slack_hook(dice: random.Random) -> str:
    upper = string.ascii_uppercase + string.digits
    parts = f"T{_drawn(dice, upper, 9)}/B{_drawn(dice, upper, 9)}/{_drawn(dice, _ALNUM, 24)}"
    return f"hook: https://hooks.slack.com/services/{parts}\n"


def _assigned(dice: random.Random) -> str:
    password = (
        _drawn(dice, string.ascii_lowercase, 6) + _drawn(dice, string.digits, 4) + _drawn(dice, "!#%+K", 4)
    )
    names = (
        "db_password = '{}'",
        'apiKey: "{}"',
        '"client_secret": "{}"',
        "const authToken = '{}';",
        "PASSWD='{}'",
    )
    return dice.choice(names).format("".join(dice.sample(password, len(password)))) + "\n"


_MAKERS: dict[str, Callable[[random.Random], str]] = {
    "private-key": _pem("RSA PRIVATE KEY", b"\x30\x82"),
    "encrypted-private-key": _pem("ENCRYPTED PRIVATE KEY", b"\x30\x82"),
    "github-token": _checked("ghp_", "gho_", "ghs_"),
    "npm-token": _checked("npm_"),
    "github-fine-grained-token": lambda dice: (
        f"x=github_pat_{_drawn(dice, _ALNUM, 22)}_{_drawn(dice, _ALNUM, 59)}\n"
    ),
    "pypi-token": _in_line("pypi-AgEIcHlwaS5vcmc", _URL, 120),
    "gitlab-token": _in_line("glpat-", _URL, 20),
    "aws-access-key-id": _in_line("AKIA", _BASE32, 16),
    "aws-secret-access-key": lambda dice: f"aws_secret_access_key = {_drawn(dice, _ALNUM + '/+', 40)}\n",
    "slack-token": lambda dice: f"t=xoxb-{_drawn(dice, '123456789', 11)}-{_drawn(dice, _ALNUM, 30)}\n",
    "slack-webhook": _slack_hook,
    "stripe-key": _in_line("sk_live_", _ALNUM, 24),
    "google-api-key": _in_line("AIza", _URL, 35),
    "sendgrid-key": lambda dice: f"k=SG.{_drawn(dice, _URL, 22)}.{_drawn(dice, _URL, 43)}\n",
    "openai-key": lambda dice: f"k=sk-proj-{_drawn(dice, _ALNUM, 40)}T3BlbkFJ{_drawn(dice, _ALNUM, 40)}\n",
    "anthropic-key": _in_line("sk-ant-api03-", _URL, 93, "AA"),
    "azure-storage-key": _azure,
    "jwt": _jwt,
    "password-in-url": lambda dice: f"url=postgresql://app:{_drawn(dice, _ALNUM, 16)}@db.internal:5432/app\n",
    "assigned-secret": _assigned,
}

#: Lines that look like secrets and are none, as they stand in real projects.
LOOK_ALIKES = """
password = "your-password-here"
password: "changeme1234"
password = os.environ["DB_PASSWORD"]
password: ${DB_PASSWORD}
password: "{{ vault_db_password }}"
"password": "<your password here>"
secret = "xxxxxxxxxxxxxxxxxxxx"
api_key = "REPLACE_WITH_YOUR_KEY"
API_KEY="insert-api-key-here"
token = "example-token-value"
const token = "test-token-12345678";
"token": "aaaaaaaaaaaaaaaaaaaa"
auth_key = "dummy_auth_key_value"
client_secret: "sample-client-secret"
secret_name = "database-credentials"
token_url = "https://auth.acme.example/oauth/token"
password_field = "input-password-field"
passwordLabel: "Enter your password"
"password_hint": "At least twelve characters"
tokenType = "urn:ietf:params:oauth"
credentials: "same-origin-only"
api_key_header = "X-Api-Key-Header"
secretKeyRef: "database-password"
token_endpoint_auth = "client_secret_basic"
password_pattern = "[a-z]{8,20}-pattern"
TOKEN_PREFIX = "Bearer-token-prefix"
tokenizer = "wordpiece-uncased-large"
max_tokens: "unlimited-tokens"
secret_santa = "not-a-real-secret"
"passphrase": "correct horse battery staple"
AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
aws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}
aws_secret_access_key = ****************************************
AKIAAAAAAAAAAAAAAAAA
ASIAXXXXXXXXXXXXXXXX
arn:aws:iam::123456789012:role/AKIAROLE
ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
ghp_0123456789abcdefghijABCDEFGHIJ012345
ghp_16C7e42F292c6912E7710c838347Ae178B4a
gho_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789
npm_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
npm_package_config_registry_and_more_words12
glpat-xxxxxxxxxxxxxxxxxxxx
glpat-your-token-goes-here
sk_test_4eC39HqLyjWDarjtT1zdp7dc
sk_live_xxxxxxxxxxxxxxxxxxxxxxxx
pk_live_51H8xyzPUBLISHABLEKEY0000
AIzaXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX
xoxb-your-token-here
xoxb-000000000000-000000000000-aaaaaaaaaaaaaaaaaaaaaaaa
https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX
SG.xxxxxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
sk-your-openai-key-T3BlbkFJ-goes-right-here-please
sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxAA
AccountKey=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==
eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.AAAAAAAAAAAAAAAAAAAAAAAA
eyJub3QianNvbn0aaaa.eyJub3QianNvbn0aaaa.aaaaaaaaaaaaaaaaaaaaaaaa
eyJ0aGlzIGlzIGp1c3QgYmFzZTY0IHRleHQgd2l0aG91dCBkb3Rz
-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\\n-----END PUBLIC KEY-----
-----BEGIN PRIVATE KEY----- goes on the first line, and -----END PRIVATE KEY----- on the last
-----BEGIN CERTIFICATE-----\\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBa\\n-----END CERTIFICATE-----
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl user@host
postgresql://user:password@localhost/db
postgresql://postgres:postgres@localhost:5432/postgres
postgresql://app:${PASSWORD}@db/app
mysql://root:<password>@localhost
redis://:@localhost:6379/0
https://user:your-password@example.com/repo.git
amqp://guest:guest@localhost:5672/
https://example.com:8080/path@version
ftp://anonymous:anonymous@example.com
git+ssh://git@github.com:acme/repo.git
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
--hash=sha256:4eC39HqLyjWDarjtT1zdp7dc9e3b0c44298fc1c149afbf4c8996fb92427a
"integrity": "sha512-L5S0C6qIx3f+DnwN42HnDuMhV8NgfqaY+J1PaJAw468Ip/JN+h67tVAp4wUvs8xgTqj6UnGSBbSZVGYifK2XtA=="
550e8400-e29b-41d4-a716-446655440000
data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==
commit 9fceb02d0ae598e95dc970b74767f19372d61af8
etag = "33a64df551425fcc55e4d42a148795d9f25f89d4"
session_id = "not assigned here"
def check_password(self, password: str) -> bool:
if token == "end-of-file-token":
password = getpass.getpass("Password for the vault: ")
assert secret == expected_secret_value
self.token = token or load_token_from_keyring()
api_key = config["services"]["weather"]["api_key"]
token = secrets.token_urlsafe(32)
password = generate_password(length=24)
secret = hashlib.sha256(seed).hexdigest()
headers = {"Authorization": f"Bearer {token}"}
"api_key": {"type": "string", "description": "The key"}
<input type="password" name="password" placeholder="Password">
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2"]
secretName: "tls-certificate-store"
token: "ghs_${{ github.run_id }}"
api-key: '%(api_key)s'
password: '%s:%s:%s:%s'
credential = "arn:aws:secretsmanager:region"
access_key = "S3_ACCESS_KEY_VARIABLE"
secret_key_base = ENV.fetch("SECRET_KEY_BASE")
token_path = "/var/run/secrets/kubernetes.io/serviceaccount/token"
password_file: "/run/secrets/database"
"accessKey": "org.acme.settings.accesskey"
""".strip().splitlines()
