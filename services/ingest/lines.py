"""The lines of a body that may be large, as they come: never more of it in memory than one line."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator


async def read_lines(chunks: AsyncIterable[bytes], longest: int) -> AsyncIterator[tuple[int, bytes | None]]:
    """Each line that is not blank, with its number from 1; None for one that is longer than `longest` bytes."""
    number = size = 0
    pending = bytearray()
    async for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            number += 1
            size += len(end)
            if size > longest:
                yield number, None
            elif line := _line(bytes(pending) + end, number):
                yield number, line
            pending.clear()
            size = 0
        size += len(rest)
        if size > longest:
            pending.clear()
        else:
            pending += rest
    if size > longest:
        yield number + 1, None
    elif line := _line(bytes(pending), number + 1):
        yield number + 1, line


def _line(line: bytes, number: int) -> bytes:
    return (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).strip()
