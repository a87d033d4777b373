"""What is exported in tests, and how those who read a format find it there."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import feedparser
import httpx2
import icalendar
import orjson

from services.core.domain.timeline import EntryKey
from tests.conftest import Database
from tests.integration.api_client import world_of
from tests.integration.log_writer import Telling

TEXT = "Washington left the treaty on Friday 🚀. “We kept our word,” Sergei Lavrov said. Ana Núñez saw the talks."


LEFT = Telling("Washington left the treaty", "2019-08-02", "agreement-ended", ("usa",), ("russia",))


DENIED = Telling(
    "We kept our word", "2019-08-02", "denial", ("russia",), ("usa",), person="sergey-lavrov", confidence=0.8
)


COMPLIED = Telling("We kept our word", "2019-08-02", proposition="russia-complied", actors=("russia",))


TALKS = Telling(
    "Ana Núñez saw the talks", "2019-09", "consultation", ("nato", "usa"), (), "planned", named="Ana Núñez"
)


LONG_AGO = Telling("They signed it", "1987", "agreement-signed", ("russia", "usa"))


# What a title, a quote or an outlet must not be able to do.
EVIL = (
    '=HYPERLINK("http://evil.example";"<b>]]></b>")\x01\x0b\x1b[31m\ufffe\u202e, said; he\\\n-->\t&amp;'
    "<script>alert(1)</script>\u2028 ok"
)


HOSTILE = Telling(EVIL, "2020-01-05", "warning", ("china",), ())


EVIL_OUTLET = "@SUM(1+1)*cmd|' /C calc'!A0\r\nX-Evil: 1 <i>"


FORMATS = ("atom", "feed.json", "csv", "jsonl", "timelinejs.json", "ics")


def path(form: str) -> str:
    return "/v1/export/plover.tsv" if form == "plover.tsv" else f"/v1/timeline.{form}"


def write_entries(database: Database) -> SimpleNamespace:
    """Five entries, one told by three articles, one by an article that means harm."""
    with world_of(database.owner_url) as world:
        world.article(
            "wire", TEXT, [LEFT, DENIED, COMPLIED, TALKS], outlet="The Wire", url="https://wire.example/1?a=1&b=2",
            published_at="2019-08-03T10:00:00+02:00",
        )  # fmt: skip
        world.article(
            "copy", TEXT, [LEFT], story="wire", of="wire", outlet="Courier", published_at="2019-08-04"
        )
        world.article(
            "evil", EVIL + ".", [HOSTILE], outlet=EVIL_OUTLET, url="javascript:alert(1)//", title=EVIL
        )
        world.article("ago", "They signed it.", [LONG_AGO], outlet=None, url="https://www.post.example/a")
        world.article("own", "So Washington left the treaty in earnest.", [LEFT], published_at="2019-08-05")
        position = world.project()

    def id_(kind: str, date: str, *actors: str) -> str:
        return str(EntryKey("inf", kind, date, actors).id)

    return SimpleNamespace(
        left=id_("agreement-ended", "2019-08-02", "usa"),
        denied=id_("denial", "2019-08-02", "russia"),
        talks=id_("consultation", "2019-09", "nato", "usa"),
        evil=id_("warning", "2020-01-05", "china"),
        ago=id_("agreement-signed", "1987", "russia", "usa"),
        position=position,
    )


async def get(client: httpx2.AsyncClient, form: str, **query: Any) -> httpx2.Response:
    response = await client.get(path(form), params={k.rstrip("_"): v for k, v in query.items()})
    assert response.status_code == 200, response.text
    return response


def parsed_feed(response: httpx2.Response) -> Any:
    feed = feedparser.parse(response.content, response_headers=dict(response.headers))
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10"
    return feed


def calendar_of(response: httpx2.Response) -> list[Any]:
    content = response.content
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    for line in content.split(b"\r\n"):
        line.decode()  # folded between characters
    calendar = icalendar.Calendar.from_ical(content)
    assert not calendar.errors
    events = calendar.walk("VEVENT")
    assert not any(event.errors for event in events)
    return events


def table_of(response: httpx2.Response, **form: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode(), newline=""), strict=True, **form))


def ids_of(form: str, response: httpx2.Response) -> list[str]:
    """Ids of entries as those who read a format find them."""
    readers: dict[str, Callable[[], list[str]]] = {
        "atom": lambda: [e.id.removeprefix("urn:uuid:") for e in parsed_feed(response).entries],
        "feed.json": lambda: [item["id"].removeprefix("urn:uuid:") for item in response.json()["items"]],
        "csv": lambda: [row["id"] for row in table_of(response)],
        "jsonl": lambda: [orjson.loads(line)["id"] for line in response.content.splitlines()],
        "timelinejs.json": lambda: [e["unique_id"].removeprefix("e-") for e in response.json()["events"]],
        "ics": lambda: [event["UID"].removesuffix("@treatyline") for event in calendar_of(response)],
        "plover.tsv": lambda: [row["Event ID"] for row in table_of(response, delimiter="\t")],
    }
    return readers[form]()
