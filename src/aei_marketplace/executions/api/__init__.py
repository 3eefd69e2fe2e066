"""Routes of executions, and of installed plugins as models of the common API."""

from fastapi import APIRouter

from aei_marketplace.executions.api import executions, failures, models
from aei_marketplace.executions.api.executions import EXECUTE_PATH, execute

__all__ = ["EXECUTE_PATH", "execute", "router"]

router = APIRouter()
for _part in (executions, failures, models):
    router.include_router(_part.router)
