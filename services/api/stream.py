"""`GET /v1/timeline/stream`: server-sent events, resumed by `Last-Event-ID` with nothing lost or repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Header, Query, Request, Response
from starlette.responses import StreamingResponse

from services.api.deps import AtLeastDep, Reads, ReadsDep, newest_position
from services.api.feed import ChangeId
from services.api.filters import TimelineFilter, TimelineFilterDep
from services.api.hub import Hub, follow
from services.api.routing import ReadRouter
from services.core.errors import FieldError, InvalidInput
from services.core.eventstore.outages import DATABASE_AWAY
from services.core.web.access import ANYBODY, Access, Caller

router = ReadRouter(tag="timeline")

RETRY_MILLISECONDS = 2000  # how soon a browser comes back


@router.read(
    "/v1/timeline/stream",
    422,
    503,
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `entry.added`, `entry.changed` (data: EntryChange), `entry.merged`,"
            " `entry.removed` (EntryGone) and `position.changed` (PositionChange, PositionGone). A block with"
            " an id alone moves the place to resume from.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def stream_timeline(
    request: Request,
    reads: ReadsDep,
    _: AtLeastDep,
    chosen: TimelineFilterDep,
    last_event_id: Annotated[
        str | None, Header(description="Resume after this change; 0.0 begins at the beginning")
    ] = None,
    last_event_id_query: Annotated[
        str | None, Query(alias="last_event_id", description="The same where no header can be set")
    ] = None,
) -> Response:
    """What changes on the timeline and in positions, as it changes."""
    hub: Hub = request.app.state.hub
    async with reads.view() as view:
        # The log's end: after a crash of the database the read tables may be behind what was streamed.
        newest = await newest_position(view.conn)
    after = ChangeId.end_of(view.position)
    if last_event_id is not None:
        after = _parse(last_event_id, newest, "header")
    elif last_event_id_query is not None:
        after = _parse(last_event_id_query, newest, "query")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        return Response(media_type="text/event-stream", headers=headers)
    return StreamingResponse(
        _events(hub, reads, after, chosen, _still(request)), media_type="text/event-stream", headers=headers
    )


def _parse(given: str, newest: int, where: str) -> ChangeId:
    try:
        after = ChangeId.parse(given)
    except ValueError:
        after = None
    if after is None or after.position > newest:
        raise InvalidInput([FieldError("last_event_id", "Is not the id of a change", where)])
    return after


def _still(request: Request) -> Callable[[], Awaitable[bool]]:
    """Whether the reader may go on reading: keys are revoked and sessions end while streams last."""
    access: Access = request.app.state.access
    caller: Caller = getattr(request.state, "caller", ANYBODY)

    async def still() -> bool:
        try:
            return await access.still(caller)
        except DATABASE_AWAY:
            return True  # it is asked again, and tells nothing meanwhile

    return still


async def _events(
    hub: Hub, reads: Reads, after: ChangeId, chosen: TimelineFilter, still: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    # An id without data: whoever loses the connection before the first event still resumes from here.
    yield b"retry: %d\nid: %b\n\n" % (RETRY_MILLISECONDS, str(after).encode())
    async for told in follow(hub, reads, after, chosen):
        if not await still():
            return
        if isinstance(told, ChangeId):
            yield b": waiting\nid: %b\n\n" % str(told).encode()
        else:
            yield b"event: %b\nid: %b\ndata: %b\n\n" % (told.name.encode(), str(told.id).encode(), told.data)
