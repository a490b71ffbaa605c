"""The speech service: a Realtime server with ears, a brain and a voice."""
