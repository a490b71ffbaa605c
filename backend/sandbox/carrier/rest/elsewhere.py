"""Paths of the vendor's that the sandbox does not have."""

from fastapi import APIRouter, Depends
from starlette.requests import Request

from sandbox.carrier.rest.gate import admit
from sandbox.carrier.rest.problems import not_found

router = APIRouter(dependencies=[Depends(admit)])


_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@router.api_route("/api/2010-04-01/{path:path}", methods=_METHODS)
@router.api_route("/verify/v2/{path:path}", methods=_METHODS)
@router.api_route("/lookups/v2/{path:path}", methods=_METHODS)
async def refuse(request: Request) -> None:
    raise not_found(request)
