"""Callbacks that only inform: each a request of its own, in no guaranteed order of arrival (twilio-google.md §1.4)."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog

from sandbox.carrier.faults import Faults
from sandbox.carrier.fields import progress_fields
from sandbox.carrier.leg import Leg
from sandbox.carrier.tasks import Tasks
from sandbox.carrier.webhooks import WebhookFailed, WebhookSender

log = structlog.get_logger(__name__)

_SHUFFLED_S = 0.3
_EVENT_STATUS = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}


class Callbacks:
    """Sends them in the background; `duplicate_callbacks` and `shuffle_callbacks` are met here."""

    def __init__(self, sender: WebhookSender, tasks: Tasks, faults: Faults, account_sid: str) -> None:
        self._sender = sender
        self._tasks = tasks
        self._faults = faults
        self._account_sid = account_sid

    def tell(self, url: str, method: str, fields: Mapping[str, str]) -> None:
        """Send and forget."""
        if not url:
            return
        # The one that is held back arrives after those that follow it.
        delay_s = _SHUFFLED_S if self._faults.take("shuffle_callbacks") else 0.0
        copies = 2 if self._faults.take("duplicate_callbacks") else 1
        for _ in range(copies):
            self._tasks.spawn(self._deliver(url, method, fields, delay_s))

    def progress(self, leg: Leg, event: str) -> None:
        """Tell how a leg stands, when somebody wants to know: initiated, ringing, answered or completed."""
        wanted = leg.status_callback
        if wanted is None or event not in wanted.events:
            return
        status = _EVENT_STATUS.get(event, leg.status)
        number, leg.callbacks_sent = leg.callbacks_sent, leg.callbacks_sent + 1
        self.tell(wanted.url, wanted.method, progress_fields(leg, self._account_sid, status=status, number=number))

    async def _deliver(self, url: str, method: str, fields: Mapping[str, str], delay_s: float) -> None:
        if delay_s:
            await asyncio.sleep(delay_s)
        try:
            await self._sender.ask(url, method, fields)
        except WebhookFailed as error:
            log.warning("callback not delivered", path=urlsplit(url).path, code=error.code)
