"""The camera's lens on strips: what is seen is what the whole plane shows, on every processor."""

from __future__ import annotations

import random

import pytest
from cykooz_resizer import CpuExtensions
from PIL import Image, ImageChops, ImageFilter

from lib.media.reel import planes
from lib.media.reel.camera import Camera
from lib.media.reel.planes import Lens
from lib.media.reel.strips import COUNT, Strips

SIZE = (270, 482)
PLANE = (297, 533)


def plane(seed: str, size: tuple[int, int] = PLANE) -> Image.Image:
    noise = Image.frombytes("L", size, random.Random(seed).randbytes(size[0] * size[1]))
    return noise.filter(ImageFilter.GaussianBlur(1))


def seen(count: int, strips: Strips, box: tuple[float, float, float, float]) -> bytes:
    """Show so many planes through a box, and return the bytes of all."""
    area = SIZE[0] * SIZE[1]
    memory = memoryview(bytearray(area * count))
    on = [
        strip
        for number in range(count)
        for strip in planes.strips(
            memory[number * area : (number + 1) * area], SIZE, COUNT // count
        )
    ]
    strips.show(box, on)
    return bytes(memory)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_strips_show_what_the_whole_plane_shows(count: int, seed: str) -> None:
    camera, lens = Camera(PLANE, SIZE, 100, seed), Lens()
    whole = [plane(f"{seed} {number}") for number in range(count)]
    strips = Strips(whole, SIZE, camera.ends(), lens)
    for number in (0, 1, 37, 50, 98, 99):
        got = seen(count, strips, camera.box(number))
        for place, one in enumerate(whole):
            wanted = Image.new("L", SIZE)
            lens.show(camera.box(number), one, wanted)
            area = SIZE[0] * SIZE[1]
            strip = Image.frombytes("L", SIZE, got[place * area : (place + 1) * area])
            _, high = ImageChops.difference(strip, wanted).getextrema()
            # The order of the two ways may round otherwise; an edge between strips may not show.
            assert high <= 2, f"frame {number} is off by {high}"


def test_every_processor_gives_the_same_bytes() -> None:
    camera = Camera(PLANE, SIZE, 100, "s")
    found = set()
    for name in ("none", "sse4_1", "avx2"):
        lens = Lens()
        try:
            lens._resizer.set_cpu_extensions(CpuExtensions[name].value)
        except ValueError:
            continue  # this processor has none of those
        strips = Strips([plane("s")], SIZE, camera.ends(), lens)
        found.add(b"".join(seen(1, strips, camera.box(number)) for number in (0, 41, 99)))
    assert len(found) == 1
