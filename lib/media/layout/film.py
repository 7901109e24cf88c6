"""What a film lays over its moving ground: layers that come and go, and the progress line.

Made by ``reel/words.py``, drawn by ``reel/frames.py`` and by previews.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw

#: Seconds that a layer takes to come or to go.
FADE_S = 0.5


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture that comes at ``start_s`` to an even place, rising, and fading unless solid.

    With ``end_s`` it fades away again from then on. ``enter`` is the template's way of coming.
    """

    picture: Image.Image
    place: tuple[int, int]
    start_s: float
    rise_px: int = 0
    solid: bool = False
    end_s: float | None = None
    enter: str = "rise"
    #: Px to the left that a sliding layer comes; negative when it comes from the left.
    slide_px: int = 0
    #: A ground of one colour without edges: it may go with the camera.
    soft: bool = False

    @property
    def comes(self) -> bool:
        """Tell whether it comes: what stands there from the start, and does not rise, need not."""
        return self.start_s > 0 or self.solid

    def at(self, share: float) -> tuple[Image.Image, tuple[int, int]]:
        """Return it on its way, 0 to 1, in a canvas that covers all of the way; and its place."""
        left = 1 - share
        if self.enter == "rise" and self.rise_px:
            canvas = Image.new("RGBA", (self.picture.width, self.picture.height + self.rise_px))
            canvas.paste(self.picture, (0, round(self.rise_px * left)))
            return canvas, self.place
        if self.enter == "slide" and self.slide_px:
            far = abs(self.slide_px)
            canvas = Image.new("RGBA", (self.picture.width + far, self.picture.height))
            canvas.paste(self.picture, (round(far * (left if self.slide_px > 0 else share)), 0))
            return canvas, (self.place[0] - (far if self.slide_px < 0 else 0), self.place[1])
        if self.enter == "wipe" and share < 1:
            canvas = Image.new("RGBA", self.picture.size, (255, 255, 255, 0))
            wide = round(self.picture.width * share)
            start = self.picture.width - wide if self.slide_px < 0 else 0
            part = self.picture.crop((start, 0, start + wide, self.picture.height))
            canvas.paste(part, (start, 0))
            return canvas, self.place
        return self.picture, self.place

    def opacity(self, share: float) -> float:
        """Return how opaque it is on its way, 0 to 1."""
        return 1.0 if self.solid or (self.enter == "wipe" and share > 0) else share


@dataclass(frozen=True, slots=True)
class Progress:
    """What shows how far the reel is, in one part or several; size in px, place even."""

    place: tuple[int, int]
    size: tuple[int, int]
    track: tuple[int, int, int]
    fill: tuple[int, int, int]
    #: How many parts; 0 shows nothing.
    parts: int = 1
    rtl: bool = False

    def at(self, share: float) -> Image.Image:
        """Return it as it looks at a share of the reel, 0..1."""
        width, height = self.size
        picture = Image.new("RGBA", self.size, (*self.track, 0))
        pen = ImageDraw.Draw(picture)
        gap = height if self.parts > 1 else 0
        long = (width - gap * (self.parts - 1)) / max(1, self.parts)
        for number in range(self.parts):
            start = number * (long + gap)
            ends = (start, start + long - 1)
            pen.rounded_rectangle(self._turned(ends), height / 2, fill=(*self.track, 56))
            done = min(1.0, share * self.parts - number)
            if done > 0:
                ends = (start, start + max(height, long * done) - 1)
                pen.rounded_rectangle(self._turned(ends), height / 2, fill=(*self.fill, 255))
        return picture

    def _turned(self, ends: tuple[float, float]) -> tuple[float, float, float, float]:
        width, height = self.size
        left, right = (width - 1 - ends[1], width - 1 - ends[0]) if self.rtl else ends
        return left, 0, right, height - 1
