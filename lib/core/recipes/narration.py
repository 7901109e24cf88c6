"""A narrated reel: what cannot be spoken is refused, and the steps that speak, mix and caption.

Asked by the recipe of reels, and by the examiner for the writer's drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lib.core.brand import BrandKit
from lib.core.checks import Check
from lib.core.proposals import Draft, Narration
from lib.core.recipes.order import Make, PlanDraft
from lib.core.voices import MARKUP, VOICES, stranger
from lib.core.work import Json, Keep

#: When the recording begins, and how long before the reel's end it is over, seconds.
STARTS_S, REST_S = 0.4, 0.6
#: The speed that a voice is told at most, so that a text fits, and what that makes of its length.
FASTEST, SHORTER = 1.3, 1.1
#: The fastest that words are spoken, seconds each.
WORD_S = 0.08
#: What a caption may hold, and the speed at which nobody reads along any more, characters a second.
MOST_LINES, MOST_WIDE, READ_PER_S = 2, 32, 34.0
#: Styles of captions where they have the picture to themselves, and where lines stand beside them.
ALONE, BESIDE = "highlight", "plain"
#: No captions in the picture; their files are there all the same.
UNSEEN = "none"


def problems(draft: Draft, kit: BrandKit) -> Iterator[tuple[str, str]]:
    """Yield what cannot be spoken or captioned, each with what to do about it."""
    told = draft.narration
    if told is None:
        return
    if draft.format != "reel":
        yield f"a {draft.format} is not narrated", "leave narration out, or make it a reel"
    if not any(map(str.isalnum, told.text)):
        yield "narration.text: there are no words to speak", "write what is to be said"
    if found := MARKUP.search(told.text):
        yield f"narration.text: “{found.group()[:40]}” is markup", "write plain words to speak"
    styles = (*kit.caption_styles, UNSEEN)
    if (style := _style(draft, kit)) not in styles:
        yield f"there is no style of captions {style!r}", f"choose one of {', '.join(styles)}"
    language, name = _spoken(told, kit)
    if name is None:
        speak = ", ".join(f"{name} ({voice.language})" for name, voice in VOICES.items())
        words = f"there is no voice {told.voice!r}" if told.voice else f"no voice speaks {language}"
        yield f"narration.voice: {words}", f"there is {speak}"
        return
    voice = VOICES[name]
    if language and not voice.speaks(language):
        hint = f"write it in {voice.language}, or leave narration out"
        yield f"the voice {name} speaks {voice.language}, not {language}", hint
    if strange := stranger(told.text, voice.script):
        yield f"the voice {name} cannot read “{strange[0][:40]}”", "write it in its own letters"
    needed_s, most_s = voice.seconds(told.text), most(draft)
    if needed_s > most_s * SHORTER:
        letters = len(told.text) * most_s / needed_s
        longer = " or make the reel 30 s long" if draft.seconds < 30 else ""
        words = f"takes about {needed_s:.0f} s to say, and a reel of {draft.seconds} s has"
        hint = f"shorten it to about {letters // 10 * 10:.0f} letters{longer}"
        yield f"narration.text: {words} {most_s:g} s for it", hint


def most(draft: Draft) -> float:
    """Return how long the recording may be, seconds."""
    return draft.seconds - STARTS_S - REST_S


def first_words(draft: Draft) -> str:
    """Return what a picture of the reel says beside its title: a line, or the first sentence."""
    told = draft.narration.text if draft.narration else ""
    return draft.lines[0] if draft.lines else re.split(r"(?<=[.!?…])\s", told)[0][:220]


def _spoken(told: Narration, kit: BrandKit) -> tuple[str | None, str | None]:
    """Return the language, None when it is to be guessed; and the voice, None for one unknown."""
    language = told.language or kit.language
    if told.voice or kit.voice:
        return language, next((name for name in VOICES if name == (told.voice or kit.voice)), None)
    speaking = (name for name, voice in VOICES.items() if voice.speaks(language or voice.language))
    return language, next(speaking, None)


def _style(draft: Draft, kit: BrandKit) -> str:
    told = draft.narration.captions if draft.narration else None
    return told or kit.captions or (BESIDE if draft.lines else ALONE)


def add_narration(steps: PlanDraft, draft: Draft, kit: BrandKit, music: str, sound: Check) -> Json:
    """Add the steps that speak, mix over the music, and write captions as files.

    Returns the parameters of burned-in captions; none where only their files are wanted.
    """
    assert draft.narration is not None
    text, seconds = draft.narration.text, float(draft.seconds)
    language, name = _spoken(draft.narration, kit)
    count = sum(any(map(str.isalnum, word)) for word in text.split())
    times: Json = {"in_order": True, "min_shown_s": WORD_S * count}
    voice = Check(media_type="audio/wav", audio_codec="pcm_s16le", min_heard_s=WORD_S * count)
    words = times | {"min_entries": count, "max_ends_s": most(draft)}
    timed = Check(media_type="application/json", **words)
    made = [Make("voice", "raw", "wav", voice, Keep.RAW)]
    made += [Make("words", "raw", "json", timed, Keep.RAW)]
    said: Json = {"text": text, "language": language, "voice": name}
    steps.step("voice", made, params={**said, "most_s": most(draft), "fastest": FASTEST})
    steps.step(
        "voice_mix",
        [Make("sound", "raw", "m4a", sound, Keep.RAW)],
        params={"music": music, "target": "reel", "seconds": seconds, "starts_s": STARTS_S},
        needs=("voice", "words"),
    )
    read: Json = {"max_lines": MOST_LINES, "max_widest": MOST_WIDE, "max_read_per_s": READ_PER_S}
    read |= {**times, "min_entries": 1, "max_ends_s": seconds}
    kinds = (("srt", "application/x-subrip"), ("vtt", "text/vtt"))
    files = [Make(ext, "videos", ext, Check(media_type=kind, **read)) for ext, kind in kinds]
    when: Json = {"starts_s": STARTS_S, "seconds": seconds}
    steps.step("captions", files, params=when, needs=("words",))
    style = _style(draft, kit)
    shown = {"style": kit.caption_styles.get(style), "starts_s": STARTS_S}
    return {} if style == UNSEEN else {"captions": shown}
