"""The one settings class of every process: environment variables `TREATYLINE_*`, read once, passed in."""

from __future__ import annotations

import ipaddress
import re
import sys
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.core.errors import UnsafeSettings

PREFIX = "TREATYLINE_"

Words = Annotated[tuple[str, ...], NoDecode]  # written "inf,start" in the environment
Port = Annotated[int, Field(ge=0, le=65535)]  # 0: any free port


class Settings(BaseSettings):
    """What the operator may choose. Raises `pydantic.ValidationError` naming the setting that is wrong."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    # Where things are kept. Nothing embedded starts for a server whose address is given.
    database_url: str | None = Field(
        None,
        validation_alias=AliasChoices("TREATYLINE_DATABASE_URL", "DATABASE_URL", "database_url"),
        repr=False,
    )
    migrate_url: str | None = Field(None, repr=False)  # the owner who migrates; default: database_url
    redis_url: str | None = Field(None, repr=False)
    data_dir: Path = Path("var")

    # Listening. One port serves ingest and api together under `treatyline up`.
    host: str = "127.0.0.1"
    port: Port = 8377
    ingest_port: Port = 8378
    api_port: Port = 8379
    postgres_port: Port = 0  # of the embedded PostgreSQL
    valkey_port: Port = 0  # of the embedded Valkey
    worker_metrics_port: Port | None = None  # of the worker's `/metrics`, on the loopback; none without
    trusted_proxies: Words = ()  # addresses whose X-Forwarded-For and -Proto are believed

    # Who may in. Until there is a key (`treatyline keys create`) the services listen on loopback alone.
    first_key_file: Path | None = None  # holds a key that is taken in at the start, as `admin`
    open_reading: bool = False  # reading needs no key (the log itself always does)
    api_key: SecretStr | None = None  # the command line's own, for services that ask for one
    cors_origins: Words = ()  # sites whose scripts may call the API: https://news.example
    session_secret: SecretStr | None = Field(None, min_length=32)  # default: one kept in data_dir
    session_hours: float = Field(12.0, gt=0, le=24 * 365)
    rate_per_key: int = Field(6000, ge=0)  # requests a minute, 0: any number
    rate_per_address: int = Field(600, ge=0)  # the same for those who bring no key

    # Limits.
    max_body_bytes: int = Field(5 * 1024 * 1024, ge=1024)
    max_bulk_bytes: int = Field(100 * 1024 * 1024, ge=1024)  # of many articles at once, a line each
    max_text_characters: int = Field(1_000_000, ge=100)
    database_pool_size: int = Field(8, ge=1, le=200)
    database_timeout: float = Field(5.0, gt=0, le=300)  # seconds to wait for a connection before 503

    # The pipeline.
    dossiers: Words = ("inf",)
    dossier_folders: Words = ()  # of dossiers that do not come with this release, each named as its id
    worker_concurrency: str = Field("2", pattern=r"^([1-9][0-9]*|auto)$")
    article_seconds: float = Field(
        60.0, gt=0, le=3600
    )  # to read one article in; a third more and the worker ends
    reader_threads: int = Field(
        2, ge=1, le=64
    )  # sentences of an article encoded side by side, where cores are free
    relay_window: int = Field(
        200, ge=1, le=10_000
    )  # articles of one stage sent to the broker and not finished

    # An optional second reader: an OpenAI-compatible endpoint, which sees the text of every article on the subject.
    llm_url: str | None = None  # its base, such as https://host/v1; off without
    llm_model: str | None = None
    llm_key: SecretStr | None = None
    llm_timeout: float = Field(10.0, gt=0, le=600)  # seconds for a whole answer

    # Webhooks. They reach the internet by https, and nothing beside this system but what is named here.
    webhook_networks: Words = ()  # networks or addresses inside, where http will do too: 10.1.0.0/16,127.0.0.1
    webhook_seconds: float = Field(15.0, gt=0, le=120)  # for a receiver to answer

    # Feeds. They are asked for on the internet, and inside only what is named here.
    feed_networks: Words = ()  # networks or addresses inside: 10.1.0.0/16,127.0.0.1
    feed_contact: str | None = Field(
        None, max_length=200, pattern=r"^[\x20-\x7e]+$"
    )  # for who is asked: an address
    feed_pages: bool = False  # where a feed carries no whole text, its items' pages may be fetched
    feed_seconds: float = Field(30.0, gt=0, le=100)  # for a whole answer, redirects included
    feed_max_bytes: int = Field(10 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)  # of it, unpacked

    # Miniflux posts what it reads to /v1/hooks/miniflux, signed with this; nothing is taken there without.
    miniflux_secret: SecretStr | None = Field(None, min_length=16)

    # What is told about it.
    show_texts: bool = False  # the page shows articles whole, not only the sentences that carry something
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_json: bool | None = None  # None: JSON unless standard error is a terminal

    @field_validator(
        "dossiers",
        "dossier_folders",
        "trusted_proxies",
        "cors_origins",
        "webhook_networks",
        "feed_networks",
        mode="before",
    )
    @classmethod
    def _split_words(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("dossiers")
    @classmethod
    def _some_dossier(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("names no dossier; articles are read for at least one, such as inf")
        return value

    @field_validator("database_url", "migrate_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must be a PostgreSQL address: postgresql://user:password@host:port/database")
        if value is not None and not _unmistakable(value):
            raise ValueError(f"cannot be taken apart: {_ENCODED}")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must be a Redis or Valkey address: redis://host:port/0")
        try:
            urlsplit(value or "").port  # noqa: B018 - it raises
        except ValueError:  # whose words would be those of a password with a slash in it
            raise ValueError(f"cannot be taken apart: {_ENCODED}") from None
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            url = urlsplit(origin)
            if (
                url.scheme not in {"http", "https"}
                or not url.hostname
                or origin != f"{url.scheme}://{url.netloc}"
            ):
                raise ValueError(
                    "wants origins such as https://news.example, each by its name and without a path"
                )
        return value

    @field_validator("webhook_networks", "feed_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            try:
                ipaddress.ip_network(word, strict=False)
            except ValueError:
                raise ValueError("wants networks or addresses such as 10.1.0.0/16,127.0.0.1") from None
        return value

    @model_validator(mode="after")
    def _second_reader(self) -> Self:
        if self.llm_url is None:
            return self
        url = urlsplit(self.llm_url)
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise ValueError("TREATYLINE_LLM_URL must be an address such as https://host/v1")
        if not self.llm_model:
            raise ValueError("TREATYLINE_LLM_URL needs TREATYLINE_LLM_MODEL, the name of the model to ask")
        if self.llm_key is not None and url.scheme == "http" and not is_loopback(url.hostname):
            raise ValueError(
                "TREATYLINE_LLM_KEY would be sent in the clear: TREATYLINE_LLM_URL must be https"
            )
        if self.llm_timeout * 2 > self.article_seconds:
            raise ValueError(
                "TREATYLINE_LLM_TIMEOUT must be at most half of TREATYLINE_ARTICLE_SECONDS, or waiting for the "
                "endpoint could cost the article its reading"
            )
        return self

    @property
    def json_logs(self) -> bool:
        """Whether logs are JSON lines (else for a person to read)."""
        return not sys.stderr.isatty() if self.log_json is None else self.log_json


_ENCODED = "write @ in a user's name or password as %40, / as %2F, ? as %3F, % as %25"


def _unmistakable(address: str) -> bool:
    """Whether the database's driver finds in the address what was meant: else it tells half a password as a host."""
    rest = address.partition("://")[2]
    place, _, path = rest.partition("?")[0].partition("/")
    account, at, hosts = place.rpartition("@")
    ports = [host.rpartition("]")[2].partition(":")[2] for host in hosts.split(",")]
    try:
        unquote(rest, errors="strict")
    except UnicodeDecodeError:
        return False
    return (
        "@" not in account
        and (at != "" or not place or "@" not in path)
        and all(not port or port.isdecimal() for port in ports)
        and not re.search(r"%(?![0-9a-fA-F]{2})", rest)
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment. Raises UnsafeSettings with one line for each setting that is wrong.

    From then on this process knows the dossiers in `dossier_folders`.
    """
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False, include_input=False):
            name = str(problem["loc"][0]) if problem["loc"] else ""
            variable = name if name.isupper() or not name else PREFIX + name.upper()
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{variable}: {message}" if variable else message)
        raise UnsafeSettings("\n".join(lines)) from None
    _make_dossiers_known(settings)
    return settings


def _make_dossiers_known(settings: Settings) -> None:
    if not settings.dossier_folders and settings.dossiers == ("inf",):
        return  # without the time that loading takes
    from services.core.domain.dossier import load_dossier  # noqa: PLC0415
    from services.core.domain.dossier_folders import DossierError, folder_of, use_folders  # noqa: PLC0415

    try:
        use_folders(Path(folder) for folder in settings.dossier_folders)
        for folder in settings.dossier_folders:
            load_dossier(Path(folder).expanduser().resolve().name)
    except DossierError as error:
        raise UnsafeSettings(f"{PREFIX}DOSSIER_FOLDERS: {error}") from None
    try:
        for dossier in settings.dossiers:
            folder_of(dossier)
    except DossierError as error:
        raise UnsafeSettings(f"{PREFIX}DOSSIERS: {error}") from None
