"""The voice ``heart``: hibari-tts, whose model knows itself how long each sound lasts.

The model's graph computes a duration for every phoneme and keeps it to itself. Here it is asked
for as one more output, so that the times of words are those by which the sound was made.
"""

from __future__ import annotations

import difflib
import functools
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lib.core.errors import ToolFailed
from lib.media.captions.cue import Word
from lib.media.voice.speakers import Said

#: The durations within the graph of the model of hibari-tts 0.2.1, in ticks of two frames.
_DURATIONS = "/Cast_32_output_0"
_TICK_S = 0.025
#: Phonemes that the model takes at once.
MOST_PHONEMES = 400
#: Digits of the largest number that it has words for.
MOST_DIGITS = 36
#: Where a long sentence may be parted, best first.
_CLAUSES = frozenset(";:,.!?—…")
#: What the model leaves before and after what it says, and what is left of it, seconds.
_EDGE_S = 0.03
#: Samples below this are not heard (of 1): -46 dBFS.
_SILENT = 0.005
_STRESS = "ˈˌ"


@dataclass(frozen=True, slots=True)
class _Sound:
    """One word as the model reads it: its phonemes, and the written word that it belongs to."""

    phonemes: str
    word: int
    spaced: bool


@dataclass(frozen=True, slots=True)
class Hibari:
    """The model, and what turns letters into phonemes."""

    session: Any
    letters: Any
    alphabet: dict[str, int]

    @property
    def rate_hz(self) -> int:
        """Return samples a second."""
        return 24_000

    @property
    def kind(self) -> str:
        """Return the library with its version."""
        return f"hibari-tts {version('hibari-tts')}"

    def say(self, sentence: str, *, speed: float, seed: int) -> Said:
        """Speak one sentence; see the port."""
        texts = sentence.split()
        _require_numbers(texts)
        sounds, together = self._read(sentence, texts)
        spoken = {sound.word for sound in sounds if _heard(sound.phonemes)}
        for number, text in enumerate(texts):
            said_with = spoken & set(together[number])
            if not said_with and any(map(str.isalnum, text)):
                raise ToolFailed("voice", f"“{text}” cannot be spoken; write it in other words")
        samples = b""
        spans: dict[int, tuple[float, float]] = {}
        for part in _parts(sounds):
            said, ticks = self._speak(part, speed, seed)
            before_s = len(samples) / 2 / self.rate_hz
            for word, (start_s, stop_s) in ticks.items():
                first = spans.get(word, (before_s + start_s, 0.0))[0]
                spans[word] = (first, before_s + stop_s)
            samples += said
        return Said(samples, _words(texts, _shared(texts, spans, together)))

    def _read(self, sentence: str, texts: list[str]) -> tuple[list[_Sound], list[range]]:
        """Return the sounds of a sentence, each with the number of the written word it is from.

        And for each written word which others may be spoken within it.
        """
        from hibari.g2p.normalize import normalize

        read = normalize(sentence)
        owners, together = _owners(texts, read.split())
        tokens = self.letters.phonemize_tokens(self.letters.tokenize(read))
        sounds, at = [], 0
        for token in tokens:
            # Tokens are the words as they are read, or parts of them; spaces tell which.
            owner = owners[min(at, len(owners) - 1)]
            sounds.append(_Sound(token.phonemes or "", owner, bool(token.whitespace)))
            at += bool(token.whitespace) + token.text.count(" ")
        return sounds, together

    def _speak(
        self, sounds: list[_Sound], speed: float, seed: int
    ) -> tuple[bytes, dict[int, tuple[float, float]]]:
        """Return samples, and from when to when each word is heard in them, seconds."""
        import numpy as np
        from hibari import dsp

        marks = [
            (mark, sound.word)
            for sound in sounds
            for mark in sound.phonemes + (" " if sound.spaced else "")
            if mark in self.alphabet
        ]
        ids = [0, *(self.alphabet[mark] for mark, _ in marks), 0]
        given = {"ids": np.asarray([ids], np.int64), "speed": np.asarray([speed], np.float32)}
        *spectrum, ticks = self.session.run(None, given)
        wave = dsp.synth(*(part[0] for part in spectrum), np.random.default_rng(seed))
        spans = _spans(marks, [int(tick) for tick in ticks])
        loud = np.flatnonzero(np.abs(wave) > _SILENT)
        if not len(loud):
            return b"", {}
        edge = round(_EDGE_S * self.rate_hz)
        start, stop = max(0, int(loud[0]) - edge), min(len(wave), int(loud[-1]) + edge)
        whole = (np.clip(wave[start:stop], -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        heard = {}
        for word, (first_s, last_s) in spans.items():
            # The last sound before a pause has the pause within its ticks.
            own = loud[(loud >= first_s * self.rate_hz) & (loud < last_s * self.rate_hz)]
            end_s = (int(own[-1]) + 1) / self.rate_hz if len(own) else last_s
            heard[word] = (max(0.0, first_s - start / self.rate_hz), end_s - start / self.rate_hz)
        return whole, heard


def load(name: str) -> Hibari:
    """Return the voice; ``name`` is the one that the package brings with it."""
    import hibari
    import onnxruntime
    from hibari.g2p import G2P

    assets = Path(hibari.__file__).parent / "assets"
    choices = onnxruntime.SessionOptions()
    choices.intra_op_num_threads = choices.inter_op_num_threads = 1
    choices.log_severity_level = 3
    file = assets / json.loads((assets / "voices.json").read_text("utf-8"))[name]["file"]
    model = _telling(file.read_bytes(), _DURATIONS)
    session = onnxruntime.InferenceSession(model, choices, providers=["CPUExecutionProvider"])
    alphabet = json.loads((assets / "vocab.json").read_text("utf-8"))
    return Hibari(session, G2P(), alphabet)


def _telling(model: bytes, value: str) -> bytes:
    """Return an ONNX model that also gives a value of its inside as its last output.

    Two messages of protobuf that follow each other are one message, so what is missing is put
    behind it: the model's field 7 (graph) with its field 12 (output) with field 1 (name).
    """
    name = value.encode()
    info = bytes([1 << 3 | 2, len(name)]) + name
    output = bytes([12 << 3 | 2, len(info)]) + info
    return model + bytes([7 << 3 | 2, len(output)]) + output


def _require_numbers(texts: list[str]) -> None:
    """Refuse a number that has no name. Raises ToolFailed saying what to do."""
    for text in texts:
        for number in re.findall(r"\d[\d,]*", text):
            digits = sum(map(str.isdigit, number))
            if digits > MOST_DIGITS:
                told = f"“{text[:40]}…” is a number of {digits} digits"
                raise ToolFailed("voice", f"{told}; write it in words, or its digits apart")


def _heard(phonemes: str) -> bool:
    return any(mark.isalpha() and mark not in _STRESS for mark in phonemes)


def _parts(sounds: list[_Sound]) -> Iterator[list[_Sound]]:
    """Yield a sentence in parts that the model takes, parted after a clause if there is one."""
    left = sounds
    while left:
        room = MOST_PHONEMES
        count = 0
        while count < len(left) and room >= len(left[count].phonemes) + 1:
            room -= len(left[count].phonemes) + 1
            count += 1
        count = max(1, count)
        if count < len(left):
            ends = [n + 1 for n in range(count) if _CLAUSES & set(left[n].phonemes)]
            count = ends[-1] if ends else count
        yield left[:count]
        left = left[count:]


def _owners(texts: list[str], read: list[str]) -> tuple[list[int], list[range]]:
    """Return for each word as it is read the number of the written word that it comes from.

    “9:30” is read as two words and “3 km” as two others: what differs is shared out in order. And
    for each written word those that it was rewritten together with.
    """
    owners = [0] * max(1, len(read))
    together = [range(number, number + 1) for number in range(len(texts))]
    pairs = difflib.SequenceMatcher(None, list(map(_plain, texts)), list(map(_plain, read)), False)
    for kind, start, stop, first, last in pairs.get_opcodes():
        for number in range(start, stop) if kind != "equal" else ():
            together[number] = range(start, stop)
        for place in range(first, last):
            share = (place - first) * (stop - start) // max(1, last - first)
            owners[place] = min(start + share, len(texts) - 1)
    return owners, together


def _shared(
    texts: list[str], spans: dict[int, tuple[float, float]], together: list[range]
) -> dict[int, tuple[float, float]]:
    """Return spans in which a word that was read as a part of its neighbour has its share.

    “took ...ok” is read as one word.
    """
    shared = dict(spans)
    for number, text in enumerate(texts):
        before = [other for other in together[number] if other < number and other in shared]
        if number in shared or not before or not any(map(str.isalnum, text)):
            continue
        start_s, stop_s = shared[before[-1]]
        part = len(texts[before[-1]]) / (len(texts[before[-1]]) + len(text))
        middle_s = start_s + (stop_s - start_s) * part
        shared[before[-1]], shared[number] = (start_s, middle_s), (middle_s, stop_s)
    return shared


@functools.lru_cache(maxsize=4096)
def _plain(word: str) -> str:
    return re.sub(r"[^\w]+", "", word).lower() or word


def _spans(marks: list[tuple[str, int]], ticks: list[int]) -> dict[int, tuple[float, float]]:
    """Return from when to when each word is heard, seconds, by how long each of its marks is.

    What is before the first mark and after the last one has ticks too. A word comes with the last
    tick of the blank before it: there its first sound begins to rise.
    """
    ends_s = [_TICK_S * end for end in itertools.accumulate(ticks)]
    spans: dict[int, tuple[float, float]] = {}
    for place, (mark, word) in enumerate(marks):
        if _heard(mark):
            first = spans.get(word, (ends_s[place] - _TICK_S, 0.0))[0]
            spans[word] = (first, ends_s[place + 1])
    return spans


def _words(texts: list[str], spans: dict[int, tuple[float, float]]) -> tuple[Word, ...]:
    """Return the written words with their times; what is not heard stands where the last ends."""
    words, now_s = [], 0.0
    for number, text in enumerate(texts):
        start_s, stop_s = spans.get(number, (now_s, now_s))
        now_s = max(start_s, stop_s)
        words.append(Word(text, round(start_s, 3), round(now_s, 3)))
    return tuple(words)
