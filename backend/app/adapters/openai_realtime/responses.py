"""One response at a time: requests wait for the end of the one that is under way.

The server refuses a second response in the default conversation; the race is lost now and then even by a careful
client, so a refusal only means that the request is made again later (openai-realtime.md §1.4, §4.5).
"""

from collections.abc import Callable

from app.callflow.commands import RequestResponse


class Responses:
    """Sends `response.create` when it may be sent. `send` writes one request."""

    def __init__(self, send: Callable[[RequestResponse], None]) -> None:
        self._send = send
        self.active: str | None = None
        self._asked: RequestResponse | None = None
        self._next: RequestResponse | None = None
        self._unanswered_tools: set[str] = set()

    def request(self, request: RequestResponse) -> None:
        """Ask now or as soon as possible. Of several requests that wait, the newest counts."""
        if self.active is not None or self._asked is not None or self._unanswered_tools:
            self._next = request
        else:
            self._ask(request)

    def _ask(self, request: RequestResponse) -> None:
        self._asked = request
        self._send(request)

    def withdraw(self) -> None:
        """Nothing that waits is wanted any more."""
        self._next = None

    def started(self, response_id: str) -> None:
        self.active, self._asked = response_id, None

    def ended(self, response_id: str) -> None:
        """A response is over, whatever its outcome."""
        if self.active == response_id:
            self.active = None
        self._go_on()

    def refused(self) -> None:
        """The server says that another response is under way: ask again after it."""
        if self._asked is not None and self._next is None:
            self._next = self._asked
        self._asked = None

    def failed(self) -> bool:
        """The server did not take the request. False when a newer one takes its place, so that nothing is lost."""
        self._asked = None
        is_replaced = self._next is not None
        self._go_on()
        return not is_replaced

    def tool_asked(self, tool_call_id: str) -> None:
        self._unanswered_tools.add(tool_call_id)

    def tool_answered(self, tool_call_id: str) -> None:
        self._unanswered_tools.discard(tool_call_id)
        self._go_on()

    def _go_on(self) -> None:
        if self._next is not None and self.active is None and self._asked is None and not self._unanswered_tools:
            request, self._next = self._next, None
            self._ask(request)
