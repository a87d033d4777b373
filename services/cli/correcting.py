"""`treatyline correct`: an analyst's rulings over the HTTP interface, with a `review` key."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from services.cli.shell import Json, Url, command, err, line, settings_of

group = typer.Typer(
    no_args_is_help=True, help="Rule on what was read: confirm, reject, amend, merge, split, undo."
)

Id = Annotated[
    str, typer.Argument(metavar="ID", help="The id of an entry of the timeline, or of a position.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; everybody may read it.")]
By = Annotated[str | None, typer.Option("--by", help="Who, in your own words.")]
Stated = Annotated[
    str | None,
    typer.Option(
        "--stated", metavar="STANCE@DATE", help="Of a position: what is ruled on, supports@2019-09-25."
    ),
]


def confirm(
    id_: Id, reason: Reason, by: By = None, stated: Stated = None, url: Url = None, json: Json = False
) -> None:
    """It stands as it is read; somebody checked it.

    Examples:
      treatyline correct confirm ID --reason "Checked against the note"
    """
    _rule(url, json, id_, stated, verdict="confirm", reason=reason, by=by)


def reject(
    id_: Id, reason: Reason, by: By = None, stated: Stated = None, url: Url = None, json: Json = False
) -> None:
    """It is no longer shown, also when others tell it later.

    Examples:
      treatyline correct reject ID --reason "This is about New START"
      treatyline correct reject ID --stated opposes@2019-09-25 --reason "Irony"
    """
    _rule(url, json, id_, stated, verdict="reject", reason=reason, by=by)


def undo(
    id_: Id, reason: Reason, by: By = None, stated: Stated = None, url: Url = None, json: Json = False
) -> None:
    """The verdict before no longer holds.

    Examples:
      treatyline correct undo ID --reason "Ruled on the wrong one"
    """
    _rule(url, json, id_, stated, verdict="undo", reason=reason, by=by)


def amend(
    id_: Id,
    changes: Annotated[
        list[str],
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="date=2019-08-02, actors=usa,nato …; may be repeated."
        ),
    ],
    reason: Reason,
    by: By = None,
    stated: Stated = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Some fields say something else; the others go on with the news.

    Examples:
      treatyline correct amend ID --set actors=usa,nato --reason "Both signed"
      treatyline correct amend ID --stated supports@2019 --set date=2018 --reason X
    """
    said = dict(map(_change, changes))
    if len(said) < len(changes):
        raise typer.BadParameter("a field is set once; several actors as actors=usa,nato", param_hint="--set")
    _rule(url, json, id_, stated, verdict="amend", reason=reason, by=by, changes=said)


def merge(
    id_: Id,
    into: Annotated[str, typer.Option("--into", metavar="ID", help="The entry that tells the same.")],
    reason: Reason,
    by: By = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """What tells this entry, now and later, tells another.

    Examples:
      treatyline correct merge ID --into OTHER --reason "The same speech"
    """
    _rule(url, json, id_, None, verdict="merge", reason=reason, by=by, into=into)


def split(
    id_: Id,
    articles: Annotated[
        list[str], typer.Option("--article", metavar="ID", help="Whose telling goes; may be repeated.")
    ],
    reason: Reason,
    by: By = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """What some articles and their copies tell is an entry of its own.

    Examples:
      treatyline correct split ID --article ARTICLE --reason "Another meeting"
    """
    _rule(url, json, id_, None, verdict="split", reason=reason, by=by, articles=articles)


def _change(given: str) -> tuple[str, Any]:
    """`actors=usa,nato` as field and value; nothing after the sign is no actor, or null."""
    field, sign, value = given.partition("=")
    if not sign:
        raise typer.BadParameter("--set wants FIELD=VALUE", param_hint="--set")
    if field in {"actors", "recipients"}:
        return field, [name.strip() for name in value.split(",") if name.strip()]
    return field, value or None


def _rule(url: str | None, json: bool, id_: str, stated: str | None, **ruling: Any) -> None:
    from services.cli.http import service  # noqa: PLC0415 - each command imports what it needs

    body = {name: value for name, value in ruling.items() if value is not None}
    what = "timeline"
    if stated is not None:
        stance, _, date = stated.partition("@")
        what, body["stated"] = "positions", {"stance": stance, "date": date}
    if not id_.replace("-", "").isalnum():
        raise typer.BadParameter("an id is a UUID", param_hint="ID")
    with service(settings_of(), url) as target:
        taken = target.request("POST", f"/v1/{what}/{id_}/corrections", json=body)
    if json:
        line(taken)
    else:
        part = f", the new entry is {taken['part']}" if taken["part"] else ""
        err.print(f"taken down at position {taken['global_position']}{part}", highlight=False)


for function in (confirm, reject, amend, merge, split, undo):
    command(function, group, function.__name__)
