"""Whom an embedded server runs as, and how it is made to end with us.

PostgreSQL refuses to run as root. Started by root, a server runs as the data folder's owner, or, where that
is root or nobody yet, as `postgres` or `nobody`, through util-linux's `setpriv`. The one capability it keeps,
`dac_override`, lets it reach its binaries and its data below folders that only root may enter; nothing above
the data folder changes owner or mode.
"""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from services.core.errors import EmbeddedServerError

CAP_DAC_OVERRIDE = 1  # bit number, linux/capability.h


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group id; `switch` says whether we have to become it."""

    uid: int
    gid: int
    switch: bool

    def own(self, target: Path | int, mode: int) -> None:
        """Gives the one path or open file (nothing above or below it) to the account with this mode.

        Files in a folder that the account may write go by descriptor: a name could lead root elsewhere.
        """
        if self.switch:
            os.chown(target, self.uid, self.gid)
        os.chmod(target, mode)  # noqa: PTH101 - takes a descriptor as well

    def launch(self, command: list[str], *, death_signal: str | None = None) -> list[str]:
        """`command` as the account runs it.

        With `death_signal` ("INT", "TERM") the kernel sends that signal when the thread that started the
        command ends, by SIGKILL too (prctl(2), PR_SET_PDEATHSIG). Needs Linux; elsewhere a server that lost
        us is stopped by the next start.
        """
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            if self.switch:
                raise EmbeddedServerError(
                    "PostgreSQL does not run as root and `setpriv` (package util-linux) is missing: "
                    "run as an ordinary user, or set TREATYLINE_DATABASE_URL"
                )
            return command
        options = ["--pdeathsig", death_signal] if death_signal else []
        if self.switch:
            options += [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--no-new-privs"]
            override = _may_override_permissions()
            capabilities = "-all,+dac_override" if override else "-all"
            options += [f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}"]
            if override:
                # access(2) leaves out the capabilities of whoever is not root, unless told to leave them alone;
                # PostgreSQL asks it whether its own binaries can be run.
                options.append("--securebits=+no_setuid_fixup")
        return [setpriv, *options, "--", *command] if options else command


def account_for(folder: Path) -> Account:
    """Whom a server on `folder` (which exists) runs as.

    Raises EmbeddedServerError where the folder belongs to someone we cannot become.
    """
    owner = folder.stat()
    if os.geteuid() != 0:
        if owner.st_uid != os.geteuid():
            raise EmbeddedServerError(
                f"{folder} belongs to another user ({owner.st_uid}): run as that user or as root, "
                "or choose another folder with TREATYLINE_DATA_DIR"
            )
        return Account(os.geteuid(), os.getegid(), switch=False)
    # initdb looks its user up by name, so an id without an entry would not do.
    wanted = [_entry(owner.st_uid)] if owner.st_uid else []
    for entry in (*wanted, _entry("postgres"), _entry("nobody")):
        if entry is not None and entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, switch=True)
    raise EmbeddedServerError("no user to run PostgreSQL as: neither `postgres` nor `nobody` exists")


def _entry(user: int | str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(user) if isinstance(user, int) else pwd.getpwnam(user)
    except KeyError:
        return None


def _may_override_permissions() -> bool:
    """Whether we hold dac_override ourselves: a container's root may not."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> CAP_DAC_OVERRIDE & 1)
    return False
