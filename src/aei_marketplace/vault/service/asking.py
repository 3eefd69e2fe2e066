"""Asking a model for a guest, and trying an endpoint for a person."""

import time
from dataclasses import dataclass, replace
from uuid import UUID

from aei_marketplace.ground.actor import Actor, system_actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.data_keys import keep_data_key, opened_data_key
from aei_marketplace.ground.plugin_models import PluginModels
from aei_marketplace.ground.ports import (
    EndpointCall,
    ModelCall,
    ModelEndpoints,
    ModelReply,
    model_failure,
)
from aei_marketplace.ground.sealing import OPERATOR, open_value
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.vault.errors import BadQuestion
from aei_marketplace.vault.rules.endpoints import Endpoint, choose, key_place
from aei_marketplace.vault.rules.questions import (
    ChatQuestion,
    EmbedQuestion,
    Message,
    Question,
    read_question,
)
from aei_marketplace.vault.service.endpoints import find_endpoint
from aei_marketplace.vault.store import endpoints as store
from aei_protocol.identifiers import PluginId

#: What a test may cost: enough for the shortest answer of any model.
TEST_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the gateway works with.

    Attributes:
        master_key: opens the tenants' data keys.
        plugins: the way to installed plugins of kind `model`.
    """

    works: Works
    master_key: bytes
    endpoints: ModelEndpoints
    plugins: PluginModels


@dataclass(frozen=True, slots=True)
class Trial:
    """How an endpoint's test went; `reply.response` is not shown."""

    model: str
    reply: ModelReply
    duration_ms: int


async def answer_model(gateway: Gateway, call: ModelCall) -> ModelReply:
    """Answer a guest: by the tenant's endpoint for the model's name, else by an installed plugin of it.

    Whoever calls has checked that the execution runs, is of the tenant and holds what `call` says.

    Raises:
        SealBroken: the endpoint's key does not open with this master key.
    """
    try:
        question = read_question(call.kind, call.request)
    except BadQuestion as error:
        return model_failure("invalid", str(error))
    if not ("*" in call.granted or question.model in call.granted):
        return model_failure("denied", "the model is not granted")
    found = await _find(gateway, UUID(call.tenant), call, question.model)
    if found is not None:
        return await _ask(gateway.endpoints, call.tokens_left, question, *found)
    reply = await gateway.plugins.answer(call, question.model) if _is_plugin(question.model) else None
    return reply or model_failure("denied", "your tenant offers no such model")


async def try_endpoint(gateway: Gateway, actor: Actor, trace_id: str, name: str) -> Trial:
    """Send an endpoint of the actor's tenant a tiny request, whether or not it is enabled.

    Raises:
        NotAllowed: the actor may not.
        NoSuchEndpoint: there is none.
        SealBroken: its key does not open with this master key.
    """
    async with gateway.works.begin(actor, trace_id) as work:
        await keep_data_key(work, actor.tenant or OPERATOR)
        endpoint = await find_endpoint(work, name)
        key = await _opened_key(work, gateway.master_key, actor.in_tenant(), endpoint)
    model = min(endpoint.models)
    question: Question = EmbedQuestion(model, "ping")
    if endpoint.kind == "chat":
        question = ChatQuestion(model, [Message("user", "ping")], max_tokens=16)
    began = time.monotonic()
    reply = await _ask(gateway.endpoints, TEST_TOKENS, question, endpoint, key)
    trial = Trial(model, reply, round((time.monotonic() - began) * 1000))
    async with gateway.works.begin(actor, trace_id) as work:
        outcome = "ok" if reply.code is None else "failed"
        context = {"model": model, "tokens": reply.tokens, "code": reply.code}
        work.record(Fact("model_endpoint.test", "model_endpoint", name, outcome=outcome, context=context))
    return trial


async def _find(
    gateway: Gateway, tenant: UUID, call: ModelCall, model: str
) -> tuple[Endpoint, str | None] | None:
    async with gateway.works.begin(_reader(tenant)) as work:
        await keep_data_key(work, tenant)
        endpoint = choose(await store.find_all(work, tenant), call.kind, model)
        if endpoint is None:
            return None
        return endpoint, await _opened_key(work, gateway.master_key, tenant, endpoint)


async def _opened_key(work: Work, master_key: bytes, tenant: UUID, endpoint: Endpoint) -> str | None:
    if endpoint.key is None or endpoint.key_version is None:
        return None
    data_key = await opened_data_key(work, master_key, tenant)
    assert data_key is not None, "a sealed key was sealed with it, and it is never deleted"
    return open_value(data_key, key_place(tenant, endpoint.name, endpoint.key_version), endpoint.key)


async def _ask(
    endpoints: ModelEndpoints, tokens_left: int, question: Question, endpoint: Endpoint, key: str | None
) -> ModelReply:
    prompt_tokens = question.prompt_tokens
    room = tokens_left - prompt_tokens
    if room < (1 if endpoint.kind == "chat" else 0):
        return model_failure("budget", f"the request alone costs more than the {tokens_left} tokens left")
    return await endpoints.ask(
        EndpointCall(
            kind=endpoint.kind,
            base_url=endpoint.base_url,
            key=key,
            model=question.model,
            body=question.body(endpoint.models[question.model], room),
            streaming=endpoint.streaming,
            prompt_tokens=prompt_tokens,
            most_tokens=tokens_left,
        )
    )


def _reader(tenant: UUID) -> Actor:
    return replace(system_actor("vault.model"), tenant=tenant)


def _is_plugin(model: str) -> bool:
    try:
        PluginId.parse(model)
    except ValueError:
        return False
    return True
