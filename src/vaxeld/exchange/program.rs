//! What the box lets people hear that nobody says: music and tones.

use media::{Piece, Program, Repeat, Tone};

/// The programs, made once and shared by all who hear them.
#[derive(Debug)]
pub(crate) struct Programs {
    music: Program,
}

impl Default for Programs {
    fn default() -> Self {
        Self { music: Program::clip(media::music::on_hold()).repeated(Repeat::Together) }
    }
}

impl Programs {
    /// A phone rings somewhere.
    pub fn ringing(&self) -> Program {
        Program::tone(Tone::RINGING)
    }

    /// The sound of what the core asks for.
    pub fn of(&self, program: call::Program) -> Program {
        match program {
            call::Program::Music => self.music.clone(),
            call::Program::Done => Program::tone(DONE),
            call::Program::Refused => Program::tone(REFUSED),
            call::Program::Joined => Program::tone(JOINED),
            call::Program::Left => Program::new([Piece::Tone(LEFT), Piece::Tone(LEFT)]),
            call::Program::Dial => Program::tone(Tone::DIAL),
        }
    }
}

/// Two short high notes and one long: it is done.
const DONE: Tone = Tone { frequencies: &[950], cadence: &[120, 80, 120, 80, 400], repeats: false };
/// Four low notes: it is not.
const REFUSED: Tone =
    Tone { frequencies: &[425], cadence: &[250, 250, 250, 250, 250, 250, 250], repeats: false };
/// One short note: somebody has come.
const JOINED: Tone = Tone { frequencies: &[700], cadence: &[150], repeats: false };
/// A lower one, played twice: somebody has left.
const LEFT: Tone = Tone { frequencies: &[500], cadence: &[120, 60], repeats: false };
