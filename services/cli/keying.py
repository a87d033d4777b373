"""`treatyline keys`: the commands; what they do is in `keys.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.shell import Json, command, err, line, out, settings_of

group = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")

SCOPES = ("articles:write", "timeline:read", "review", "admin")


def create(
    name: Annotated[str, typer.Option(help="Whose key it is.")],
    scope: Annotated[
        list[str],
        typer.Option(
            help="articles:write, timeline:read, review or admin; may be repeated.",
            autocompletion=lambda: list(SCOPES),
        ),
    ],
    json: Json = False,
) -> None:
    """Make a key and print it, this once. From the first key on the services ask for one.

    Examples:
      treatyline keys create --name me --scope admin
      treatyline keys create --name wire --scope articles:write
    """
    from services.cli.keys import create as create_key  # noqa: PLC0415 - each command imports what it needs
    from services.core.access.keys import Scope, scopes_of  # noqa: PLC0415

    scopes = scopes_of(scope)
    if len(scopes) != len(set(scope)):
        raise typer.BadParameter(f"--scope is one of {', '.join(Scope)}")
    key = create_key(settings_of(), name, sorted(scopes))
    if json:
        line({"id": key.id, "key": key.reveal()})
    else:
        print(key.reveal())
        err.print("keep it now: it is stored nowhere", highlight=False)


def list_(json: Json = False) -> None:
    """List the keys that there are and were.

    Examples:
      treatyline keys list
    """
    from services.cli.keys import as_data, every, show  # noqa: PLC0415

    found = every(settings_of())
    if json:
        for record in found:
            line(as_data(record))
    else:
        show(out, found)


def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `keys list` shows it.")],
) -> None:
    """Revoke a key: a second later nobody gets in with it, and sessions and streams of it end.

    Examples:
      treatyline keys revoke 3f9a1c20b7d4
    """
    from services.cli.keys import revoke as revoke_key  # noqa: PLC0415

    record = revoke_key(settings_of(), key_id)
    err.print(f"revoked: {record.id} ({record.name})", highlight=False, markup=False)


for function, called in ((create, "create"), (list_, "list"), (revoke, "revoke")):
    command(function, group, called)
