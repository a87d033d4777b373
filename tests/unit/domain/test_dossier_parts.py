"""Who plays which part in the dispute is data of the dossier, and checked."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from services.core.domain import dossier as dossier_module
from services.core.domain.dossier import DossierError, load_dossier, read_dossier

FOLDER = Path(dossier_module.__file__).parent / "dossiers" / "inf"


def test_who_plays_which_part_over_the_inf_treaty() -> None:
    parts = load_dossier("inf").parts
    assert (parts.accused, parts.accuser, parts.leaver) == ("russia", "usa", "usa")
    assert (parts.proposer, parts.invited) == ("russia", "china")


@pytest.mark.parametrize(
    ("line", "instead", "message"),
    [
        ("  leaver: usa\n", "  leaver: atlantis\n", "part 'leaver' names the unknown actor 'atlantis'"),
        ("  leaver: usa\n", "", "parts: "),
        ("  leaver: usa\n", "  leaver: usa\n  bystander: uk\n", "parts: "),
        ("parts:\n", "players:\n", "dossier.yaml: not a mapping with the keys"),
    ],
)
def test_a_part_without_an_actor_is_refused(tmp_path: Path, line: str, instead: str, message: str) -> None:
    file = Path(shutil.copytree(FOLDER, tmp_path / "inf")) / "dossier.yaml"
    text = file.read_text("utf-8")
    assert line in text
    file.write_text(text.replace(line, instead), "utf-8")
    with pytest.raises(DossierError, match=re.escape(message)):
        read_dossier(file.parent)
