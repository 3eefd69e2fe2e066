"""Signed notes and checkpoints: what other programs made is read, what somebody bent is not."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.notes import (
    MOST_BYTES,
    MOST_SIGNATURES,
    Checkpoint,
    NoteMalformed,
    NoteUnproven,
    SigningKey,
    VerifyingKey,
    open_checkpoint,
    parse_note,
)

NAME = "log.example/audit"
KEY = SigningKey(NAME, bytes(range(32)))
CHECKPOINT = Checkpoint(NAME, 3, b"r" * 32)
NOTE = KEY.sign(CHECKPOINT.text())
# The example in the documentation of Go's golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNX"
    "gKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_that_another_program_signed_is_read_and_checks():
    key = VerifyingKey.parse(GO_KEY)
    assert key.text() == GO_KEY
    key.check(parse_note(GO_NOTE))
    with pytest.raises(NoteUnproven, match="does not fit"):
        key.check(parse_note(GO_NOTE.replace("answer", "question")))


def test_the_checkpoint_in_the_specification_is_read():
    note = parse_note(
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
        "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    )
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == note.text


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_what_is_signed_is_what_is_opened(size, root):
    checkpoint = Checkpoint(NAME, size, root)
    note = KEY.sign(checkpoint.text())
    assert open_checkpoint(note, KEY.verifying) == checkpoint
    assert open_checkpoint(note.encode(), VerifyingKey.parse(KEY.verifying.text())) == checkpoint


def test_keys_survive_being_written_down():
    key = SigningKey.generate(NAME)
    assert SigningKey.parse(key.text()) == key
    assert VerifyingKey.parse(key.verifying.text()) == key.verifying
    assert key.text() not in repr(key)
    assert base64.b64encode(key.seed).decode() not in repr(key)


def test_a_checkpoint_by_another_key_is_refused():
    for other in (SigningKey.generate(NAME), SigningKey("other.example", KEY.seed)):
        with pytest.raises(NoteUnproven, match="not signed by"):
            open_checkpoint(NOTE, other.verifying)


def test_another_logs_checkpoint_under_the_same_key_is_refused():
    note = KEY.sign(Checkpoint("other.example/log", 3, b"r" * 32).text())
    with pytest.raises(NoteUnproven, match="is of the log"):
        open_checkpoint(note, KEY.verifying)


def test_a_signature_that_only_claims_the_keys_name_and_id_is_refused():
    forged = SigningKey.generate(NAME).sign(CHECKPOINT.text())
    line = parse_note(forged).signatures[0]
    claim = base64.b64encode(KEY.verifying.key_id + line.value).decode()
    with pytest.raises(NoteUnproven, match="does not fit"):
        open_checkpoint(f"{CHECKPOINT.text()}\n— {NAME} {claim}\n", KEY.verifying)


def test_signatures_of_others_beside_it_do_no_harm():
    others = [SigningKey.generate(f"witness{n}.example") for n in range(15)]
    lines = [key.sign(CHECKPOINT.text()).rpartition("\n\n")[2] for key in others]
    assert open_checkpoint("".join([NOTE, *lines]), KEY.verifying) == CHECKPOINT
    with pytest.raises(NoteUnproven):
        open_checkpoint(f"{CHECKPOINT.text()}\n" + "".join(lines), KEY.verifying)


def test_one_wrong_signature_in_the_keys_name_spoils_the_note():
    wrong = base64.b64encode(KEY.verifying.key_id + bytes(64)).decode()
    with pytest.raises(NoteUnproven, match="does not fit"):
        open_checkpoint(f"{NOTE}— {NAME} {wrong}\n", KEY.verifying)


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_a_note_with_one_byte_changed_is_refused(at, change):
    raw = bytearray(NOTE.encode())
    raw[at] ^= change
    with pytest.raises((NoteMalformed, NoteUnproven)):
        open_checkpoint(bytes(raw), KEY.verifying)


@given(st.integers(0, len(NOTE.encode()) - 1))
def test_a_note_that_was_cut_off_is_refused(length):
    with pytest.raises((NoteMalformed, NoteUnproven)):
        open_checkpoint(NOTE.encode()[:length], KEY.verifying)


@given(st.one_of(st.binary(max_size=400), st.text(max_size=400)))
def test_any_bytes_are_a_note_or_refused(content):
    try:
        note = parse_note(content)
    except NoteMalformed:
        return
    assert note.signatures
    assert note.text.endswith("\n")


@given(st.text(max_size=200))
def test_any_text_is_a_checkpoint_or_refused(text):
    for reader in (Checkpoint.parse, VerifyingKey.parse, SigningKey.parse):
        try:
            reader(text)
        except NoteMalformed:
            continue
        assert text


@pytest.mark.parametrize(
    "content",
    [
        "x" * (MOST_BYTES + 1),
        "text\n\n" + f"— {NAME} AAAAAAAA\n" * (MOST_SIGNATURES + 1),
        "text\n\n",
        "text\n— a AAAAAAAA\n",
        "te\x00xt\n\n— a AAAAAAAA\n",
        "te\rxt\n\n— a AAAAAAAA\n",
        "text\n\n- a AAAAAAAA\n",
        "text\n\n— a+b AAAAAAAA\n",
        "text\n\n— a b AAAAAAAA\n",
        "text\n\n—  AAAAAAAA\n",
        "text\n\n— a AAAA\n",
        "text\n\n— a AAAAAAA\n",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n— a AAAA AAAA\n",
        "text\n\n— a AAAAAAAA",
        b"\xff\n\n",
        "\ud800\n\n— a AAAAAAAA\n",
    ],
)
def test_what_is_not_a_note_is_refused(content):
    with pytest.raises(NoteMalformed):
        parse_note(content)


ROOT = base64.b64encode(b"r" * 32).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"log\n3\n{ROOT}",
        f"log\n03\n{ROOT}\n",
        f"log\n-3\n{ROOT}\n",
        f"log\n+3\n{ROOT}\n",
        f"log\n٣\n{ROOT}\n",
        f"log\n{2**63}\n{ROOT}\n",
        f"log\n3\n{ROOT[:-4]}\n",
        f"log\n3\n{ROOT[:-1]}\n",
        f"\n3\n{ROOT}\n",
        f"log\n3\n{ROOT}\n\nmore\n",
        "log\n3\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text):
    with pytest.raises(NoteMalformed):
        Checkpoint.parse(text)


def test_extension_lines_are_let_pass():
    assert Checkpoint.parse(f"{NAME}\n3\n{base64.b64encode(b'r' * 32).decode()}\nmore\n") == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("ARpc", "Ahpc"),
        GO_KEY[:-4],
        GO_KEY.replace("PeterNeumann", "Peter Neumann"),
        GO_KEY.replace("PeterNeumann", ""),
    ],
)
def test_what_is_not_a_key_is_refused(text):
    with pytest.raises(NoteMalformed):
        VerifyingKey.parse(text)
    with pytest.raises(NoteMalformed):
        SigningKey.parse(f"PRIVATE+KEY+{text}")
    with pytest.raises(NoteMalformed):
        SigningKey.parse(text)


def test_a_text_that_could_not_be_read_again_is_not_signed():
    for text in ("no newline", "a\rb\n", ""):
        with pytest.raises(NoteMalformed):
            KEY.sign(text)
