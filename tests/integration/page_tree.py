"""Looking at a web page in tests: parsed strictly, searched by simple CSS selectors."""

from __future__ import annotations

import re

import httpx2
from lxml import etree, html

_STEP = re.compile(r"(?P<tag>[\w*]+)?(?P<rest>(?:[.#][\w-]+|\[[\w-]+(?:[*^]?=[^\]]*)?\])*)")
_PART = re.compile(
    r"\.(?P<class>[\w-]+)|#(?P<id>[\w-]+)|\[(?P<name>[\w-]+)(?:(?P<how>[*^]?)=(?P<value>[^\]]*))?\]"
)


def parsed(answer: httpx2.Response) -> html.HtmlElement:
    """The page's tree; fails where the markup is broken, an id is double or a reference leads nowhere."""
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")
    parser = html.HTMLParser(encoding="utf-8")
    tree = html.document_fromstring(answer.content, parser=parser)
    # libxml2 does not know the elements that came with HTML 5; everything else it says counts.
    wrong = [e for e in parser.error_log if e.type != etree.ErrorTypes.HTML_UNKNOWN_TAG]
    assert not wrong, [f"{e.line}: {e.message}" for e in wrong]
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in tree.iter(etree.Element):
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert set((element.get(name) or "").split()) <= set(ids), element.attrib
    return tree


def text(element: html.HtmlElement) -> str:
    """The words of an element with single spaces."""
    return " ".join(element.text_content().split())


def css(element: html.HtmlElement, selector: str) -> list[html.HtmlElement]:
    """What a selector finds: tags, `.class`, `#id`, `[name]`, `[name=value]`, `^=`, `*=`, ` `, `>`, `,`."""
    return [
        found for found in element.xpath("|".join(map(_xpath, selector.split(",")))) if found is not element
    ]


def one(element: html.HtmlElement, selector: str) -> html.HtmlElement:
    """The only element that a selector finds."""
    (found,) = css(element, selector)
    return found


def _xpath(selector: str) -> str:
    path, axis = "descendant-or-self::*", "/descendant::"
    for step in selector.replace(">", " > ").split():
        if step == ">":
            axis = "/"
            continue
        match = _STEP.fullmatch(step)
        assert match, f"not a simple selector: {step}"
        path += (
            axis + (match["tag"] or "*") + "".join(_condition(part) for part in _PART.finditer(match["rest"]))
        )
        axis = "/descendant::"
    return path


def _condition(part: re.Match[str]) -> str:
    if part["class"]:
        return f"[contains(concat(' ', normalize-space(@class), ' '), ' {part['class']} ')]"
    if part["id"]:
        return f"[@id='{part['id']}']"
    name, value = part["name"], (part["value"] or "").strip("'\"")
    if part["value"] is None:
        return f"[@{name}]"
    return {
        "": f"[@{name}='{value}']",
        "^": f"[starts-with(@{name}, '{value}')]",
        "*": f"[contains(@{name}, '{value}')]",
    }[part["how"]]
