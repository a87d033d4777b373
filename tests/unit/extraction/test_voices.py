"""How positions come to us: the actor's own quoted words, a paraphrase, or its adversary's telling."""

from __future__ import annotations

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from services.core.domain.vocabulary import Voice
from workers.extraction.reader import Reader

OWN, REPORTED, ADVERSARY = Voice.OWN, Voice.REPORTED, Voice.ADVERSARY
MINISTRY = "Russian Foreign Ministry"

TRANSCRIPT = """VLADIMIR PUTIN: Good morning.

QUESTION: And the Americans?

VLADIMIR PUTIN: The United States has broken the INF Treaty by deploying Mk-41 launchers."""

CASES = [
    # quoted
    (
        OWN,
        "russia russia-complied",
        "“Russia has never violated the INF Treaty,” Sergei Lavrov said on Monday.",
    ),
    (
        OWN,
        "russia russia-complied",
        '"The INF Treaty matters. We have never violated it," Lavrov told reporters on Monday.',
    ),
    (
        OWN,
        "nato moratorium",
        'NATO called the Russian moratorium on INF missiles "not a credible offer" on Wednesday.',
    ),
    (
        OWN,
        "usa russia-complied",
        "Trump said the United States would leave the INF Treaty because “Russia has violated the agreement.”",
    ),
    (
        OWN,
        "russia us-complied",
        TRANSCRIPT,
    ),
    # paraphrased, or done
    (
        REPORTED,
        "russia russia-complied",
        "Lavrov said on Monday that Russia had never violated the INF Treaty.",
    ),
    (REPORTED, "russia us-complied", "According to the Kremlin, the United States violates the INF Treaty."),
    (REPORTED, "usa us-withdrawal", "Washington withdrew from the INF Treaty on August 2, 2019."),
    (REPORTED, "russia russia-complied", "Moscow denies that it violates the INF Treaty."),
    (
        REPORTED,
        "germany us-complied",
        "Merkel said on Monday that the United States had not violated the INF Treaty.",
    ),
    (REPORTED, "nato moratorium", 'NATO dismissed the "moratorium" on INF missiles on Wednesday.'),
    # who makes a charge does not tell how it is denied
    (
        REPORTED,
        "russia russia-complied",
        "The United States accuses Russia of violating the INF Treaty, a charge that Moscow denies.",
    ),
    # told by the adversary, in its quotation too
    (
        ADVERSARY,
        "usa us-withdrawal",
        "Putin said on Monday that the United States had decided to leave the INF Treaty without any reason.",
    ),
    (
        ADVERSARY,
        "usa us-withdrawal",
        '"The Americans have announced that they are leaving the INF Treaty," Putin said on Monday.',
    ),
    (
        ADVERSARY,
        "nato moratorium",
        "Ryabkov said on Monday that NATO had dismissed the moratorium on INF missiles.",
    ),
    (
        ADVERSARY,
        "usa russia-complied",
        'Zakharova called US accusations that Russia violated the INF Treaty "groundless".',
    ),
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_dossier("inf"))


def voices(reader: Reader, text: str, outlet: str | None = None) -> dict[str, set[Voice]]:
    found: dict[str, set[Voice]] = {}
    for p in reader.read(ArticleText(text, published_at="2019-03-04", outlet=outlet)).positions:
        found.setdefault(f"{p.actor} {p.proposition}", set()).add(p.voice)
    return found


@pytest.mark.parametrize(
    ("voice", "who", "text"), CASES, ids=[f"{v}-{n}" for n, (v, _, _) in enumerate(CASES)]
)
def test_it_is_the_teller_that_counts(reader: Reader, voice: Voice, who: str, text: str) -> None:
    assert voices(reader, text)[who] == {voice}


def test_an_owner_speaks_for_itself_in_its_own_text(reader: Reader) -> None:
    text = (
        "We have always kept to the INF Treaty. Russia urges the United States to return to compliance with the INF "
        "Treaty. The United States announced that it is leaving the INF Treaty."
    )
    found = voices(reader, text, MINISTRY)
    assert found["russia russia-complied"] == found["russia us-complied"] == {OWN}
