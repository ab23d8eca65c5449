//! How much of a block two sine waves explain, near the frequencies they are taken for.

use std::f64::consts::TAU;

/// Frequencies tried around the nominal one: seven, 0.6 % apart, to the 1.8 % that Q.24 wants let in.
const TRIED: i32 = 3;
const STEP: f64 = 0.006;

/// The best fit of two sine waves to a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// The share of the block's power left over.
    pub residue: f64,
    pub low: Sine,
    pub high: Sine,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sine {
    /// Mean square.
    pub power: f64,
    /// Radians per sample.
    pub angle: f64,
}

/// Fits a sine near `low` and one near `high`, in hertz.
pub(super) fn fit(block: &[f32], sample_rate: u32, low: f32, high: f32) -> Fit {
    let total: f64 = block.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let low = tune(block, TAU * f64::from(low) / f64::from(sample_rate));
    let high = tune(block, TAU * f64::from(high) / f64::from(sample_rate));
    let matrix = equations(block, low, high);
    let weights = solve(matrix);
    let explained: f64 = weights.iter().zip(&matrix).map(|(weight, equation)| weight * equation[4]).sum();
    let power = |sine: f64, cosine: f64| (sine * sine + cosine * cosine) / 2.0;
    Fit {
        residue: if total > 0.0 { 1.0 - explained / total } else { 1.0 },
        low: Sine { power: power(weights[0], weights[1]), angle: low },
        high: Sine { power: power(weights[2], weights[3]), angle: high },
    }
}

/// The angle per sample, among those tried, at which the block is strongest.
fn tune(block: &[f32], nominal: f64) -> f64 {
    let tried = (-TRIED..=TRIED).map(|step| nominal * (1.0 + STEP * f64::from(step)));
    let power = |angle: f64| {
        let turn = 2.0 * angle.cos();
        let (last, before) = block
            .iter()
            .fold((0.0, 0.0), |(last, before), sample| (f64::from(*sample) + turn * last - before, last));
        last * last + before * before - turn * last * before
    };
    tried.max_by(|a, b| power(*a).total_cmp(&power(*b))).unwrap_or(nominal)
}

/// The normal equations of a fit of sine and cosine of both angles.
fn equations(block: &[f32], low: f64, high: f64) -> [[f64; 5]; 4] {
    let mut matrix = [[0.0; 5]; 4];
    for (index, sample) in block.iter().enumerate() {
        let time = index as f64;
        let ((a, b), (c, d)) = ((low * time).sin_cos(), (high * time).sin_cos());
        let row = [a, b, c, d, f64::from(*sample)];
        for (equation, factor) in matrix.iter_mut().zip(&row[..4]) {
            equation.iter_mut().zip(&row).for_each(|(sum, value)| *sum += factor * value);
        }
    }
    matrix
}

/// Gauss' elimination. The matrix is positive definite, as the four waves are independent, so no pivot is sought.
fn solve(mut matrix: [[f64; 5]; 4]) -> [f64; 4] {
    for pivot in 0..4 {
        let above = matrix[pivot];
        for equation in matrix.iter_mut().skip(pivot + 1) {
            let factor = equation[pivot] / above[pivot];
            equation.iter_mut().zip(&above).for_each(|(value, above)| *value -= factor * above);
        }
    }
    let mut solution = [0.0; 4];
    for row in (0..4).rev() {
        let known: f64 = (row + 1..4).map(|column| matrix[row][column] * solution[column]).sum();
        solution[row] = (matrix[row][4] - known) / matrix[row][row];
    }
    solution
}
