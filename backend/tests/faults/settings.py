"""Settings under which the application is tested here."""


def engine_at(port: int) -> dict[str, str]:
    """An engine on this port of the loopback, with all the time it may need on a busy machine."""
    return {"openai_base_url": f"http://127.0.0.1:{port}/v1", "engine_ready_s": "20"}
