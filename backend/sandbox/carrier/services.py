"""What every part of the carrier works with."""

from dataclasses import dataclass

from sandbox.carrier.callbacks import Callbacks
from sandbox.carrier.clock import Metronome
from sandbox.carrier.faults import Faults
from sandbox.carrier.legs import Legs
from sandbox.carrier.messages import Messages
from sandbox.carrier.numbers import Number, Numbers
from sandbox.carrier.parties import Parties
from sandbox.carrier.recordings import Recordings
from sandbox.carrier.settings import CarrierSettings
from sandbox.carrier.tasks import Tasks
from sandbox.carrier.verification import Verifications
from sandbox.carrier.voice import Voice
from sandbox.carrier.webhooks import WebhookSender


@dataclass(frozen=True, slots=True)
class Services:
    settings: CarrierSettings
    faults: Faults
    sender: WebhookSender
    callbacks: Callbacks
    voice: Voice
    recordings: Recordings
    legs: Legs
    numbers: Numbers
    parties: Parties
    messages: Messages
    verifications: Verifications
    metronome: Metronome
    tasks: Tasks

    @property
    def account_sid(self) -> str:
        return self.settings.account_sid

    @property
    def auth_token(self) -> str:
        return self.settings.auth_token.get_secret_value()

    async def close(self) -> None:
        await self.tasks.close()
        await self.sender.close()
        await self.voice.close()


def make_services(settings: CarrierSettings) -> Services:
    """Needs a running loop, in which `close` is awaited in the end."""
    faults, tasks = Faults(), Tasks()
    sender = WebhookSender(settings.auth_token.get_secret_value(), faults)
    callbacks = Callbacks(sender, tasks, faults, settings.account_sid)
    return Services(
        settings=settings,
        faults=faults,
        sender=sender,
        callbacks=callbacks,
        voice=Voice(settings.speech_url),
        recordings=Recordings(settings, callbacks),
        legs=Legs(settings.kept_calls),
        numbers=_numbers(settings),
        parties=Parties(),
        messages=Messages(tasks, callbacks, settings.account_sid),
        verifications=Verifications(),
        metronome=Metronome(),
        tasks=tasks,
    )


def _numbers(settings: CarrierSettings) -> Numbers:
    """The number in service from the start; the application answers it."""
    app = settings.app_url.rstrip("/")
    numbers = Numbers()
    numbers.add(
        Number(
            settings.number,
            voice_url=f"{app}/calls/inbound",
            fallback_url=f"{app}/calls/fallback",
            status_callback=f"{app}/calls/status",
        )
    )
    return numbers
