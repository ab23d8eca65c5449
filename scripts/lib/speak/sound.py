"""Sound as arrays of floats, full scale 1.0."""

import wave

import numpy

RATE = 16_000
FRAME = RATE // 50
# Softer frames, against the loudest, are pauses.
PAUSE_DB = 35.0


def decibels(ratio):
    return 20.0 * numpy.log10(numpy.maximum(ratio, 1e-12))


def factor(db):
    return 10.0 ** (db / 20.0)


def resampled(sound, rate):
    """The sound at 16 kHz, by Fourier transform; what lies above 7.6 kHz fades out up to 8."""
    divisor = numpy.gcd(rate, RATE)
    up, down = RATE // divisor, rate // divisor
    # Silence around it, so that the end does not ring at the beginning.
    margin = 2 * down
    blocks = -(-(len(sound) + 2 * margin) // down)
    blocks += blocks % 2
    padded = numpy.zeros(blocks * down)
    padded[margin : margin + len(sound)] = sound
    spectrum = numpy.fft.rfft(padded)[: blocks * up // 2 + 1]
    frequency = numpy.arange(len(spectrum)) * rate / len(padded)
    spectrum *= numpy.clip((8_000 - frequency) / 400, 0, 1)
    result = numpy.fft.irfft(spectrum, blocks * up) * up / down
    start = 2 * up
    return result[start : start + round(len(sound) * up / down)]


def frames(sound):
    """The power of each frame of 20 ms."""
    whole = len(sound) // FRAME * FRAME
    if whole == 0:
        return numpy.array([numpy.mean(sound**2)]) if len(sound) else numpy.zeros(1)
    return numpy.mean(sound[:whole].reshape(-1, FRAME) ** 2, axis=1)


def level(sounds):
    """The level of active speech in dBov: the pauses of each sound are left out."""
    active = []
    for sound in sounds:
        power = frames(sound)
        active.append(power[power > power.max() * factor(-PAUSE_DB) ** 2])
    return 10.0 * numpy.log10(numpy.maximum(numpy.mean(numpy.concatenate(active)), 1e-12))


def peak(sound):
    return decibels(numpy.max(numpy.abs(sound))) if len(sound) else -240.0


def trimmed(sound, floor_db):
    """Without the silence at both ends."""
    loud = numpy.flatnonzero(numpy.abs(sound) > factor(floor_db))
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound[:0]


def faded(sound, milliseconds):
    """With raised-cosine fades at both ends."""
    length = min(RATE * milliseconds // 1000, len(sound) // 2)
    ramp = 0.5 - 0.5 * numpy.cos(numpy.pi * (numpy.arange(length) + 0.5) / length) if length else numpy.zeros(0)
    sound = sound.copy()
    sound[:length] *= ramp
    sound[len(sound) - length :] *= ramp[::-1]
    return sound


def tone(notes, level_dbov, ramp_ms=10):
    """Notes one after another, (hertz, milliseconds), at a level."""
    played = []
    for hertz, milliseconds in notes:
        time = numpy.arange(RATE * milliseconds // 1000) / RATE
        # A sine of amplitude 1 is 3 dB under a full-scale square.
        played.append(faded(numpy.sin(2 * numpy.pi * hertz * time) * factor(level_dbov) * 2**0.5, ramp_ms))
    return numpy.concatenate(played)


def samples(sound):
    """As signed 16 bit, little endian."""
    return numpy.clip(numpy.rint(sound * 32768.0), -32768, 32767).astype("<i2").tobytes()


def write(path, sound):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples(sound))


def read(path):
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE):
            raise SystemExit(f"{path} is not 16 kHz, mono, 16 bit")
        return numpy.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0
