"""Builds the set of spoken clips of one language: python3 build.py PROMPTS RECORDINGS OUTPUT LANGUAGE"""

import sys
import tomllib
from pathlib import Path

import sound
from voice import Voice

# So many whole prompts fix the gain of a set.
LEVELLED_BY = 60
# How far the level of a set may be off, in dB.
SET_WITHIN = 1.0
TONES = {
    "tone.record": ([(1000, 400)], -23.0),
    "tone.join": ([(440, 120), (660, 120)], -29.0),
    "tone.leave": ([(660, 120), (440, 120)], -29.0),
    "tone.recording": ([(1400, 200)], -35.0),
}


def spoken(voice, prompts):
    """Every clip by its id, levelled by one gain for all."""
    raw = {prompt["id"]: voice.clip(prompt) for prompt in prompts}
    wholes = [prompt["id"] for prompt in prompts if prompt["kind"] == "whole"]
    chosen = wholes[:: max(1, len(wholes) // LEVELLED_BY)][:LEVELLED_BY]
    gain_db = voice.form["level_dbov"] - sound.level([raw[id] for id in chosen])
    gain = sound.factor(gain_db)
    return {id: voice.finished(clip, gain) for id, clip in raw.items()}, gain_db


def recorded(folder, clips):
    """Puts recordings in the place of what the engine spoke; says how many there are."""
    found = 0
    for id in clips:
        file = folder / f"{id}.wav"
        if file.exists():
            clips[id] = sound.read(file)
            found += 1
    unknown = [file.stem for file in folder.glob("*.wav") if file.stem not in clips]
    if unknown:
        raise SystemExit(f"{folder}: no prompt is called {', '.join(sorted(unknown))}")
    return found


def mistakes(form, clips):
    """What is wrong with a set."""
    for id, clip in clips.items():
        if len(clip) == 0 or sound.level([clip]) < -50.0:
            yield f"{id} is silent"
        elif sound.peak(clip) > form["peak_max_dbfs"]:
            yield f"{id} is too loud: {sound.peak(clip):.1f} dBFS"
    heard = sound.level([clip for id, clip in clips.items() if not id.startswith("tone.")])
    if abs(heard - form["level_dbov"]) > SET_WITHIN:
        yield f"the level of the set is {heard:.1f} dBov"


def pack(folder, language, clips):
    """All clips in one file, and where each is in it, in samples."""
    offset, index = 0, []
    with open(folder / f"{language}.pcm", "wb") as pcm:
        for id, clip in clips.items():
            pcm.write(sound.samples(clip))
            index.append(f"{id} {offset} {len(clip)}\n")
            offset += len(clip)
    (folder / f"{language}.index").write_text("".join(index))


def main():
    source, recordings, output, language = sys.argv[1:]
    document = tomllib.loads(Path(source).read_text())
    prompts = [prompt for prompt in document["prompt"] if prompt[language]]
    voice = Voice(document, language)
    clips, gain_db = spoken(voice, prompts)
    clips |= {tone["id"]: sound.tone(*TONES[tone["id"]]) for tone in document["tone"]}
    people = recorded(Path(recordings) / language, clips)
    wrong = list(mistakes(voice.form, clips))
    if wrong:
        raise SystemExit(f"{language}: " + "\n    ".join(wrong))
    folder = Path(output) / language
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.wav"):
        old.unlink()
    for id, clip in clips.items():
        sound.write(folder / f"{id}.wav", clip)
    pack(Path(output), language, clips)
    seconds = sum(map(len, clips.values())) / sound.RATE
    speech = [clip for id, clip in clips.items() if not id.startswith("tone.")]
    print(
        f"{language}: {len(clips)} clips, {people} of them recorded, {seconds:.0f} s, gain {gain_db:+.1f} dB, "
        f"level {sound.level(speech):.1f} dBov, peak {max(map(sound.peak, speech)):.1f} dBFS"
    )


main()
