"""The words of the INF dossier: which make an article relevant, and those that the rules read by."""

from __future__ import annotations

import time

import pytest

from services.core.domain.dossier import Dossier
from workers.extraction.relevance import score


def found(inf: Dossier, text: str) -> tuple[float, int]:
    core = [t.weight for t in inf.relevance.core if t.pattern.search(text)]
    context = [t.weight for t in inf.relevance.context if t.pattern.search(text)]
    return sum(core + context), len(core)


@pytest.mark.parametrize(
    "text",
    [
        "Ministers regretted the end of the INF Treaty.",
        "the INF-treaty",
        "The I.N.F. pact has no future.",
        "both INF Treaties",
        "the Intermediate-Range Nuclear Forces Treaty",
        "the Intermediate Range Nuclear Forces agreement",
        "the Intermediate\N{NON-BREAKING HYPHEN}Range Nuclear\N{NO-BREAK SPACE}Forces accord",
        "the Treaty on the Elimination of Their Intermediate-Range and Shorter-Range Missiles",
        "the treaty on medium- and short-range missiles",
        "the Intermediate-Range Missiles Treaty",
        "He mourned the 1987 missile treaty.",
        "the 1987 arms control agreement between the superpowers",
        "a missile treaty that was signed in 1987",
        "Moscow ends its moratorium on deploying ground-based intermediate-range missiles.",
        "a treaty that bans land-based missiles with a range of 500 to 5,500 km",
        "Inspectors have never seen the 9M729; the treaty forbids such a missile, they said.",
        "The SSC-8 cruise missile breaks the treaty, the ministry said.",
        "Reagan and Gorbachev agreed to scrap a whole class of missiles, Pershings and SS-20s, in that nuclear treaty.",
    ],
)
def test_words_that_make_an_article_relevant(inf: Dossier, text: str) -> None:
    weight, core = found(inf, text)
    assert weight >= inf.relevance.threshold
    assert core


@pytest.mark.parametrize(
    "text",
    [
        "New START caps warheads and launchers; the nuclear treaty expires and arms control ends, both withdrew.",
        "Washington leaves the Open Skies Treaty, citing violations; allies fear for arms control and missile limits.",
        "Russia suspended the treaty on Conventional Armed Forces in Europe; nuclear missiles are not covered.",
        "The Iran nuclear deal says nothing of medium-range ballistic missiles, a violation of the accord, hawks say.",
        "North Korea fired an intermediate-range ballistic missile, in breach of resolutions; no treaty binds it.",
        "The United States left the ABM Treaty in 2002 and built missile defences, Aegis Ashore with Mk-41 launchers.",
        "The Comprehensive Nuclear-Test-Ban Treaty needs ratification; a moratorium on testing holds.",
        "Typhon launchers came to Luzon; Beijing protested at the intermediate-range missiles.",
        "Infantry and INFORMATION; inf, info and the Inf. regiment took part with missiles.",
        "The Paris Agreement on climate, which Washington quit, is a treaty of sorts.",
        "Iskander missiles hit Kharkiv; Oreshnik is a nuclear-capable intermediate-range missile, Putin said.",
    ],
)
def test_words_that_do_not(inf: Dossier, text: str) -> None:
    assert score(text, None, inf) < inf.relevance.threshold


def test_the_patterns_are_fast_on_a_long_article(inf: Dossier) -> None:
    text = (
        "The treaty on missiles of medium and other range was not signed by Reagan, nor was 1987 such a year, "
        * 300
    )
    start = time.process_time()
    found(inf, text)
    assert time.process_time() - start < 1.0


def test_lexicon(inf: Dossier) -> None:
    assert {
        "say",
        "accuse",
        "deny",
        "urge",
        "warn",
        "propose",
        "pledge",
        "reject",
        "blame",
        "announce",
    } <= set(inf.lexicon["reporting_verbs"])
    assert {"as long as", "only if", "unless", "until", "provided that", "on condition that"} <= set(
        inf.terms("conditions")
    )
    assert {"9M729", "SSC-8"} <= set(inf.terms("names", ["9m729"]))
    assert "not" in inf.terms("negators", ["word"])
    with pytest.raises(KeyError):
        inf.terms("conditions", ["maybe"])


def test_no_term_is_written_twice_in_a_group(inf: Dossier) -> None:
    for section, groups in inf.lexicon.items():
        if section != "irregular_verbs":
            for group, terms in groups.items():
                assert len(terms) == len(set(terms)), (section, group)


@pytest.mark.parametrize(
    ("lemma", "forms"),
    [
        ("say", {"say", "says", "said", "saying"}),
        ("deny", {"deny", "denies", "denied", "denying"}),
        ("accuse", {"accuse", "accuses", "accused", "accusing"}),
        ("urge", {"urge", "urges", "urged", "urging"}),
        ("call for", {"call for", "calls for", "called for", "calling for"}),
        ("admit", {"admit", "admits", "admitted", "admitting"}),
        ("put forward", {"put forward", "puts forward", "putting forward"}),
        ("pledge", {"pledge", "pledges", "pledged", "pledging"}),
        ("agree", {"agree", "agrees", "agreed", "agreeing"}),
        ("withdraw", {"withdraw", "withdraws", "withdrew", "withdrawn", "withdrawing"}),
        ("push for", {"push for", "pushes for", "pushed for", "pushing for"}),
        ("have", {"have", "has", "had", "having"}),
        ("quit", {"quit", "quits", "quitting"}),
        ("warn", {"warn", "warns", "warned", "warning"}),
        ("ask", {"ask", "asks", "asked", "asking"}),
    ],
)
def test_verb_forms(inf: Dossier, lemma: str, forms: set[str]) -> None:
    assert set(inf.verb_forms(lemma)) == forms
