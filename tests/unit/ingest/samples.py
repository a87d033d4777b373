"""An article to post."""

from __future__ import annotations

from typing import Any

TEXT = (
    "GENEVA, March 5. – Delegates of both sides met on Thursday.\n\nThey will meet again, a spokesman said."
)


def article(**fields: Any) -> dict[str, Any]:
    """A plain article, with these fields changed; None leaves one out."""
    plain = {
        "url": "https://news.example/2020/03/05/talks",
        "title": "Talks",
        "text": TEXT,
        "outlet": "Example News",
    }
    return {name: value for name, value in (plain | fields).items() if value is not None}
