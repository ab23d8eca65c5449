"""The speech engine, espeak-ng's library: the only way to learn where in the sound each word begins."""

import ctypes
from pathlib import Path

import numpy

RETRIEVAL, NO_EXIT = 1, 0x8000
RATE, VOLUME, PITCH, RANGE = 1, 2, 3, 4
UTF8, PHONEMES, BY_CHARACTER = 0x1, 0x100, 1
WORD = 1


class Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", ctypes.c_uint64),
    ]


HEARD = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))


class Engine:
    """One voice. The library has global state: one engine in a process."""

    def __init__(self, voice):
        self.library = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self.library.espeak_Initialize(RETRIEVAL, 0, None, NO_EXIT)
        if self.rate <= 0:
            raise SystemExit("espeak-ng does not start")
        self.blocks, self.words = [], []
        self.heard = HEARD(self._hear)  # the library does not keep it alive
        self.library.espeak_SetSynthCallback(self.heard)
        # It keeps the voice from before where it does not know the new one.
        if self.library.espeak_SetVoiceByName(voice["name"].encode()) != 0:
            raise SystemExit(f"espeak-ng has no voice {voice['name']}")
        for parameter, key in ((RATE, "speed"), (PITCH, "pitch"), (RANGE, "range"), (VOLUME, "amplitude")):
            self.library.espeak_SetParameter(parameter, voice[key], 0)

    def _hear(self, samples, count, events):
        if samples and count > 0:
            self.blocks.append(numpy.ctypeslib.as_array(samples, (count,)).astype(numpy.float64))
        at = 0
        while events[at].type != 0:
            if events[at].type == WORD:
                self.words.append((events[at].position - 1, events[at].sample))
            at += 1
        return 0

    def speak(self, text):
        """The sound of a text, full scale 1.0, and where each word begins: (character, sample)."""
        self.blocks, self.words = [], []
        spoken = text.encode() + b"\0"
        done = self.library.espeak_Synth(
            spoken, len(spoken), 0, BY_CHARACTER, 0, UTF8 | PHONEMES, None, None
        )
        self.library.espeak_Synchronize()
        if done != 0 or not self.blocks:
            raise SystemExit(f"espeak-ng says nothing for: {text}")
        return numpy.concatenate(self.blocks) / 32768.0, list(self.words)


def version():
    """What the sound depends on besides the prompts."""
    library = ctypes.CDLL("libespeak-ng.so.1")
    library.espeak_Info.restype = ctypes.c_char_p
    return library.espeak_Info(None).decode()


def sources():
    """The files that make the sound."""
    return sorted(Path(__file__).parent.glob("*.py"))
