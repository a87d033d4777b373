"""Codes of states by the actor ids that every dossier gives them (English short names): ISO 3166-1 alpha-3, and the
Correlates of War project's state numbers. Former states keep the code that ISO withdrew, or have none.
"""

from __future__ import annotations

from typing import NamedTuple


class Codes(NamedTuple):
    iso: str
    cow: int | None  # None: no member of COW's state system


_TABLE = """
usa USA 2, canada CAN 20, cuba CUB 40, mexico MEX 70, venezuela VEN 101, brazil BRA 140, argentina ARG 160,
uk GBR 200, ireland IRL 205, netherlands NLD 210, belgium BEL 211, luxembourg LUX 212, france FRA 220,
switzerland CHE 225, spain ESP 230, portugal PRT 235, germany DEU 255, east-germany DDR 265, poland POL 290,
austria AUT 305, hungary HUN 310, czechoslovakia CSK 315, czechia CZE 316, slovakia SVK 317, italy ITA 325,
holy-see VAT -, malta MLT 338, albania ALB 339, montenegro MNE 341, north-macedonia MKD 343, croatia HRV 344,
serbia SRB 345, yugoslavia YUG 345, bosnia-and-herzegovina BIH 346, slovenia SVN 349, greece GRC 350,
cyprus CYP 352, bulgaria BGR 355, moldova MDA 359, romania ROU 360, russia RUS 365, estonia EST 366,
latvia LVA 367, lithuania LTU 368, ukraine UKR 369, belarus BLR 370, armenia ARM 371, georgia GEO 372,
azerbaijan AZE 373, finland FIN 375, sweden SWE 380, norway NOR 385, denmark DNK 390, iceland ISL 395,
south-africa ZAF 560, libya LBY 620, iran IRN 630, turkey TUR 640, iraq IRQ 645, egypt EGY 651, syria SYR 652,
israel ISR 666, saudi-arabia SAU 670, qatar QAT 694, united-arab-emirates ARE 696, afghanistan AFG 700,
turkmenistan TKM 701, tajikistan TJK 702, kyrgyzstan KGZ 703, uzbekistan UZB 704, kazakhstan KAZ 705,
china CHN 710, mongolia MNG 712, taiwan TWN 713, north-korea PRK 731, south-korea KOR 732, japan JPN 740,
india IND 750, pakistan PAK 770, bangladesh BGD 771, thailand THA 800, vietnam VNM 816, malaysia MYS 820,
singapore SGP 830, philippines PHL 840, indonesia IDN 850, australia AUS 900, new-zealand NZL 920
"""


def _read(table: str) -> dict[str, Codes]:
    found = {}
    for item in table.split(","):
        actor, iso, cow = item.split()
        found[actor] = Codes(iso, None if cow == "-" else int(cow))
    return found


CODES = _read(_TABLE)
