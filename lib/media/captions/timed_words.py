"""Words with their times as a document: what a voice or an alignment leaves, and captions read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lib.core.errors import ToolFailed
from lib.media.captions.cue import Word
from lib.media.text.sentences import LONGEST_WORD

Seconds = Annotated[float, Field(ge=0, le=7200, allow_inf_nan=False)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1, max_length=LONGEST_WORD)
    start_s: Seconds
    stop_s: Seconds


class TimedWords(BaseModel):
    """The document; ``entries`` are the words in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: BCP 47.
    language: str
    #: Who told the times: a voice, or the way of alignment.
    source: str
    #: Length of the recording.
    seconds: Seconds
    entries: tuple[_Entry, ...] = Field(min_length=1)

    @property
    def words(self) -> tuple[Word, ...]:
        """Return the words."""
        return self.later(0.0)

    def later(self, by_s: float) -> tuple[Word, ...]:
        """Return the words where the recording begins only after that time."""
        return tuple(
            Word(each.text, round(each.start_s + by_s, 3), round(each.stop_s + by_s, 3))
            for each in self.entries
        )


def write(
    file: Path, words: Sequence[Word], *, language: str, source: str, seconds: float
) -> TimedWords:
    """Write the document; the same words give the same bytes."""
    entries = tuple(
        _Entry(text=each.text, start_s=each.start_s, stop_s=each.stop_s) for each in words
    )
    made = TimedWords(language=language, source=source, seconds=round(seconds, 3), entries=entries)
    file.write_text(json.dumps(made.model_dump(mode="json"), ensure_ascii=False), "utf-8")
    return made


def read(file: Path) -> TimedWords:
    """Read the document. Raises ToolFailed when it is none."""
    try:
        return TimedWords.model_validate_json(file.read_bytes())
    except ValidationError as error:
        told = f"the times of the words cannot be read: {wrong(error)}"
        raise ToolFailed("words", f"{told}; make them again") from error


def checked(document: object) -> None:
    """Raise ValueError naming what is wrong with a document that was parsed."""
    try:
        TimedWords.model_validate(document)
    except ValidationError as error:
        raise ValueError(wrong(error)) from error


def wrong(error: ValidationError) -> str:
    """Return the first thing that is wrong, and where."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = " ".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
