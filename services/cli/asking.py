"""`treatyline timeline`, `positions` and `follow`: what a running system answers."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.shell import Json, Url, line, out, settings_of
from services.core.errors import TreatylineError


def actor_ids(incomplete: str) -> list[str]:
    """The first dossier's actors, for completion."""
    return _ids("actors", incomplete)


def kind_ids(incomplete: str) -> list[str]:
    """Its kinds of event."""
    return _ids("kinds", incomplete)


def _ids(what: str, incomplete: str) -> list[str]:
    from services.core.domain.dossier import load_dossier  # noqa: PLC0415 - each command imports what it needs
    from services.core.settings import load_settings  # noqa: PLC0415

    try:
        dossier = load_dossier(load_settings().dossiers[0])
    except TreatylineError:
        return []  # settings that cannot be: the command itself will say so
    return sorted(name for name in getattr(dossier, what) if name.startswith(incomplete))


Actors = Annotated[
    list[str] | None,
    typer.Option("--actor", help="Only this actor; may be repeated.", autocompletion=actor_ids),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help="Only this kind of event; may be repeated.", autocompletion=kind_ids),
]
From = Annotated[str | None, typer.Option("--from", help="2019-08-02, 2019-08 or 2019")]
To = Annotated[str | None, typer.Option("--to", help="2019-08-02, 2019-08 or 2019")]
Words = Annotated[str | None, typer.Option("--q", help="Words of the evidence.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="What had been said by this day.")]
ReportedBy = Annotated[str | None, typer.Option("--reported-by", help="What had been published by this day.")]
KnownAt = Annotated[
    str | None, typer.Option("--known-at", help="What was recorded by this time or position.")
]


def timeline(
    url: Url = None,
    actor: Actors = None,
    kind: Kinds = None,
    since: From = None,
    to: To = None,
    as_of: AsOf = None,
    reported_by: ReportedBy = None,
    known_at: KnownAt = None,
    q: Words = None,
    most: Annotated[int, typer.Option("--limit", min=1, help="How many entries.")] = 1000,
    json: Json = False,
) -> None:
    """Show the timeline, oldest first.

    Examples:
      treatyline timeline --actor nato --from 2019
      treatyline timeline --as-of 2019-02-02 --json
    """
    from services.cli import show  # noqa: PLC0415
    from services.cli.http import service  # noqa: PLC0415

    with service(settings_of(), url) as source:
        entries = source.timeline(
            most=most,
            order="asc",
            actor=actor,
            kind=kind,
            from_=since,
            to=to,
            as_of=as_of,
            reported_by=reported_by,
            known_at=known_at,
            q=q,
        )
        if json:
            for entry in entries:
                line(show.data_of(entry))
        else:
            show.timeline(out, entries)


def positions(
    url: Url = None,
    actor: Actors = None,
    as_of: AsOf = None,
    reported_by: ReportedBy = None,
    known_at: KnownAt = None,
    json: Json = False,
) -> None:
    """Show where each actor stands on each question in dispute.

    Examples:
      treatyline positions
      treatyline positions --actor russia --as-of 2018-12-31
    """
    from services.cli import show  # noqa: PLC0415
    from services.cli.http import service  # noqa: PLC0415

    with service(settings_of(), url) as source:
        found = source.positions(actor=actor, as_of=as_of, reported_by=reported_by, known_at=known_at)
        if json:
            for position in found:
                line(show.data_of(position))
        else:
            show.positions(out, found)


def follow(
    url: Url = None,
    actor: Actors = None,
    kind: Kinds = None,
    q: Words = None,
    after: Annotated[
        str | None, typer.Option(help="Begin after this change; 0.0: at the beginning. \\[default: now]")
    ] = None,
    json: Json = False,
) -> None:
    """Print each change of the timeline as it comes, until Ctrl-C; over restarts of the service each comes once.

    Examples:
      treatyline follow --actor nato
      treatyline follow --after 0.0 --json
    """
    from services.cli import show  # noqa: PLC0415
    from services.cli.http import service  # noqa: PLC0415

    with service(settings_of(), url) as source:
        try:
            changes = source.follow(after=after, actor=actor, kind=kind, q=q)
        except ValueError as error:
            raise typer.BadParameter(f"--after: {error}") from None
        for change in changes:
            if json:
                line({"id": change.id, "name": change.name, "data": show.data_of(change.data)})
            else:
                show.change(out, change)
