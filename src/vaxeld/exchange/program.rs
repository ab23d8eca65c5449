//! What the box lets people hear that nobody says: music and tones.

use media::program::Clip;
use media::{Piece, Program, Repeat, Tone};
use std::sync::OnceLock;

/// Made once: composing takes longer than a call may wait, so the daemon asks for it before there are calls.
static MUSIC: OnceLock<Program> = OnceLock::new();

/// Makes what takes a while to make, for those who cannot wait later. Those who wait hear `own` music if there is
/// any.
pub fn prepare(own: Option<Clip>) {
    MUSIC.get_or_init(|| together(own.unwrap_or_else(media::music::on_hold)));
}

fn music() -> Program {
    MUSIC.get_or_init(|| together(media::music::on_hold())).clone()
}

fn together(clip: Clip) -> Program {
    Program::clip(clip).repeated(Repeat::Together)
}

/// A phone rings somewhere.
pub(crate) fn ringing() -> Program {
    Program::tone(Tone::RINGING)
}

/// The sound of what the core asks for.
pub(crate) fn sound(program: call::Program) -> Program {
    match program {
        call::Program::Music => music(),
        call::Program::Done => Program::tone(DONE),
        call::Program::Refused => Program::tone(REFUSED),
        call::Program::Joined => Program::tone(JOINED),
        call::Program::Left => Program::new([Piece::Tone(LEFT), Piece::Tone(LEFT)]),
        call::Program::Dial => Program::tone(Tone::DIAL),
        call::Program::Accept => {
            Program::new([Piece::Tone(QUESTION), Piece::Tone(ANSWER)]).repeated(Repeat::Forever)
        }
        // Whoever plays it knows the words.
        call::Program::Speech => Program::tone(SPEECHLESS),
    }
}

/// Two short high notes and one long: it is done.
const DONE: Tone = Tone { frequencies: &[950], cadence: &[120, 80, 120, 80, 400], repeats: false };
/// Four low notes: it is not.
const REFUSED: Tone =
    Tone { frequencies: &[425], cadence: &[250, 250, 250, 250, 250, 250, 250], repeats: false };
/// One long middle note: something should be said here.
pub(super) const SPEECHLESS: Tone = Tone { frequencies: &[500], cadence: &[1_000], repeats: false };
/// One short note: somebody has come.
const JOINED: Tone = Tone { frequencies: &[700], cadence: &[150], repeats: false };
/// A lower one, played twice: somebody has left.
const LEFT: Tone = Tone { frequencies: &[500], cadence: &[120, 60], repeats: false };
/// A call may be taken: a note, and a higher one like the key that is asked for.
const QUESTION: Tone = Tone { frequencies: &[600], cadence: &[200, 60], repeats: false };
/// The second of the two.
const ANSWER: Tone = Tone { frequencies: &[800], cadence: &[400, 900], repeats: false };
