"""HTML becomes text in paragraphs; what a page says about itself is taken where it is clear."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.submission import character_error
from services.ingest.html import HtmlArticle, _without_swollen_tags, html_to_article


def read(html: str) -> HtmlArticle:
    return html_to_article(html, this_year=2026)


def page(head: str = "", body: str = "<p>Two words.</p>") -> HtmlArticle:
    return read(f"<html><head>{head}</head><body>{body}</body></html>")


def test_a_fragment_is_all_article() -> None:
    found = read(
        "<h2>Reply</h2><p>Moscow <b>re</b>plied\n   on <a href='x'>Friday</a>.<br>It said no.</p>"
        "<ul><li>One</li><li>Two</li></ul><blockquote>“No”&nbsp;– so it said</blockquote>"
        "<table><tr><td>1987</td><td>signed</td></tr></table>tail"
    )
    assert found.text.split("\n\n") == [
        "Reply",
        "Moscow replied on Friday.\nIt said no.",
        "One",
        "Two",
        "“No”\u00a0– so it said",
        "1987",
        "signed",
        "tail",
    ]
    assert found.title is None


def test_plain_words_are_a_fragment_too() -> None:
    assert read("Missiles & talks").text == "Missiles & talks"


@pytest.mark.parametrize(
    "html",
    ["", " ", "<!-- nothing -->", "<p></p>", "<script>words here</script>", "<html></html>"],
)
def test_no_words_is_no_text(html: str) -> None:
    assert read(html).text == ""


def test_scripts_styles_and_furniture_are_not_text() -> None:
    found = page(
        body="<nav>Home World</nav><main><p>Short brief here.</p><style>p{}</style><script>x()</script></main>"
        "<footer>Follow us</footer>"
    )
    assert found.text == "Short brief here."


@pytest.mark.parametrize(
    ("head", "published"),
    [
        ('<meta property="article:published_time" content="2019-08-02T10:30:00Z">', "2019-08-02T10:30:00Z"),
        ('<meta property="article:published_time" content="2019-08-02T10:30+0300">', "2019-08-02T10:30:00+03:00"),
        ('<meta property="article:published_time" content="2019-08-02T10:30:00">', "2019-08-02"),
        ('<meta itemprop="datePublished" content="2019-08-02">', "2019-08-02"),
        ('<meta property="article:published_time" content="2199-08-02">', None),
        ('<meta property="article:published_time" content="last Friday">', None),
        ('<script type="application/ld+json">{"datePublished": "2019-08-02T10:30:00.123-04:00"}</script>',
         "2019-08-02T10:30:00-04:00"),
        ('<script type="application/ld+json">[{"datePublished": 5}, {"datePublished": "2019-08-02"}]</script>',
         "2019-08-02"),
        ('<script type="application/ld+json">{broken</script>', None),
    ],
)  # fmt: skip
def test_the_date_that_the_page_states(head: str, published: str | None) -> None:
    assert page(head).published_at == published


def test_the_pages_own_address_but_not_its_sites() -> None:
    def canonical(url: str) -> str | None:
        return page(f'<link rel="canonical" href="{url}">').url

    assert canonical("https://news.example/a?utm_source=x") == "https://news.example/a"
    assert canonical("https://news.example/?p=7") == "https://news.example/?p=7"
    assert canonical("https://news.example/") is None
    assert canonical("/a") is None
    assert canonical("javascript:alert(1)") is None


def test_metadata_that_is_no_good_is_left_out() -> None:
    found = page(f'<title>{"t" * 1001}</title><meta property="og:site_name" content="{"o" * 201}">')
    assert (found.title, found.outlet) == (None, None)
    assert read('<html lang="not a language"><body><p>Two words.').language is None


def test_control_characters_do_not_come_through() -> None:
    assert read("<p>Two\x0b wo\x1brds&#0;&#8;.</p>").text.startswith("Two words")
    assert character_error(read("<p>a\x00b&#x7;&#xFFFF;&#xD800; c</p>").text) is None


@pytest.mark.parametrize(
    "bomb",
    [
        "<html><body>" + "<div>" * 300_000 + "words",
        "<html><body>" + "<p>a b</p>" * 100_000,
        "<html><body>" + "<table>" * 100_000 + "a b",
        "<html><body><p " + "a=1 " * 400_000 + ">a b",
        "<html><body>" + "<p><i>a " * 100_000,
        "<html><body><p " + " ".join(f"a{n}=1" for n in range(150_000)) + ">a b",
        "<html><body><p " + " ".join(f"a{n}='>'" for n in range(150_000)) + ">a b",
        "<html><body><p " + "".join(f"a{n}='1'" for n in range(150_000)) + ">a b",
        "<html><body>" + ("<p " + " ".join(f"a{n}" for n in range(249)) + ">a b") * 300,
        "<html><head><script type='application/ld+json'>" + "[" * 100_000,
        "<script>" * 100_000 + "a b",
        "<!--" * 200_000 + "a b",
        "<b c='" * 200_000 + "a b",
        "<b c=\"<b d='" * 200_000 + "a b",
        "<x" * 400_000 + "a b",
        "<b>" * 400_000 + "words",
        "<" * 1_000_000,
    ],
    ids=lambda bomb: bomb[:24],
)
def test_bombs_go_off_quickly(bomb: str) -> None:
    began = time.process_time()
    read(bomb)
    assert time.process_time() - began < 60  # what is quadratic takes hours


@pytest.mark.parametrize(
    "before",
    ["<!-->", "<!-- --!>", "<?x <b c='>", "<!x <b c='>", '</x y="<b c=\'">', "<i j=\xa0'>"],
)
def test_no_trick_hides_a_swollen_tag(before: str) -> None:
    many = " ".join(f"a{n}" for n in range(1000))
    bare = _without_swollen_tags(f"<html><body>{before}<p {many}>Two words.</p> '> --></body></html>")
    assert "Two words." in bare
    assert "a999" not in bare


def test_a_tag_with_hundreds_of_attributes_loses_them_and_the_words_stay() -> None:
    many = " ".join(f"a{n}={n}" for n in range(300))
    long = "x " * 5_000
    found = page(
        head=f"<script {many}>if (a<b) c='</p>';</script><title>Talks</title><meta property='og:site_name' content='TASS'>",
        body=f"<p {many}>Two words.</p><p title='{long}' class=lead>And <b {many} data-x='>'>three</b> more.</p>",
    )
    assert (found.text, found.title, found.outlet) == ("Two words.\n\nAnd three more.", "Talks", "TASS")


def test_odd_names_beside_such_a_tag_cost_no_words() -> None:
    many = " ".join(f"a{n}" for n in range(300))
    odd = f'<p {many}>Two <a:b c:d=e f"=\'\x01\'>words</a:b>\x01 and <x"y>more</x"y>.</p>'
    assert read(f'<html xmlns="a" xmlns:b="c" b:d="e"><body>{odd}').text == "Two words and more."
    assert read(odd).text == "Two words and more."


@pytest.mark.parametrize(
    "script",
    ["if (a<b && c=='>') { d = \"", "<!-- <p a='", "x = '<p " + "a " * 300 + "'"],
)
def test_what_scripts_and_comments_hold_hides_no_words(script: str) -> None:
    assert page(body=f"<script>{script}</script><p>Two words.</p>").text == "Two words."
    assert page(body=f"<!-- {script} --><p>Two words.</p>").text == "Two words."


@given(st.text(st.sampled_from("<>/&;#=\"' \n\x00abpdivhtmlscr01"), max_size=200))
def test_nothing_makes_it_fail(html: str) -> None:
    found = read(html)
    assert character_error(found.text) is None
    assert found.text == found.text.strip()
