"""Where the files of a dossier lie: beside this module, or in a folder of the operator's own.

A dossier outside the package may be small: what is the same for many subjects (verbs of saying, spellings of names,
kinds of events) it takes from the packaged dossier that its `dossier.yaml` names under `like`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
#: What a dossier without that file of its own takes from the one that it is like.
BORROWED = ("names", "cues", "kinds", "operators", "attitudes", "position_patterns")

_outside: dict[str, Path] = {}


class DossierError(ValueError):
    """The data of a dossier is not usable; the message names the record and what is wrong with it."""


def use_folders(folders: Iterable[Path]) -> None:
    """From now on these folders are dossiers too, each by its name. Raises DossierError for what can be none."""
    found: dict[str, Path] = {}
    for given in folders:
        folder = given.expanduser().resolve()
        name = folder.name
        if not folder.is_dir():
            raise DossierError(f"{given}: there is no such folder")
        if not ID.fullmatch(name):
            raise DossierError(f"{given}: a dossier's folder bears its id: small letters, digits and hyphens")
        if _packaged(name).is_dir():
            raise DossierError(f"{given}: {name!r} comes with this release; give yours another name")
        if found.setdefault(name, folder) != folder:
            raise DossierError(f"{given}: there are two folders named {name!r}")
    _outside.clear()
    _outside.update(found)


def known_ids() -> tuple[str, ...]:
    """The ids of the dossiers that there are."""
    packaged = (folder.name for folder in _packaged("").iterdir() if (folder / "dossier.yaml").is_file())
    return (*sorted(packaged), *sorted(_outside))


def folder_of(dossier_id: str) -> Traversable:
    """Where a dossier's files lie. Raises DossierError where there is none of that id."""
    if not ID.fullmatch(dossier_id):
        raise DossierError(f"not a dossier's id: {dossier_id!r}")
    folder = _outside.get(dossier_id) or _packaged(dossier_id)
    if not folder.is_dir():
        raise DossierError(f"no dossier {dossier_id!r} (there are: {', '.join(known_ids())})")
    return folder


def file_of(folder: Traversable, name: str, like: str | None) -> Traversable:
    """The file `name.yaml` of the dossier in a folder, or the one that it borrows. It may not be there."""
    file = folder / f"{name}.yaml"
    if like is None or name not in BORROWED or file.is_file():
        return file
    return _packaged(like) / f"{name}.yaml"


def checked_like(like: object) -> str | None:
    """The packaged dossier that another takes files from. Raises DossierError."""
    if like is None:
        return None
    if not isinstance(like, str) or not ID.fullmatch(like) or not _packaged(like).is_dir():
        raise DossierError(f"dossier.yaml: like: {like!r} is no dossier of this release, such as inf")
    return like


def _packaged(name: str) -> Traversable:
    folder = resources.files("services.core.domain") / "dossiers"
    return folder / name if name else folder
