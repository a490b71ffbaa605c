"""An OpenAI Realtime server (GA protocol), written from the published schemas and observed behaviour."""
