"""A meter of our own after ITU-R BS.1770-4, from its text and nothing of ffmpeg's."""

from __future__ import annotations

import math
from array import array

#: The two filters of the K weighting at 48 kHz, as the recommendation prints them: b0 b1 b2 a1 a2.
_SHELF = (
    1.53512485958697,
    -2.69169618940638,
    1.19839281085285,
    -1.69065929318241,
    0.73248077421585,
)
_HIGH_PASS = (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)
#: A block of 400 ms, a new one each 100 ms.
_STEP, _STEPS = 4800, 4


def lufs(sides: list[array[int]]) -> float:
    """Return the integrated loudness of 16-bit channels at 48 kHz."""
    if all(side == sides[0] for side in sides):
        steps = [2 * power for power in _powers(sides[0])]
    else:
        steps = [sum(powers) for powers in zip(*map(_powers, sides), strict=True)]
    blocks = [sum(steps[at : at + _STEPS]) / _STEPS for at in range(len(steps) - _STEPS + 1)]
    heard = [power for power in blocks if power and _level(power) > -70]
    gate = _level(sum(heard) / len(heard)) - 10
    loud = [power for power in heard if _level(power) > gate]
    return _level(sum(loud) / len(loud))


def _level(power: float) -> float:
    return -0.691 + 10 * math.log10(power)


def _powers(side: array[int]) -> list[float]:
    weighted = _filtered(_filtered([value / 32768 for value in side], _SHELF), _HIGH_PASS)
    whole = range(0, len(weighted) - _STEP + 1, _STEP)
    return [sum(value * value for value in weighted[at : at + _STEP]) / _STEP for at in whole]


def _filtered(values: list[float], taps: tuple[float, ...]) -> list[float]:
    b0, b1, b2, a1, a2 = taps
    x1 = x2 = y1 = y2 = 0.0
    out = []
    for x in values:
        y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
        x2, x1, y2, y1 = x1, x, y1, y
        out.append(y)
    return out
