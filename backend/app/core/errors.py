"""The kinds of refusal a domain can raise; the API layer maps each kind to one HTTP status."""


class DomainError(Exception):
    """An anticipated refusal. `code` is stable and public; the message holds no caller content and no secret."""

    code = "error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.code.replace("_", " "))


class NotFound(DomainError):
    code = "not_found"


class Conflict(DomainError):
    code = "conflict"


class Forbidden(DomainError):
    code = "forbidden"


class Invalid(DomainError):
    code = "invalid"


class Unavailable(DomainError):
    """Something outside does not answer or refuses; trying later may work."""

    code = "unavailable"
