//! Call progress tones: what is heard while nobody talks.

/// A tone as frequencies switched by a cadence. The Swedish tones are constants of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// Summed sine waves, in hertz.
    pub frequencies: &'static [u16],
    /// Sound and silence by turns, in milliseconds, sound first; repeated when [`Tone::repeats`].
    pub cadence: &'static [u16],
    /// Whether the cadence starts again at its end.
    pub repeats: bool,
}

impl Tone {
    /// The called party is being alerted: 425 Hz, 1 s in 6.
    pub const RINGING: Self = Self { frequencies: &[425], cadence: &[1_000, 5_000], repeats: true };
    /// The called party is busy: 425 Hz, 0.25 s on and off.
    pub const BUSY: Self = Self { frequencies: &[425], cadence: &[250, 250], repeats: true };
    /// The call cannot be carried: 425 Hz, 0.25 s on, 0.75 s off.
    pub const CONGESTION: Self = Self { frequencies: &[425], cadence: &[250, 750], repeats: true };
    /// Dial tone: 425 Hz without pause.
    pub const DIAL: Self = Self { frequencies: &[425], cadence: &[1_000], repeats: true };
    /// Speak after it: 1000 Hz, 0.3 s, once.
    pub const BEEP: Self = Self { frequencies: &[1_000], cadence: &[300], repeats: false };
}
