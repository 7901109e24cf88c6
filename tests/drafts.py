"""The draft of a post, as a person writes it: for tests that want a work and not its words."""

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
