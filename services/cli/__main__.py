"""`python -m services.cli`: the same as `treatyline`."""

from services.cli.main import app

app(prog_name="treatyline")
