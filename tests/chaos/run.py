"""One run of the system over the articles, undisturbed or under fire, and what is to be said about it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.chaos import checks
from tests.chaos.articles import Article, articles
from tests.chaos.client import Listening, Posting
from tests.chaos.killer import Killer
from tests.chaos.system import UPKEEP_SECONDS, Servers, connect, running

SETTLE_SECONDS = 600.0  # without anything new, before what is not done is given up
POSTED_BY = 0.9  # of the time of the kills
LEAVE_AFTER = 6.0  # seconds that the listener stays at most
KILLED = -9
CUT_OFF = "Could not start worker processes"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. All of it follows from the seed but how the system's processes interleave."""

    seed: int
    articles: int
    refused: int
    kills: int
    seconds: float
    folder: Path

    def made(self) -> list[Article]:
        """The articles, in the order of posting."""
        return articles(self.seed, self.articles, refused=self.refused)


@dataclass
class Report:
    """Figures and findings."""

    figures: dict[str, Any] = field(default_factory=dict)
    checks: dict[str, list[str]] = field(default_factory=dict)

    def check(self, name: str, findings: Iterator[str]) -> None:
        """Note what speaks against it, also that it could not be checked."""
        noted = self.checks.setdefault(name, [])
        try:
            noted += findings
        except Exception as error:  # noqa: BLE001 - the other checks are still to be made
            noted.append(f"could not be checked: {error!r}")

    @property
    def fine(self) -> bool:
        """Nothing was found."""
        return not any(self.checks.values())


def run(plan: Plan, tell: Callable[[str], None]) -> Report:
    """The articles once in peace and once under fire, and whether both came to the same."""
    report = Report()
    posted = plan.made()
    report.figures |= {"seed": plan.seed, "articles": plan.articles, "refused": plan.refused}
    tell(f"{len(posted)} articles, undisturbed")
    with _log(plan.folder / "undisturbed.log") as log, running(plan.folder / "undisturbed") as servers:
        undisturbed = _undisturbed(servers, posted, report)
    report.figures["undisturbed_seconds"] = round(report.figures["undisturbed_seconds"], 1)
    report.check("undisturbed run", iter([*_ended_by_themselves(log), *servers.left]))
    tell(f"the same with {plan.kills} kills in {plan.seconds:.0f} seconds")
    with _log(plan.folder / "disturbed.log") as log, running(plan.folder / "disturbed") as servers:
        _disturbed(servers, plan, posted, undisturbed, report)
    report.check("no process ended that was not killed", _ended_by_themselves(log))
    report.check("no process is left", iter(servers.left))
    return report


def _undisturbed(servers: Servers, posted: list[Article], report: Report) -> checks.Rows:
    posting = Posting(servers.ingest_url, posted)
    began = time.monotonic()
    posting.start()
    _until_done(servers, posting)
    report.figures["undisturbed_seconds"] = time.monotonic() - began
    report.check("undisturbed run", iter(posting.findings))
    with connect(servers) as conn:
        report.check("undisturbed run", checks.one_end_each(conn, posted, posting.answered))
        report.check("undisturbed run", checks.stories_as_made(conn, posted, posting.answered))
        return checks.present(conn)


def _disturbed(
    servers: Servers, plan: Plan, posted: list[Article], undisturbed: checks.Rows, report: Report
) -> None:
    began = time.monotonic()
    pace = POSTED_BY * plan.seconds / len(posted)
    posting = Posting(servers.ingest_url, posted, lambda number: time.monotonic() - began >= number * pace)
    listening = Listening(servers.api_url, plan.seed, LEAVE_AFTER)
    killer = Killer(plan.seed, plan.kills, plan.seconds, servers.kill)
    listening.start()
    posting.start()
    while not killer.finished:
        servers.upkeep()
        killer.act(time.monotonic() - began)
        time.sleep(UPKEEP_SECONDS)
    _until_done(servers, posting)
    seconds = time.monotonic() - began
    servers.wait_until_ready()
    with connect(servers) as conn:
        _check(servers, conn, posted, posting, undisturbed, report)
        newest = _newest_change(conn)
        _until_told(servers, listening, newest)
        again = Listening(servers.api_url, last_id="0.0")
        again.start()
        _until_told(servers, again, newest)
    withdrawn = {posting.answered[a.number] for a in posted if a.withdrawn and a.number in posting.answered}
    findings = [
        *listening.findings,
        *again.findings,
        *checks.told_once(listening.told, again.told, withdrawn),
    ]
    report.check("the stream told every change exactly once", iter(findings))
    report.figures |= {
        "kills": sum(killer.killed.values()),
        "killed": dict(sorted(killer.killed.items())),
        "seconds": round(seconds, 1),
        "seconds_from_last_kill_to_end": round(seconds - killer.last_at, 1),
        "answers": dict(sorted(posting.statuses.items())),
        "changes_told": len(listening.told),
        "stream_connections": listening.connections,
    }


def _check(
    servers: Servers,
    conn: checks.Conn,
    posted: list[Article],
    posting: Posting,
    undisturbed: checks.Rows,
    report: Report,
) -> None:
    answered = posting.answered
    report.check("every request was answered as it should be", iter(posting.findings))
    report.check("one end for every article answered with 2xx", checks.one_end_each(conn, posted, answered))
    report.check(
        "readers see every article at its end",
        checks.finished_for_readers(servers.api_url, list(answered.values())),
    )
    report.check("no event twice", checks.none_twice(conn))
    report.check("verify", checks.intact(conn, report.figures))
    report.check("copies are in one story", checks.stories_as_made(conn, posted, answered))
    present = checks.present(conn)
    report.figures["rows"] = {table: len(rows) for table, rows in present.items()}
    report.check(
        "read tables as undisturbed", checks.differences(undisturbed, present, "undisturbed", "after chaos")
    )
    report.check("read tables as rebuilt", checks.as_rebuilt(conn))


def _until_done(servers: Servers, posting: Posting) -> None:
    """Until all is answered, read and projected, or nothing has moved for long; the checks then say what is left."""
    seen, since = None, time.monotonic()
    while time.monotonic() - since < SETTLE_SECONDS:
        servers.keep_up(0.3)
        progress = _progress(servers)
        if posting.finished and progress and progress == (*progress[:1] * 3, 0):
            return
        now = posting.done, *progress
        if now != seen:
            seen, since = now, time.monotonic()
    posting.stop()


_PROGRESS = """
SELECT (SELECT coalesce(max(global_position), 0) FROM events),
       coalesce((SELECT global_position FROM checkpoints WHERE name = 'relay'), 0),
       coalesce((SELECT global_position FROM checkpoints WHERE name = 'read-models'), 0),
       (SELECT count(*) FROM dispatches)
"""


def _progress(servers: Servers) -> tuple[int, ...]:
    """How long the log is, how far relay and projector are, how much work is left."""
    try:
        with connect(servers) as conn:
            row = conn.execute(_PROGRESS).fetchone()
    except psycopg.OperationalError:
        return ()
    return tuple(int(str(n)) for n in row or ())


def _newest_change(conn: checks.Conn) -> tuple[int, int]:
    row = conn.execute(
        "SELECT from_position, change_number FROM (SELECT from_position, change_number FROM read.entries"
        " UNION ALL SELECT from_position, change_number FROM read.standings) c ORDER BY 1 DESC, 2 DESC LIMIT 1"
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def _until_told(servers: Servers, listening: Listening, newest: tuple[int, int]) -> None:
    """Until the listener has heard of the newest change, and a moment more for what it should not hear."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        position, _, number = (listening.last_id or "0.0").partition(".")
        if (int(position), int(number)) >= newest:
            break
        servers.keep_up(0.2)
    servers.keep_up(1.0)
    listening.stop()


@contextmanager
def _log(path: Path) -> Iterator[Path]:
    """What our processes say goes there: they inherit standard error."""
    kept = os.dup(sys.stderr.fileno())
    sys.stderr.flush()
    with path.open("w") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    try:
        yield path
    finally:
        os.dup2(kept, sys.stderr.fileno())
        os.close(kept)


def _ended_by_themselves(log: Path) -> Iterator[str]:
    """What the supervisor says of processes that died otherwise than by our hand."""
    ended: Counter[tuple[str, int]] = Counter()
    excused = 0
    for line in log.read_text(errors="replace").splitlines():
        if line.startswith("Traceback"):
            yield f"a traceback in {log}"
        # Celery's parent gives up, to be started again, where one of its first processes is killed at once.
        excused += CUT_OFF in line
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if (
            isinstance(told, dict)
            and told.get("event") == "process ended"
            and told.get("exit_code") != KILLED
        ):
            ended[told["process"], told["exit_code"]] += 1
    ended["worker", 1] -= min(excused, ended["worker", 1])
    for (process, code), number in (+ended).items():
        yield f"{process} ended {number} times with {code}"
