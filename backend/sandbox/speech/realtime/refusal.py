"""What the server answers to a client event it cannot follow: the vendor's error object."""


class Refusal(Exception):
    """Becomes an `error` event; the session goes on and nothing of the refused event is applied.

    `code` and `param` may be null on the wire, as for audio that is already shorter than a truncation asks for.
    """

    def __init__(
        self, code: str | None, message: str, param: str | None = None, *, kind: str = "invalid_request_error"
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.param, self.kind = code, message, param, kind

    def wire(self, client_event_id: str | None = None) -> dict[str, object]:
        """The `error` object; `client_event_id` is the id the client gave the event that is refused."""
        return {
            "type": self.kind,
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "event_id": client_event_id,
        }


def unknown_parameter(path: str) -> Refusal:
    return Refusal("unknown_parameter", f"Unknown parameter: '{path}'.", path)


def missing_parameter(path: str) -> Refusal:
    return Refusal("missing_required_parameter", f"Missing required parameter: '{path}'.", path)


def invalid_value(path: str, message: str) -> Refusal:
    return Refusal("invalid_value", message, path)


def unsupported_value(path: str, value: object, supported: tuple[str, ...]) -> Refusal:
    return invalid_value(path, f"Invalid value: '{value}'. Supported values are: {_listed(supported)}.")


def invalid_type(path: str, expected: str, value: object) -> Refusal:
    got = _TYPE_NAMES.get(type(value), "an unknown type")
    message = f"Invalid type for '{path}': expected {expected}, but got {got} instead."
    return Refusal("invalid_type", message, path)


def invalid_event(message: str) -> Refusal:
    """The frame is no event at all."""
    return Refusal("invalid_event", message)


_TYPE_NAMES: dict[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a decimal",
    bool: "a boolean",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def _listed(values: tuple[str, ...]) -> str:
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"
