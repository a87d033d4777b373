"""The operator's choices: read once, and refused where they would let strangers in."""

from __future__ import annotations

import pytest

from services.core.errors import UnsafeSettings
from services.core.settings import Settings, is_loopback, load_settings


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "TREATYLINE_DATABASE_URL", "TREATYLINE_REDIS_URL", "TREATYLINE_HOST"):
        monkeypatch.delenv(name, raising=False)


def test_defaults_listen_on_loopback_and_start_embedded_servers() -> None:
    settings = load_settings()
    assert is_loopback(settings.host)
    assert settings.port == 8377
    assert settings.database_url is None
    assert settings.dossiers == ("inf",)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@h/other")
    assert load_settings().database_url == "postgresql://a@h/other"
    monkeypatch.setenv("TREATYLINE_DATABASE_URL", "postgresql://a@h/ours")
    monkeypatch.setenv("TREATYLINE_DOSSIERS", "inf, start")
    monkeypatch.setenv("TREATYLINE_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("TREATYLINE_REDIS_URL", "")
    settings = Settings()  # there is no dossier `start` to load
    assert settings.database_url == "postgresql://a@h/ours"
    assert settings.dossiers == ("inf", "start")
    assert settings.log_level == "warning"
    assert settings.redis_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "web"),
        ("DATABASE_URL", "sqlite:///x"),
        ("REDIS_URL", "http://x"),
        ("DOSSIERS", ","),
        ("WORKER_CONCURRENCY", "many"),
        ("LOG_LEVEL", "loud"),
        ("MAX_BODY_BYTES", "5"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://news.example/"),
        ("CORS_ORIGINS", "null"),
        ("SESSION_SECRET", "short"),
        ("RATE_PER_KEY", "-1"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"TREATYLINE_{name}", value)
    with pytest.raises(UnsafeSettings, match=f"TREATYLINE_{name}") as refused:
        load_settings()
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("password", ["hid@den", "hid/den", "12/hidden", "hid?den", "hid%den", "hid%zzden"])
def test_a_password_that_would_be_read_as_a_host_is_refused_and_not_repeated(password: str) -> None:
    """The drivers tell `failed to resolve host 'den@localhost'`, `invalid percent-encoded token: "hid%zzden"`."""
    for name in ("database_url", "migrate_url"):
        with pytest.raises(UnsafeSettings, match="%40") as refused:
            load_settings(**{name: f"postgresql://me:{password}@localhost:5432/db"})
        assert "hid" not in str(refused.value)
        assert "den" not in str(refused.value)


def test_a_brokers_password_with_a_slash_is_refused_and_not_repeated() -> None:
    with pytest.raises(UnsafeSettings, match="%2F") as refused:
        load_settings(redis_url="redis://:hid/den@localhost:6379/0")
    assert "hid" not in str(refused.value)
    load_settings(redis_url="redis://:hid@den@localhost:6379/0")  # which its driver understands


@pytest.mark.parametrize(
    "address",
    ["postgresql://u:p@h1:1,h2:2/db", "postgresql://u:p%40%2F@h/db?options=-csearch_path%3Dx", "postgres://h",
     "postgresql:///db?host=/tmp/a", "postgresql://u:p@[::1]:5/db", "postgresql://h/db?user=a@b",
     "postgresql://%2Ftmp%2Fs/db", "postgresql://u@[::1]/db"],
)  # fmt: skip
def test_every_form_of_a_database_address_is_taken(address: str) -> None:
    assert load_settings(database_url=address).database_url == address


def test_secrets_do_not_show() -> None:
    settings = Settings(
        database_url="postgresql://u:s3cret@h/d",
        redis_url="redis://:s3cret@h/0",
        api_key="tl_s3cret",
        session_secret="s3cret" * 6,
    )
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"llm_url": "host/v1", "llm_model": "m"}, "https://host/v1"),
        ({"llm_url": "file:///etc/passwd", "llm_model": "m"}, "https://host/v1"),
        ({"llm_url": "https://host/v1"}, "TREATYLINE_LLM_MODEL"),
        ({"llm_url": "http://host/v1", "llm_model": "m", "llm_key": "k"}, "in the clear"),
        ({"llm_url": "https://host/v1", "llm_model": "m", "llm_timeout": 31.0}, "at most half"),
    ],
)
def test_a_second_reader_that_cannot_work_or_tells_too_much_is_refused(
    wrong: dict[str, object], told: str
) -> None:
    with pytest.raises(UnsafeSettings, match=told):
        load_settings(**wrong)


def test_a_second_reader_is_off_unless_it_is_named() -> None:
    assert load_settings().llm_url is None
    assert load_settings(llm_url="http://127.0.0.1:1/v1", llm_model="m", llm_key="k").llm_model == "m"
