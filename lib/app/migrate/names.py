"""The names of an older studio's bucket, ``{user}/{brand}/{category}/{file}``, and ours for them.

Called by ``groups.py`` and ``adopt.py``. Pure. What a name does not tell is said in words, never
guessed; two different names of theirs never become the same name of ours.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from lib.core.brand import RESERVED
from lib.core.paths import FINGERPRINT_CHARS, fingerprint

PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}
FILMS = {"mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/mp4"}
#: What hosted storage puts into a folder that a page made, so that the folder shows.
FOLDER_MARK = ".emptyFolderPlaceholder"
YOUTUBE = "youtube_thumbnail"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_OURS = re.compile(rf".*-[0-9a-hjkmnp-tv-z]{{{FINGERPRINT_CHARS}}}")
#: Category, the name without its ending, the slot, and the endings it may have.
_RULES = (
    ("thumbnails", r"(?P<id>.+)_(?:yt|youtube)_?thumb(?:nail)?", YOUTUBE, PICTURES),
    ("thumbnails", r"(?P<id>.+)_thumbnail", "thumbnail", PICTURES),
    ("reels", r"(?P<id>.+)_reel", "reel_image", PICTURES),
    ("reels", r"(?P<id>.+)_reel", "reel", FILMS),
    ("videos", r"(?P<id>.+)_video", "video", FILMS),
    ("posts", r"(?P<id>.+)_background", "background", PICTURES),
    ("posts", r"(?P<id>.+)_slide_0*(?P<n>[1-9][0-9]{0,2})", "slide_{n}", PICTURES),
)
_KNOWN = {
    "thumbnails": "{id}_thumbnail",
    "reels": "{id}_reel",
    "videos": "{id}_video",
    "posts": "{id}_background or {id}_slide_{n}",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a file is by its name: of which work, in which place, of which type."""

    id: str
    slot: str
    category: str
    ext: str
    media_type: str


def meaning(brand: str, category: str, name: str, ids: Collection[str] = ()) -> Meaning | str:
    """Return what a name says, or in words why it says nothing.

    ``ids`` are those that other files of the brand name: a thumbnail for YouTube may be called
    anything that begins with one of them.
    """
    if category not in _KNOWN:
        return f"unknown category {category!r}"
    stem, _, ext = name.rpartition(".")
    ext = ext.lower()
    media_type = {**PICTURES, **FILMS}.get(ext)
    if media_type is None or not stem:
        return "its ending is none of " + ", ".join([*PICTURES, *FILMS])
    for where, pattern, slot, endings in _RULES:
        match = re.fullmatch(pattern, stem) if where == category and ext in endings else None
        if match:
            named = slot.format(**match.groupdict())
            return Meaning(_job(match["id"], brand), named, category, ext, media_type)
    if category == "thumbnails" and ext in PICTURES:
        begun = [known for known in ids if re.match(rf"{re.escape(known)}(?![A-Za-z0-9])", stem)]
        if begun:
            return Meaning(max(begun, key=len), YOUTUBE, category, ext, media_type)
        return "it begins with the id of no work of this brand"
    return f"no id in the name: expected {_KNOWN[category]}"


def _job(found: str, brand: str) -> str:
    """Return the job's own id: some files carry the brand behind it, others do not."""
    return found.removesuffix(f"_{brand}") or found


def slug(text: str) -> str:
    """Return an owner or brand of theirs as ours: itself where it fits, else with a digest.

    What looks like one of our digests gets one too, so that nobody meets it by its name.
    """
    fits = _SLUG.fullmatch(text) and not _OURS.fullmatch(text) and text not in RESERVED
    return text if fits else f"{_plain(text, 28)}-{fingerprint(text)}"


def work_id(owner: str, user: str, brand: str, job: str) -> str:
    """Return the id of the work that a job of theirs becomes: the same at every run."""
    return f"{_plain(job, 60)}-{fingerprint(owner, user, brand, job)}"


def _plain(text: str, most: int) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:most].strip("-") or "x"
