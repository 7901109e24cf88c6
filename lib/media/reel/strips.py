"""Planes seen by the camera, resampled four strips at a time.

Used by ``frames.py``. A resampler is slow along rows of single values, and more than three
times as fast where four lie side by side. So planes are cut into four strips, which become the
channels of one picture: along the rows all are resampled at once, then they are taken apart and
each is resampled down its columns.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from PIL import Image

from lib.media.reel.camera import Box
from lib.media.reel.planes import Lens, cuts

#: Strips of one picture: as many as it has channels.
COUNT = 4
#: Rows that the taps reach beyond a strip, and one for rounding.
_REACH = 3


class Strips:
    """One plane, or two of one size, to be seen at one size through boxes that lie between two."""

    def __init__(
        self, planes: Sequence[Image.Image], size: tuple[int, int], ends: Sequence[Box], lens: Lens
    ) -> None:
        """Cut the planes up for boxes from one of ``ends`` to the other, px."""
        self._lens, self._height = lens, size[1]
        self._spans = list(itertools.pairwise(cuts(size[1], COUNT // len(planes))))
        tall = planes[0].height
        starts, stops = [], []
        for first, last in self._spans:
            tops = [top + first * high / size[1] for _, top, _, high in ends]
            feet = [top + last * high / size[1] for _, top, _, high in ends]
            starts.append(max(0, math.floor(min(tops)) - _REACH))
            stops.append(min(tall, math.ceil(max(feet)) + _REACH))
        rows = max(stop - start for start, stop in zip(starts, stops, strict=True))
        self._starts = [min(start, tall - rows) for start in starts]
        found = [
            plane.crop((0, start, plane.width, start + rows))
            for plane, start in itertools.product(planes, self._starts)
        ]
        self._source = Image.merge("RGBA", found)
        self._wide = Image.new("RGBA", (size[0], rows))

    def show(self, box: Box, on: Sequence[Image.Image]) -> None:
        """Fill ``on``, the strips of what is seen of all planes in order, with a box of them."""
        left, top, width, height = box
        rows = self._wide.height
        self._lens.show((left, 0, width, rows), self._source, self._wide)
        step = height / self._height
        places = itertools.cycle(zip(self._spans, self._starts, strict=True))
        for strip, seen, ((first, last), start) in zip(self._wide.split(), on, places):  # noqa: B905
            # A sum of floats may end a hair beyond an edge, where there is nothing to see.
            above = max(0.0, top + first * step - start)
            deep = min((last - first) * step, rows - above)
            self._lens.show((0, above, strip.width, deep), strip, seen)
