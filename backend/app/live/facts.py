"""What a running call has to know of its records, copied out so that no database session stays open for it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from app.callflow.engine import EnginePersona
from app.callflow.plan import CallPlan
from app.callflow.words import PhraseKey
from app.core.phone import E164


@dataclass(frozen=True, slots=True)
class CallRef:
    """Names a call here and at the carrier."""

    account_id: uuid.UUID
    call_id: uuid.UUID
    carrier_call_id: str


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Who rings whom, and what the owner allows in this call."""

    ref: CallRef
    caller: E164 | None
    called: E164
    owner_name: str
    transfer_number: E164 | None
    booking_link: str


@dataclass(frozen=True, slots=True)
class Preparation:
    """Everything that is settled before a stream is served; `audio` holds the phrases as G.711 mu-law."""

    facts: CallFacts
    plan: CallPlan
    persona: EnginePersona
    audio: Mapping[PhraseKey, bytes]
