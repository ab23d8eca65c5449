"""Compares composed sentences with the same spoken in one go: python3 measure.py PROMPTS EXAMPLES OUTPUT LANGUAGE"""

import sys
import tomllib
from pathlib import Path

import sound
from voice import Voice

# The language, how long it was when the prompts were worked out, and what is composed.
SENTENCES = [
    ("sv", 4.82, "@name:anna act.lunch.c ref.back.m time.h13.m time.m15.e"),
    ("sv", 5.59, "ref.person.m act.meeting.c ref.back.m time.h14.m time.m30.e"),
    ("sv", 5.25, "@name:anna act.out.c ref.back.m time.h13.m time.m05.e"),
    ("sv", 4.97, "@name:anna act.gone.c ref.back.m day.tomorrow.m time.h08.e"),
    ("sv", 5.34, "ref.person.m act.holiday.c ref.back.m day.w1.m day.d30.m day.mo11.e"),
    ("sv", 6.16, "@name:cia act.travel.c ref.back.m day.w3.m day.d02.m day.mo12.m time.h13.e"),
    ("sv", 6.23, "@name:anna act.leave.c ref.back.m day.w5.m day.d03.m day.mo12.m day.y2027.e"),
    ("sv", 2.10, "@name:anna act.absent.e"),
    ("sv", 3.66, "@name:anna act.busy.c ref.back.m time.midnight.e"),
    ("sv", 4.42, "@name:anna @say:kundbesok.c ref.back.m time.h14.e"),
    (
        "sv",
        13.44,
        "@name:anna act.lunch.c ref.back.m time.h12.m time.m30.e @name:cia after.named.m digit.1.e "
        "after.switchboard.m digit.0.e vm.leaveor tone.record",
    ),
    (
        "sv",
        7.16,
        "fc.fwd.all.m digit.0.m digit.7.m digit.0.c digit.1.m digit.2.m digit.3.c digit.4.m digit.5.c digit.6.m "
        "digit.7.e",
    ),
    (
        "sv",
        9.51,
        "fc.fwd.noans.m num.20.m fc.fwd.secs.m digit.0.m digit.8.c digit.1.m digit.2.m digit.3.c digit.4.m digit.5.m "
        "digit.6.c digit.7.m digit.8.e",
    ),
    ("sv", 2.84, "mb.new.1.c mb.and.m num.3.m mb.saved.e"),
    ("sv", 3.29, "mb.have.m num.21.m mb.new.n.c mb.and.m num.2.m mb.saved.e"),
    ("sv", 4.36, "q.pos.m num.3.m q.pos.e q.eta.m num.4.m q.eta.e"),
    ("en", 4.74, "@name:anna act.lunch.c ref.back.m time.h13.m time.m15.e time.pm.e"),
    ("en", 7.58, "@name:cia act.travel.c ref.back.m day.w3.m day.d02.m day.mo12.m time.h13.m time.m20.e time.pm.e"),
    (
        "en",
        7.17,
        "fc.fwd.all.m digit.0.m digit.7.m digit.0.c digit.1.m digit.2.m digit.3.c digit.4.m digit.5.c digit.6.m "
        "digit.7.e",
    ),
    ("en", 2.67, "mb.have.m num.2.m mb.new.n.c mb.and.m num.12.m mb.saved.e"),
]
# All of them together may differ so much.
WITHIN = 0.05


class Set:
    """One language: its clips as built, and the clips of the examples' company as the engine says them."""

    def __init__(self, document, examples, output, language):
        self.voice = Voice(document, language)
        self.folder = Path(output) / language
        self.gaps = document["gap_ms"]
        self.texts = {prompt["id"]: prompt[language] for prompt in document["prompt"]}
        for person in examples["person"]:
            self.texts[f"@name:{person['id']}"] = person["name"]
        for custom in examples["custom"]:
            self.texts[f"@say:{custom['id']}.c"] = custom.get("spoken", {}).get(language, "")

    def clip(self, id):
        if not id.startswith("@"):
            return sound.read(self.folder / f"{id}.wav")
        carried = "ref.person.m" if id.startswith("@name") else "act.own.c"
        return sound.trimmed(self.voice.part(carried, self.texts[id]), self.voice.form["trim_dbfs"])

    def gap(self, id, following):
        """As Part::gap_ms has it."""
        if following.startswith("tone."):
            return self.gaps["tone"]
        if id.startswith("@"):
            return self.gaps["name" if id.startswith("@name") else "clip"]
        if following.startswith(("time.am", "time.pm")) or id.endswith(".m"):
            return self.gaps["m"]
        if id.endswith(".c"):
            return self.gaps["digit_c" if id.startswith("digit.") else "c"]
        return self.gaps["sentence"]

    def composed(self, ids):
        silence = sum(self.gap(id, following) for id, following in zip(ids, ids[1:])) / 1000
        # How long the engine speaks says nothing of tones.
        spoken = [id for id in ids if not id.startswith("tone.")]
        tones = [id for id in ids if id.startswith("tone.")]
        silence -= sum(self.gaps["tone"] for _ in tones) / 1000
        return sum(len(self.clip(id)) for id in spoken) / sound.RATE + silence

    def whole(self, ids):
        """The sentence as the engine says it in one go, in seconds."""
        text = ""
        for id in ids:
            words = self.texts.get(id, "")
            begins = not text or text.endswith(".") and not text.endswith(("a.m.", "p.m."))
            text += " " + (words[:1].upper() + words[1:] if begins else words)
            text = text.strip()
        return len(sound.trimmed(self.voice.whole(text), self.voice.form["trim_dbfs"])) / sound.RATE, text


def main():
    source, examples, output, language = sys.argv[1:]
    source, examples = (tomllib.loads(Path(path).read_text()) for path in (source, examples))
    one = Set(source, examples, output, language)
    totals = [0.0, 0.0, 0.0]
    print("published  composed  differs    whole  differs  sentence")
    for published, ids in [(published, ids.split()) for of, published, ids in SENTENCES if of == language]:
        whole, text = one.whole(ids)
        row = [published, one.composed(ids), whole]
        totals = [total + seconds for total, seconds in zip(totals, row)]
        show(row, text)
    show(totals, f"all in {language}")
    if abs(totals[1] / totals[2] - 1) > WITHIN:
        raise SystemExit("Composed sentences take longer or shorter than whole ones: the fragments are cut wrongly.")


def show(row, text):
    published, composed, whole = row
    print(
        f"{published:7.2f} s {composed:7.2f} s {composed / published - 1:+7.1%} {whole:7.2f} s "
        f"{composed / whole - 1:+7.1%}  {text[:78]}"
    )


main()
