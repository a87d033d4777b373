"""The reader: whether what it is made of is there, and reads a sentence as it should."""

from __future__ import annotations

import time
from collections.abc import Iterator

from services.cli.doctor.findings import Finding, fails, ok, warning
from services.core.settings import Settings

SENTENCE = (
    "BRUSSELS, September 25. NATO spokeswoman Oana Lungescu said on Wednesday that the Russian moratorium was not a"
    " credible offer. Russia has deployed the SSC-8 in violation of the INF Treaty, she said."
)
DAY = "2019-09-25"
SLOW_SECONDS = 30.0


def reader(settings: Settings) -> Iterator[Finding]:
    """Reads a sentence by each dossier."""
    from services.cli.extracting import make_reader  # noqa: PLC0415 - brings the models with it
    from services.core.domain.dossier import DossierError, load_dossier  # noqa: PLC0415
    from services.core.domain.reading import ArticleText  # noqa: PLC0415

    for name in settings.dossiers:
        before = time.monotonic()
        try:
            reading = make_reader(settings, load_dossier(name)).read(ArticleText(SENTENCE, published_at=DAY))
        except DossierError as error:
            yield fails("reader", f"the dossier {name}: {error}", "mend TREATYLINE_DOSSIERS")
            continue
        except Exception as error:  # noqa: BLE001 - a file that is missing or broken, whoever stumbles over it
            said = f"the dossier {name} cannot be read by: {type(error).__name__}: {error}"
            yield fails("reader", said, "run `make setup` again: a file of the reader is missing or broken")
            continue
        seconds = time.monotonic() - before
        found = len(reading.positions) + len(reading.events)
        said = f"{name}: a trial sentence in {seconds:.1f} s, loading included"
        if name == "inf" and not found:
            do = "run `make setup` again: the reader's files are not those of this release"
            yield fails("reader", f"{said}, but nothing was read out of it", do)
        elif seconds > SLOW_SECONDS:
            do = "the machine is slow or busy: a worker is given TREATYLINE_ARTICLE_SECONDS for an article"
            yield warning("reader", said, do)
        else:
            yield ok("reader", said)
