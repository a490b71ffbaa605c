"""What is counted about calls: no phone numbers, no words."""

from prometheus_client import Counter, Gauge, Histogram

LIVE_CALLS = Gauge("callassistant_live_calls", "Calls whose stream this process serves")
CALLS = Counter("callassistant_calls_total", "Calls that rang, by route", ["route"])
STREAMS_REFUSED = Counter("callassistant_streams_refused_total", "Streams refused, by reason", ["reason"])
FIRST_AUDIO_MS = Histogram(
    "callassistant_first_audio_ms",
    "Milliseconds from the start of the stream to the first audio",
    buckets=(5, 10, 20, 40, 60, 100, 250, 500, 1000, 2500),
)
RESPONSE_MS = Histogram(
    "callassistant_response_ms",
    "Milliseconds from the end of the caller's speech to the first audio of the answer",
    buckets=(200, 400, 600, 800, 1000, 1500, 2000, 3000, 5000),
)
TROUBLES = Counter("callassistant_troubles_total", "Troubles in calls, by kind", ["what"])
TOOL_CALLS = Counter("callassistant_tool_calls_total", "Tool calls, by tool and outcome", ["tool", "status"])
