"""The sandbox's voice."""

from sandbox.speech.voice.espeak_link import VoiceUnavailable
from sandbox.speech.voice.espeak_voice import EspeakVoice

__all__ = ["EspeakVoice", "VoiceUnavailable"]
