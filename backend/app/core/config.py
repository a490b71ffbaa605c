"""Every setting of the production process, read once from the environment and frozen."""

from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PLACEHOLDERS = ("changeme", "change-me", "your-", "your_", "<", "xxx", "placeholder", "todo", "replace")


def is_set(value: str) -> bool:
    """Whether a setting holds a real value: neither empty nor a placeholder somebody forgot to replace."""
    return bool(value.strip()) and not value.strip().lower().startswith(PLACEHOLDERS)


class Settings(BaseSettings):
    """Environment names are the field names in upper case; a `.env` file in the working directory is read too."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)

    app_env: Literal["development", "test", "production"] = Field("development", description="Where this process runs")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe level logged")
    host: str = Field("127.0.0.1", description="Address the server listens on")
    port: int = Field(8000, description="Port the server listens on", ge=1, le=65535)
    reuse_port: bool = Field(False, description="Let several server processes share the port (Linux)")
    websocket_server: Literal["picows", "websockets-sansio"] = Field(
        "picows", description="WebSocket implementation under uvicorn"
    )
    data_dir: Path = Field(Path(".data"), description="Folder of the embedded database and other local files")
    database_url: str = Field("", description="PostgreSQL address; empty: the embedded PostgreSQL in DATA_DIR")
    db_username: str = Field("", description="Database user, when DATABASE_URL names none")
    db_password: SecretStr = Field(SecretStr(""), description="Database password, when DATABASE_URL names none")
    public_base_url: str = Field("", description="Address under which the carrier reaches this server")
    frontend_url: str = Field("", description="Origin of the web app when it is served elsewhere (CORS)")
    openai_api_key: SecretStr = Field(SecretStr(""), description="Key for the voice engine and the text model")
    openai_base_url: str = Field("https://api.openai.com/v1", description="Base of the OpenAI API; http becomes ws")
    openai_realtime_model: str = Field("gpt-realtime-2.1", description="Model that holds the conversation")
    openai_transcription_model: str = Field("gpt-transcribe", description="Model that writes down the caller")
    twilio_account_sid: str = Field("", description="Twilio account")
    twilio_auth_token: SecretStr = Field(
        SecretStr(""), description="Primary auth token; several, comma separated, while a token is rotated"
    )
    twilio_verify_service_sid: str = Field("", description="Twilio Verify service for phone verification")
    twilio_base_url: str = Field("", description="Other base for all Twilio REST traffic; empty: twilio.com")
    google_client_id: str = Field("", description="Google OAuth client")
    google_client_secret: SecretStr = Field(SecretStr(""), description="Secret of the Google OAuth client")
    google_base_url: str = Field("", description="Other base for all Google traffic; empty: google.com")
    jwt_secret_key: SecretStr = Field(SecretStr(""), description="Signs sessions and one-time stream tokens")
    engine_ready_s: float = Field(2.5, description="Seconds the voice engine has to become ready or to answer", gt=0)
    drain_s: float = Field(600.0, description="Seconds live calls may go on after SIGTERM", ge=0)

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("public_base_url", "frontend_url", "openai_base_url", "twilio_base_url", "google_base_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @cached_property
    def base_url(self) -> str:
        """PUBLIC_BASE_URL, or the loopback address of this server when none is set."""
        return self.public_base_url or f"http://127.0.0.1:{self.port}"

    @cached_property
    def signing_secrets(self) -> tuple[str, ...]:
        """The carrier's signing secrets, primary first; empty when none is configured."""
        tokens = self.twilio_auth_token.get_secret_value().split(",")
        return tuple(token.strip() for token in tokens if is_set(token))

    @cached_property
    def async_database_url(self) -> str:
        """DATABASE_URL for asyncpg, with DB_USERNAME and DB_PASSWORD filled in; empty for the embedded database."""
        if not is_set(self.database_url):
            return ""
        url = urlsplit(self.database_url)
        netloc = url.netloc
        if "@" not in netloc and self.db_username:
            password = self.db_password.get_secret_value()
            netloc = f"{quote(self.db_username, safe='')}:{quote(password, safe='')}@{netloc}"
        query = f"?{url.query}" if url.query else ""
        return f"postgresql+asyncpg://{netloc}{url.path}{query}"

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Names of the settings without which calls get voicemail only, in the order one would set them."""
        needed = {
            "TWILIO_ACCOUNT_SID": self.twilio_account_sid,
            "TWILIO_AUTH_TOKEN": ",".join(self.signing_secrets),
            "OPENAI_API_KEY": self.openai_api_key.get_secret_value(),
            "PUBLIC_BASE_URL": self.public_base_url,
            "JWT_SECRET_KEY": self.jwt_secret_key.get_secret_value(),
        }
        return tuple(name for name, value in needed.items() if not is_set(value))

    @property
    def has_engine(self) -> bool:
        return is_set(self.openai_api_key.get_secret_value())
