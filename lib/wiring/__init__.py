"""The composition root: Settings → a wired studio. The only rooms that know all adapters.

The functions ask ``studio()`` for the one of this process; the embedded runtime installs its
own there, so that the very same function files run in both places.
"""

from __future__ import annotations

import threading

from lib import logs
from lib.app.studio import Studio
from lib.core.errors import Refused
from lib.settings import Settings, load

_installed: dict[str, tuple[Studio, Settings]] = {}
_wiring = threading.Lock()


def install(studio: Studio, settings: Settings) -> None:
    """Make this studio the one that the functions of this process use."""
    _installed["studio"] = (studio, settings)


def studio() -> Studio:
    """Return the studio of this process, wired from the environment at the first call."""
    return _current()[0]


def settings() -> Settings:
    """Return the settings that the studio of this process was wired from."""
    return _current()[1]


def _current() -> tuple[Studio, Settings]:
    if "studio" not in _installed:
        with _wiring:  # the first requests of an instance come together
            if "studio" not in _installed:
                found = load()
                install(_open(found), found)
    return _installed["studio"]


def _open(settings: Settings) -> Studio:
    if settings.mode == "gcp":
        from lib.wiring.gcp import open_gcp

        logs.write_to(None)
        return open_gcp(settings)
    if settings.mode == "local":
        from lib.wiring.local import open_local

        return open_local(settings).studio
    raise Refused(f"BRANDCAST_MODE is {settings.mode!r}", hint="set it to 'local' or to 'gcp'")
