"""The encoder beside the rules: what it is shown, what it may add, and what it must not."""

from __future__ import annotations

from importlib import resources

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from services.core.domain.vocabulary import Stance, Status
from workers.extraction.learned import side_by_side
from workers.extraction.learned.candidates import Candidate, candidates
from workers.extraction.learned.encoder import CHUNK, Belief, Encoder, load
from workers.extraction.learned.rendering import (
    COARSE_PAST,
    LENGTH,
    SILENT,
    Renderer,
    concept_marks,
    party_of,
    render,
)
from workers.extraction.learned.second_look import Look, Thresholds, look, merged
from workers.extraction.learned.weighing import Case, Weights, cases, chance_of, load_weights, signs
from workers.extraction.reader import Reader
from workers.extraction.scene import Scene
from workers.extraction.statements import find_statements

#: The encoder is believed as it says, rules that it does not contradict always.
_PLAIN = {"encoder": 1.0, "rules": 3.0, "contested": -6.0}
WEIGHTS: Weights = {"positions": _PLAIN, "events": _PLAIN}


class _Looking(Reader):
    kept: Scene | None = None

    def scene(self, *arguments: object, **named: object) -> Scene:
        self.kept = super().scene(*arguments, **named)  # type: ignore[arg-type]
        return self.kept


def _scene(text: str) -> Scene:
    reader = _Looking(load_dossier("inf"))
    reader.read(ArticleText(text=text, published_at="2019-03-06"))
    assert reader.kept is not None
    return reader.kept


def _of(scene: Scene, actor: str, line: int = 0) -> Candidate:
    return next(c for c in candidates(scene, scene.lines[line]) if c.actor == actor)


def _zone(candidate: Candidate, code: str) -> str:
    return next(z for s, z in zip(candidate.line.signs, candidate.zones, strict=True) if s.code == code)


def _spelled(text: str) -> list[int]:
    """A piece for each word, so that places can be counted."""
    return [1000 + len(word) for word in text.split()]


def _believing(scene: Scene, line: int, actor: str, **beliefs: dict[str, object]) -> list[Look]:
    rendered = render(scene, scene.lines[line], _spelled)
    belief = Belief(beliefs.get("positions", {}), beliefs.get("acts", {}))  # type: ignore[arg-type]
    return [Look(scene.lines[line], rendered, {actor: belief})]


def test_words_belong_to_whoever_says_them() -> None:
    scene = _scene(
        "Stoltenberg said that Russia had broken the INF Treaty, which the Kremlin denied on Monday."
    )
    assert _zone(_of(scene, "nato"), "break") == "h"
    assert _zone(_of(scene, "russia"), "break") in {"p", "o", "d"}


def test_words_of_a_denial_are_marked() -> None:
    scene = _scene("Moscow denied that it had violated the INF Treaty.")
    assert _zone(_of(scene, "russia"), "violate") == "d"
    assert _zone(_of(scene, "russia"), "deny") == "a"


def test_what_an_expert_says_is_no_actors_word() -> None:
    scene = _scene("Analysts at a think tank in Oslo say that Russia has violated the INF Treaty.")
    assert not any(c.own for c in candidates(scene, scene.lines[0]))


@pytest.mark.parametrize(
    ("actor", "party"),
    [("russia", "R"), ("usa", "U"), ("nato", "N"), ("china", "C"), ("germany", "B"), ("austria", "X")],
)
def test_an_actor_is_shown_by_its_part_in_the_dispute(actor: str, party: str) -> None:
    assert party_of(actor, load_dossier("inf")) == party


def test_what_is_shown_depends_on_no_name() -> None:
    one, other = (
        _scene(f"{name} said on Monday that the INF Treaty must live.") for name in ("Macron", "Merkel")
    )
    assert render(one, one.lines[0], _spelled).pieces == render(other, other.lines[0], _spelled).pieces


def test_every_actor_and_date_of_a_sentence_can_be_asked_about() -> None:
    scene = _scene("Lavrov met Pompeo. On Monday Russia told Germany that the INF Treaty was dead.")
    rendered = render(scene, scene.lines[1], _spelled)
    assert set(rendered.holders) == {"russia", "usa", "germany"}
    assert "2019-03-04" in {value for _, value in rendered.times}
    for places in rendered.holders.values():
        assert all(0 < place < len(rendered.pieces) for place in places)


def test_whoever_goes_on_speaking_is_shown_in_front() -> None:
    scene = _scene("“The INF Treaty is dead,” Lavrov said. “It died in 2002. Nobody should weep.”")
    rendered = render(scene, scene.lines[-1], _spelled)
    assert any(rendered.pieces[place - 1] == SILENT for place in rendered.holders["russia"])


def test_a_line_is_shown_the_same_alone_and_among_others() -> None:
    scene = _scene(
        "“The INF Treaty is dead,” Lavrov said on Monday. “It died in 2002.”\n\n"
        "Pompeo told Germany on March 1 that Russia had built the 9M729. NATO agreed with him. It will respond."
    )
    together = Renderer(scene, _spelled)
    for line in scene.lines:
        assert together.render(line) == render(scene, line, _spelled)
    assert together.render(scene.lines[2]) == render(scene, scene.lines[2], _spelled)


def test_nobody_is_asked_about_where_nobody_is_named() -> None:
    encoder = load("inf")
    assert encoder is not None
    scene = _scene("It rained on the INF Treaty. NATO accused Russia of violating the INF Treaty.")
    rows = [render(scene, line, encoder.pieces) for line in scene.lines]
    assert not rows[0].holders
    assert not encoder.beliefs(rows)[0]
    assert not encoder.beliefs(rows[:1])[0]
    assert encoder.beliefs(rows)[1]
    assert encoder.beliefs([]) == []


def test_a_long_articles_lines_are_asked_about_in_parts() -> None:
    encoder = load("inf")
    assert encoder is not None
    scene = _scene("NATO accused Russia of violating the INF Treaty. The Kremlin denied it on Monday.")
    rows = [render(scene, line, encoder.pieces) for line in scene.lines]
    once, often = encoder.beliefs(rows), encoder.beliefs(rows * CHUNK)
    assert len(often) == 2 * CHUNK
    assert [found.keys() for found in often] == [found.keys() for found in once] * CHUNK
    for one, same in zip(once, often[-2:], strict=True):
        for actor, belief in one.items():
            assert belief.positions == pytest.approx(same[actor].positions, abs=1e-5)


def test_several_threads_believe_the_same_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "_running", lambda: 0)  # every core is free
    folder = resources.files("workers.extraction.learned").joinpath("inf")
    beliefs = []
    encoder = Encoder(folder)
    for threads in (1, 3):
        monkeypatch.setattr(side_by_side, "_threads", threads)
        scene = _scene(
            "NATO accused Russia of violating the INF Treaty. The Kremlin denied it on Monday. Germany urged both "
            "to keep the treaty.\n\nChina said on Tuesday that it would not join it. Lavrov blamed Washington."
        )
        beliefs.append(encoder.beliefs([render(scene, line, encoder.pieces) for line in scene.lines]))
    assert beliefs[0] == beliefs[1]
    assert sum(map(len, beliefs[0])) > 5


def test_a_sentence_without_end_is_cut() -> None:
    scene = _scene("Russia said that the INF Treaty was " + "very " * 300 + "dead on Monday.")
    rendered = render(scene, scene.lines[0], _spelled)
    assert len(rendered.pieces) <= LENGTH
    assert all(place < len(rendered.pieces) for place, _ in rendered.times)


def test_the_packaged_encoder_knows_the_dossier() -> None:
    encoder, dossier = load("inf"), load_dossier("inf")
    assert encoder is not None
    assert set(encoder.kinds) == set(dossier.kinds)
    assert set(encoder.stances) == {f"{p} {s}" for p in dossier.propositions for s in Stance}
    assert load("no-such-dossier") is None


def test_the_packaged_encoder_tells_a_denial_from_a_charge() -> None:
    encoder = load("inf")
    assert encoder is not None
    scene = _scene(
        "NATO accused Russia of violating the INF Treaty. The Kremlin denied that it had broken the INF Treaty."
    )
    first, second = encoder.beliefs([render(scene, line, encoder.pieces) for line in scene.lines])
    charge, denial = first["nato"].positions, second["russia"].positions
    assert charge["russia-complied opposes"] > 0.5 > charge["russia-complied supports"]
    assert denial["russia-complied supports"] > 0.5 > denial["russia-complied opposes"]


def test_beliefs_do_not_depend_on_what_else_is_asked() -> None:
    encoder = load("inf")
    assert encoder is not None
    scene = _scene("NATO accused Russia of violating the INF Treaty. The Kremlin denied it on Monday.")
    rows = [render(scene, line, encoder.pieces) for line in scene.lines]
    alone, together = encoder.beliefs(rows[:1])[0], encoder.beliefs(rows)[0]
    assert alone.keys() == together.keys()
    for actor in alone:
        assert alone[actor].positions == pytest.approx(together[actor].positions, abs=1e-5)
        for day, kinds in alone[actor].acts.items():
            assert kinds == pytest.approx(together[actor].acts[day], abs=1e-5)


def test_what_is_added_is_dated_attributed_and_verbatim() -> None:
    text = "The INF Treaty was discussed at length. Lavrov spoke on Monday of the treaty and of its troubles."
    scene = _scene(text)
    looks = _believing(
        scene, 1, "russia", acts={"2019-03-04": {"warning": 0.9}, "2019-03-01": {"warning": 0.1}}
    )
    added = merged(scene, [], looks, WEIGHTS, Thresholds())
    assert [(f.kind, f.holders, f.when.value) for f in added] == [("warning", ("russia",), "2019-03-04")]
    assert added[0].evidence.of(text).strip()
    assert added[0].evidence.end - added[0].evidence.start <= 260
    assert added[0].rule.startswith("encoder")


def test_what_is_dated_later_than_the_article_is_planned() -> None:
    scene = _scene("Russia will leave the INF Treaty on 2 August.")
    looks = _believing(scene, 0, "russia", acts={"2019-08-02": {"agreement-ended": 0.9}})
    (added,) = merged(scene, [], looks, WEIGHTS, Thresholds())
    assert added.status is Status.PLANNED


def test_an_act_has_the_date_that_the_encoder_is_surest_of() -> None:
    scene = _scene("Lavrov, who spoke on Monday, warned NATO of what would follow the INF Treaty.")
    looks = _believing(
        scene, 0, "russia", acts={"2019-03-04": {"warning": 0.3}, "2019-03-06": {"warning": 0.45}}
    )
    added = merged(scene, [], looks, WEIGHTS, Thresholds())
    assert [f.when.value for f in added] == ["2019-03-06"]


def test_rules_that_the_encoder_contradicts_fall() -> None:
    scene = _scene("Russia has never violated the INF Treaty, Lavrov said on Monday.")
    rules = find_statements(scene)
    assert ("russia-complied", Stance.SUPPORTS) in {(f.proposition, f.stance) for f in rules}
    doubted = {"russia-complied supports": 0.001, "russia-complied opposes": 0.9}
    doubting = merged(scene, rules, _believing(scene, 0, "russia", positions=doubted), WEIGHTS, Thresholds())
    assert Stance.SUPPORTS not in {f.stance for f in doubting if f.proposition == "russia-complied"}
    sure = {"russia-complied supports": 0.9, "russia-complied opposes": 0.1}
    kept = merged(scene, rules, _believing(scene, 0, "russia", positions=sure), WEIGHTS, Thresholds())
    assert {f.stance for f in kept if f.proposition == "russia-complied"} == {Stance.SUPPORTS}


def test_what_the_rules_find_of_nobody_stays() -> None:
    scene = _scene("The INF Treaty was terminated on 2 August 2019.")
    rules = [f for f in find_statements(scene) if f.kind is not None and not f.holders]
    assert rules
    assert merged(scene, rules, [], WEIGHTS, Thresholds()) == rules


def test_what_several_lines_say_counts_together() -> None:
    scene = _scene("Russia broke the INF Treaty, Pompeo said. Moscow broke the treaty again, he said.")
    twice = [
        look for n in (0, 1) for look in _believing(scene, n, "usa", positions={"deployment supports": 0.4})
    ]
    once = {"encoder": 1.0, "encoder again": 1.0}
    weights: Weights = {"positions": once, "events": once}
    assert not merged(scene, [], twice[:1], weights, Thresholds())
    assert [f.proposition for f in merged(scene, [], twice, weights, Thresholds())] == ["deployment"]


def test_the_packaged_weights_are_for_signs_that_are_met() -> None:
    weights, encoder = load_weights("inf"), load("inf")
    assert encoder is not None
    assert set(weights) == {"positions", "events"}
    scene = _scene("NATO accused Russia of violating the INF Treaty. The Kremlin denied it on Monday.")
    rows = [render(scene, line, encoder.pieces) for line in scene.lines]
    looks = [Look(*found) for found in zip(scene.lines, rows, encoder.beliefs(rows), strict=True)]
    among = cases(find_statements(scene), looks)
    assert among
    dossier = load_dossier("inf")
    labels = {f"label {p} {s}" for p in dossier.propositions for s in Stance}
    labels |= {f"label {kind}" for kind in dossier.kinds}
    for of, known in weights.items():
        named = {name for name in known if name.startswith("label ")}
        assert named <= labels, of
    for case in among.values():
        found = signs(scene, case, among)
        assert found.keys() <= weights[case.of].keys() | {"encoder against", "rules against"}
        assert 0.0 < chance_of(found, weights[case.of]) < 1.0
    assert load_weights("no-such-dossier") == {}


def test_lines_far_from_the_subject_are_not_asked_about() -> None:
    weather = " ".join(f"It rained in Lisbon on day {n}, and the trams ran late." for n in range(12))
    scene = _scene(
        f"NATO accused Russia of violating the INF Treaty. {weather} Germany accused Poland of littering."
    )
    encoder = load("inf")
    assert encoder is not None
    asked = {this.line.number for this in look(scene, encoder)}
    assert 0 in asked
    assert scene.lines[-1].number not in asked


@pytest.mark.parametrize(
    ("case", "found", "needed"),
    [
        (Case("positions", "usa", "deployment supports", None), {}, Thresholds().position),
        (
            Case("positions", "usa", "deployment supports", None),
            {"own voice": 1.0},
            Thresholds().own_position,
        ),
        (Case("events", "usa", "warning", "2019-02-01"), {}, Thresholds().act),
        (Case("events", "usa", "warning", "2019-02-01"), {"own voice": 1.0}, Thresholds().own_act),
        (Case("events", "usa", "warning", "2019-02-01"), {"left open": 1.0}, Thresholds().left_open),
    ],
)
def test_more_is_asked_of_what_the_encoder_knows_less_of(
    case: Case, found: dict[str, float], needed: float
) -> None:
    assert Thresholds().wanted(case, found) == needed
    assert needed == pytest.approx(0.43 if case.of == "positions" else 0.4) or found


def test_what_is_known_of_a_day_are_signs() -> None:
    scene = _scene("Lavrov warned on Monday of an end of the INF Treaty, Russia will act in 2020.")
    days = ("2019-03-04", "2019-03-06", "2020")
    looks = _believing(scene, 0, "russia", acts={day: {"warning": 0.3} for day in days})
    among = cases([], looks)
    found = {day: signs(scene, among["events", "russia", "warning", day], among) for day in days}
    assert [day for day in days if "dated by rules" in found[day]] == ["2019-03-04"]
    assert [day for day in days if "article's day" in found[day]] == ["2019-03-06"]
    assert [day for day in days if "coarse" in found[day]] == ["2020"]
    assert [day for day in days if "later" in found[day]] == ["2020"]
    assert not any("left open" in found[day] for day in days)


def test_concepts_have_the_marks_that_the_encoder_was_trained_on() -> None:
    """A concept more or less means training anew."""
    assert list(concept_marks("inf")) == [
        "#9m729", "#inf", "#inf-banned", "#inf-such", "#mk41", "#moratorium",
        "#newtreaty", "#other", "#rumissile", "#treaty", "#usmissile", "#verify",
    ]  # fmt: skip
    assert max(concept_marks("inf").values()) < COARSE_PAST
