"""Renderings that this process has read: they never change, and every call plays the same bytes."""

import uuid
from collections import OrderedDict
from dataclasses import dataclass

_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class RenderedPhrase:
    """A sentence as G.711 mu-law at 8 kHz, `ms` long."""

    text: str
    audio: bytes
    ms: float


class PhraseShelf:
    """One per process; the longest unused go first when `most_bytes` of audio are exceeded."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._phrases: OrderedDict[tuple[uuid.UUID, bytes], RenderedPhrase] = OrderedDict()

    def get(self, account_id: uuid.UUID, key_hash: bytes) -> RenderedPhrase | None:
        found = self._phrases.get((account_id, key_hash))
        if found is not None:
            self._phrases.move_to_end((account_id, key_hash))
        return found

    def put(self, account_id: uuid.UUID, key_hash: bytes, phrase: RenderedPhrase) -> None:
        if (account_id, key_hash) in self._phrases:
            return
        self._phrases[account_id, key_hash] = phrase
        self._bytes += len(phrase.audio)
        while self._bytes > self._most_bytes:
            _, dropped = self._phrases.popitem(last=False)
            self._bytes -= len(dropped.audio)
