"""Choosing the brain."""

from sandbox.speech.brain.chat_brain import ChatBrain, Endpoint
from sandbox.speech.brain.receptionist import Receptionist
from sandbox.speech.parts import Brain


def build_brain(llm_base_url: str = "", *, model: str = "", api_key: str = "", timeout_s: float = 30.0) -> Brain:
    """The scripted receptionist, or a language model when the address of a chat-completions endpoint is given.

    `llm_base_url` is what stands before /chat/completions, for example http://127.0.0.1:11434/v1.
    """
    if not llm_base_url:
        return Receptionist()
    return ChatBrain(Endpoint(llm_base_url, model, api_key, timeout_s))
