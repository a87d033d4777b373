"""News time expressions after TIMEX3 (ISO-TimeML): where they stand and which time they mean.

`find_dates` reads a text; `to_calendar`, `resolve` and `deadline` turn what it found into calendar dates.
"""

from workers.extraction.dates.finding import find_dates
from workers.extraction.dates.values import deadline, resolve, to_calendar

__all__ = ["deadline", "find_dates", "resolve", "to_calendar"]
