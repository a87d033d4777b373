"""One module for each question in dispute; `RULES` holds what each finds in a line."""

from workers.extraction.propositions import compliance

RULES = (compliance.find,)
