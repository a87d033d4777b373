"""How cost grows with the log: articles a second and how long reads take, from 10,000 events to a million.

    python -m benchmarks.scaling [--sizes 10000,100000,1000000] [--articles 1000]      (make bench-million)

One log that grows. At each size the API is asked the questions of `benchmarks.reads`, and `treatyline up` on the same
database reads articles, one in a hundred on the subject. Draws docs/scaling.svg and prints what it draws.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import orjson
import psycopg

from benchmarks.frame import percentile
from benchmarks.generated_log import GeneratedLog
from benchmarks.processes import process, system
from benchmarks.reads import ON_TOPIC, ask, questions
from benchmarks.servers import log_server
from services.cli.bench_articles import Mix, articles
from services.cli.bench_load import run
from services.cli.embedded import EmbeddedPostgres
from services.core.eventstore.seals import seal_next
from services.core.eventstore.store import last_position
from services.core.eventstore.subscription import save_checkpoint
from services.core.projections.read_models import ReadModels
from services.core.projections.rebuild import rebuild
from workers import relay

PICTURE = Path(__file__).parents[1] / "docs" / "scaling.svg"
SIZES = "10000,100000,1000000"
ASKED = 200  # times each question at each size
RATE = "articles a second"

Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--articles", type=int, default=1000)
    options = parser.parse_args()
    sizes = [int(word) for word in options.sizes.split(",")]
    points: list[Figures] = []
    with log_server() as server:
        log, filled = GeneratedLog(on_topic=ON_TOPIC), 0
        for size in sizes:
            filled += grow(server, log, size - filled)
            figures = {"events": float(filled), **reads(server)}
            figures[RATE] = rate(server, options.articles, seed=size)
            points.append(figures)
            print(orjson.dumps(figures).decode(), flush=True)
            PICTURE.write_text(drawn(points), encoding="utf-8")
    print(f"Written: {PICTURE}")


def grow(server: EmbeddedPostgres, log: GeneratedLog, events: int) -> int:
    """Writes and folds that many events; how many it were."""
    began = time.perf_counter()
    with psycopg.connect(server.services_url, autocommit=True) as conn:
        written = log.fill(conn, events)
        for follower in (ReadModels.name, relay.NAME):  # all that is in the log is read already
            save_checkpoint(conn, follower, last_position(conn))
        while seal_next(conn) is not None:
            pass
    with psycopg.connect(server.url, autocommit=True) as conn:
        # In larger batches than the projector's: the same rows, sooner.
        rebuild(conn)
        conn.execute("VACUUM ANALYZE")
    print(f"{written:,} events written and folded in {time.perf_counter() - began:.0f} s", flush=True)
    return written


def reads(server: EmbeddedPostgres) -> Figures:
    """Milliseconds of each question, p99."""
    with process("api", TREATYLINE_DATABASE_URL=server.services_url) as api:
        found = {}
        for which, paths in questions(1).items():
            asyncio.run(ask(api.url, paths, 20))
            found[which] = percentile(asyncio.run(ask(api.url, paths, ASKED)), 99)
        return found


def rate(server: EmbeddedPostgres, count: int, *, seed: int) -> float:
    """Articles a second, from the first POST until all are read."""
    made = articles(Mix(seed=seed))
    bodies = [orjson.dumps(article) for article in itertools.islice(made, count + 20)]
    given = {"TREATYLINE_DATABASE_URL": server.services_url, "TREATYLINE_MIGRATE_URL": server.url}
    with (
        tempfile.TemporaryDirectory(prefix="treatyline-bench-") as folder,
        system(Path(folder) / "var", **given) as running,
    ):
        asyncio.run(run(running.url, bodies[:20], follow=False))  # the models are loaded now
        load = asyncio.run(run(running.url, bodies[20:], follow=False))
    return sum(load.states.values()) / (load.finished_after or math.inf)


# -- drawing -----------------------------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, TOP, BETWEEN = 360, 200, 60, 36, 90
COLOURS = ("#1b5e9b", "#b3541e", "#3c7d3c")


def drawn(points: Sequence[Figures]) -> str:
    """Two charts side by side over the size of the log."""
    names = [name for name in points[0] if name not in {"events", RATE}]
    height = HEIGHT + 90 + 16 * len(names)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * (WIDTH + BETWEEN) + LEFT} {height}"',
        'font-family="sans-serif" font-size="12">',
        "<title>Articles a second, and the time of reads, over the size of the log</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *_chart(LEFT, RATE, points, [RATE]),
        *_chart(LEFT + WIDTH + BETWEEN, "milliseconds of a read, p99", points, names),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _chart(left: int, title: str, points: Sequence[Figures], names: Sequence[str]) -> list[str]:
    sizes = [math.log10(point["events"]) for point in points]
    low, high = math.floor(min(sizes)), max(math.ceil(max(sizes) - 0.05), math.floor(min(sizes)) + 1)
    top = _round_up(max(point[name] for point in points for name in names))

    def x(size: float) -> float:
        return left + (size - low) / (high - low) * WIDTH

    def y(value: float) -> float:
        return TOP + HEIGHT - value / top * HEIGHT

    parts = [f'<text x="{left}" y="{TOP - 16}" font-weight="bold">{escape(title)}</text>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        at = y(top * share)
        parts.append(f'<path d="M{left} {at:.1f}h{WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{top * share:g}</text>')
    for power in range(low, high + 1):
        label = f"{10**power:,} events" if power == high else f"{10**power:,}"
        parts.append(f'<text x="{x(power):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{label}</text>')
    for which, name in enumerate(names):
        line = " ".join(
            f"{x(size):.1f},{y(point[name]):.1f}" for size, point in zip(sizes, points, strict=True)
        )
        parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[which]}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x(size):.1f}" cy="{y(point[name]):.1f}" r="3" fill="{COLOURS[which]}"/>'
            for size, point in zip(sizes, points, strict=True)
        ]
        if len(names) > 1:
            below = TOP + HEIGHT + 40 + 16 * which
            parts.append(f'<rect x="{left}" y="{below - 9}" width="10" height="10" fill="{COLOURS[which]}"/>')
            parts.append(f'<text x="{left + 16}" y="{below}">{escape(name)}</text>')
    return parts


def _round_up(value: float) -> float:
    """To a number that quarters of are easily read."""
    power = 10 ** math.floor(math.log10(max(value, 1e-9)))
    return next(step * power for step in (1, 2, 4, 8, 10) if step * power >= value)


if __name__ == "__main__":
    main()
