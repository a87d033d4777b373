"""`treatyline export`: the files hold what the API answers, and the example of the docs runs on them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from services.cli.backends import NoData
from services.cli.export_tables import TABLES
from services.cli.exporting import CannotWrite, Format, write_files
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.api_client import api_client, ok, world_of
from tests.integration.log_writer import Telling

pytestmark = pytest.mark.anyio

DOCS = (Path(__file__).parents[2] / "docs/exports.md").read_text("utf-8")
TEXT = "Washington left the treaty, \x01'=1+1'\n“quoted” 🚀. They met in Geneva. On the moratorium, if NATO agrees."
LEFT = Telling("Washington left the treaty", "2019-08-02", "agreement-ended", ("russia", "usa"))
MET = Telling("They met in Geneva", "2019-01", "consultation", ("nato",), ("russia",), status="planned")
STATED = Telling("On the moratorium", "2019-08-05", proposition="moratorium", condition="if NATO agrees")


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a Parquet file, as a reader of it gets them."""
    with duckdb.connect() as base:
        found = base.execute("SELECT * FROM read_parquet(?)", [str(folder / f"{table}.parquet")])
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


async def test_the_files_hold_what_the_api_answers(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with world_of(database.owner_url) as world:
        world.article("a", TEXT, [LEFT, MET, STATED], url="https://wire.example/1", title="=Title 'x'")
        world.article("b", TEXT, [LEFT], story="a", of="a", outlet="Courier", published_at="2019-08-04")
        world.article("c", TEXT + "c", [LEFT], outlet="Post", published_at="2019-08-05T10:00:00+02:00")
        world.article("gone", "Moscow spoke.", [Telling("Moscow spoke", "2019-08-06")], title="Secret")
        world.withdraw("gone")
        position = world.project()
    settings = Settings(database_url=database.services_url)
    folder = tmp_path / "it's" / "export"
    report = write_files(settings, folder, Format.PARQUET)
    assert report["position"] == position
    assert report["rows"] == {"events": 2, "mentions": 4, "positions": 1, "statements": 1, "articles": 4}
    assert sorted(file.name for file in folder.iterdir()) == sorted(f"{t.name}.parquet" for t in TABLES)
    async with api_client(database.services_url) as client:
        entries = (await ok(client, "/v1/timeline", order="asc"))["data"]
        (stance,) = (await ok(client, "/v1/positions"))["data"]
        articles = (await ok(client, "/v1/articles", order="asc"))["data"]
    events = {row["id"]: row for row in rows(folder, "events")}
    mentions = rows(folder, "mentions")
    for entry in entries:
        event = events.pop(entry["id"])
        same = (
            "dossier",
            "kind",
            "plover",
            "date",
            "precision",
            "status",
            "actors",
            "recipients",
            "summary",
            "version",
        )
        assert {name: event[name] for name in same} == {name: entry[name] for name in same}
        assert [event[name] for name in entry["counts"]] == list(entry["counts"].values())
        assert event["recorded_at"] <= event["updated_at"]
        told = {
            (m["article_id"], m["evidence_text"], m["copy"]) for m in mentions if m["event_id"] == entry["id"]
        }
        assert told == {(m["article"], m["evidence"]["text"], m["copy"]) for m in entry["mentions"]}
    assert events == {}
    (position_row,) = rows(folder, "positions")
    same = ("id", "actor", "proposition", "stance", "condition", "contested", "since", "last_stated", "voice")
    assert {name: position_row[name] for name in same} == {name: stance[name] for name in same}
    (statement,) = rows(folder, "statements")
    assert (statement["evidence_text"], statement["condition"]) == ("On the moratorium", "if NATO agrees")
    assert [(a["id"], a["title"], a["state"]) for a in rows(folder, "articles")] == [
        (a["id"], a["title"], a["state"]) for a in articles
    ]
    assert b"Secret" not in b"".join(file.read_bytes() for file in folder.iterdir())

    # JSON Lines: the same rows, and every column in the table that Parquet is made by.
    write_files(settings, tmp_path / "lines", Format.JSONL)
    for table in TABLES:
        lines = (tmp_path / "lines" / f"{table.name}.jsonl").read_bytes().splitlines()
        assert len(lines) == report["rows"][table.name]
        assert all(list(orjson.loads(line)) == list(table.columns) for line in lines)

    # Again over what is there, then the example of the docs.
    monkeypatch.chdir(tmp_path)
    write_files(settings, Path("export"), Format.PARQUET)
    write_files(settings, Path("export"), Format.PARQUET)
    (example,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    assert len(example.strip().splitlines()) <= 12
    exec(compile(example, "docs/exports.md", "exec"), {})  # noqa: S102 - ours
    shown = capsys.readouterr().out
    assert "agreement-ended" in shown
    assert "consultation" not in shown

    with duckdb.connect() as base:
        known = base.execute("SELECT key, value FROM parquet_kv_metadata('export/events.parquet')").fetchall()
    assert (b"position", str(position).encode()) in known

    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="cannot write to"):
        write_files(settings, tmp_path / "file", Format.PARQUET)


def test_where_nothing_is_stored_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        write_files(Settings(data_dir=tmp_path / "none", database_url=None), tmp_path, Format.PARQUET)
