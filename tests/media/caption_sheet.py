"""Draw captions of every style over several grounds and scripts, to be looked at.

python -m tests.media.caption_sheet FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from lib.media.captions import layers as caption_layers
from lib.media.captions.cue import Word, width
from lib.media.captions.layers import Look, Shown
from lib.media.captions.styles import style
from lib.media.picture.colour import tone_of
from lib.media.room import Room
from tests.media.conftest import ASSETS, KITS, look, paint

SIZE = (1080, 1920)
STYLES = ("plain", "highlight", "big")
TEXTS = {
    "en": "Bread goes stale faster in the refrigerator, because cold makes its starch crystallise.",
    "de": "Geschwindigkeitsbegrenzungen gelten auch für Donaudampfschiffe, sagt die Behörde.",
    "ar": "يفسد الخبز في الثلاجة أسرع من خارجها، لأن البرد يبلور النشا فيه.",
    "he": "הלחם מתייבש מהר יותר במקרר, כי הקור מגבש את העמילן של JPEG שבו.",
    "ja": "パンは冷蔵庫の中で早く固くなります。寒さがでんぷんを結晶させるからです。",
    "zh": "面包在冰箱里变硬得更快，因为低温使淀粉结晶。",
    "hi": "रोटी रेफ्रिजरेटर में जल्दी बासी हो जाती है, क्योंकि ठंड स्टार्च को जमा देती है।",
    "ko": "빵은 냉장고에서 더 빨리 굳습니다. 추위가 전분을 결정으로 만들기 때문입니다.",
    "th": "ขนมปังจะเก่าเร็วขึ้นในตู้เย็นเพราะความเย็นทำให้แป้งตกผลึก",
    "en-run": "Wow 🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉 👩‍👩‍👧‍👦👩‍👩‍👧‍👦 👍🏽",
    "en-emoji": "Freeze it fresh 🥖, toast it later — and never throw away a good loaf! 🎉",
}


def spoken(text: str, per_s: float = 13.0) -> tuple[Word, ...]:
    """Return words spoken evenly."""
    words, now = [], 0.2
    for each in text.split():
        length_s = (width(each) + 1) / per_s
        words.append(Word(each, round(now, 3), round(now + length_s * 0.92, 3)))
        now += length_s
    return tuple(words)


def over(ground: Image.Image, shown: list[Shown], now_s: float) -> Image.Image:
    """Return a frame with what stands on it at an instant."""
    frame = ground.convert("RGBA")
    for one in shown:
        if one.start_s <= now_s < one.stop_s:
            frame.alpha_composite(one.picture, one.place)
    return frame.convert("RGB")


def grounds(room: Room) -> dict[str, tuple[str, str, Image.Image]]:
    """Return frames to write on, each with a brand and a variant."""
    found = {}
    for slug, variant in zip(
        KITS.slugs(), ("dark", "light", "dark", "light", "dark"), strict=False
    ):
        with Image.open(paint(room, slug, SIZE, variant)) as painted:
            found[slug] = (slug, variant, painted.convert("RGB"))
    noise = Image.effect_noise((108, 192), 120).resize(SIZE).convert("RGB")
    found["noise"] = (KITS.slugs()[0], "dark", noise)
    found["white"] = (KITS.slugs()[1], "dark", Image.new("RGB", SIZE, "white"))
    return found


def main(folder: Path) -> None:
    """Write one sheet for each style: grounds across, instants down; and one of scripts."""
    folder.mkdir(parents=True, exist_ok=True)
    room = Room(ASSETS, (ASSETS / "brands",), folder)
    frames = grounds(room)
    small = (270, 480)
    for name in STYLES:
        sheet = Image.new("RGB", (small[0] * len(frames), small[1] * 2))
        for column, (slug, variant, ground) in enumerate(frames.values()):
            shown = list(
                caption_layers.layers(spoken(TEXTS["en"]), made(name, slug, variant, ground, room))
            )
            for row, now_s in enumerate((0.9, 4.3)):
                picture = over(ground, shown, now_s).resize(small, Image.Resampling.LANCZOS)
                sheet.paste(picture, (column * small[0], row * small[1]))
        sheet.save(folder / f"{name}.png")
        sheet = Image.new("RGB", (small[0] * len(TEXTS), small[1]))
        slug, variant, ground = frames[KITS.slugs()[2]]
        for column, (language, text) in enumerate(TEXTS.items()):
            wanted = made(name, slug, variant, ground, room, language.partition("-")[0])
            shown = list(caption_layers.layers(spoken(text), wanted))
            picture = over(ground, shown, 1.6).resize(small, Image.Resampling.LANCZOS)
            sheet.paste(picture, (column * small[0], 0))
        sheet.save(folder / f"{name}-scripts.png")


def made(
    name: str, slug: str, variant: str, ground: Image.Image, room: Room, language: str = "en"
) -> Look:
    """Return the look of a brand's captions over a ground."""
    chosen = style(name, room)
    font = room.font(look(slug)["fonts"][chosen.font])
    return Look(chosen, tone_of(look(slug), variant), font, ground.size, (ground,), language)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
