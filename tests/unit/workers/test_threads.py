"""A worker takes one core: the library under numpy starts no threads beside it."""

from __future__ import annotations

import os
import subprocess
import sys

_CODE = """
import os, sys
import services.cli.main
assert "numpy" not in sys.modules
import workers
before = len(os.listdir("/proc/self/task"))
import numpy
numpy.ones((500, 500)) @ numpy.ones((500, 500))
print(len(os.listdir("/proc/self/task")) - before)
"""


def test_products_of_numbers_start_no_threads() -> None:
    bare = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    told = subprocess.run([sys.executable, "-c", _CODE], env=bare, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "0"
