"""Those outside: clients that post until they are answered, and one that listens and comes back whenever it is cut off."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.chaos.articles import Article

CLIENTS = 4
TIMEOUT_SECONDS = 15.0
AGAIN = frozenset({409, 429, 503})  # says itself when to come back
RETRY_SECONDS = 0.2
REFUSED = frozenset({400, 422})


@dataclass
class Posting:
    """Articles being posted by several clients at once, each by one client from its first version to its end.

    `may_begin(n)` says whether the n-th may be posted now.
    """

    url: str
    articles: Sequence[Article]
    may_begin: Callable[[int], bool] = lambda _: True
    answered: dict[int, str] = field(default_factory=dict)  # the article's number -> its id
    statuses: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    done: int = 0
    _next: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin; returns at once."""
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Give up what is not answered yet."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * TIMEOUT_SECONDS)

    @property
    def finished(self) -> bool:
        """Whether everything was answered for good."""
        return self.done == len(self.articles)

    def _work(self) -> None:
        with httpx2.Client(base_url=self.url, timeout=TIMEOUT_SECONDS) as http:
            while (article := self._take()) is not None:
                try:
                    self._post(http, article)
                except Exception as error:  # noqa: BLE001 - it is to be told, not to end a thread unseen
                    self.findings.append(f"article {article.number}: {error!r}")
                with self._lock:
                    self.done += 1

    def _take(self) -> Article | None:
        while not self._stop.is_set():
            with self._lock:
                number = self._next
                if number == len(self.articles):
                    return None
                if self.may_begin(number):
                    self._next += 1
                    return self.articles[number]
            time.sleep(0.02)
        return None

    def _post(self, http: httpx2.Client, article: Article) -> None:
        for version, body in enumerate(article.versions):
            # Every other one names its requests, so that both ways of sending again are tried.
            headers = {"Idempotency-Key": f'"{article.number}-{version}"'} if article.number % 2 else {}
            answer = self._until_answered(http, "POST", "/v1/articles", json=body, headers=headers)
            if answer is None:
                return
            if article.refused:
                if answer.status_code not in REFUSED:
                    self.findings.append(f"broken article {article.number} was answered {answer.status_code}")
                return
            if answer.status_code not in {200, 202}:
                self.findings.append(
                    f"article {article.number} was answered {answer.status_code}: {answer.text[:200]}"
                )
                return
            article_id = answer.json()["id"]
            if self.answered.setdefault(article.number, article_id) != article_id:
                self.findings.append(f"article {article.number} got two ids")
        if article.withdrawn:
            path = f"/v1/articles/{self.answered[article.number]}"
            answer = self._until_answered(http, "DELETE", path, params={"reason": "asked to"})
            if answer is not None and answer.status_code != 202:
                self.findings.append(f"withdrawing {article.number} was answered {answer.status_code}")

    def _until_answered(
        self, http: httpx2.Client, method: str, path: str, **options: Any
    ) -> httpx2.Response | None:
        while not self._stop.is_set():
            try:
                answer = http.request(method, path, **options)
            except httpx2.TransportError:
                self._count("no answer")
                time.sleep(RETRY_SECONDS)
                continue
            self._count(str(answer.status_code))
            if answer.status_code not in AGAIN:
                return answer
            if "retry-after" not in answer.headers:
                self.findings.append(f"{answer.status_code} without Retry-After")
            time.sleep(min(1.0, float(answer.headers.get("retry-after", RETRY_SECONDS))))
        return None

    def _count(self, what: str) -> None:
        with self._lock:
            self.statuses[what] += 1


@dataclass
class Listening:
    """A client of the stream that is cut off, and cuts itself off, and resumes with `Last-Event-ID`.

    `leave_after`: how many seconds it stays at most, by chance; None: until it is cut off.
    """

    url: str
    seed: int = 0
    leave_after: float | None = None
    last_id: str | None = None
    told: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)  # id, name, data
    connections: int = 0
    findings: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self, *, seconds: float = 120.0) -> None:
        """Begin; returns once it knows where in the feed it is."""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + seconds
        while self.last_id is None:
            if time.monotonic() > deadline:
                raise TimeoutError("the stream did not begin")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop listening."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _listen(self) -> None:
        rng = random.Random(self.seed)
        with httpx2.Client(base_url=self.url, timeout=httpx2.Timeout(5.0, read=1.0)) as http:
            while not self._stop.is_set():
                leave = time.monotonic() + (rng.uniform(0, self.leave_after) if self.leave_after else 1e9)
                try:
                    self._connect(http, leave)
                except httpx2.TransportError:
                    time.sleep(0.05)

    def _connect(self, http: httpx2.Client, leave: float) -> None:
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        with http.stream("GET", "/v1/timeline/stream", headers=headers) as response:
            if response.status_code == 200:
                self.connections += 1
                self._read(response, leave)
                return
            if response.status_code not in AGAIN:
                self.findings.append(f"the stream was answered {response.status_code} after {self.last_id}")
            time.sleep(RETRY_SECONDS)

    def _read(self, response: httpx2.Response, leave: float) -> None:
        block: dict[str, str] = {}
        for line in response.iter_lines():
            if self._stop.is_set() or time.monotonic() > leave:
                return
            if line:
                name, _, value = line.partition(": ")
                if name:
                    block[name] = value
                continue
            # Only a whole block counts: the id of one that was cut off is not remembered.
            if "data" in block:
                self.told.append((block["id"], block["event"], json.loads(block["data"])))
            self.last_id = block.get("id", self.last_id)
            block = {}
