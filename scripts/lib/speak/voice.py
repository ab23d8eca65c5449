"""A language's voice: its texts as they are given to the engine, and its fragments cut out of carriers."""

import re

import sound
from engine import Engine


class Voice:
    def __init__(self, document, language):
        self.language = language
        self.form = document["format"]
        self.engine = Engine(document["voice"][language])
        self.lexicon = document.get("lexicon", {}).get(language, {})
        # The longest prefix wins.
        self.carriers = sorted(document["carrier"], key=lambda carrier: -len(carrier["prefix"]))

    def pronounced(self, text):
        """With the words that the engine gets wrong as its own phonemes."""
        return re.sub(r"\w+", self._word, text)

    def _word(self, match):
        phonemes = self.lexicon.get(match[0].lower())
        return match[0] if phonemes is None else f"[[{phonemes}]]"

    def whole(self, text):
        spoken, _ = self.engine.speak(self.pronounced(text))
        return sound.resampled(spoken, self.engine.rate)

    def part(self, id, text):
        """A fragment, cut where its words begin and end inside its carrier."""
        carrier = next(carrier for carrier in self.carriers if id.startswith(carrier["prefix"]))
        lead, tail = (self.pronounced(carrier[side][self.language]) for side in ("lead", "tail"))
        body = self.pronounced(text if abbreviated(text) else text.rstrip(".,"))
        if id.endswith(".c"):
            body, tail = body + ",", ""
        elif id.endswith(".e") and text.endswith("."):
            # One without a full stop goes on: English minutes.
            body, tail = body if abbreviated(text) else body + ".", ""
        before = f"{lead} {body}".strip()
        start = len(before) - len(body)
        spoken, words = self.engine.speak(f"{before} {tail}".strip())
        begins = [at for place, at in words if start <= place < len(before)]
        ends = [at for place, at in words if place > len(before)]
        if not begins or (tail and not ends):
            raise SystemExit(f"{self.language} {id}: no word begins where it is to be cut")
        at_16k = lambda at: round(at * sound.RATE / self.engine.rate)
        heard = sound.resampled(spoken, self.engine.rate)
        first = at_16k(begins[0]) if lead else 0
        return heard[first : at_16k(ends[0]) if tail else len(heard)]

    def clip(self, prompt):
        text = prompt[self.language]
        return self.whole(text) if prompt["kind"] == "whole" else self.part(prompt["id"], text)

    def finished(self, clip, gain):
        """At its level, without silence around it."""
        return sound.faded(sound.trimmed(clip * gain, self.form["trim_dbfs"]), self.form["fade_ms"])


def abbreviated(text):
    """Does it end in a.m. or p.m., whose full stops are spelling?"""
    return text.endswith(("a.m.", "p.m."))
