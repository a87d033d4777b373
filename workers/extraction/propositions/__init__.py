"""One module for each question in dispute; `RULES` holds what each finds in a line."""

from workers.extraction.propositions import (
    compliance,
    deployment,
    elimination,
    moratorium,
    multilateral,
    preservation,
    responsibility,
    verification,
    withdrawal,
)

RULES = (
    compliance.find,
    withdrawal.find,
    preservation.find,
    responsibility.find,
    elimination.find,
    moratorium.find,
    verification.find,
    deployment.find,
    multilateral.find,
)
