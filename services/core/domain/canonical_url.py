"""One address for one article: what differs between links to the same page is taken away.

Article ids are derived from it, so its rules are fixed here and never change with a library's release.
(courlan's were looked at: they also drop `source`, `session`, `eid` and whatever contains `ref_`, which name
articles on some sites, and they keep credentials.) Syntax: RFC 3986, section 6.2.2 and 6.2.3.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, unquote_plus, urlsplit

MAX_CHARACTERS = 4096

_TRACKERS = """
_ga _gl _hsenc _hsmi _openstat __twitter_impression __s __tn__ __cft__ cmp cmpid cvid dclid dicbo dm_i
ef_id epik fb_action_ids fb_action_types fb_ref fb_source fbclid gbraid gclid gclsrc guce_referrer
guce_referrer_sig guccounter hsctatracking icid igsh igshid intcid intcmp ito li_fat_id mbid mc_cid mc_eid
mkt_tok msclkid ncid ocid oly_anon_id oly_enc_id oft_id oft_k oft_lk ref_src ref_url referrer s_cid s_kwcid
sc_cid smid smtyp spm sr_share srnd srsltid taid tblci tpcc traffic_source trk trkcampaign ttclid twclid
vero_conv vero_id wbraid wickedid wt_mc wt_zmc xtor yclid ysclid zanpid
"""
TRACKING_NAMES = frozenset(_TRACKERS.split())
TRACKING_PREFIXES = (
    "utm_",
    "mtm_",
    "matomo_",
    "pk_",
    "piwik_",
    "hsa_",
    "at_",
    "ns_mchannel",
    "ns_source",
    "ns_campaign",
    "ns_linkname",
    "ns_fee",
    "itm_",
    "stm_",
    "bxid_",
)

_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\ud800-\udfff\u2028\u2029\\]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical_url(url: str) -> str:
    """The canonical form of an http(s) URL, in ASCII; canonical again it stays the same.

    Raises ValueError, with a sentence for the sender, for other schemes, credentials, and what is no URL.
    """
    url = url.strip()
    if len(url) > MAX_CHARACTERS:
        raise ValueError(f"is longer than {MAX_CHARACTERS} characters")
    if _FORBIDDEN.search(url):
        raise ValueError("holds a space, a control character or a backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not a valid URL") from None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise ValueError("must begin with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user name or password")
    host = _host(parts.hostname or "")
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        host = f"{host}:{port}"
    canonical = f"{scheme}://{host}{_path(parts.path)}"
    if query := _query(parts.query):
        canonical += "?" + query
    if len(canonical) > MAX_CHARACTERS:
        raise ValueError(f"is longer than {MAX_CHARACTERS} characters in its canonical form")
    return canonical


def is_tracking(name: str) -> bool:
    """Whether a query parameter tells where a reader came from, not what is read."""
    name = name.lower()
    return name in TRACKING_NAMES or name.startswith(TRACKING_PREFIXES)


def _host(host: str) -> str:
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host).compressed}]"
        except ValueError:
            raise ValueError("has no valid host") from None
    host = host.rstrip(".")
    if len(host) <= 253:
        try:
            host = host.encode("idna").decode("ascii").lower()
        except UnicodeError:
            host = ""
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise ValueError("has no valid host")
    return host


def _normal(part: str, safe: str) -> str:
    """Percent-encoding made uniform: unreserved characters plain, everything else in capitals, in UTF-8."""
    pieces = []
    last = 0
    for match in _PERCENT.finditer(part):
        pieces.append(quote(part[last : match.start()], safe=safe))
        character = chr(int(match[1], 16))
        pieces.append(character if _UNRESERVED.fullmatch(character) else match[0].upper())
        last = match.end()
    pieces.append(quote(part[last:], safe=safe))
    return "".join(pieces)


def _path(path: str) -> str:
    kept: list[str] = []
    segments = _normal(path, "/!$&'()*+,;=:@").split("/")[1:]
    for segment in segments:  # RFC 3986, 5.2.4: remove dot segments
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _query(query: str) -> str:
    kept = []
    for pair in query.split("&"):
        name = unquote_plus(pair.partition("=")[0])
        if pair and not is_tracking(name):
            kept.append((name, _normal(pair, "/?!$'()*+,;=:@")))
    return "&".join(pair for _, pair in sorted(kept, key=lambda item: item[0]))
