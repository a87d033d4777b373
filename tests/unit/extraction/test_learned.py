"""The learned second look: whose words are whose, what it may add, and what it must not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.core.domain.dossier import Dossier, load_dossier
from services.core.domain.reading import ArticleText
from services.core.domain.vocabulary import Stance
from workers.extraction.findings import Finding
from workers.extraction.learned.candidates import Candidate, candidates
from workers.extraction.learned.features import features, party_of, word_classes
from workers.extraction.learned.model import Model, load, read
from workers.extraction.learned.second_look import second_look
from workers.extraction.reader import Reader
from workers.extraction.scene import Scene
from workers.extraction.statements import find_statements


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


def _sure_of(label: str, proposition: str | None = None) -> Model:
    """A model that believes one label of everybody, and nothing else."""
    names = [proposition, label] if proposition else [label]
    empty = np.zeros(0)
    return Model(["party=R"], names, [0, 0], empty.astype(int), empty, np.full(len(names), 9.0), {label: 0.6})


@pytest.fixture(scope="module")
def dossier() -> Dossier:
    return load_dossier("inf")


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


def test_features_do_not_depend_on_who_the_holder_is(dossier: Dossier) -> None:
    found = []
    for actor, name in (("germany", "Germany"), ("france", "France")):
        candidate = _of(_scene(f"{name} wants the INF Treaty to live on and will not arm itself."), actor)
        found.append(features(candidate, party_of(actor, dossier), word_classes("inf")))
    assert found[0] == found[1]
    assert any("@H" in name for name in found[0])


def test_words_of_like_meaning_share_a_class() -> None:
    classes = word_classes("inf")
    assert classes.of("station") == classes.of("deploy") == "%deploy"
    assert classes.of("zebra") == "zebra"
    assert classes.of("@russia") == "@russia"


def test_a_stance_is_as_likely_as_its_question_and_its_share_in_it() -> None:
    model = Model(
        ["f"], ["q", "q supports"], [0, 2], np.array([0, 1]), np.array([2.0, -1.0]), np.zeros(2), {}
    )
    (value,) = model.probabilities({"f", "unknown"}).values()
    assert value == pytest.approx(1 / (1 + np.exp(-2.0)) * 1 / (1 + np.exp(1.0)), abs=1e-6)


def test_a_model_survives_its_file(tmp_path: Path) -> None:
    model = Model(
        ["a", "b c"],
        ["q", "q opposes", "denial"],
        [0, 1, 3],
        np.array([1, 0, 2]),
        np.array([0.5, 1.5, -2.0]),
        np.ones(3),
        {"denial": 0.5},
    )
    model.save(tmp_path / "m.npz")
    again = read((tmp_path / "m.npz").read_bytes())
    assert again.probabilities({"a", "b c"}) == pytest.approx(model.probabilities({"a", "b c"}))
    assert again.thresholds["denial"] == 0.5
    assert again.thresholds["q opposes"] == 1.0


def test_the_packaged_model_knows_the_dossier(dossier: Dossier) -> None:
    model = load("inf")
    assert model is not None
    for label in model.labels:
        question, _, stance = label.partition(" ")
        assert question in dossier.propositions or label in dossier.kinds
        assert not stance or stance in set(Stance)
        assert 0.4 < model.thresholds[label] <= 1.0
    assert load("no-such-dossier") is None


def test_the_rules_win_where_they_speak() -> None:
    scene = _scene("Russia has never violated the INF Treaty, Lavrov said on Monday.")
    rules = find_statements(scene)
    assert ("russia-complied", Stance.SUPPORTS) in {(f.proposition, f.stance) for f in rules}
    added = second_look(scene, rules, _sure_of("russia-complied opposes", "russia-complied"))
    assert not [f for f in added if "russia" in f.holders]


def test_what_is_added_is_dated_attributed_and_verbatim() -> None:
    text = "The INF Treaty was discussed at length. Lavrov spoke on Monday of the treaty and of its troubles."
    scene = _scene(text)
    rules: list[Finding] = []
    added = second_look(scene, rules, _sure_of("warning"))
    assert [(f.kind, f.holders, f.when.value) for f in added] == [("warning", ("russia",), "2019-03-04")]
    assert added[0].evidence.of(text).strip()
    assert added[0].evidence.end - added[0].evidence.start <= 260
    assert added[0].rule.startswith("learned")


def test_a_condition_that_is_not_there_is_not_believed() -> None:
    scene = _scene("Moscow will deploy missiles banned by the INF Treaty, Putin said.")
    added = second_look(scene, [], _sure_of("deployment conditional", "deployment"))
    assert not added


def test_nothing_is_added_off_topic() -> None:
    reader = Reader(load_dossier("inf"))
    reading = reader.read(
        ArticleText(text="Germany accused Poland on Monday of polluting the Oder.", published_at="2019-03-06")
    )
    assert not reading.positions
    assert not reading.events
