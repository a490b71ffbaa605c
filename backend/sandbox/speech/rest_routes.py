"""The little of the vendor's REST API that the product uses: models, and written tasks by `POST /v1/responses`."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from sandbox.speech.brain import answer_text
from sandbox.speech.clock import Clock
from sandbox.speech.realtime.ids import new_id
from sandbox.speech.realtime.refusal import Refusal, invalid_event
from sandbox.speech.realtime.usage import text_tokens
from sandbox.speech.settings import REALTIME_MODELS, SpeechSettings

_TEXT_MODELS = ("gpt-transcribe", "gpt-6-luna")
_CREATED = 1_767_225_600
_SHUT_DOWN_ON = {
    "gpt-realtime": "2027-01-20",
    "gpt-realtime-2025-08-28": "2027-01-20",
    "gpt-realtime-mini": "2027-01-20",
}


class _TextPart(Struct):
    text: str = ""


class _InputItem(Struct):
    content: str | list[_TextPart] = ""
    role: str = "user"

    @property
    def text(self) -> str:
        parts = [self.content] if isinstance(self.content, str) else [part.text for part in self.content]
        return "\n".join(filter(None, parts))


class _Task(Struct):
    model: Annotated[str, Meta(min_length=1)]
    input: str | list[_InputItem] = ""
    instructions: str | None = None
    metadata: dict[str, str] | None = None
    stream: bool | None = None

    @property
    def orders(self) -> str:
        """The instructions, and what developers say in the input."""
        items = [] if isinstance(self.input, str) else self.input
        said = [item.text for item in items if item.role in ("system", "developer")]
        return "\n".join(filter(None, [self.instructions or "", *said]))

    @property
    def text(self) -> str:
        if isinstance(self.input, str):
            return self.input
        return "\n".join(item.text for item in self.input if item.role not in ("system", "developer"))


_read_task = msgspec.json.Decoder(_Task).decode


class RestRoutes:
    def __init__(self, settings: SpeechSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def models(self, request: Request) -> Response:
        refused = self._refuse_key(request)
        return refused or _json({"object": "list", "data": [_model(name) for name in REALTIME_MODELS + _TEXT_MODELS]})

    async def model(self, request: Request) -> Response:
        name = request.path_params["model"]
        refused = self._refuse_key(request)
        if refused is None and name not in REALTIME_MODELS + _TEXT_MODELS:
            refused = _error(404, Refusal("model_not_found", f"The model '{name}' does not exist", "model"))
        return refused or _json(_model(name))

    async def responses(self, request: Request) -> Response:
        """Do a written task by rule. Streams and structured outputs are refused."""
        refused = self._refuse_key(request)
        if refused is not None:
            return refused
        try:
            task = _read_task(await request.body())
        except msgspec.DecodeError as error:
            return _error(400, invalid_event(str(error)))
        if task.stream:
            return _error(400, Refusal("unsupported_parameter", "Streams are not supported here.", "stream"))
        return _json(_response(task, answer_text(task.orders, task.text), now=self._clock()))

    def _refuse_key(self, request: Request) -> Response | None:
        key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not self._settings.refuses(key):
            return None
        return _error(401, Refusal("invalid_api_key", "Incorrect API key provided."))


def _model(name: str) -> dict[str, object]:
    model: dict[str, object] = {"id": name, "object": "model", "created": _CREATED, "owned_by": "system"}
    return model | ({"shutdown_date": _SHUT_DOWN_ON[name]} if name in _SHUT_DOWN_ON else {})


def _response(task: _Task, answer: str, *, now: float) -> dict[str, object]:
    """The response object, with the members that the official client needs."""
    part = {"type": "output_text", "text": answer, "annotations": [], "logprobs": []}
    message = {"id": new_id("msg"), "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    tokens_in, tokens_out = text_tokens(task.orders + task.text), text_tokens(answer)
    return {
        "id": new_id("resp"),
        "object": "response",
        "created_at": int(now),
        "status": "completed",
        "model": task.model,
        "instructions": task.instructions,
        "output": [message],
        "error": None,
        "incomplete_details": None,
        "metadata": task.metadata or {},
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "temperature": 1.0,
        "top_p": 1.0,
        "usage": {
            "input_tokens": tokens_in,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": tokens_out,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": tokens_in + tokens_out,
        },
    }


async def openai_error(request: Request, error: Exception) -> Response:
    """What the vendor answers to an address that does not exist."""
    return _error(404, Refusal(None, f"Invalid URL ({request.method} {request.url.path})"))


def _error(status: int, refusal: Refusal) -> Response:
    wire = refusal.wire()
    del wire["event_id"]
    return _json({"error": wire}, status)


def _json(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")
