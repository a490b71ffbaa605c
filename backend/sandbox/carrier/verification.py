"""Proving a number by a code (twilio-google.md §4.4). The code arrives as a text message of the sandbox."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.carrier.clock import utc_now
from sandbox.carrier.sids import new_sid

LIFE = timedelta(minutes=10)
MOST_CHECKS = 5
MOST_SENDS = 5


class TooManyChecks(Exception):
    """The code was checked too often."""


class TooManySends(Exception):
    """The code was sent too often without being checked."""


@dataclass(eq=False, slots=True)
class Attempt:
    """One sending of a code."""

    channel: str
    sid: str = field(default_factory=lambda: new_sid("VL"))
    at: datetime = field(default_factory=utc_now)


@dataclass(eq=False, slots=True)
class Verification:
    """A code on its way to somebody. Status: pending, approved, canceled or expired."""

    service_sid: str
    to: str
    channel: str
    code: str
    status: str = "pending"
    sid: str = field(default_factory=lambda: new_sid("VE"))
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)
    attempts: list[Attempt] = field(default_factory=list)
    checks: int = 0

    def is_open(self, now: datetime) -> bool:
        return self.status == "pending" and now - self.created_at < LIFE

    def send(self, channel: str) -> None:
        """Raises TooManySends."""
        if len(self.attempts) >= MOST_SENDS:
            raise TooManySends
        self.channel = channel
        self.attempts.append(Attempt(channel))
        self.updated_at = utc_now()

    def check(self, code: str) -> bool:
        """Whether it is the code; the verification is over then. Raises TooManyChecks."""
        if self.checks >= MOST_CHECKS:
            raise TooManyChecks
        self.checks += 1
        self.updated_at = utc_now()
        if secrets.compare_digest(code.encode(), self.code.encode()):
            self.status = "approved"
        return self.status == "approved"


@dataclass(eq=False, slots=True)
class VerifyService:
    friendly_name: str
    code_length: int = 6
    sid: str = field(default_factory=lambda: new_sid("VA"))
    created_at: datetime = field(default_factory=utc_now)


class Verifications:
    """The account's services and their verifications."""

    def __init__(self) -> None:
        self.services: dict[str, VerifyService] = {}
        self._verifications: list[Verification] = []

    def service(self, sid: str) -> VerifyService | None:
        return self.services.get(sid)

    def create_service(self, friendly_name: str, code_length: int) -> VerifyService:
        service = VerifyService(friendly_name, code_length)
        self.services[service.sid] = service
        return service

    def start(self, service: VerifyService, to: str, channel: str, code: str | None) -> Verification:
        """Send a code; while one is on its way the same is sent again. Raises TooManySends."""
        verification = self.open(service.sid, to)
        if verification is None:
            made = code or "".join(secrets.choice("0123456789") for _ in range(service.code_length))
            verification = Verification(service.sid, to, channel, made)
            self._verifications.append(verification)
        verification.send(channel)
        return verification

    def open(self, service_sid: str, to_or_sid: str) -> Verification | None:
        """The pending verification of a number, or with an id."""
        now = utc_now()
        for verification in reversed(self._verifications):
            if verification.service_sid == service_sid and to_or_sid in (verification.to, verification.sid):
                return verification if verification.is_open(now) else None
        return None

    def find(self, service_sid: str, to_or_sid: str) -> Verification | None:
        """The latest verification, pending or not."""
        for verification in reversed(self._verifications):
            if verification.service_sid == service_sid and to_or_sid in (verification.to, verification.sid):
                return verification
        return None
