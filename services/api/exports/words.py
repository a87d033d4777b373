"""An entry in HTML and in plain text, for formats that people read."""

from __future__ import annotations

from services.api.exports.lines import Line, Source
from services.api.exports.safety import html, one_line, plain
from services.api.pages.words import time_words


def as_html(line: Line) -> str:
    """The sentence that tells it, when, and every source with its words. Every address is of the web."""
    entry = line.entry
    parts = []
    if entry["summary"]:
        parts.append(f"<blockquote><p>{html(entry['summary'])}</p></blockquote>")
    planned = ", planned" if entry["status"] == "planned" else ""
    parts.append(
        f'<p>{html(line.when)}{planned}. Told by {line.told_by}. <a href="{html(line.page)}">All of it</a></p>'
    )
    if line.sources:
        parts.append(f"<ul>{''.join(f'<li>{_source_html(source)}</li>' for source in line.sources)}</ul>")
    return "".join(parts)


def as_text(line: Line) -> str:
    """The same without markup, one source on a line."""
    entry = line.entry
    planned = ", planned" if entry["status"] == "planned" else ""
    parts = [one_line(entry["summary"])] if entry["summary"] else []
    parts.append(f"{line.when}{planned}. Told by {line.told_by}.")
    parts += [_source_text(source) for source in line.sources]
    return "\n".join(parts)


def _source_html(source: Source) -> str:
    outlet = html(source.outlet)
    if source.url:
        outlet = f'<a href="{html(source.url)}" rel="nofollow noopener">{outlet}</a>'
    said = f"{outlet}, {html(time_words(source.published_at))}"
    if source.words:
        said += f": <q>{html(source.words)}</q>"
    return said + (f" ({html(source.speaker)})" if source.speaker else "")


def _source_text(source: Source) -> str:
    said = f"{one_line(source.outlet)}, {time_words(source.published_at)}"
    if source.words:
        said += f": “{one_line(source.words)}”"
    if source.speaker:
        said += f" ({one_line(source.speaker)})"
    return plain(said + (f" {source.url}" if source.url else ""))
