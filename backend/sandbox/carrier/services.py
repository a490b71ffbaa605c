"""What every part of the carrier works with."""

from dataclasses import dataclass

from sandbox.carrier.callbacks import Callbacks
from sandbox.carrier.clock import Metronome
from sandbox.carrier.faults import Faults
from sandbox.carrier.settings import CarrierSettings
from sandbox.carrier.tasks import Tasks
from sandbox.carrier.voice import Voice
from sandbox.carrier.webhooks import WebhookSender


@dataclass(frozen=True, slots=True)
class Services:
    settings: CarrierSettings
    faults: Faults
    sender: WebhookSender
    callbacks: Callbacks
    voice: Voice
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
    return Services(
        settings=settings,
        faults=faults,
        sender=sender,
        callbacks=Callbacks(sender, tasks, faults, settings.account_sid),
        voice=Voice(settings.speech_url),
        metronome=Metronome(),
        tasks=tasks,
    )
