"""Styles of burned-in captions by their names, for who has no plan that carries one."""

from __future__ import annotations

from lib.core.errors import ToolFailed
from lib.media.room import Room
from lib.templates.captions import CaptionStyle, files, read

__all__ = ["CaptionStyle", "style"]


def style(name: str, room: Room) -> CaptionStyle:
    """Return a style by its name. Raises ToolFailed with the choices, or saying what is wrong."""
    known = files(room.assets / "captions")
    if name not in known:
        there = ", ".join(known)
        raise ToolFailed("captions", f"there is no style {name!r}; there are {there}")
    try:
        return read(known[name])
    except ValueError as error:
        raise ToolFailed("captions", str(error)) from error
