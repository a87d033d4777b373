"""A dossier in a folder of the operator's own: found by its name, checked with clear words, read for by the rules."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.core.domain.dossier import DossierError, load_dossier
from services.core.domain.dossier_folders import BORROWED, known_ids, use_folders
from services.core.domain.reading import ArticleText
from services.core.errors import UnsafeSettings
from services.core.settings import load_settings
from workers.extraction import attitudes, patterns, signs
from workers.extraction.reader import Reader

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples/new-start"
ARTICLE = ROOT / "examples/articles/putin-suspends-new-start.txt"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """What a test makes known is known to no other."""
    yield
    use_folders(())
    for remembered in (
        load_dossier, patterns.load_rules, patterns.lexicon, signs.load_concepts, attitudes.attitude_words,
    ):  # fmt: skip
        remembered.cache_clear()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "mine"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_it_is_read_for_by_the_rules() -> None:
    use_folders([EXAMPLE])
    assert known_ids() == ("inf", "new-start")
    reader = Reader(load_dossier("new-start"))
    text = ARTICLE.read_text("utf-8")
    reading = reader.read(ArticleText(text, published_at="2023-02-21"))
    assert {(p.actor, p.proposition, p.stance.value) for p in reading.positions} >= {
        ("russia", "russia-complied", "supports"),
        ("usa", "russia-complied", "opposes"),
        ("nato", "treaty-preserved", "supports"),
    }
    (suspension,) = (event for event in reading.events if event.kind == "suspension")
    assert (suspension.actors, suspension.date) == (("russia",), "2023-02-21")
    elsewhere = reader.read(ArticleText("Moscow, May 4. Russia said that it would keep the INF Treaty."))
    assert not elsewhere.relevant
    assert not Reader(load_dossier("inf")).read(ArticleText(text.replace("treaty", "pact"))).positions


def test_what_it_has_no_file_for_it_takes_from_the_one_it_is_like(copy: Path) -> None:
    change(copy / "dossier.yaml", "id: new-start", "id: mine")
    (copy / "kinds.yaml").write_text(
        "statement: {label: Statement, text: Somebody says something.}\n", "utf-8"
    )
    use_folders([copy])
    mine, inf = load_dossier("mine"), load_dossier("inf")
    assert list(mine.kinds) == ["statement"]
    assert mine.lexicon == inf.lexicon
    assert "kinds" in BORROWED
    assert set(mine.actors) == {"russia", "usa", "nato", "china"}


def test_settings_make_it_known(monkeypatch: pytest.MonkeyPatch, copy: Path) -> None:
    change(copy / "dossier.yaml", "id: new-start", "id: mine")
    monkeypatch.setenv("TREATYLINE_DOSSIER_FOLDERS", str(copy))
    monkeypatch.setenv("TREATYLINE_DOSSIERS", "inf,mine")
    load_settings()
    assert load_dossier("mine").title == "The New START treaty"
    monkeypatch.setenv("TREATYLINE_DOSSIERS", "inf,nowhere")
    with pytest.raises(
        UnsafeSettings, match=r"TREATYLINE_DOSSIERS: no dossier 'nowhere' \(there are: inf, mine\)"
    ):
        load_settings()
    change(copy / "dossier.yaml", "id: mine", "id: other")
    load_dossier.cache_clear()
    with pytest.raises(UnsafeSettings, match=r"TREATYLINE_DOSSIER_FOLDERS: dossier\.yaml: the id is 'other'"):
        load_settings()


def test_folders_that_can_be_none(tmp_path: Path) -> None:
    for name, why in (("Big Name", "small letters"), ("inf", "comes with this release")):
        (tmp_path / name).mkdir()
        with pytest.raises(DossierError, match=why):
            use_folders([tmp_path / name])
    for place in ("a", "b"):
        (tmp_path / place / "same").mkdir(parents=True)
    with pytest.raises(DossierError, match="two folders"):
        use_folders([tmp_path / "a/same", tmp_path / "b/same"])
    with pytest.raises(DossierError, match="no such folder"):
        use_folders([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("dossier.yaml", "id: new-start", "id: mine2", "the id is 'mine2'"),
        ("dossier.yaml", 'version: "1.0.0"', "version: 1.0", "version: 1.0 is no text"),
        ("dossier.yaml", "like: inf", "like: nothing", "'nothing' is no dossier of this release"),
        ("dossier.yaml", "like: inf", "", "names.yaml: there is no such file"),
        ("dossier.yaml", "accused: russia", "accused: atlantis", "unknown actor 'atlantis'"),
        ("dossier.yaml", "accused: russia", "accused: [russia]", "accused is no text"),
        (
            "actors.yaml",
            "    name: NATO\n",
            "    name: NO\n",
            "actor 'nato': ValueError('name is no text: False",
        ),
        ("dossier.yaml", "title: The New START treaty", "", "not a mapping with the keys"),
        ("actors.yaml", "  nato:\n    name: NATO\n", "  nato:\n", "actor 'nato': 'name' is not there"),
        ("propositions.yaml", "  label: Inspections\n", "", "'mutual-verification': 'label' is not there"),
        ("people/officials.yaml", "2012-05-07/..", "lately", "Vladimir Putin"),
        ("relevance.yaml", "core:", "heart:", "relevance: 'core' is not there"),
        ("signs.yaml", "concepts:", "things:", "signs.yaml: 'concepts' is not there"),
        ("signs.yaml", "\\b INF \\b", "\\b (INF \\b", "signs.yaml: missing )"),
        ("signs.yaml", "treaty_nouns:", "[", "signs.yaml"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    copy: Path, file: str, old: str, new: str, message: str
) -> None:
    change(copy / "dossier.yaml", "id: new-start", "id: mine")
    if file != "dossier.yaml" or old != "id: new-start":
        change(copy / file, old, new)
    else:
        change(copy / file, "id: mine", new)
    done = CliRunner().invoke(app, ["dossier", "check", str(copy)])
    assert done.exit_code == 1, done.output
    assert message in " ".join(done.stderr.split())


def test_the_command_says_what_no_rule_finds(copy: Path) -> None:
    change(copy / "dossier.yaml", "id: new-start", "id: mine")
    change(copy / "propositions.yaml", "us-complied:", "telemetry-shared:")
    done = CliRunner().invoke(app, ["dossier", "check", str(copy)])
    assert done.exit_code == 0, done.output
    assert "no rule finds the propositions telemetry-shared" in " ".join(done.stdout.split())
    told = CliRunner().invoke(app, ["dossier", "check", str(copy), "--json"])
    assert orjson.loads(told.stdout)["without_rules"] == {"propositions": ["telemetry-shared"], "kinds": []}


def test_no_ambiguities_are_no_error(copy: Path) -> None:
    actors = (copy / "actors.yaml").read_text("utf-8")
    (copy / "actors.yaml").write_text(actors[: actors.index("ambiguities:")] + "ambiguities:\n", "utf-8")
    change(copy / "dossier.yaml", "id: new-start", "id: mine")
    done = CliRunner().invoke(app, ["dossier", "check", str(copy)])
    assert done.exit_code == 0, done.output


def test_the_list_says_which_are_read_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREATYLINE_DOSSIER_FOLDERS", str(EXAMPLE))
    told = CliRunner().invoke(app, ["dossier", "list", "--json"])
    found = {line["id"]: line["read"] for line in map(orjson.loads, told.stdout.splitlines())}
    assert found == {"inf": True, "new-start": False}
