"""The sandbox's brain: what the assistant says and does."""

from sandbox.speech.brain.build import build_brain
from sandbox.speech.brain.chat_brain import BrainUnavailable, ChatBrain
from sandbox.speech.brain.receptionist import Receptionist
from sandbox.speech.brain.text_tasks import answer_text

__all__ = ["BrainUnavailable", "ChatBrain", "Receptionist", "answer_text", "build_brain"]
