"""Drafts, as a person writes them: for tests that want a work and not its words."""

from __future__ import annotations

from lib.core.work import Json


def draft(title: str, brand: str) -> Json:
    """Return what a post is to say."""
    return {
        "brand": brand,
        "format": "post",
        "title": title,
        "variant": "dark",
        "facts": ["f-01"],
        "lines": ["One statement that is true."],
        "caption": "A caption that is long enough.",
        "hashtags": ["#one"],
    }


def narrated(title: str, brand: str, *, seconds: int = 10) -> Json:
    """Return a narrated reel that says its title, and has lines beside it when it is long."""
    return {
        **draft(title, brand),
        "format": "reel",
        "seconds": seconds,
        "lines": ["The first line.", "The second line."] if seconds > 10 else [],
        "narration": {"text": f"{title}. This is what is said, in plain words."},
    }
