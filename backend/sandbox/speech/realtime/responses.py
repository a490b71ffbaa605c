"""The responses of a session: one at a time in its conversation, any number beside it."""

from collections.abc import Callable

from sandbox.speech.realtime.hearing import Hearing
from sandbox.speech.realtime.refusal import Refusal
from sandbox.speech.realtime.response import CancelReason, Response
from sandbox.speech.realtime.response_order import ResponseOrder
from sandbox.speech.realtime.state import SessionState


class Responses:
    """Tells `on_rest` when a response of the conversation has ended, with that response."""

    def __init__(self, state: SessionState, hearing: Hearing, on_rest: Callable[[Response], None]) -> None:
        self._state = state
        self._hearing = hearing
        self._on_rest = on_rest
        self._active: Response | None = None
        self._beside: dict[str, Response] = {}

    @property
    def is_active(self) -> bool:
        """Whether a response of the conversation is in progress."""
        return self._active is not None

    def create(self, order: ResponseOrder) -> None:
        """Begin a response; refused while another one of the conversation is in progress."""
        response = Response(self._state, order, self._hearing, self._ended)
        if not order.is_in_conversation:
            self._beside[response.id] = response
        elif self._active is None:
            self._active = response
        else:
            message = (
                f"Conversation already has an active response in progress: {self._active.id}. "
                "Wait until the response is finished before creating a new one."
            )
            raise Refusal("conversation_already_has_active_response", message)
        response.begin()

    def cancel(self, response_id: str | None) -> None:
        """Cancel a response by its id, or that of the conversation."""
        response = self._active
        if response_id is not None and (response is None or response.id != response_id):
            response = self._beside.get(response_id)
        if response is None:
            raise Refusal("response_cancel_not_active", "Cancellation failed: no active response found")
        response.cancel("client_cancelled")

    def interrupt(self, reason: CancelReason = "turn_detected") -> None:
        """End the response of the conversation, if there is one: the caller speaks."""
        if self._active is not None:
            self._active.cancel(reason)

    def _ended(self, response: Response) -> None:
        if response is self._active:
            self._active = None
            self._on_rest(response)
        self._beside.pop(response.id, None)
