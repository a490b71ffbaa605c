"""OpenAI Realtime as a voice engine."""
