"""Findings of single actors, as the encoder gives them, become one event where the sentence joins the actors."""

from __future__ import annotations

from datetime import date

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText, PoliticalEvent, Span
from services.core.domain.vocabulary import Stance, Status
from workers.extraction.article_date import work_out_date
from workers.extraction.dates import find_dates
from workers.extraction.document import parse
from workers.extraction.event_dates import Basis, Dated
from workers.extraction.findings import Finding
from workers.extraction.joint_acts import together
from workers.extraction.mentions import find_mentions
from workers.extraction.political_events import find_events
from workers.extraction.positions import find_positions
from workers.extraction.reader import Reader
from workers.extraction.scene import Scene

INF = load_dossier("inf")
DAY = "2019-03-06"


def scene(text: str) -> Scene:
    article = ArticleText(text=text, published_at=DAY)
    document = parse(article)
    mentions = find_mentions(document, INF, date.fromisoformat(DAY))
    timexes = find_dates(text, date.fromisoformat(DAY))
    return Reader(INF).scene(article, document, mentions, timexes, work_out_date(article, INF, today=None))


def act(
    actor: str,
    kind: str,
    *,
    line: int = 0,
    when: str = DAY,
    to: tuple[str, ...] = (),
    sure: float = 0.8,
    status: Status = Status.ACTUAL,
) -> Finding:
    return Finding(
        holders=tuple(actor.split()),
        line=line,
        evidence=Span(line * 10, line * 10 + 5),
        when=Dated(when, Basis.EXPLICIT),
        rule="encoder",
        confidence=sure,
        kind=kind,
        recipients=to,
        status=status,
    )


def events(text: str, *findings: Finding) -> list[tuple[str, ...]]:
    return [e.actors for e in find_events(together(scene(text), findings), INF)]


@pytest.mark.parametrize(
    "text",
    [
        "Britain and Poland on Wednesday blamed Moscow for the crisis of the INF Treaty.",
        "Moscow was blamed by Britain and Poland on Wednesday for the crisis of the INF Treaty.",
        "Britain, together with Poland, blamed Moscow for the crisis of the INF Treaty.",
        "The British and Polish foreign ministers blamed Moscow for the crisis of the INF Treaty.",
    ],
)
def test_coordinated_actors_do_one_act(text: str) -> None:
    blamed = [act(a, "accusation", to=("russia",)) for a in ("uk", "poland")]
    assert events(text, *blamed) == [("poland", "uk")]


def test_actors_of_two_clauses_do_two_acts() -> None:
    text = (
        "Britain blamed Moscow for the crisis of the INF Treaty, while Poland accused Russia of breaking it."
    )
    blamed = [act(a, "accusation", to=("russia",)) for a in ("uk", "poland")]
    assert sorted(events(text, *blamed)) == [("poland",), ("uk",)]


def test_days_and_kinds_are_not_mixed() -> None:
    text = "Britain and Poland blamed Moscow for the crisis of the INF Treaty."
    mixed = [act("uk", "accusation"), act("poland", "accusation", when="2019-03-05"), act("poland", "demand")]
    assert len(events(text, *mixed)) == 3


def test_opponents_accuse_each_other_in_two_acts() -> None:
    text = "Russia and the United States accused each other of breaking the INF Treaty."
    charges = [act("russia", "accusation", to=("usa",)), act("usa", "accusation", to=("russia",))]
    assert sorted(events(text, *charges)) == [("russia",), ("usa",)]


def test_opponents_may_ask_something_of_a_third_together() -> None:
    text = "Russia and the United States urged China to join the INF Treaty."
    asked = [act(a, "demand", to=("china",)) for a in ("russia", "usa")]
    assert events(text, *asked) == [("russia", "usa")]


def test_both_sides_of_a_meeting_take_part() -> None:
    text = "Lavrov met Maas on Wednesday to talk about the INF Treaty."
    met = [act("russia", "consultation", to=("germany",)), act("germany", "consultation", to=("russia",))]
    assert events(text, *met) == [("germany", "russia")]


def test_two_meetings_in_one_sentence_stay_two() -> None:
    text = "Lavrov met Maas to talk about the INF Treaty, while Pompeo met Stoltenberg in Brussels."
    met = [act(a, "consultation") for a in ("russia", "germany", "usa", "nato")]
    assert sorted(events(text, *met)) == [("germany", "russia"), ("nato", "usa")]


TWO = (
    "Britain and Poland blamed Moscow for the crisis of the INF Treaty. Poland said that Moscow was to blame."
)


def test_another_sentence_that_names_fewer_actors_tells_the_same_act() -> None:
    again = [
        act("uk", "accusation"),
        act("poland", "accusation"),
        act("poland", "accusation", line=1, sure=0.95),
    ]
    found = find_events(together(scene(TWO), again), INF)
    assert [(e.actors, e.confidence) for e in found] == [(("poland", "uk"), 0.95)]


def test_another_sentence_with_other_actors_tells_another_act() -> None:
    other = [act("uk poland", "accusation"), act("uk germany", "accusation", line=1)]
    assert len(events(TWO, *other)) == 2


def test_a_joint_statement_is_left_to_whoever_did_nothing_else() -> None:
    said = [act("uk", "statement"), act("poland", "statement"), act("uk", "demand", line=1)]
    found = find_events(together(scene(TWO), said), INF)
    assert sorted((e.kind, e.actors) for e in found) == [("demand", ("uk",)), ("statement", ("poland",))]


def test_statements_of_overlapping_actors_do_not_drop_each_other() -> None:
    said = [act("uk poland", "statement"), act("uk germany", "statement", line=1)]
    assert len(find_events(said, INF)) == 2


def test_recipients_travel_along_a_chain_of_tellings() -> None:
    told = [
        act("usa", "consultation", to=("china",)),
        act("usa russia", "consultation", line=1, to=("nato",)),
        act("usa russia uk", "consultation", line=2),
    ]
    found: list[PoliticalEvent] = find_events(told, INF)
    assert [(e.actors, e.recipients) for e in found] == [(("russia", "uk", "usa"), ("china", "nato"))]


# --- positions --------------------------------------------------------------------------------------------


def stance(word: Stance, sure: float, *, line: int = 0, proposition: str = "moratorium") -> Finding:
    return Finding(
        holders=("russia",),
        line=line,
        evidence=Span(line * 10, line * 10 + 5),
        when=Dated(DAY, Basis.EXPLICIT),
        rule="encoder",
        confidence=sure,
        proposition=proposition,
        stance=word,
    )


def stances(*findings: Finding) -> set[str]:
    return {p.stance.value for p in find_positions(findings, DAY)}


def test_a_doubtful_condition_does_not_drop_a_sure_stance() -> None:
    plain, tied = stance(Stance.SUPPORTS, 0.97), stance(Stance.CONDITIONAL, 0.55, line=1)
    assert stances(plain, tied) == {"supports", "conditional"}
    assert stances(stance(Stance.SUPPORTS, 0.7), stance(Stance.CONDITIONAL, 0.7, line=1)) == {"conditional"}


def test_of_opposites_the_likelier_stays_however_near_to_certain_both_are() -> None:
    yes, no = stance(Stance.SUPPORTS, 0.99), stance(Stance.OPPOSES, 0.92, line=1)
    assert stances(yes, no) == {"supports"}


def test_a_stance_told_again_and_again_outweighs_one_sentence() -> None:
    no = [stance(Stance.OPPOSES, 0.75, line=n) for n in range(3)]
    assert stances(*no, stance(Stance.SUPPORTS, 0.9, line=4)) == {"opposes"}
    assert stances(
        *(stance(Stance.OPPOSES, 0.6) for _ in range(9)), stance(Stance.SUPPORTS, 0.9, line=4)
    ) == {"supports"}


def test_a_stance_told_hundreds_of_times_is_one_position() -> None:
    yes = [stance(Stance.SUPPORTS, 0.95, line=n) for n in range(500)]
    assert stances(*yes) == {"supports"}
    assert stances(*yes, stance(Stance.OPPOSES, 0.95, line=501)) == {"supports"}
