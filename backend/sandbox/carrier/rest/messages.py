"""Messages of the 2010-04-01 API."""

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request

from sandbox.carrier.clock import rfc2822, utc_now
from sandbox.carrier.messages import Message
from sandbox.carrier.rest.dates import is_wanted
from sandbox.carrier.rest.form import e164, text
from sandbox.carrier.rest.gate import Form, ServicesDep, admit
from sandbox.carrier.rest.paging import page
from sandbox.carrier.rest.problems import RestError, not_found
from sandbox.carrier.services import Services

router = APIRouter(prefix="/api/2010-04-01/Accounts/{account_sid}", dependencies=[Depends(admit)])

_LONGEST_BODY = 1600


@router.post("/Messages.json", status_code=201)
async def send_message(form: Form, services: ServicesDep) -> dict[str, Any]:
    recipient = e164(form, "To", missing=21604, invalid=21211)
    service_sid = text(form, "MessagingServiceSid") or None
    sender, body = text(form, "From"), text(form, "Body")
    if not sender and service_sid is None:
        raise RestError(400, 21603, "A 'From' phone number is required.")
    if sender and services.numbers.get(sender) is None:
        raise RestError(
            400, 21606, f"The 'From' number {sender} is not a valid message-capable number for your account"
        )
    if not body and not form.getlist("MediaUrl"):
        raise RestError(400, 21602, "Message body is required.")
    if len(body) > _LONGEST_BODY:
        raise RestError(400, 21617, f"The concatenated message body exceeds the {_LONGEST_BODY} character limit")
    sender = sender or services.settings.number
    message = Message(sender, recipient, body, text(form, "StatusCallback"), service_sid)
    services.messages.send(message)
    return _resource(message, services)


@router.get("/Messages.json")
async def list_messages(request: Request, services: ServicesDep) -> dict[str, Any]:
    query = request.query_params
    found = [
        message
        for message in services.messages
        if query.get("To", message.recipient) == message.recipient
        and query.get("From", message.sender) == message.sender
        and is_wanted(message.sent_at, query, "DateSent")
    ]
    return page(request, "messages", found, lambda message: _resource(message, services))


@router.get("/Messages/{sid}.json")
async def fetch_message(request: Request, sid: str, services: ServicesDep) -> dict[str, Any]:
    return _resource(_message(request, sid, services), services)


@router.post("/Messages/{sid}.json")
async def redact_message(request: Request, sid: str, form: Form, services: ServicesDep) -> dict[str, Any]:
    """An empty Body takes the words out of a message that has been sent."""
    message = _message(request, sid, services)
    if form.get("Body") != "":
        raise RestError(400, 20001, "Only an empty Body is supported")
    message.body = ""
    message.updated_at = utc_now()
    return _resource(message, services)


@router.delete("/Messages/{sid}.json", status_code=204)
async def delete_message(request: Request, sid: str, services: ServicesDep) -> None:
    services.messages.remove(_message(request, sid, services))


def _message(request: Request, sid: str, services: Services) -> Message:
    message = services.messages.get(sid)
    if message is None:
        raise not_found(request)
    return message


def _resource(message: Message, services: Services) -> dict[str, Any]:
    uri = f"/2010-04-01/Accounts/{services.account_sid}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": services.account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": rfc2822(message.created_at),
        "date_sent": rfc2822(message.sent_at) if message.sent_at is not None else None,
        "date_updated": rfc2822(message.updated_at),
        "direction": message.direction,
        "error_code": None,
        "error_message": None,
        "from": message.sender,
        "messaging_service_sid": message.service_sid,
        "num_media": "0",
        "num_segments": str(message.segments),
        "price": None,
        "price_unit": "USD",
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.recipient,
        "uri": f"{uri}.json",
    }
