"""The sandbox's ears."""

from sandbox.speech.ears.layered_ears import LayeredEars
from sandbox.speech.ears.recogniser import EarsUnavailable, read_local_stt
from sandbox.speech.fingerprint import Fingerprints
from sandbox.speech.voice import EspeakVoice

__all__ = ["EarsUnavailable", "LayeredEars", "build_ears"]


def build_ears(voice_or_registry: EspeakVoice | Fingerprints, local_stt: str = "") -> LayeredEars:
    """Ears that know the renderings of a voice; `local_stt` is the value of LOCAL_STT ("faster-whisper:/path", …).

    Raises EarsUnavailable when what `local_stt` names is missing, or no recogniser is installed at all.
    """
    known = voice_or_registry.fingerprints if isinstance(voice_or_registry, EspeakVoice) else voice_or_registry
    return LayeredEars(known, read_local_stt(local_stt) if local_stt else None)
