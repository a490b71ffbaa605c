"""The speech service as a web server."""

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from sandbox.speech.brain import build_brain
from sandbox.speech.clock import Clock, unix_seconds
from sandbox.speech.control_routes import ControlRoutes
from sandbox.speech.ears import build_ears
from sandbox.speech.parts import Brain, Ears, Voice
from sandbox.speech.realtime.connection import RealtimeEndpoint
from sandbox.speech.realtime.faults import Faults
from sandbox.speech.realtime.register import Register
from sandbox.speech.realtime.socket_server import BreakableWebSocket
from sandbox.speech.realtime.state import Parts
from sandbox.speech.rest_routes import RestRoutes, openai_error
from sandbox.speech.settings import SpeechSettings
from sandbox.speech.voice import EspeakVoice

_LARGEST_FRAME = 32 * 1024 * 1024
"""An append of 15 MiB is 20 MiB of base64."""


def create_speech(
    settings: SpeechSettings, ears: Ears, brain: Brain, voice: Voice, *, clock: Clock = unix_seconds
) -> Starlette:
    """The service made of its parts, as one ASGI application."""
    faults = Faults()
    register = Register(faults)
    endpoint = RealtimeEndpoint(settings, Parts(ears, brain, voice), faults=faults, register=register, clock=clock)
    control = ControlRoutes(voice, faults, register)
    rest = RestRoutes(settings, clock=clock)
    return Starlette(
        routes=[
            WebSocketRoute("/v1/realtime", endpoint),
            Route("/v1/models", rest.models),
            Route("/v1/models/{model}", rest.model),
            Route("/v1/responses", rest.responses, methods=["POST"]),
            Route("/sandbox/health", control.health),
            Route("/sandbox/sessions", control.sessions),
            Route("/sandbox/voice", control.voice, methods=["POST"]),
            Route("/sandbox/faults", control.faults, methods=["GET", "POST", "DELETE"]),
        ],
        exception_handlers={404: openai_error, 405: openai_error},
    )


def uvicorn_config(app: Starlette, settings: SpeechSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws=BreakableWebSocket,
        ws_max_size=_LARGEST_FRAME,
        ws_per_message_deflate=False,
        log_level=settings.log_level.lower(),
        access_log=False,
        timeout_graceful_shutdown=2,
    )


async def serve(settings: SpeechSettings) -> None:
    """Serve with the real ears, brain and voice until the process is told to end."""
    voice = EspeakVoice()
    ears = build_ears(voice, settings.local_stt)
    brain = build_brain(
        settings.llm_base_url, model=settings.llm_model, api_key=settings.llm_api_key.get_secret_value()
    )
    try:
        await uvicorn.Server(uvicorn_config(create_speech(settings, ears, brain, voice), settings)).serve()
    finally:
        await ears.close()
        await voice.close()
