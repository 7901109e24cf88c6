"""Where the captions of a film stand, so that they never meet the template's own words.

By rule, in this order: above the words, where the template leaves the picture free there; in the
place of lines, where a film has none; else at the foot of the words, which make room for them.
Asked by ``words.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from lib.media.captions.layers import SIDE, Captions
from lib.media.layout import ground
from lib.media.layout.sheet import Sheet
from lib.media.picture.scrim import Box

#: Room between captions and the template's words or edges, per cent of the shorter side.
AIR = 3.0


@dataclass(frozen=True, slots=True)
class Beside:
    """What captions take beside words: a box above them, or so many px of their height."""

    captions: Captions | None
    above: Box | None
    foot: int


def room_for(captions: Captions | None, sheet: Sheet, area: Box) -> Beside:
    """Return where captions stand beside words in an area; nothing is taken without captions."""
    if captions is None:
        return Beside(None, None, 0)
    air = sheet.unit(AIR)
    high = round(sheet.size[1] * sheet.page.safe[1] / 100)
    edges = [area[1], *(sheet.box(panel.area)[1] for panel in sheet.page.panels)]
    window = sheet.page.ground.window
    edges += [sheet.box(window)[3]] if window and sheet.page.ground.fill == "colour" else []
    low = min(edge for edge in edges if edge > 0) - air
    if low - high >= captions.tall:
        side = round(sheet.size[0] * SIDE)
        return Beside(captions, (side, high, sheet.size[0] - side, low), 0)
    captions = captions.within(zone=area)
    return Beside(captions, None, captions.tall + air)


def on_ground(captions: Captions, sheet: Sheet) -> Captions:
    """Return captions with a plate of their own where a scrim would lie under a panel."""
    over = ground.veil(sheet)
    covered = over is not None and over.getchannel("A").crop(captions.hull).getbbox()
    if captions.style.ground == "scrim" and captions.strength and covered:
        return captions.within(style=captions.style.model_copy(update={"ground": "plate"}))
    return captions
