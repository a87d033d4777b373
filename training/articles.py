"""Coded articles to learn from.

In `articles/*.yaml` every sentence that carries a position or an act is coded. The development articles of
`samples/` and `tests/corpus/` are coded as the guidelines ask, each position and act once in an article (`whole`
is false): other sentences may tell it again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from services.cli.evaluation.coded import UnusableGold, read_gold
from services.cli.extracting import article_text
from services.cli.files import Unreadable
from services.core.domain.reading import ArticleText, Span

ARTICLES = Path(__file__).resolve().parent / "articles"
_PROJECT = ARTICLES.parents[1]
DEVELOPMENT = (_PROJECT / "samples" / "gold.yaml", _PROJECT / "tests" / "corpus" / "gold.yaml")
HELD_OUT = 12  # one article in so many is not learned from
#: Files that the packaged encoder did not learn from.
LATER = frozenset(
    {"xa-14", "xa-15", "xa-16", "xa-17", "xb-11", "xb-12", "xc-01", "xd-01", "xe-01", "xe-02"}
    | {"xf-01", "xf-02", "xg-01", "xg-02"}
)
#: Of these nothing is learned at all: they are only scored.
SCORED = frozenset({"xf-01", "xf-02", "xg-01", "xg-02"})


@dataclass(frozen=True)
class Code:
    """One record of an article: what (`proposition stance` or a kind), whose, when and where in the text."""

    label: str
    actors: tuple[str, ...]
    date: str
    span: Span
    optional: bool
    status: str = "actual"


@dataclass(frozen=True)
class CodedArticle:
    """An article with its codes; `day` is its own date as coded, `whole`: every sentence is coded."""

    name: str
    day: str
    text: ArticleText
    codes: tuple[Code, ...]
    whole: bool = True


def coded_articles(folder: Path = ARTICLES) -> Iterator[CodedArticle]:
    """All coded articles but those that are only scored, in a fixed order."""
    for path in sorted(p for p in folder.glob("*.yaml") if p.stem not in SCORED):
        for raw in yaml.safe_load(path.read_text("utf-8")) or []:
            text = raw["text"]
            codes = [
                Code(
                    f"{p['proposition']} {p['stance']}",
                    (p["actor"],),
                    str(p["date"]),
                    find(text, p["evidence"]),
                    bool(p.get("optional")),
                )
                for p in raw.get("positions") or []
            ]
            codes += [
                Code(
                    e["kind"],
                    tuple(e.get("actors") or ()),
                    str(e["date"]),
                    find(text, e["evidence"]),
                    bool(e.get("optional")),
                    e.get("status", "actual"),
                )
                for e in raw.get("events") or []
            ]
            published = raw.get("published")
            article = ArticleText(
                text=text,
                title=raw.get("title"),
                outlet=raw.get("outlet"),
                published_at=str(published) if published else None,
                language="en",
            )
            yield CodedArticle(raw["article"], str(raw["date"]), article, tuple(codes))


def development_articles(files: Iterable[Path] = DEVELOPMENT) -> Iterator[CodedArticle]:
    """The coded development articles. Raises UnusableGold, and ValueError where evidence is not in the text."""
    for path in files:
        for item in read_gold(path):
            text = article_text(item.source)
            if isinstance(text, Unreadable):
                raise UnusableGold(f"{item.source.source} {text.why}")
            if item.gold.date is None:
                continue
            codes = [
                Code(
                    f"{p.proposition} {p.stance}",
                    (p.actor,),
                    p.date or "",
                    find(text.text, p.evidence),
                    p.optional,
                )
                for p in item.gold.positions
            ]
            codes += [
                Code(
                    e.kind,
                    tuple(sorted(e.actors)),
                    e.date or "",
                    find(text.text, e.evidence),
                    e.optional,
                    e.status,
                )
                for e in item.gold.events
            ]
            yield CodedArticle(item.gold.name, item.gold.date, text, tuple(codes), whole=False)


def held_out(article: str) -> bool:
    """Whether a training article is kept for measuring."""
    return int(hashlib.md5(article.encode(), usedforsecurity=False).hexdigest(), 16) % HELD_OUT == 0


def not_learned(gold: Path) -> Callable[[str], bool]:
    """Which articles of a coded file, by their names, the packaged encoder did not learn from."""
    if gold.resolve() in DEVELOPMENT:
        return lambda _: False
    every = gold.resolve().parent != ARTICLES or gold.stem in LATER
    return lambda article: every or held_out(article)


def find(text: str, evidence: str) -> Span:
    """Where evidence stands in a text, white space folded. Raises ValueError if it does not."""
    pattern = r"\s+".join(re.escape(word) for word in str(evidence).split())
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"evidence is not in the text: {evidence!r}")
    return Span(found.start(), found.end())
