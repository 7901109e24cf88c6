"""Masters as another meter hears them, of sounds that are well, badly or not recorded at all."""

from __future__ import annotations

import math
import random
import subprocess
from array import array
from pathlib import Path

import ffmpeg
import pytest

from lib.core.errors import ToolFailed
from lib.media.runner.binaries import find
from lib.media.runner.ffmpeg_run import run_ffmpeg
from lib.media.runner.inputs import name_of
from lib.media.sound import loudness, mastering
from lib.media.sound.mastering import RADIO, REEL, Target, master_file
from tests.media import meter, voices

SECONDS = 6.0


def heard(file: Path) -> float:
    """Return the loudness by a meter that is not ffmpeg's."""
    return meter.lufs(samples(file))


def samples(file: Path) -> list[array[int]]:
    command = [find().ffmpeg, "-v", "error", "-i", str(file), "-f", "s16le", "pipe:1"]
    mixed = array("h", subprocess.run(command, capture_output=True, check=True).stdout)
    return [mixed[side::2] for side in range(2)]


@pytest.mark.parametrize(("target", "ending"), [(RADIO, "wav"), (RADIO, "mp3"), (REEL, "m4a")])
@pytest.mark.parametrize("kind", voices.KINDS)
def test_every_voice_comes_to_its_loudness_and_stays_below_the_peak(
    tmp_path: Path, kind: str, target: Target, ending: str
) -> None:
    source = voices.write(tmp_path / "x.wav", voices.voice(SECONDS, kind))
    made = master_file(source, tmp_path / f"out.{ending}", target)
    lufs = heard(tmp_path / f"out.{ending}")
    assert lufs == pytest.approx(target.lufs, abs=0.2)
    assert made.lufs == pytest.approx(lufs, abs=0.1)
    assert loudness.measure(tmp_path / f"out.{ending}").true_peak_dbtp <= -1.0
    assert made.seconds == pytest.approx(SECONDS, abs=0.06)


def test_what_was_measured_is_told_as_facts(tmp_path: Path) -> None:
    source = voices.write(tmp_path / "x.wav", voices.voice(SECONDS))
    facts = master_file(source, tmp_path / "out.wav", RADIO).facts()
    assert {"lufs", "true_peak_dbtp", "lra_lu", "seconds"} < set(facts)
    assert facts["lufs"] == pytest.approx(-16, abs=0.2)
    assert facts["seconds"] == SECONDS


HOSTILE = {
    "a constant offset": lambda: dict(channels=1, gain=0.5, offset=0.4),
    "one channel": lambda: dict(channels=1),
    "telephone": lambda: dict(channels=1, rate_hz=8000),
    "one side only": lambda: dict(channels=2, silent_side=True),
    "half a second": lambda: dict(channels=2, seconds=0.5),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_oddly_recorded_is_mastered_all_the_same(tmp_path: Path, case: str) -> None:
    how = HOSTILE[case]()
    rate_hz, seconds = how.get("rate_hz", 48_000), how.get("seconds", SECONDS)
    sound = voices.voice(seconds, rate_hz=rate_hz)
    sides = [sound] * how["channels"]
    if how.get("silent_side"):
        sides[1] = array("d", bytes(8 * len(sound)))
    shape = {"gain": how.get("gain", 1.0), "offset": how.get("offset", 0.0)}
    source = voices.write(tmp_path / "x.wav", *sides, rate_hz=rate_hz, **shape)
    master_file(source, tmp_path / "out.wav", REEL)
    assert heard(tmp_path / "out.wav") == pytest.approx(-14, abs=0.2)
    assert loudness.measure(tmp_path / "out.wav").true_peak_dbtp <= -1.0
    left, _ = samples(tmp_path / "out.wav")
    assert abs(sum(left) / len(left)) < 40  # no offset is left
    assert len(left) == round(seconds * 48_000)


def test_one_channel_is_heard_on_both_sides_and_neither_is_weaker(tmp_path: Path) -> None:
    source = voices.write(tmp_path / "x.wav", voices.voice(SECONDS))
    master_file(source, tmp_path / "out.wav", REEL)
    left, right = samples(tmp_path / "out.wav")
    assert left == right
    assert max(map(abs, left)) > 6000


def test_the_limiter_moves_nothing_in_time(tmp_path: Path) -> None:
    sound = voices.voice(2.0, "spiky")
    source = voices.write(tmp_path / "x.wav", sound)
    assert master_file(source, tmp_path / "out.wav", Target(-10.0)).limited
    left, _ = samples(tmp_path / "out.wav")
    middle = range(40_000, 46_000)

    def likeness(lag: int) -> float:
        return sum(sound[i] * left[i + lag] for i in middle)

    assert abs(max(range(-400, 400), key=likeness)) <= 2


def test_the_limiter_sees_the_peak_between_two_samples(tmp_path: Path) -> None:
    # A quarter of the sample rate, half a step shifted: the samples never show the crest.
    crest = [math.sin(math.pi / 2 * at + math.pi / 4) for at in range(48_000)]
    source = voices.write(tmp_path / "x.wav", array("d", (0.99 * value for value in crest)))
    louder = ffmpeg.input(name_of(source)).audio.filter("volume", "6dB")
    run_ffmpeg(
        mastering.limited(louder, -6.0).output(name_of(tmp_path / "y.wav")), what="x", deadline_s=9
    )
    assert loudness.measure(tmp_path / "y.wav").true_peak_dbtp == pytest.approx(-6, abs=0.3)


def clicks(seconds: float = 2.0) -> array[float]:
    """Return bursts of noise with silence between them, which no codec keeps below its input."""
    rng = random.Random(1)
    sound = array("d", bytes(8 * round(seconds * 48_000)))
    for start in range(0, len(sound), 2400):
        for at in range(300):
            sound[start + at] = 0.9 * rng.uniform(-1, 1) * (1 - at / 300)
    return sound


def test_a_peak_that_only_the_decoder_makes_is_pressed_down_too(tmp_path: Path) -> None:
    source = voices.write(tmp_path / "x.wav", clicks())
    made = master_file(source, tmp_path / "out.m4a", Target(-16.0))
    assert loudness.measure(tmp_path / "out.m4a").true_peak_dbtp <= -1.0
    assert made.lufs == pytest.approx(-16, abs=0.2)


def test_a_sound_of_nothing_but_peaks_is_not_pressed_flat(tmp_path: Path) -> None:
    source = voices.write(tmp_path / "x.wav", clicks())
    with pytest.raises(ToolFailed, match="cannot be brought to -11 LUFS"):
        master_file(source, tmp_path / "out.m4a", Target(-11.0))


def test_what_needs_no_limiter_gets_gain_alone(tmp_path: Path) -> None:
    source = voices.write(tmp_path / "x.wav", voices.voice(SECONDS, "quiet"))
    made = master_file(source, tmp_path / "out.wav", Target(-30.0))
    assert not made.limited
    assert made.renders == 1


REFUSED = {
    "nothing but silence": (lambda: array("d", bytes(8 * 48_000)), 1.0, "is silent"),
    "a hiss that nobody hears": (lambda: voices.tone(2.0, peak=0.0005), 1.0, "is silent"),
    "too loud for the recorder": (lambda: voices.voice(3.0), 12.0, "is clipped: .* full scale"),
    "a snippet": (lambda: voices.voice(0.3), 1.0, r"is 0\.3 s long"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_master_can_be_made_of_is_refused_by_name(tmp_path: Path, case: str) -> None:
    sound, gain, words = REFUSED[case]
    source = voices.write(tmp_path / "x.wav", sound(), gain=gain)
    with pytest.raises(ToolFailed, match=words) as failed:
        master_file(source, tmp_path / "out.wav", REEL)
    assert failed.value.permanent
    assert not (tmp_path / "out.wav").exists()


def test_a_loud_sound_that_only_touches_full_scale_is_not_called_clipped(tmp_path: Path) -> None:
    source = voices.write(tmp_path / "x.wav", voices.tone(2.0, hertz=997, peak=1.0))
    assert loudness.survey(ffmpeg.input(name_of(source)).audio).clipped == 0.0


def test_what_cannot_be_reached_is_said_with_how_far_it_came(tmp_path: Path) -> None:
    source = voices.write(tmp_path / "x.wav", voices.voice(2.0))
    with pytest.raises(ToolFailed, match=r"cannot be brought to -1 LUFS below -6 dBTP: it came to"):
        master_file(source, tmp_path / "out.wav", Target(-1.0, -6.0))


def test_drafts_leave_renders_for_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = voices.write(tmp_path / "x.wav", voices.voice(2.0, "spiky"))
    drafts: list[bool] = []
    render = mastering._Work._render

    def counted(work: mastering._Work, limit_db: float, file: Path | None) -> loudness.Loudness:
        drafts.append(file is None)
        return render(work, limit_db, file)

    monkeypatch.setattr(mastering._Work, "_render", counted)
    first = master_file(source, tmp_path / "a.wav", Target(-10.0))
    assert sum(drafts) > 0
    monkeypatch.setattr(mastering, "MOST_RENDERS", max(sum(drafts), len(drafts) - sum(drafts)))
    assert master_file(source, tmp_path / "b.wav", Target(-10.0)) == first


def beyond(seconds: float) -> array[float]:
    """Return a swelling tone of up to three times full scale, as only numbers can hold it."""
    swell = (3 * math.sin(3 * at / 48_000) for at in range(round(seconds * 48_000)))
    tone = voices.tone(seconds, peak=1.0)
    return array("d", (loud * value for loud, value in zip(swell, tone, strict=True)))


@pytest.mark.parametrize("case", ["full scale", "beyond full scale"])
def test_a_sound_of_full_scale_or_beyond_is_loud_and_can_be_mastered(
    tmp_path: Path, case: str
) -> None:
    source = tmp_path / "x.wav"
    if case == "full scale":
        tone = voices.tone(2.0, hertz=997, peak=1.0)
        voices.write(source, tone, tone)
    else:
        (tmp_path / "x.raw").write_bytes(array("f", beyond(2.0)).tobytes())
        told = ("-f", "f32le", "-ar", "48000", "-i", str(tmp_path / "x.raw"))
        command = [find().ffmpeg, "-v", "error", *told, "-c:a", "pcm_f32le", "-ac", "2"]
        subprocess.run([*command, str(source)], check=True)
    assert loudness.measure(source).lufs >= -0.1
    assert master_file(source, tmp_path / "out.wav", REEL).lufs == pytest.approx(-14, abs=0.2)


def test_a_meter_that_no_sample_went_through_is_not_believed() -> None:
    words = """[Parsed_astats_1 @ 0x1] Number of samples: 0
[Parsed_ebur128_0 @ 0x1] Summary:
  Integrated loudness:
    I:         0.0 LUFS
  Loudness range:
    LRA:         0.0 LU
  True peak:
    Peak:       -inf dBFS
"""
    with pytest.raises(ToolFailed, match="no loudness that can be believed"):
        loudness.read(words)
    with pytest.raises(ToolFailed, match="no loudness that can be believed"):
        loudness.read("\n".join(words.splitlines()[1:]))


@pytest.mark.parametrize("lufs", ["10.1", "31.0", "-120.0", "nan"])
def test_a_loudness_that_no_meter_can_give_is_not_believed(lufs: str) -> None:
    words = f"""[Parsed_astats_1 @ 0x1] Number of samples: 48000
[Parsed_ebur128_0 @ 0x1] Summary:
  Integrated loudness:
    I:         {lufs} LUFS
  Loudness range:
    LRA:         0.0 LU
  True peak:
    Peak:       -3.0 dBFS
"""
    with pytest.raises(ToolFailed, match="no loudness that can be believed"):
        loudness.read(words)
    assert loudness.read(words.replace(f"{lufs} LUFS", "-14.0 LUFS")).lufs == -14.0


def test_a_meter_with_an_option_that_it_does_not_know_has_measured_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = voices.write(tmp_path / "x.wav", voices.tone(1.0))
    monkeypatch.setattr(loudness, "metered", lambda sound: sound.filter("ebur128", peak="perhaps"))
    with pytest.raises(ToolFailed, match=r"ended with code|killed by signal"):
        loudness.measure(source)


def test_a_file_without_sound_is_not_mastered(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    with pytest.raises(ToolFailed, match="the meter: ended with code"):
        mastering.master_file(tmp_path / "x.wav", tmp_path / "out.wav", REEL)
