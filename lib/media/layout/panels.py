"""Panels that are as high as what stands on them.

Called for still pages before they are drawn. A film keeps its panels as they are written, because
its lines come and go.
"""

from __future__ import annotations

import dataclasses

from lib.media.layout import stack
from lib.media.layout.page import hull
from lib.media.layout.sheet import Sheet
from lib.templates.page import Area, Panel


def fitted(sheet: Sheet) -> Sheet:
    """Return a page whose panels that fit are drawn in around its column.

    What an area leaves free above and below its words, its panel loses there; the air between
    both stays. An edge that is the page's own stays too. Raises ToolFailed for words that cannot
    be set.
    """
    page = sheet.page
    if not any(panel.fit for panel in page.panels):
        return sheet
    area = sheet.column()
    column = stack.column(sheet, area)
    if not column:
        return sheet
    _, top, _, bottom = hull([placed.box for placed in column])
    down = 100 / sheet.size[1]
    free = (max(0, top - area[1]) * down, max(0, area[3] - bottom) * down)
    panels = tuple(_drawn_in(panel, free) if panel.fit else panel for panel in page.panels)
    return dataclasses.replace(sheet, page=page.model_copy(update={"panels": panels}))


def _drawn_in(panel: Panel, free: tuple[float, float]) -> Panel:
    left, top, right, bottom = panel.area
    area: Area = (
        left,
        top + free[0] if top > 0 else top,
        right,
        bottom - free[1] if bottom < 100 else bottom,
    )
    return panel.model_copy(update={"area": area})
