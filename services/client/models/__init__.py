"""What the service answers, typed. The words are those of its API description (`/openapi.json`).

Fields that a newer release adds are kept (`model_extra`), and are no error. Days are strings cut to their
precision, `2019-09-25` or `2019-08`, as the service says them. Span offsets count Unicode code points.
"""

from services.client.models.articles import (
    FINISHED,
    WAITED_FOR,
    Article,
    ArticleDetail,
    BulkResult,
    NewArticle,
    Posted,
    Quotation,
    ReadEvent,
    Reading,
    ReadPosition,
    Revision,
    Taken,
)
from services.client.models.changes import Change, EntryChange, EntryGone, PositionChange, PositionGone
from services.client.models.parts import Counts, Mention, Model, Page, Review, Span, Stance, Voice
from services.client.models.positions import (
    Actor,
    ActorDetail,
    Alternative,
    ChangeOfStance,
    Position,
    Speaker,
    Statement,
)
from services.client.models.timeline import Entry, EntryDetail, EntryVersion
from services.client.models.webhooks import Webhook

__all__ = [
    "FINISHED",
    "WAITED_FOR",
    "Actor",
    "ActorDetail",
    "Alternative",
    "Article",
    "ArticleDetail",
    "BulkResult",
    "Change",
    "ChangeOfStance",
    "Counts",
    "Entry",
    "EntryChange",
    "EntryDetail",
    "EntryGone",
    "EntryVersion",
    "Mention",
    "Model",
    "NewArticle",
    "Page",
    "Position",
    "PositionChange",
    "PositionGone",
    "Posted",
    "Quotation",
    "ReadEvent",
    "ReadPosition",
    "Reading",
    "Review",
    "Revision",
    "Span",
    "Speaker",
    "Stance",
    "Statement",
    "Taken",
    "Voice",
    "Webhook",
]
