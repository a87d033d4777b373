"""Article files as the command line reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.cli.files import ArticleFile, Unreadable, expand, read_articles
from services.ingest.schemas import PlainArticle


def test_a_text_file_is_one_article_whose_text_is_the_file(tmp_path: Path) -> None:
    path = tmp_path / "dispatch.txt"
    path.write_text("Été à Genève.\n\nThe talks went on.\n", encoding="utf-8")
    assert list(read_articles(path)) == [
        ArticleFile(str(path), "dispatch.txt", {"text": "Été à Genève.\n\nThe talks went on.\n"})
    ]


def test_html_is_posted_as_html(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<p>The talks went on.</p>")
    assert list(read_articles(path)) == [
        ArticleFile(str(path), "page.html", {"html": "<p>The talks went on.</p>"})
    ]


def test_json_keeps_the_fields_of_the_plain_form_alone(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text('\ufeff{"id": 7, "text": "The talks went on.", "title": null, "outlet": "Wire"}', "utf-8")
    assert list(read_articles(path)) == [
        ArticleFile(str(path), "one.json", {"text": "The talks went on.", "outlet": "Wire"})
    ]


def test_no_field_of_the_plain_form_is_lost(tmp_path: Path) -> None:
    given = dict.fromkeys(PlainArticle.model_fields, "2030-01-01")
    path = tmp_path / "one.json"
    path.write_text(json.dumps(given))
    (article,) = read_articles(path)
    assert isinstance(article, ArticleFile)
    assert article.body == given, "what is under embargo would be out at once"


def test_a_bad_line_of_ndjson_spoils_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "many.ndjson"
    path.write_text(
        '{"text": "One thing."}\n\nnot json\n{"title": "No text"}\n[1]\n{"text": "Another.", "article": "other"}\n'
    )
    first, broken, without, no_object, last = read_articles(path)
    assert first == ArticleFile(f"{path}:1", "many.ndjson", {"text": "One thing."})
    assert isinstance(broken, Unreadable)
    assert broken.source == f"{path}:3"
    assert "is not JSON" in broken.why
    assert without == Unreadable(f"{path}:4", "has neither text nor html")
    assert no_object == Unreadable(f"{path}:5", "is not a JSON object")
    assert last == ArticleFile(f"{path}:6", "other", {"text": "Another."})


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.txt", b"\xff\xfe\x00", "is not UTF-8 (byte 0)"),
        ("a.pdf", b"%PDF", "is none of .txt, .html, .json, .ndjson, .jsonl"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert list(read_articles(tmp_path / name)) == [Unreadable(str(tmp_path / name), why)]


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    (found,) = read_articles(tmp_path / "none.txt")
    assert found == Unreadable(str(tmp_path / "none.txt"), "No such file or directory")


def test_a_folder_is_its_article_files_in_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a.json", "sub/c.ndjson", "README.md", "gold.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert expand([tmp_path]) == [tmp_path / "a.json", tmp_path / "b.txt", tmp_path / "sub/c.ndjson"]
    assert expand([tmp_path / "README.md"]) == [tmp_path / "README.md"]


def test_a_list_in_a_json_file_is_its_articles(tmp_path: Path) -> None:
    path = tmp_path / "two.json"
    path.write_text('[{"text": "One thing.", "article": "first"}, 7]')
    assert list(read_articles(path)) == [
        ArticleFile(f"{path}[1]", "first", {"text": "One thing."}),
        Unreadable(f"{path}[2]", "is not a JSON object"),
    ]


def test_other_forms_are_posted_as_they_are_and_read_as_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "wire.ndjson"
    item = {"uri": "urn:a:b", "bodies": [{"value": "The talks went on."}], "infoSources": [{"name": "Wire"}]}
    canceled = {"uri": "urn:a:b", "pubStatus": "canceled"}
    path.write_text("\n".join(json.dumps(line) for line in (item, canceled, {**item, "uri": 5})))
    first, second, third = read_articles(path)
    assert first == ArticleFile(
        f"{path}:1", "wire.ndjson", {"text": "The talks went on.", "outlet": "Wire"}, sent=item
    )
    assert second == ArticleFile(f"{path}:2", "wire.ndjson", {}, sent=canceled)
    assert third == Unreadable(f"{path}:3", "uri: Must be a string")
