//! One sub-band: the adaptive step size and the predictor of two poles and six zeros, the same at both ends.

use super::saturate;
use super::tables::ANTILOG;

#[derive(Clone, Debug)]
pub(super) struct Band {
    /// Signal estimate for the next sample: S.
    predicted: i32,
    /// Its part from the zeros: SZ.
    from_zeros: i32,
    /// Reconstructed signal, newest first: R.
    reconstructed: [i32; 3],
    /// Partially reconstructed signal, newest first: P.
    partial: [i32; 3],
    /// Quantised differences, newest first: D.
    differences: [i32; 7],
    /// Pole coefficients: A1, A2.
    poles: [i32; 2],
    /// Zero coefficients: B1 to B6.
    zeros: [i32; 6],
    /// Logarithm of the step size: NB.
    log: i32,
    /// Step size: DET.
    step: i32,
}

impl Band {
    pub(super) const fn new(step: i32) -> Self {
        Self {
            predicted: 0,
            from_zeros: 0,
            reconstructed: [0; 3],
            partial: [0; 3],
            differences: [0; 7],
            poles: [0; 2],
            zeros: [0; 6],
            log: 0,
            step,
        }
    }

    pub(super) const fn predicted(&self) -> i32 {
        self.predicted
    }

    pub(super) const fn step(&self) -> i32 {
        self.step
    }

    /// Blocks LOGSCL and SCALEL, or LOGSCH and SCALEH: `shift` is 8 for the lower band, 10 for the higher.
    pub(super) fn adapt_step(&mut self, weight: i32, log_max: i32, shift: i32) {
        self.log = (((self.log * 127) >> 7) + weight).clamp(0, log_max);
        let mantissa = ANTILOG[((self.log >> 6) & 31) as usize];
        let exponent = shift - (self.log >> 11);
        self.step = (if exponent < 0 { mantissa << -exponent } else { mantissa >> exponent }) << 2;
    }

    /// Block 4 of the recommendation: RECONS, PARREC, UPPOL2, UPPOL1, UPZERO, FILTEP, FILTEZ, PREDIC.
    pub(super) fn adapt_predictor(&mut self, difference: i32) {
        self.differences[0] = difference;
        self.reconstructed[0] = saturate(self.predicted + difference);
        self.partial[0] = saturate(self.from_zeros + difference);
        let second = self.adapted_second_pole();
        let first = self.adapted_first_pole(second);
        self.adapt_zeros();
        self.differences.copy_within(..6, 1);
        self.reconstructed.copy_within(..2, 1);
        self.partial.copy_within(..2, 1);
        self.poles = [first, second];

        let from_first = (self.poles[0] * saturate(2 * self.reconstructed[1])) >> 15;
        let from_second = (self.poles[1] * saturate(2 * self.reconstructed[2])) >> 15;
        let from_poles = saturate(from_first + from_second);
        let products = self.zeros.iter().zip(&self.differences[1..]);
        self.from_zeros = saturate(products.map(|(zero, d)| (zero * saturate(2 * d)) >> 15).sum());
        self.predicted = saturate(from_poles + self.from_zeros);
    }

    /// UPPOL2.
    fn adapted_second_pole(&self) -> i32 {
        let same = |index: usize| (self.partial[0] ^ self.partial[index]) >= 0;
        let scaled = saturate(4 * self.poles[0]);
        let turned = (if same(1) { -scaled } else { scaled }).min(32_767);
        let step = (turned >> 7) + if same(2) { 128 } else { -128 };
        (step + ((self.poles[1] * 32_512) >> 15)).clamp(-12_288, 12_288)
    }

    /// UPPOL1, bounded so that the pair stays stable.
    fn adapted_first_pole(&self, second: i32) -> i32 {
        let step = if (self.partial[0] ^ self.partial[1]) >= 0 { 192 } else { -192 };
        let bound = saturate(15_360 - second);
        saturate(step + ((self.poles[0] * 32_640) >> 15)).clamp(-bound, bound)
    }

    /// UPZERO.
    fn adapt_zeros(&mut self) {
        let newest = self.differences[0];
        let step = if newest == 0 { 0 } else { 128 };
        for (zero, older) in self.zeros.iter_mut().zip(&self.differences[1..]) {
            let change = if (newest ^ older) >= 0 { step } else { -step };
            *zero = saturate(change + ((*zero * 32_640) >> 15));
        }
    }
}
