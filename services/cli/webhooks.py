"""`treatyline webhooks`: registered, looked at, tried and sent again over the HTTP interface, with an `admin` key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, get_origin

import typer
from rich.table import Table
from rich.text import Text

from services.cli.shell import Json, Url, command, err, line, out, settings_of

group = typer.Typer(no_args_is_help=True, help="Have changes of the timeline posted to an address of yours.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id, as `webhooks list` shows it.")]


def add(
    address: Annotated[str, typer.Argument(metavar="URL", help="Where messages are posted.")],
    words: Annotated[
        list[str] | None,
        typer.Option("--filter", help="A filter of the timeline, such as actor=nato; may be repeated."),
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only such changes: entry.added …; may be repeated.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="Whose it is.")] = None,
    after: Annotated[str | None, typer.Option(help="Also what followed this change; 0.0: all.")] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Register a webhook and print its secret, this once.

    Examples:
      treatyline webhooks add https://example.org/hook --filter actor=nato
      treatyline webhooks add https://example.org/hook --type entry.added
    """
    posted = {"url": address, "filter": filter_of(words or ()), "types": types or []}
    posted |= {name: value for name, value in (("description", description), ("after", after)) if value}
    made = _send("POST", url, json=posted)
    if json:
        line(made)
        return
    print(made["secret"])
    err.print(f"webhook {made['id']}: keep its secret now, it is not shown again", highlight=False)


def list_(url: Url = None, json: Json = False) -> None:
    """List the webhooks and how they fare.

    Examples:
      treatyline webhooks list
    """
    found = _send("GET", url)["data"]
    _show(found, json, ("id", "url", "state", "disabled_reason", "failures", "told_up_to"))


def deliveries(
    webhook: Id,
    state: Annotated[str | None, typer.Option(help="pending, delivered or failed")] = None,
    most: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many.")] = 50,
    url: Url = None,
    json: Json = False,
) -> None:
    """List what was and is to be sent, newest first.

    Examples:
      treatyline webhooks deliveries ID --state failed
    """
    asked = {"limit": most} | ({"state": state} if state else {})
    found = _send("GET", url, f"/{webhook}/deliveries", params=asked)["data"]
    _show(found, json, ("id", "type", "change", "state", "attempts", "status", "error", "next_attempt_at"))


def try_out(webhook: Id, url: Url = None, json: Json = False) -> None:
    """Send a message that tells of nothing, to see whether it arrives.

    Examples:
      treatyline webhooks test ID
    """
    made = _send("POST", url, f"/{webhook}/test")
    if json:
        line(made)
    else:
        err.print(f"on its way; see `treatyline webhooks deliveries {webhook}`", highlight=False)


def resend(
    webhook: Id,
    delivery: Annotated[
        str | None, typer.Argument(help="Only this one. \\[default: all that failed]")
    ] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Send again what failed for a day, under the same ids.

    Examples:
      treatyline webhooks resend ID
    """
    asked = {"delivery": delivery} if delivery else {}
    made = _send("POST", url, f"/{webhook}/resend", params=asked)
    if json:
        line(made)
    else:
        out.print(f"{made['resent']} to be sent again", highlight=False)


def rotate(webhook: Id, url: Url = None, json: Json = False) -> None:
    """Make a new secret and print it; for a day the one before signs too.

    Examples:
      treatyline webhooks rotate ID
    """
    made = _send("POST", url, f"/{webhook}/secret")
    if json:
        line(made)
    else:
        print(made["secret"])
        err.print(f"the secret before signs until {made['previous_until']}", highlight=False)


def disable(webhook: Id, url: Url = None, json: Json = False) -> None:
    """Send nothing more, for now.

    Examples:
      treatyline webhooks disable ID
    """
    _tell(_send("PATCH", url, f"/{webhook}", json={"state": "disabled"}), json)


def enable(webhook: Id, url: Url = None, json: Json = False) -> None:
    """Send again, from where it was left.

    Examples:
      treatyline webhooks enable ID
    """
    _tell(_send("PATCH", url, f"/{webhook}", json={"state": "active"}), json)


def delete(webhook: Id, url: Url = None, json: Json = False) -> None:
    """Delete a webhook, with what it still had to be sent.

    Examples:
      treatyline webhooks delete ID
    """
    _send("DELETE", url, f"/{webhook}")
    if not json:
        err.print("deleted", highlight=False)


def filter_of(words: Sequence[str]) -> dict[str, Any]:
    """`["actor=nato", "actor=usa", "q=range"]` as the HTTP interface takes it. Raises typer.BadParameter."""
    from services.core.webhooks.filters import WebhookFilter  # noqa: PLC0415 - brings the dossiers with it

    kinds = {field.alias or name: field.annotation for name, field in WebhookFilter.model_fields.items()}
    found: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in kinds or not value:
            raise typer.BadParameter(f"--filter wants WORD=VALUE, WORD one of {', '.join(kinds)}")
        if get_origin(kinds[name]) is list:
            found.setdefault(name, []).append(value)
        elif kinds[name] is int and value.isascii() and value.isdigit() and len(value) < 10:
            found[name] = int(value)
        else:
            found[name] = value
    return found


def _send(method: str, url: str | None, path: str = "", **more: Any) -> dict[str, Any]:
    from services.cli.http import service  # noqa: PLC0415

    with service(settings_of(), url) as target:
        return target.request(method, f"/v1/webhooks{path}", **more) or {}


def _tell(webhook: dict[str, Any], json: bool) -> None:
    if json:
        line(webhook)
    else:
        err.print(f"{webhook['url']}: {webhook['state']}", highlight=False, markup=False)


def _show(found: Sequence[dict[str, Any]], json: bool, fields: Sequence[str]) -> None:
    if json:
        for item in found:
            line(item)
        return
    table = Table(box=None, pad_edge=False)
    for name in fields:
        table.add_column(name.replace("_", " "), overflow="fold")
    for item in found:
        table.add_row(*(Text("-" if item[name] is None else str(item[name])) for name in fields))
    if found:
        out.print(table)
    else:
        err.print("none", highlight=False)


for function in (add, deliveries, resend, rotate, disable, enable, delete):
    command(function, group, function.__name__)
command(list_, group, "list")
command(try_out, group, "test")
