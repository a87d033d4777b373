"""What the documents name exists, and what must be named is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.cli.main import app
from services.core import metrics
from services.core.domain.events import ADMIN_EVENT_TYPES, EVENT_TYPES, REVIEW_EVENT_TYPES
from services.core.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_event_type_is_described() -> None:
    described = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/events.md").read_text("utf-8"), re.MULTILINE))
    assert described == {*EVENT_TYPES, *ADMIN_EVENT_TYPES, *REVIEW_EVENT_TYPES}


def test_every_place_that_the_readme_sends_a_reader_to_exists() -> None:
    section = README.split("## Where do I change X?")[1].split("\n## ")[0]
    places = re.findall(r"`([\w./-]+/[\w./-]*)`", section)
    assert len(places) > 10
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_every_setting_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"TREATYLINE_([A-Z_]+)", README))
    assert named
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", README)) <= targets | {"help"}


def test_every_link_of_the_readme_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_command_is_in_the_changelog() -> None:
    commands = {c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands}
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert {name for name in commands if f"`{name}`" not in changelog} == set()


@pytest.mark.parametrize(("page", "at_least"), [("security", 30), ("operations", 12)])
def test_every_test_that_the_page_names_exists(page: str, at_least: int) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / f"docs/{page}.md").read_text("utf-8"))
    assert len(named) > at_least
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not re.search(rf"^(async )?def {test}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


@pytest.mark.parametrize("page", ["security", "operations"])
def test_every_setting_that_the_page_names_exists(page: str) -> None:
    named = re.findall(r"TREATYLINE_([A-Z_]*[A-Z])", (ROOT / f"docs/{page}.md").read_text("utf-8"))
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_every_metric_is_on_the_page_for_operators() -> None:
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    families = [
        family
        for name, metric in vars(metrics).items()
        if name.isupper() and hasattr(metric, "describe")
        for family in metric.describe()
    ]
    assert len(families) > 5
    assert [family.name for family in families if f"`{family.name}" not in page] == []


@pytest.mark.parametrize("name", [n for n in vars(metrics) if n.isupper()])
def test_every_metric_says_what_it_counts(name: str) -> None:
    metric = getattr(metrics, name)
    if hasattr(metric, "describe"):
        assert all(family.documentation.strip() for family in metric.describe())
