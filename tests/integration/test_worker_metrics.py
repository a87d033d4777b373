"""What a worker's processes count is served by their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from services.cli.embedded.server import free_port
from tests.integration import saboteur
from tests.integration.pipeline import eventually, pipeline, take_in

PLAIN = "NATO rejects the proposal of a moratorium, a spokeswoman said on day {}."


def test_a_worker_serves_what_its_processes_counted(
    database_url: str, valkey_url: str, tmp_path: Path
) -> None:
    pipe = pipeline(database_url, valkey_url, tmp_path, article_seconds=60.0)
    port, temporary = free_port(), tmp_path / "tmp"
    temporary.mkdir()

    def start() -> subprocess.Popen[bytes]:
        return pipe.start_worker(
            "tests.integration.counted_saboteur",
            TREATYLINE_WORKER_METRICS_PORT=str(port),
            TREATYLINE_WORKER_CONCURRENCY="3",
            TMPDIR=str(temporary),
        )

    def folders() -> set[Path]:
        return set(temporary.glob("treatyline-metrics-*"))

    def answers() -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).close()
        except OSError:
            return False
        return True

    def counted() -> dict[tuple[str, ...], float]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                families = list(text_string_to_metric_families(answer.read().decode()))
        except OSError:
            return {}
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value  # in whatever order they come
            for family in families
            for sample in family.samples
            if sample.name in {"treatyline_articles_read_total", "treatyline_attempts_failed_total"}
        }

    try:
        for number in range(8):
            take_in(pipe.store, PLAIN.format(number))
        take_in(pipe.store, f"{saboteur.RAISES} {PLAIN}")
        worker = start()
        with pipe.relay():
            eventually(
                lambda: (
                    counted()
                    == {
                        ("treatyline_articles_read_total", "ExtractionCompleted"): 8.0,
                        ("treatyline_articles_read_total", "ExtractionFailed"): 1.0,
                        ("treatyline_attempts_failed_total", "error", "extract"): 3.0,
                    }
                ),
                "all processes' counts are added up",
                90,
            )
        left = folders()
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        assert folders() == left != set()
        worker = start()
        eventually(answers, "the next one counts", 90)
        assert len(folders()) == 1
        assert not folders() & left, "what a killed worker left is removed"
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
        assert folders() == set()
    finally:
        pipe.stop()
