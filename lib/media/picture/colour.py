"""A brand's palette as pictures use it: mixing, and the tones of the light and dark variant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lib.colour import Rgb, luminance, rgb

WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (0, 0, 0)


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Return a colour on the way from ``first`` (0) to ``second`` (1)."""
    return (
        round(first[0] + (second[0] - first[0]) * share),
        round(first[1] + (second[1] - first[1]) * share),
        round(first[2] + (second[2] - first[2]) * share),
    )


@dataclass(frozen=True, slots=True)
class Tone:
    """A brand's palette as one variant uses it."""

    dark: bool
    #: What a picture fades to: the deepest tone of the dark variant, the lightest of the light.
    ground: Rgb
    #: Text on the ground.
    text: Rgb
    primary: Rgb
    secondary: Rgb
    accent: Rgb

    @property
    def colours(self) -> tuple[Rgb, Rgb, Rgb]:
        """Return the three colours that pictures are painted with."""
        return self.primary, self.secondary, self.accent


def tone_of(look: dict[str, Any], variant: str) -> Tone:
    """Return the tone of a look's palette for ``light`` or ``dark``."""
    palette = {name: rgb(value) for name, value in look["palette"].items()}
    primary, secondary, accent = palette["primary"], palette["secondary"], palette["accent"]
    dark_side, light_side = sorted((palette["ink"], palette["paper"]), key=luminance)
    if variant == "dark":
        ground = mix(mix(dark_side, BLACK, 0.35), primary, 0.12)
        return Tone(True, ground, mix(light_side, WHITE, 0.5), primary, secondary, accent)
    return Tone(False, mix(light_side, WHITE, 0.25), dark_side, primary, secondary, accent)
