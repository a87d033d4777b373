"""Where records come from."""

from __future__ import annotations

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText, Position, Reading
from workers.extraction.explaining import ACT, OWN_TEXT, ExplainingReader, Explanation
from workers.extraction.reader import Reader

NEWS = (
    "BRUSSELS, September 25. NATO spokeswoman Oana Lungescu commented on the Russian letter on Wednesday. She said that "
    "the moratorium was not a credible offer. Moscow rejects Washington's claim that the 9M729 violates the INF Treaty."
)


@pytest.fixture(scope="module")
def reader() -> ExplainingReader:
    return ExplainingReader(load_dossier("inf"))


def read(reader: ExplainingReader, text: str, outlet: str | None = None) -> Reading:
    return reader.read(ArticleText(text, published_at="2019-09-25", outlet=outlet))


def of(reader: ExplainingReader, reading: Reading, *key: str) -> tuple[Position, Explanation]:
    found = {(p.actor, p.proposition, p.stance.value): p for p in reading.positions}
    position = found[key[0], key[1], key[2]]
    return position, reader.explanation(position)


def test_it_reads_as_any_reader_does(reader: ExplainingReader) -> None:
    assert read(reader, NEWS) == Reader(load_dossier("inf")).read(
        ArticleText(NEWS, published_at="2019-09-25")
    )


def test_a_pronoun_leads_to_the_person_and_its_actor(reader: ExplainingReader) -> None:
    reading = read(reader, NEWS)
    position, made = of(reader, reading, "nato", "moratorium", "opposes")
    assert made.sentence.of(NEWS) == "She said that the moratorium was not a credible offer."
    (link,) = made.chain
    assert (link.words, link.actors, link.cue) == ("She", ("nato",), "said")
    assert link.holder is not None
    assert link.holder.startswith("Oana Lungescu")
    assert made.rule == position.rule != ""
    assert made.score is not None
    assert not made.learned


def test_a_claim_inside_a_rejection_has_both_voices_the_outer_first(reader: ExplainingReader) -> None:
    reading = read(reader, NEWS)
    _, made = of(reader, reading, "usa", "russia-complied", "opposes")
    assert [(link.actors, link.cue) for link in made.chain] == [(("russia",), "rejects"), (("usa",), "claim")]
    _, denial = of(reader, reading, "russia", "russia-complied", "supports")
    assert denial.chain == made.chain


def test_what_an_owner_says_itself_is_its_own_text(reader: ExplainingReader) -> None:
    text = "We keep our word. Our country has always kept to the INF Treaty and never violated it."
    reading = read(reader, text, outlet="Russian Foreign Ministry")
    _, made = of(reader, reading, "russia", "russia-complied", "supports")
    assert [(link.how, link.actors) for link in made.chain] == [(OWN_TEXT, ("russia",))]


def test_who_acts_is_named_where_nobody_speaks(reader: ExplainingReader) -> None:
    reading = read(reader, "The United States withdrew from the INF Treaty on August 2, 2019.")
    _, made = of(reader, reading, "usa", "us-withdrawal", "supports")
    assert [(link.how, link.words, link.actors) for link in made.chain] == [(ACT, "United States", ("usa",))]


def test_every_record_of_a_long_article_is_explained(reader: ExplainingReader) -> None:
    reading = read(reader, "\n\n".join([NEWS] * 3))
    for record in (*reading.positions, *reading.events):
        made = reader.explanation(record)
        assert made.sentence.start <= record.evidence.start < made.sentence.end
        assert made.score is not None
        assert made.date_basis is not None


def test_without_a_reading_there_is_nothing_to_explain() -> None:
    fresh = ExplainingReader(load_dossier("inf"))
    record = read(ExplainingReader(load_dossier("inf")), NEWS).positions[0]
    with pytest.raises(ValueError, match="no article"):
        fresh.explanation(record)
