"""What makes a voice, the times of its words, and captions valid; for recipes of what is spoken."""

from __future__ import annotations

from lib.core.checks import Check

#: The fastest and the slowest that a word is spoken, seconds; numbers take longer than words.
FASTEST_S, SLOWEST_S = 0.12, 4.0
#: What a caption may hold, and the speed at which nobody reads along any more, characters a second.
MOST_LINES, MOST_WIDE, READ_PER_S = 2, 32, 34.0
#: Captions may stay a little after the sound, seconds.
AFTER_S = 2.0


def voice_check(text: str) -> Check:
    """Return what makes the recording of a text valid."""
    count = len(text.split())
    return Check(media_type="audio/wav", audio_codec="pcm_s16le", min_heard_s=FASTEST_S * count)


def words_check(text: str) -> Check:
    """Return what makes the times of a text's words valid."""
    count = len(text.split())
    return Check(
        media_type="application/json",
        min_entries=count,
        in_order=True,
        min_shown_s=FASTEST_S * count / 2,
        max_ends_s=SLOWEST_S * count + AFTER_S,
    )


def captions_check(media_type: str, text: str, *, seconds: float | None = None) -> Check:
    """Return what makes a file of captions valid, of a recording so long if that is known."""
    count = len(text.split())
    return Check(
        media_type=media_type,
        min_entries=1,
        in_order=True,
        min_shown_s=FASTEST_S * count,
        max_ends_s=(SLOWEST_S * count if seconds is None else seconds) + AFTER_S,
        max_lines=MOST_LINES,
        max_widest=MOST_WIDE,
        max_read_per_s=READ_PER_S,
    )
