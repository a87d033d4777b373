"""One article and many, all the way through the real processes, over HTTP and the command line alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from services.cli.embedded.server import HOST, born, free_port
from tests.e2e.system import Listener, RunningSystem, environment, family, running_system

pytestmark = pytest.mark.timeout(900)

SAMPLES = Path(__file__).parents[2] / "samples"

WIRE = """BRUSSELS, September 25. /Baltic Wire/. NATO will not join the moratorium on intermediate-range missiles \
that Moscow has proposed, the alliance's spokeswoman Oana Lungescu said on Wednesday.

"Russia has deployed the SSC-8 in violation of the INF Treaty," she said. "This is not a credible offer."

The INF Treaty was signed by the United States and the Soviet Union on December 8, 1987.
"""
OTHER = """NATO on Wednesday turned down the Russian offer of a moratorium on missiles that the INF Treaty used to ban.

"This is not a credible offer," spokeswoman Oana Lungescu told reporters on September 25, 2019 in Brussels. Russia \
had broken the INF Treaty for years, she added.

Ronald Reagan and Mikhail Gorbachev signed the treaty on 8 December 1987.
"""
OFF_TOPIC = """The city council voted on Tuesday to repair the old bridge across the river before the winter, and to \
close it to lorries until the work is done. Residents had asked for it for years.
"""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with running_system(tmp_path_factory.mktemp("a system") / "var") as system:
        yield system


def everything(system: RunningSystem) -> list[dict[str, Any]]:
    entries, cursor = [], None
    while True:
        answer = system.http.get(
            "/v1/timeline", params={"limit": 500} | ({"cursor": cursor} if cursor else {})
        )
        assert answer.status_code == 200, answer.text
        entries += answer.json()["data"]
        cursor = answer.json()["next"]
        if cursor is None:
            return entries


def test_two_accounts_of_one_act_become_one_entry_while_a_client_listens(system: RunningSystem) -> None:
    with Listener(str(system.http.base_url)) as listener:
        time.sleep(0.5)
        first = system.post(
            text=WIRE, outlet="Baltic Wire", url="https://wire.example/nato", published_at="2019-09-25"
        )
        assert first.status_code == 202
        assert first.headers["location"] == f"/v1/articles/{first.json()['id']}"
        other = system.post(
            text=OTHER, outlet="Courier", url="https://courier.example/1", published_at="2019-09-25"
        )
        off = system.post(text=OFF_TOPIC, outlet="Courier", url="https://courier.example/2")
        texts = {}
        for response, state in ((first, "extracted"), (other, "extracted"), (off, "skipped")):
            article = system.finished(response.json()["id"])
            assert (article["state"], article["judged"]) == (state, "original")
            texts[article["id"]] = article["text"]
        assert texts[first.json()["id"]] == WIRE

        (signing,) = [e for e in everything(system) if e["kind"] == "agreement-signed"]
        assert signing["date"] == "1987-12-08"
        assert signing["actors"] == ["russia", "usa"]
        assert signing["counts"] == {"mentions": 2, "outlets": 2, "stories": 2}
        (rejection,) = [e for e in everything(system) if e["kind"] == "rejection"]
        assert (rejection["date"], rejection["actors"]) == ("2019-09-25", ["nato"])
        assert rejection["counts"]["outlets"] == 2
        for entry in everything(system):
            for mention in entry["mentions"]:
                span = mention["evidence"]
                assert texts[mention["article"]][span["start"] : span["end"]] == span["text"]

        (moratorium,) = [
            p
            for p in system.http.get("/v1/actors/nato/positions").json()["data"]
            if p["proposition"] == "moratorium"
        ]
        assert (moratorium["stance"], moratorium["counts"]["outlets"]) == ("opposes", 2)

        changes = system.http.get("/v1/timeline/stream", params={"last_event_id": "x"})
        assert changes.status_code == 422
        listener.wait_for(len(everything(system)))
        deadline = time.monotonic() + 20
        while {d["id"] for _, n, d in listener.events if n == "entry.added"} != {
            e["id"] for e in everything(system)
        }:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        ids = [tuple(map(int, change.split("."))) for change, _, _ in listener.events]
        assert ids == sorted(set(ids)), "in order, none twice"


def test_the_same_article_again_is_the_same_and_a_changed_text_is_a_revision(system: RunningSystem) -> None:
    article = {"text": OTHER + "\nMore was to follow.\n", "url": "https://paper.example/again?utm_source=x"}
    first = system.post(**article)
    again = system.post(**article | {"url": "https://paper.example/again"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["id"] == first.json()["id"]
    changed = system.post(**article | {"text": WIRE + "\nMore was to follow.\n"})
    assert (changed.status_code, changed.json()["id"]) == (202, first.json()["id"])
    shown = system.finished(first.json()["id"])
    assert [r["revision"] for r in shown["revisions"]] == [1, 2]


def test_a_killed_worker_and_a_flushed_broker_lose_nothing(system: RunningSystem) -> None:
    ids = []
    for number in range(30):
        ids.append(
            system.post(
                text=f"{WIRE}\nThis is dispatch {number} of the day, and {number * 7919} words were said.\n",
                url=f"https://wire.example/kill/{number}",
                published_at="2019-09-25",
            ).json()["id"]
        )
        if number in {10, 20}:
            for pid in [p for p in family(system.told()["processes"]["worker"]) if born(p)]:
                os.kill(pid, signal.SIGKILL)
        if number == 25:
            with redis.Redis.from_url(system.told()["redis_url"]) as broker:
                broker.flushall()
    assert {system.finished(article_id, 120)["state"] for article_id in ids} == {"extracted"}
    events = []
    cursor = None
    while True:
        answer = system.http.get(
            "/v1/events", params={"limit": 500} | ({"cursor": cursor} if cursor else {})
        ).json()
        events += answer["data"]
        cursor = answer["next"]
        if cursor is None:
            break
    for article_id in ids:
        types = [e["type"] for e in events if e["subject"] == f"article-{article_id}"]
        assert sorted(types) == sorted(set(types)), "nothing was written twice"
        assert {"ArticleReceived", "ExtractionCompleted"} <= set(types)


def test_the_command_line_works_beside_the_running_system(system: RunningSystem) -> None:
    posted = system.command("ingest", str(SAMPLES / "01-treaty-signed.json"), "--wait", "--json")
    assert posted.returncode == 0, posted.stderr
    assert json.loads(posted.stdout)["status"] == 202
    shown = system.command("timeline", "--json", "--to", "1988")
    entries = [json.loads(line) for line in shown.stdout.splitlines()]
    assert any(e["kind"] == "agreement-signed" and e["date"] == "1987-12-08" for e in entries)
    table = system.command("positions")
    assert table.returncode == 0
    assert "nato" in table.stdout
    verified = system.command("verify", "--json")
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["intact"] is True
    before = everything(system)
    rebuilt = system.command("rebuild", "--json")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert everything(system) == before
    bad = system.command("ingest", str(SAMPLES / "README.md"))
    assert bad.returncode == 1
    assert "README.md" in bad.stderr


def test_a_port_in_use_is_a_message_that_names_the_setting(system: RunningSystem, tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "services.cli", "up"],
        env=environment(tmp_path / "var", system.port),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert refused.returncode == 1
    assert f"port {system.port} on {HOST} is in use" in refused.stderr
    assert "TREATYLINE_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_ctrl_c_stops_every_process_even_with_a_stream_open(tmp_path: Path) -> None:
    with running_system(tmp_path / "var") as system, Listener(str(system.http.base_url)):
        members = family(system.process.pid)
        assert len(members) >= 7, "servers, web, relay, projector, worker and its children"
        system.process.send_signal(signal.SIGINT)  # SIGTERM: test_stopping.py
        system.process.wait(60)
        assert system.process.returncode == 0
        left = {pid for pid, birth in members.items() if birth and born(pid) == birth}
        assert left == set()


def test_after_a_kill_of_everything_the_next_start_carries_on(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    with running_system(data_dir) as system:
        done = system.post(text=WIRE, url="https://wire.example/1").json()["id"]
        system.finished(done)
        members = family(system.process.pid)
        taken = system.post(text=OTHER, url="https://courier.example/1").json()["id"]
        for pid in members:
            os.kill(pid, signal.SIGKILL)
        system.process.wait()
    with running_system(data_dir) as system:
        assert system.finished(taken)["state"] == "extracted"
        assert system.finished(done)["state"] == "extracted"
        assert system.command("verify").returncode == 0


def test_the_demo_shows_a_timeline_and_positions_and_ends(tmp_path: Path) -> None:
    samples = tmp_path / "samples"
    samples.mkdir()
    for name in ("14", "15", "23"):
        (sample,) = SAMPLES.glob(f"{name}-*.json")
        (samples / sample.name).write_bytes(sample.read_bytes())
    shown = subprocess.run(
        [sys.executable, "-m", "services.cli", "demo", "--exit", "--samples", str(samples)],
        env=environment(tmp_path / "var", free_port()),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert "3 articles posted" in shown.stderr
    assert "Timeline" in shown.stdout
    assert "2 outlets, 1 independent" in shown.stdout, "the exact copy carries the story and is no news"
    assert "supports" in shown.stdout.split("Positions")[1]
    assert "stopped" in shown.stderr


def test_an_embedded_server_that_dies_comes_back_and_nothing_is_lost(system: RunningSystem) -> None:
    before = {article["id"] for article in system.http.get("/v1/articles?limit=500").json()["data"]}
    for kind in ("postgres", "valkey"):
        os.kill(json.loads((system.data_dir / kind / "server.pid").read_text())["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 120
    article = {"text": f"{OTHER}\nIt went on after a pause.\n", "url": "https://courier.example/after"}
    refused = 0
    while (taken := system.post(**article)).status_code == 503:
        assert time.monotonic() < deadline
        refused += 1
        time.sleep(0.2)
    # 200 only to what was told to be sent again: the database died between taking it and saying so.
    assert taken.status_code == 202 or (taken.status_code == 200 and refused)
    # A connection outlives its dead server for a moment: the article may be taken on one and asked for after it.
    assert system.finished(taken.json()["id"], through_refusals=True)["state"] == "extracted"
    after = {article["id"] for article in system.http.get("/v1/articles?limit=500").json()["data"]}
    assert after == before | {taken.json()["id"]}
    assert system.command("verify").returncode == 0


def test_a_second_system_on_the_same_data_is_refused(system: RunningSystem) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "services.cli", "up"],
        env=environment(system.data_dir, free_port()),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert second.returncode == 1
    assert "already" in second.stderr
    assert system.told()["pid"] == system.process.pid


def test_ctrl_c_while_starting_leaves_nothing_behind(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "up"],
        env=environment(tmp_path / "var", free_port()),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 90
    while not (tmp_path / "var" / "postgres" / "server.pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(1.0)
    members = family(process.pid)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=90)
    assert process.returncode == 0
    assert "Traceback" not in told
    assert {pid for pid, birth in members.items() if birth and born(pid) == birth} == set()
