"""What a model endpoint may be, and what a guest may ask of it."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.ports import ModelKind
from aei_marketplace.ground.tokens import counted, estimate
from aei_marketplace.vault.errors import BadQuestion, EndpointUnfit, ModelNameTaken
from aei_marketplace.vault.rules.endpoints import (
    Endpoint,
    check_endpoint_name,
    check_key,
    check_models,
    check_names_free,
    choose,
    origin_of,
    read_base_url,
)
from aei_marketplace.vault.rules.questions import (
    DEFAULT_MAX_TOKENS,
    ChatQuestion,
    EmbedQuestion,
    read_question,
)


def is_internal(name: str, port: int) -> bool:
    return (name, port) == ("models.internal", 11434)


def endpoint(name: str = "one", kind: ModelKind = "chat", enabled: bool = True, *models: str) -> Endpoint:
    return Endpoint(
        name=name,
        version=1,
        kind=kind,
        base_url="https://a.example/v1",
        models=dict.fromkeys(models or ("small",), "up"),
        streaming=True,
        enabled=enabled,
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
        updated_by=UUID(int=1),
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://api.models.example/v1", "https://api.models.example/v1"),
        ("HTTPS://API.Models.example:443/V1/", "https://api.models.example/V1"),
        ("https://api.models.example", "https://api.models.example"),
        ("https://api.models.example:8443/a/b.c/~d", "https://api.models.example:8443/a/b.c/~d"),
        ("http://models.internal:11434/v1", "http://models.internal:11434/v1"),
    ],
)
def test_a_url_is_kept_in_one_spelling(text: str, kept: str) -> None:
    assert read_base_url(text, is_internal) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.models.example",
        "ftp://api.models.example",
        "http://api.models.example/v1",
        "http://models.internal/v1",
        "http://models.internal:11435/v1",
        "https://localhost/v1",
        "https://127.0.0.1/v1",
        "https://2130706433/v1",
        "https://0x7f.1/v1",
        "https://[::1]/v1",
        "https://169.254.169.254/latest",
        "https://user:pw@api.models.example/v1",
        "https://api.models.example@evil.example/v1",
        "https://api.models.example:0/v1",
        "https://api.models.example:65536/v1",
        "https://api.models.example./v1",
        "https://api.models.example/v1?key=x",
        "https://api.models.example/v1#x",
        "https://api.models.example/../admin",
        "https://api.models.example/v1/..",
        "https://api.models.example//v1",
        "https://api.models.example/%2e%2e/x",
        "https://api.models.example\\@evil.example/",
        "https://api.models.example/v1\r\nHost: evil",
        "https://ａpi.models.example/v1",
    ],
)
def test_a_url_that_leads_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(EndpointUnfit):
        read_base_url(text, is_internal)


@given(st.text(max_size=60))
def test_what_is_kept_is_read_the_same_again(text: str) -> None:
    for url in (text, f"https://api.models.example{text}", f"https://{text}"):
        try:
            kept = read_base_url(url, is_internal)
        except EndpointUnfit:
            continue
        assert read_base_url(kept, is_internal) == kept


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("https://a.example:8443/v1/x") == "https://a.example:8443"
    assert origin_of("https://a.example") == "https://a.example"


@pytest.mark.parametrize("name", ["", "Big", "1st", "a_b", "a" * 64, "a b", "a\n", "ä"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(EndpointUnfit):
        check_endpoint_name(name)


@pytest.mark.parametrize(
    "models",
    [
        {},
        {"*": "up"},
        {"": "up"},
        {"a b": "up"},
        {"small": ""},
        {"small": "u p"},
        {"small": "up\n"},
        {"x" * 121: "up"},
        {"small": "u" * 201},
        {f"m{n}": "up" for n in range(101)},
    ],
)
def test_models_that_cannot_be_named_are_refused(models: dict[str, str]) -> None:
    with pytest.raises(EndpointUnfit):
        check_models(models)


@pytest.mark.parametrize("key", ["", "a b", "key\r\nX: y", "schlüssel", "x" * 4097])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(EndpointUnfit):
        check_key(key)


def test_a_name_belongs_to_one_endpoint_of_its_kind() -> None:
    others = [endpoint("one", "chat", True, "small", "large")]
    check_names_free(others, "chat", {"medium": "up"})
    check_names_free(others, "embed", {"small": "up"})
    with pytest.raises(ModelNameTaken):
        check_names_free(others, "chat", {"large": "up"})


def test_the_enabled_endpoint_of_the_kind_answers() -> None:
    endpoints = [endpoint("off", "chat", False), endpoint("vectors", "embed"), endpoint("on", "chat")]
    found = choose(endpoints, "chat", "small")
    assert found is not None
    assert found.name == "on"
    assert choose(endpoints, "chat", "other") is None
    assert choose(endpoints[:2], "chat", "small") is None


# What guests ask.

USER = {"role": "user", "content": "hello"}


def chat(**more: Any) -> str:
    return json.dumps({"model": "small", "messages": [USER], **more})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"model": "small"}',
        chat(messages=[]),
        chat(messages=[USER] * 257),
        chat(messages=[{"role": "tool", "content": "x"}]),
        chat(messages=[{"role": "user"}]),
        chat(messages=[{"role": "user", "content": [{"type": "image_url"}]}]),
        chat(messages=[{**USER, "name": "x"}]),
        chat(model=5),
        chat(max_tokens=0),
        chat(max_tokens=-1),
        chat(max_tokens=1.5),
        chat(max_tokens="5"),
        chat(temperature=2.1),
        chat(temperature=-0.1),
        chat(top_p=1.1),
        chat(stop=["x"] * 5),
        chat(stop=""),
        chat(stop="x" * 257),
        chat(stream=True),
        chat(tools=[]),
        chat(n=2),
        chat(user="x"),
        chat(messages=[{"role": "user", "content": "x" * (1024 * 1024)}]),
        '{"model": "small", "messages": ' + "[" * 100_000,
        '{"model": "small", "messages": [{"role": "user", "content": "\\ud800"}]}',
        '{"model": "small", "messages": [{"role": "user", "content": "x"}], "temperature": 1e999}',
    ],
)
def test_a_chat_beyond_the_closed_shape_is_refused(text: str) -> None:
    with pytest.raises(BadQuestion):
        read_question("chat", text)


@pytest.mark.parametrize(
    "more",
    [
        {"input": []},
        {"input": ""},
        {"input": ["x", ""]},
        {"input": ["x"] * 257},
        {"input": 5},
        {"input": [1, 2]},
        {},
    ],
)
def test_texts_that_cannot_be_embedded_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(BadQuestion):
        read_question("embed", json.dumps({"model": "small", **more}))


def test_a_chat_is_sent_under_the_endpoints_name_with_what_was_given() -> None:
    question = read_question("chat", chat(temperature=0, stop=["a"], max_tokens=5))
    assert isinstance(question, ChatQuestion)
    assert question.body("up", 1000) == {
        "model": "up",
        "messages": [USER],
        "max_tokens": 5,
        "temperature": 0,
        "stop": ["a"],
    }


@given(st.none() | st.integers(1, 10**9), st.integers(1, 10**9))
def test_max_tokens_never_exceeds_what_is_left(wanted: int | None, left: int) -> None:
    question = read_question("chat", chat(max_tokens=wanted))
    sent = question.body("up", left)["max_tokens"]
    assert 1 <= sent <= left
    assert sent == min(wanted or DEFAULT_MAX_TOKENS, left)


def test_one_text_is_embedded_as_a_list_of_one() -> None:
    question = read_question("embed", '{"model": "small", "input": "hello"}')
    assert isinstance(question, EmbedQuestion)
    assert question.body("up", 1) == {"model": "up", "input": ["hello"], "encoding_format": "float"}


@given(st.lists(st.text(min_size=1, max_size=50), min_size=1, max_size=20))
def test_a_prompt_costs_at_least_a_quarter_of_its_bytes(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "ignore").decode() or "x" for text in texts]
    question = EmbedQuestion("small", texts)
    assert question.prompt_tokens >= sum(len(text.encode()) for text in texts) / 4


@given(
    st.integers() | st.floats() | st.text() | st.none() | st.booleans(),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)
def test_no_report_lowers_the_estimate_or_exceeds_what_can_be_true(
    reported: object, estimated: int, most: int
) -> None:
    assert estimated <= counted(reported, estimated, most) <= max(estimated, most)


@given(st.integers(0, 10**9))
def test_an_estimate_is_a_quarter_rounded_up(size: int) -> None:
    assert 4 * estimate(size) - 3 <= size <= 4 * estimate(size)
