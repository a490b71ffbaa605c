"""Settings of the carrier, read from the environment."""

from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class CarrierSettings(BaseSettings):
    """Environment names are the field names in upper case after SANDBOX_, or the name the field gives."""

    model_config = SettingsConfigDict(
        env_prefix="SANDBOX_", frozen=True, hide_input_in_errors=True, populate_by_name=True, extra="ignore"
    )

    host: str = Field("127.0.0.1", description="Address the carrier listens on", validation_alias="CARRIER_HOST")
    port: int = Field(8100, description="Port the carrier listens on", ge=0, le=65535, validation_alias="CARRIER_PORT")
    carrier_url: str = Field("", description="Address others reach the carrier at; http://host:port when empty")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe level logged", validation_alias=AliasChoices("LOG_LEVEL", "log_level")
    )
    account_sid: str = Field(
        "AC" + "5a" * 16,
        description="The account",
        pattern="^AC[0-9a-f]{32}$",
        validation_alias=AliasChoices("TWILIO_ACCOUNT_SID", "account_sid"),
    )
    auth_token: SecretStr = Field(
        SecretStr("sandbox-auth-token"),
        description="Its auth token: signs webhooks, opens the REST API",
        validation_alias=AliasChoices("TWILIO_AUTH_TOKEN", "auth_token"),
    )
    api_key: str = Field(
        "SK" + "5a" * 16,
        description="An API key, which opens the REST API too",
        validation_alias=AliasChoices("TWILIO_API_KEY", "api_key"),
    )
    api_secret: SecretStr = Field(
        SecretStr("sandbox-api-secret"),
        description="Its secret",
        validation_alias=AliasChoices("TWILIO_API_SECRET", "api_secret"),
    )
    app_url: str = Field("http://127.0.0.1:8000", description="The application that answers the number")
    app_key: SecretStr = Field(SecretStr(""), description="Its API key, for the softphone's list of past calls")
    speech_url: str = Field("http://127.0.0.1:8101", description="Speech service that speaks for callers and for <Say>")
    number: str = Field("+15550001111", description="The number in service from the start")
    may_stream_plainly: bool = Field(True, description="Whether ws:// streams are allowed, which the vendor refuses")
    kept_calls: int = Field(50, description="How many ended calls, and recordings, are remembered with audio", ge=1)

    @property
    def public_url(self) -> str:
        return self.carrier_url.rstrip("/") or f"http://{self.host}:{self.port}"
