"""Which language a text is in."""

from __future__ import annotations

import pytest

from workers.extraction.language import detect_language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The ministry urges the alliance to study the proposal with care.", "en"),
        ("Zakharova, Szijjarto and Czaputowicz met in Warszawa, said the ministry of Poland.", "en"),
        ("Kommersant said that Ryabkov, Wolski and Kowalczyk dined with Nowak of Krakow.", "en"),
        ("Das Ministerium fordert das Bündnis auf, den Vorschlag sorgfältig zu prüfen.", "de"),
        ("Le ministère demande à l'alliance d'étudier la proposition avec soin.", "fr"),
        ("El ministerio pide a la alianza que estudie la propuesta con cuidado.", "es"),
        ("Министерство призывает альянс внимательно изучить это предложение.", "ru"),
        ("Il ministero chiede all'alleanza di esaminare con attenzione la proposta.", "it"),
        ("O ministério pede à aliança que estude a proposta com atenção, disse ele.", "pt"),
        ("外交部敦促北约认真研究这项建议。", "zh"),
        ("外務省は同盟に対し、提案を慎重に検討するよう求めている。", "ja"),
        ("Міністерство закликає альянс уважно вивчити цю пропозицію.", "uk"),
        ("Ministerstwo wzywa sojusz do uważnego zbadania tej propozycji.", "pl"),
        ("Was er nicht will, das will er nicht: on verra, the show must go on, sagte der Minister.", "de"),
        ("", None),
        ("NATO", None),
        ("12.10.2019 14:05 - 500 / 5,500 +++ 60", None),
    ],
)
def test_the_language_of_a_text(text: str, code: str | None) -> None:
    assert detect_language(text) == code


def test_only_the_beginning_counts() -> None:
    english = "The ministry urges the alliance to study the proposal with care. " * 40

    assert detect_language(english + "Министерство призывает альянс изучить предложение. " * 200) == "en"


def test_a_text_half_in_another_language_is_asked_of_the_detector() -> None:
    """Small words of English alone must not decide about it."""
    english = "The ministry urges the alliance to study the proposal with care before it is too late. "
    german = (
        "Das Ministerium fordert das Bündnis auf, den Vorschlag sorgfältig zu prüfen, bevor es zu spät ist. "
    )

    assert detect_language(english * 12) == "en"
    assert detect_language(german * 8 + english * 5) == "de"
