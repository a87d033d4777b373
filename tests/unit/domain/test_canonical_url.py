"""Links to one page have one canonical form; what is no address of a page is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.domain.canonical_url import canonical_url, is_tracking


@pytest.mark.parametrize(
    ("posted", "canonical"),
    [
        ("HTTPS://News.Example/World", "https://news.example/World"),
        ("https://news.example:443/a", "https://news.example/a"),
        ("http://news.example:80", "http://news.example/"),
        ("http://news.example:8080/a", "http://news.example:8080/a"),
        ("https://news.example./a", "https://news.example/a"),
        ("  https://news.example/a#comments  ", "https://news.example/a"),
        ("https://news.example/a?utm_source=x&utm_medium=rss", "https://news.example/a"),
        ("https://news.example/a?fbclid=abc&id=7&UTM_campaign=z", "https://news.example/a?id=7"),
        ("https://news.example/a?b=2&a=1&a=0", "https://news.example/a?a=1&a=0&b=2"),
        ("https://news.example/a?&", "https://news.example/a"),
        ("https://news.example/x/../y/./z", "https://news.example/y/z"),
        ("https://news.example/%7euser/%e2%82%ac", "https://news.example/~user/%E2%82%AC"),
        ("https://news.example/50%", "https://news.example/50%25"),
        ("https://новости.example/мир", "https://xn--b1amnebsh.example/%D0%BC%D0%B8%D1%80"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
    ],
)
def test_links_to_the_same_page_meet(posted: str, canonical: str) -> None:
    assert canonical_url(posted) == canonical


@pytest.mark.parametrize("name", ["id", "p", "page", "source", "session", "eid", "ref", "mod", "story", "at"])
def test_parameters_that_name_an_article_stay(name: str) -> None:
    assert not is_tracking(name)
    assert canonical_url(f"https://news.example/a?{name}=1").endswith(f"?{name}=1")


@pytest.mark.parametrize(
    ("posted", "told"),
    [
        ("ftp://news.example/a", "http"),
        ("javascript:alert(1)", "http"),
        ("news.example/a", "http"),
        ("//news.example/a", "http"),
        ("https://user:secret@news.example/a", "password"),
        ("https://user@news.example/a", "user name"),
        ("https:///a", "host"),
        ("https://-news.example/", "host"),
        ("https://a..b/", "host"),
        ("https://" + "a" * 64 + ".example/", "host"),
        ("https://" + "ab." * 90 + "example/", "host"),
        ("https://[::g]/", "valid"),
        ("https://news.example:99999/", "valid"),
        ("https://news.example/a b", "space"),
        ("https://news.example/\x00", "control"),
        ("https://news.example\\@evil.example/", "backslash"),
        ("https://news.example/" + "a" * 5000, "longer"),
        ("https://news.example/" + "я" * 2000, "longer"),
    ],
)
def test_what_is_no_address_of_a_page_is_refused(posted: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        canonical_url(posted)
    assert "secret" not in str(refused.value)


_paths = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs", "Zl", "Zp")), max_size=20)


@given(path=_paths, query=_paths, host=st.sampled_from(["a.example", "Ü.example", "[::1]", "1.2.3.4:81"]))
def test_canonical_again_stays_the_same(path: str, query: str, host: str) -> None:
    url = f"https://{host}/{path}?{query}"
    try:
        once = canonical_url(url)
    except ValueError:
        assert "\\" in url
        return
    assert canonical_url(once) == once
    assert once.isascii()
    assert "#" not in once
