"""How ffmpeg and ffprobe may open an input: plain files of known formats and codecs, and no more.

A playlist or script in the disguise of a film would otherwise make them read a neighbour's file.
``ffmpeg_run.py`` puts these guards before every input of every command.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

#: Demuxers that may open an input: a playlist or a script in disguise is refused.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,wav,mp3"
#: Decoders that may run on an input: what cameras, phones, voices and we ourselves write.
CODECS = (
    "h264,hevc,mpeg4,vp9,libdav1d,av1,aac,mp3,mp3float,alac,flac,opus,"
    "pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_f32le,pcm_f64le,pcm_mulaw,pcm_alaw"
)
#: Largest picture that a decoder may allocate, px: 4K as cinemas have it, which is a little wider
#: than that of television, with the rows that a codec adds below.
MAX_PIXELS = 4096 * 2176
#: Seconds that are read of one input: a header that promises more binds nobody for longer.
MAX_SECONDS = 7200
#: Bytes at which an input's streams are known. A number that is added tells two openings of one
#: file apart, which a graph would take for one and refuse, or read for both at once.
PROBED_BYTES = 5_000_000
#: A list of files to be read one after another: only such as we write ourselves, asked for by name.
LISTS = "concat"
#: Sources of ffmpeg's own that a graph may begin with.
GENERATORS = ("anullsrc",)

_GUARDS = (
    *("-protocol_whitelist", "file", "-format_whitelist", FORMATS),
    *("-codec_whitelist", CODECS, "-max_pixels", str(MAX_PIXELS)),
)
_LIST_GUARDS = tuple(f"{LISTS},{word}" if word == FORMATS else word for word in _GUARDS)


def guarded_input(file: Path) -> list[str]:
    """Return the arguments that open a file as one of the known formats and nothing else."""
    return [*_GUARDS, "-i", f"file:{file.resolve()}"]


def name_of(file: Path) -> str:
    """Return the name of a file for a graph: none that ffmpeg could take for something else."""
    return f"file:{file.resolve()}"


def guard(arguments: Sequence[str]) -> list[str]:
    """Put the guards before every input of ffmpeg's arguments.

    Raises ValueError for an input that is neither a file (``name_of``), raw frames on the
    standard input, nor one of the generators.
    """
    guarded: list[str] = []
    options: list[str] = []
    words = iter(arguments)
    for word in words:
        if word != "-i":
            options.append(word)
            continue
        source = next(words, "")
        guarded += [*options, *_guards(options, source), "-i", source]
        options = []
    return guarded + options


def _guards(options: list[str], source: str) -> list[str]:
    asked = dict(itertools.pairwise(options))
    if source.startswith("file:/"):
        limit = [] if "-t" in asked else ["-t", str(MAX_SECONDS)]
        return [*(_LIST_GUARDS if asked.get("-f") == LISTS else _GUARDS), *limit]
    if source == "pipe:0" and asked.get("-f") == "rawvideo":
        return []
    if asked.get("-f") == "lavfi" and source.partition("=")[0] in GENERATORS:
        return []
    raise ValueError(f"{source!r} is no input that ffmpeg may open")
