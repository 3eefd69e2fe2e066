"""Our YARA rules: each says what it is, and each fits what no plugin of the corpus shows alone."""

import struct

import pytest

from aei_inspection.checks.report import Severity
from aei_inspection.content import yara_rules
from aei_inspection.content.yara_rules import compiled, matches

MACHO = b"\xcf\xfa\xed\xfe\x07\0\0\x01\x03\0\0\0\x02\0\0\0" + bytes(16)
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 2, 62)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b'"gulf.moneroocean.stream"', "mining_pool"),
        (b"cryptonight: submit_share(nonce) to keep the hashrate", "mining_algorithm"),
        (b"new CoinHive.Anonymous('k').start()", "mining_in_browsers"),
        (b'"https://transfer.sh"', "drop_site"),
        (b'"https://pastebin.com/raw/aB3dE5fG"', "drop_site"),
        (b'"https://4f2a.ngrok-free.app/in"', "tunnel"),
        (b'"http://169.254.169.254/latest/meta-data/"', "machine_services"),
        (b"~/.ssh/id_ed25519", "credential_store"),
        (b'open("/root/.ssh/id_rsa")', "credential_stores"),
        (ELF, "embedded_elf"),
        (MACHO, "embedded_macho"),
        (b"\0asm\x01\0\0\0\x01", "embedded_module"),
        (b"dex\n035\0", "embedded_class"),
        (b"schtasks /create /tn x", "persistence"),
        (
            b"powershell -nop -w hidden -enc " + b"SQBFAFgAKABOAGUAdwAtAE8AYgBqAGUAYwB0ACAA",
            "fetched_and_started",
        ),
        (b"eval(requests.get(u).text)\nexec(urlopen(u).read())", "fetched_and_started"),
        (b"globalThis['ev' + 'al'](x)", "decoded_and_run"),
        (b"(![]+[])[+[]]", "obfuscated_names"),
        (b"".join(b"%c\0" % c for c in b"stratum+tcp://pool.example:1"), "mining_protocol"),
    ],
)
def test_a_rule_fits(content, rule):
    assert rule in {match.rule for match in matches(b"\n" + content + b"\n")}


@pytest.mark.parametrize(
    "content",
    [
        b"See (https://webhook.site/) and https://transfer.sh for tests.",
        b"the hashrate of xmr",
        b"MZ" + bytes(70),
        b"\xca\xfe\xba\xbe",
        b"socket.socket(); subprocess.run(['git', 'log'])",
        b"re.compile(pattern); eval_metric(compile_model())",
        b"Function('return this')()",
        b"json.dumps(environment)",
        b"os.environ.get('HOME')",
        b"nonce = os.urandom(12)",
        b"console.log(String.fromCharCode(65))",
        b"# runs in a sandbox under review; hostname == 'build'",
    ],
)
def test_honest_words_fit_no_rule(content):
    assert [match.rule for match in matches(content)] == []


def test_each_rule_says_how_bad_it_is_what_it_is_and_what_to_do():
    rules = [(rule.identifier, dict(rule.metadata)) for rule in compiled()]
    assert len(rules) >= 30
    for name, meta in rules:
        assert Severity(meta["severity"]), name
        assert meta["title"], name
        assert meta["advice"].endswith("."), name


def test_a_scan_that_takes_too_long_is_an_error(monkeypatch):
    monkeypatch.setattr(yara_rules, "SECONDS", 0)
    with pytest.raises((TimeoutError, ValueError, OverflowError)):
        list(matches(b"a" * 3_000_000))
