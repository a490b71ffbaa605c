"""The vendor as a voice engine of the call: opens sessions and renders phrases."""

import asyncio
from urllib.parse import urlencode

from app.adapters.openai_realtime.connection import RealtimeSession
from app.adapters.openai_realtime.negotiation import Negotiation
from app.adapters.openai_realtime.rendering import Render
from app.adapters.openai_realtime.session_config import configuration, minimal_configuration
from app.adapters.openai_realtime.translate import Translator
from app.callflow.engine import EngineListener, EnginePersona
from app.callflow.words import Seed
from app.core.config import Settings
from app.core.errors import Unavailable

_RENDER_S = 20.0
_RENDER_TRIES = 3


class NotRendered(Unavailable):
    """The engine could not be brought to speak a sentence exactly."""

    code = "phrase_not_rendered"


class OpenAIRealtime:
    """The vendor, configured: opens sessions and renders phrases (see `app.callflow.engine.VoiceEngine`)."""

    def __init__(self, settings: Settings) -> None:
        base = settings.openai_base_url
        scheme, _, rest = base.partition("://")
        ws_base = f"{ {'https': 'wss', 'http': 'ws'}.get(scheme, scheme) }://{rest}"
        self._model = settings.openai_realtime_model
        self._transcription_model = settings.openai_transcription_model
        self._url = f"{ws_base}/realtime?{urlencode({'model': self._model})}"
        self._key = settings.openai_api_key.get_secret_value()

    def open(self, persona: EnginePersona, seed: Seed, listener: EngineListener) -> RealtimeSession:
        """Begin a session. EngineReady or EngineLost follows; nothing is raised."""
        heard_by = self._transcription_model
        negotiation = Negotiation(
            configuration(persona, model=self._model, transcription_model=heard_by),
            minimal_configuration(persona, transcription_model=heard_by),
        )
        session = RealtimeSession(listener, Translator(self._model, heard_by), negotiation, seed)
        session.connect(self._url, {"Authorization": f"Bearer {self._key}"})
        return session

    async def render(self, persona: EnginePersona, text: str) -> bytes:
        """Speak exactly `text` and return G.711 mu-law at 8 kHz. Raises NotRendered."""
        for _ in range(_RENDER_TRIES):
            render = Render(text)
            session = self.open(persona, Seed(), lambda event, render=render: render.on_event(event))  # type: ignore[misc]
            session.watch(render.on_server_event)
            try:
                async with asyncio.timeout(_RENDER_S):
                    await render.is_ready.wait()
                    if not render.is_lost:
                        session.send_frame(render.request)
                        await render.is_done.wait()
            except TimeoutError:
                continue
            finally:
                session.close()
            if render.is_lost:
                raise NotRendered(render.code)
            if render.is_exact:
                return render.audio
        raise NotRendered
