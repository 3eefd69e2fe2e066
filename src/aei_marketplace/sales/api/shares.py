"""Routes: share agreements, as staff set them and as a plugin's own tenant reads them."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from aei_marketplace.sales import service
from aei_marketplace.sales.rules.shares import DisputeFeeBearer, ProcessingFeeBearer
from aei_marketplace.sales.service import Agreement, PluginShare, Terms, Tier
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/share-agreements", tags=["revenue"], route_class=OnceRoute)

_BasisPoints = Annotated[
    StrictInt, Field(description="of the price without tax: 0 to 10000", examples=[8500])
]


class TierBody(BaseModel):
    """Another share once the plugin has grossed so much in one currency."""

    model_config = ConfigDict(extra="forbid")
    currency: Annotated[str, Field(max_length=3, examples=["USD"])]
    from_gross_minor: Annotated[StrictInt, Field(description="reached by exactly as much")]
    creator_share_bps: _BasisPoints


class AgreementBody(BaseModel):
    """What a plugin's creator gets from a moment on. The rules say more about each limit."""

    model_config = ConfigDict(extra="forbid")
    plugin_id: Annotated[str, Field(max_length=200, examples=["studio.langid"])]
    creator_share_bps: _BasisPoints
    effective_from: Annotated[
        AwareDatetime, Field(description="later than now; by 30 days where the creator gets less")
    ]
    reason: Annotated[str, Field(max_length=2000, description="the creator reads it")]
    tiers: Annotated[list[TierBody], Field(max_length=100)] = []
    processing_fee_bearer: ProcessingFeeBearer = "platform"
    dispute_fee_bearer: DisputeFeeBearer = "creator_if_lost"

    def terms(self) -> Terms:
        """What is to be agreed."""
        return Terms(
            creator_share_bps=self.creator_share_bps,
            effective_from=self.effective_from,
            reason=self.reason.strip(),
            tiers=tuple(Tier(t.currency, t.from_gross_minor, t.creator_share_bps) for t in self.tiers),
            processing_fee_bearer=self.processing_fee_bearer,
            dispute_fee_bearer=self.dispute_fee_bearer,
        )


@router.get("")
async def list_shares(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """Plugins with agreements: all of them for staff, their own for those who publish."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await service.list_shares(work, page), lambda share: _share_shape(share))


@router.post("", status_code=201)
async def set_agreement(body: AgreementBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Have other terms apply to a plugin from a moment on. What is earned before keeps its share."""
    async with deps.works.begin(actor, trace) as work:
        agreement = await service.set_agreement(work, body.plugin_id, body.terms())
    return json_answer(_shape(agreement), 201)


@router.get("/{plugin_id}")
async def read_share(plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One plugin: what applies now, what is announced, and all that was ever agreed."""
    async with deps.works.begin(actor, trace) as work:
        share = await service.plugin_share(work, plugin_id)
    return json_answer({**_share_shape(share), "history": [_shape(each) for each in share.history]})


def _share_shape(share: PluginShare) -> dict[str, Any]:
    return {
        "plugin_id": share.plugin_id,
        "present": {
            **_terms_shape(share.present),
            "agreement": share.in_force and share.in_force.id,
            "effective_from": share.in_force and share.in_force.terms.effective_from,
        },
        "announced": [_shape(each) for each in share.announced],
    }


def _shape(agreement: Agreement) -> dict[str, Any]:
    return {
        "id": agreement.id,
        "plugin_id": agreement.plugin_id,
        **_terms_shape(agreement.terms),
        "effective_from": agreement.terms.effective_from,
        "reason": agreement.terms.reason,
        "set_at": agreement.set_at,
    }


def _terms_shape(terms: Terms) -> dict[str, Any]:
    return {
        "creator_share_bps": terms.creator_share_bps,
        "tiers": [
            {
                "from": {"amount_minor": tier.from_gross, "currency": tier.currency},
                "creator_share_bps": tier.creator_share_bps,
            }
            for tier in terms.tiers
        ],
        "processing_fee_bearer": terms.processing_fee_bearer,
        "dispute_fee_bearer": terms.dispute_fee_bearer,
    }
