"""New, the same, a revision, older, withdrawn: commands in, events out."""

from __future__ import annotations

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.article import (
    ArticleState,
    Outcome,
    article_id,
    decide,
    decide_withdrawal,
    event_id,
    fold,
    published_before,
)
from services.core.domain.commands import SubmitArticle, WithdrawArticle
from services.core.domain.events import (
    ArticleReceived,
    ArticleRevised,
    ArticleWithdrawn,
    Event,
    ExtractionCompleted,
    ExtractionFailed,
    ExtractionRequested,
    ExtractionSkipped,
)

URL = "https://news.example/a"


class Stream:
    """An article's stream, written by commands as the ingest service does."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    @property
    def state(self) -> ArticleState:
        return fold((event, n, 100 + n) for n, event in enumerate(self.events))

    def post(self, text: str, **fields: object) -> Outcome:
        command = SubmitArticle(text=text, url=URL, **fields)  # type: ignore[arg-type]
        body = hashlib.sha256(f"{command.title}|{command.author}|{text}".encode()).hexdigest()
        decision = decide(
            self.state, command, body_sha256=body, text_sha256=hashlib.sha256(text.encode()).hexdigest()
        )
        assert (decision.event is None) == (decision.outcome in {Outcome.SAME, Outcome.WITHDRAWN})
        if decision.event is not None:
            self.events.append(decision.event)
        return decision.outcome

    def withdraw(self) -> Outcome | None:
        decision = decide_withdrawal(self.state, WithdrawArticle(article_id="a", reason="asked for"))
        if decision is not None and decision.event is not None:
            self.events.append(decision.event)
        return decision and decision.outcome


def test_the_id_is_the_urls_else_the_texts() -> None:
    assert article_id(URL, "aa") == article_id(URL, "bb")
    assert article_id(URL, "aa") != article_id(None, "aa")
    assert article_id(None, "aa") != article_id(None, "bb")
    assert article_id(None, "aa") != article_id("aa", "bb")


def test_the_first_is_received_and_the_same_again_adds_nothing() -> None:
    stream = Stream()
    assert stream.post("A", title="T", tags=("x", "y"), published_at="2019-08-02T10:00:00Z") == Outcome.NEW
    assert (
        stream.post("A", title="T", tags=("y", "x"), published_at="2019-08-02T10:00:00+00:00") == Outcome.SAME
    )
    (event,) = stream.events
    assert isinstance(event, ArticleReceived)
    assert event.revision == 1
    assert event.published_at == "2019-08-02T10:00:00Z"
    assert event.article_id == article_id(URL, event.text_sha256)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "U"},
        {"author": "B. Byline"},
        {"outlet": "Another"},
        {"language": "en"},
        {"tags": ("x",)},
        {"published_at": "2019-08-03"},
        {"published_at": "2019-08-02T00:00:00Z"},
    ],
)
def test_any_changed_metadata_is_a_revision(change: dict[str, object]) -> None:
    stream = Stream()
    stream.post("A", title="T", outlet="One", published_at="2019-08-02")
    assert (
        stream.post("A", **({"title": "T", "outlet": "One", "published_at": "2019-08-02"} | change))
        == Outcome.REVISION
    )
    revised = stream.events[-1]
    assert isinstance(revised, ArticleRevised)
    assert revised.revision == 2
    assert revised.current


def test_a_b_a_are_three() -> None:
    stream = Stream()
    assert [stream.post(text) for text in "ABAAB"] == [
        Outcome.NEW,
        Outcome.REVISION,
        Outcome.REVISION,
        Outcome.SAME,
        Outcome.REVISION,
    ]
    assert [version.revision for version in stream.state.versions] == [1, 2, 3, 4]
    assert len({event_id(event) for event in stream.events}) == 4


def test_an_older_version_is_kept_once_and_replaces_nothing() -> None:
    stream = Stream()
    stream.post("new", published_at="2019-08-03")
    assert stream.post("old", published_at="2019-08-02") == Outcome.OLDER
    assert stream.post("old", published_at="2019-08-02") == Outcome.SAME
    assert stream.state.current == stream.state.versions[0]
    assert stream.post("new", published_at="2019-08-03") == Outcome.SAME
    assert stream.post("old", published_at="2019-08-04") == Outcome.REVISION
    assert stream.post("new", published_at="2019-08-03") == Outcome.SAME  # kept already, and older now
    assert stream.state.current == stream.state.versions[2]


def test_a_version_is_older_than_the_newest_even_where_an_undated_one_came_between() -> None:
    stream = Stream()
    stream.post("first", published_at="2019-08-03")
    assert stream.post("undated") == Outcome.REVISION
    assert stream.post("old", published_at="2019-08-01") == Outcome.OLDER
    assert stream.state.current == stream.state.versions[1]


@pytest.mark.parametrize(
    ("one", "other", "before"),
    [
        ("2019-08-02", "2019-08-03", True),
        ("2019-08-02", "2019-08-02", False),
        ("2019-08-02", "2019-08-02T23:00:00Z", False),
        ("2019-08-02T01:00:00Z", "2019-08-02", False),
        ("2019-08-02T23:00:00+00:00", "2019-08-03", True),
        ("2019-08-02T23:30:00-05:00", "2019-08-03T01:00:00+03:00", False),  # by instants, not by days
        ("2019-08-03T01:00:00+03:00", "2019-08-02T23:30:00-05:00", True),
        (None, "2019-08-02", False),
        ("2019-08-02", None, False),
    ],
)
def test_before_is_by_instant_or_by_whole_days(one: str | None, other: str | None, before: bool) -> None:
    assert published_before(one, other) is before


def test_withdrawn_stays_withdrawn() -> None:
    stream = Stream()
    assert stream.withdraw() is None
    stream.post("A")
    assert stream.withdraw() == Outcome.WITHDRAWN
    assert stream.withdraw() == Outcome.WITHDRAWN
    assert stream.post("A") == Outcome.WITHDRAWN
    assert stream.post("B") == Outcome.WITHDRAWN
    assert [type(event) for event in stream.events] == [ArticleReceived, ArticleWithdrawn]
    assert stream.state.state == "withdrawn"


def _reading(kind: type, revision: int, dossier: str = "inf") -> Event:
    common = {"article_id": "a", "revision": revision, "dossier": dossier}
    read = common | {"dossier_version": "1", "extractor_version": "1", "language": "en"}
    dated = {"article_date": None, "article_date_basis": "unknown"}
    nothing = {"political_events": (), "positions": (), "quotations": (), "dropped": 0}
    fields = {
        ExtractionRequested: common | {"reason": "retry"},
        ExtractionCompleted: read | dated | nothing,
        ExtractionSkipped: read | dated | {"reason": "off-topic"},
        ExtractionFailed: common
        | {"extractor_version": "1", "error_class": "E", "code": "error", "attempts": 3},
    }
    made: Event = kind(**fields[kind])
    return made


def test_the_state_follows_what_was_read_out_of_the_current_version() -> None:
    stream = Stream()
    stream.post("A", published_at="2019-08-02")
    assert stream.state.state == "received"
    for kind, told in [
        (ExtractionFailed, "failed"),
        (ExtractionRequested, "received"),
        (ExtractionSkipped, "skipped"),
        (ExtractionCompleted, "extracted"),
    ]:
        stream.events.append(_reading(kind, 1))
        assert stream.state.state == told
    stream.post("older", published_at="2019-08-01")
    stream.events.append(_reading(ExtractionFailed, 2))
    assert stream.state.state == "extracted"
    stream.post("newer", published_at="2019-08-03")
    assert stream.state.state == "received"
    stream.events.append(_reading(ExtractionSkipped, 3))
    stream.events.append(_reading(ExtractionCompleted, 3, "another"))
    assert stream.state.state == "extracted"


_posts = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from(
            [None, "2019-08-01", "2019-08-02", "2019-08-02T10:00:00Z", "2019-08-02T11:00:00+02:00"]
        ),
    ),
    min_size=1,
    max_size=12,
)


@given(_posts)
def test_whatever_was_posted_last_adds_nothing_when_posted_again(posts: list[tuple[str, str | None]]) -> None:
    stream = Stream()
    for text, published in posts:
        stream.post(text, published_at=published)
        before = stream.state
        assert stream.post(text, published_at=published) == Outcome.SAME
        assert stream.state == before
    assert [version.revision for version in before.versions] == list(range(1, len(stream.events) + 1))
    assert len({event_id(event) for event in stream.events}) == len(stream.events)


@given(_posts)
def test_no_version_that_is_known_to_be_older_is_ever_current(posts: list[tuple[str, str | None]]) -> None:
    stream = Stream()
    for text, published in posts:
        stream.post(text, published_at=published)
        current = stream.state.current
        assert current is not None
        assert not any(published_before(current.published_at, v.published_at) for v in stream.state.versions)


@given(
    st.permutations(
        [
            ("A", "2019-08-01"),
            ("B", "2019-08-02"),
            ("C", "2019-08-03T09:00:00Z"),
            ("D", "2019-08-03T10:00:00+00:30"),
        ]
    )
)
def test_dated_versions_end_alike_in_whatever_order_they_arrive(posts: list[tuple[str, str]]) -> None:
    stream, straight = Stream(), Stream()
    for text, published in posts:
        stream.post(text, published_at=published)
    for text, published in sorted(posts):
        straight.post(text, published_at=published)
    assert stream.state.current is not None
    assert straight.state.current is not None
    assert stream.state.current.says_the_same(straight.state.current)
    assert len(stream.events) == len(straight.events) == 4


@given(_posts)
def test_replay_equals_increment(posts: list[tuple[str, str | None]]) -> None:
    stream, state = Stream(), ArticleState()
    for text, published in posts:
        stream.post(text, published_at=published)
        for n in range(state.position + 1, len(stream.events)):
            state = state.apply(stream.events[n], position=n, global_position=100 + n)
        assert state == stream.state


def test_two_different_revisions_never_share_an_id() -> None:
    said = itertools.product(("A", "B"), (None, "2019-08-02"), (None, "Outlet"), (None, "en"), ((), ("t",)))
    ids = set()
    for text, published, outlet, language, tags in said:
        stream = Stream()
        stream.post("first")
        if (
            stream.post(text, published_at=published, outlet=outlet, language=language, tags=tags)
            != Outcome.SAME
        ):
            ids.add(event_id(stream.events[-1]))
    assert len(ids) == 32
