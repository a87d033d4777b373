"""Before a service listens: is there a key, and may it listen where it was told to?"""

from __future__ import annotations

import psycopg

from services.core.access.store import keys_exist, take_in_first_key
from services.core.errors import UnsafeSettings
from services.core.logging import get_logger
from services.core.settings import Settings, is_loopback

log = get_logger(__name__)


def check_access(settings: Settings) -> bool:
    """Whether keys are asked for. Takes in the first key of `first_key_file`.

    Raises UnsafeSettings where strangers would be let in: beyond the loopback nothing listens without a key.
    """
    beyond = not is_loopback(settings.host)
    try:
        with psycopg.connect(settings.database_url or "", autocommit=True, connect_timeout=5) as conn:
            if settings.first_key_file is not None:
                take_in_first_key(conn, settings.first_key_file)
            exist = keys_exist(conn)
    except psycopg.errors.UndefinedTable:
        raise UnsafeSettings(
            "the database is older than this release: bring it up to date with `treatyline migrate`"
        ) from None
    except psycopg.OperationalError as error:
        # The service starts and answers 503 until the database is there; then beyond the loopback every request
        # must bring a key of it, on the loopback if there is one.
        log.warning("whether there are keys is not known yet", error=type(error).__name__)
        return beyond
    if not exist and beyond:
        raise UnsafeSettings(
            f"TREATYLINE_HOST={settings.host}: without a key anyone on the network could post and read. Make one "
            "(`treatyline keys create --name me --scope admin`) or name a file that holds one with "
            "TREATYLINE_FIRST_KEY_FILE; else listen on 127.0.0.1"
        )
    if not exist:
        log.info("no keys: answering on loopback only", host=settings.host)
    return exist
