"""Why a request about calls is refused."""

from app.core.errors import Forbidden, Invalid, NotFound


class CallNotFound(NotFound):
    code = "call_not_found"


class ToolCallNotFound(NotFound):
    code = "tool_call_not_found"


class BadCursor(Invalid):
    code = "bad_cursor"


class StreamTokenUnknown(Forbidden):
    code = "stream_token_unknown"


class StreamTokenOfOtherCall(Forbidden):
    code = "stream_token_of_other_call"


class StreamTokenUsed(Forbidden):
    code = "stream_token_used"


class StreamTokenExpired(Forbidden):
    code = "stream_token_expired"
