"""Values of amounts of time: P3M, PT24H, P2.5Y, PXY."""

from __future__ import annotations

from workers.extraction.dates import words as w


def letters(unit: str) -> tuple[str, int]:
    low = unit.lower()
    return w.UNITS[low if low in w.UNITS else low.rstrip("s") if low != "centuries" else "century"]


def amount(count: float, unit: str) -> str:
    """P3M, PT24H, P10Y, P2.5Y of an exact count."""
    letter, factor = letters(unit)
    total = count * factor
    if letter == "WE":
        return f"P{total:g}WE"
    if letter == "Q":
        return f"P{3 * total:g}M"
    if total != int(total):
        smaller = {
            ("TH", 0.5): "PT30M",
            ("Y", 0.5): "P6M",
            ("Y", 0.25): "P3M",
            ("D", 0.5): "PT12H",
            ("TM", 0.5): "PT30S",
            ("TH", 0.25): "PT15M",
        }
        if (letter, total) in smaller:
            return smaller[letter, total]
    body = f"{total:.2f}".rstrip("0").rstrip(".")
    return f"PT{body}{letter[1]}" if letter.startswith("T") else f"P{body}{letter}"


def vague(unit: str) -> str:
    low = unit.lower()
    single = low if low in w.UNITS else "century" if low == "centuries" else low.rstrip("s")
    letter = w.VAGUE_UNITS.get(single, w.UNITS[single][0])
    if letter == "Q":
        letter = "Q"
    return f"PTX{letter[1]}" if letter.startswith("T") and len(letter) == 2 else f"PX{letter}"
