"""Settings of the speech service, read from the environment."""

from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

REALTIME_MODELS = (
    "gpt-realtime-2.1",
    "gpt-realtime-2.1-mini",
    "gpt-realtime-2",
    "gpt-realtime-1.5",
    "gpt-realtime",
    "gpt-realtime-2025-08-28",
    "gpt-realtime-mini",
)


class SpeechSettings(BaseSettings):
    """Environment names are the field names in upper case after SANDBOX_SPEECH_, or the name the field gives."""

    model_config = SettingsConfigDict(
        env_prefix="SANDBOX_SPEECH_", frozen=True, hide_input_in_errors=True, populate_by_name=True, extra="ignore"
    )

    host: str = Field("127.0.0.1", description="Address the server listens on")
    port: int = Field(8101, description="Port the server listens on; 0 picks a free one", ge=0, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe level logged", validation_alias=AliasChoices("LOG_LEVEL", "log_level")
    )

    pacing: float = Field(5.0, description="How many times faster than real time audio is generated", ge=1, le=100)
    thinking_s: float = Field(0.0, description="Seconds before the first output of every response", ge=0)
    seed: int | None = Field(None, description="Makes the sizes of audio deltas the same in every session")

    semantic_hang_over_ms: int = Field(500, description="Silence that ends a turn under semantic_vad", ge=100, le=8000)
    onset_ms: int = Field(60, description="Sound that must last this long to be speech", ge=20, le=400)
    quietest_speech_dbfs: float = Field(-42.0, description="Level below which nothing is speech at threshold 0.5")

    session_s: float = Field(3600.0, description="Length of a session; the vendor's is 60 minutes", gt=0)
    refused_keys: tuple[str, ...] = Field((), description="API keys that are refused, besides those like sk-bad…")
    bad_key_status: Literal["close", "http"] = Field(
        "close", description="A bad key meets close code 3000 (as seen at the vendor), or HTTP 401"
    )
    part_timeout_s: float = Field(20.0, description="Longest wait for the ears, the brain or the voice", gt=0)

    llm_base_url: str = Field(
        "",
        description="Chat-completions endpoint that replaces the scripted brain",
        validation_alias=AliasChoices("LOCAL_LLM_BASE_URL", "llm_base_url"),
    )
    llm_model: str = Field(
        "", description="Model asked there", validation_alias=AliasChoices("LOCAL_LLM_MODEL", "llm_model")
    )
    llm_api_key: SecretStr = Field(
        SecretStr(""), description="Its key, if any", validation_alias=AliasChoices("LOCAL_LLM_API_KEY", "llm_api_key")
    )
    local_stt: str = Field(
        "",
        description='Speech recognition model that replaces the bundled recogniser, as "kind:/path"',
        validation_alias=AliasChoices("LOCAL_STT", "local_stt"),
    )

    def refuses(self, key: str) -> bool:
        """Whether an API key is no good: empty, refused by name, or one that says so itself."""
        return not key or key.startswith("sk-bad") or key in self.refused_keys
