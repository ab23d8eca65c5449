//! The tables of ITU-T G.722, by their names there.

/// Half of the quadrature mirror filter's 24 symmetric coefficients (table 11), as one of its two branches.
pub(super) const MIRROR: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

/// Q6: decision levels of the lower band's quantiser (table 14).
pub(super) const LOW_DECISION: [i32; 30] = [
    0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121,
    1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/// ILN and ILP: codes for negative and positive differences by interval (table 14).
pub(super) const LOW_NEGATIVE: [u8; 31] = [
    0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8,
    7, 6, 5, 4,
];
pub(super) const LOW_POSITIVE: [u8; 31] = [
    0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37,
    36, 35, 34, 33, 32,
];
/// RL4 to IL4: the rank of a four-bit code (tables 15 and 17).
pub(super) const LOW_RANK: [usize; 16] = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0];
/// WL: what a rank adds to the logarithm of the step (table 16).
pub(super) const LOW_LOG: [i32; 8] = [-60, -30, 58, 172, 334, 538, 1198, 3042];
/// QM4: differences by four-bit code (table 17).
pub(super) const LOW_DECODE: [i32; 16] =
    [0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0];
/// QM6: differences by six-bit code (table 18).
pub(super) const LOW_DECODE_6: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360,
    -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688,
    -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856,
    7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136,
    -432, -136,
];

/// IHN and IHP: codes of the higher band by interval (table 20).
pub(super) const HIGH_NEGATIVE: [u8; 3] = [0, 1, 0];
pub(super) const HIGH_POSITIVE: [u8; 3] = [0, 3, 2];
/// IH2: the rank of a code of the higher band.
pub(super) const HIGH_RANK: [usize; 4] = [2, 1, 2, 1];
/// WH (table 21).
pub(super) const HIGH_LOG: [i32; 3] = [0, -214, 798];
/// QM2: differences by code (table 22).
pub(super) const HIGH_DECODE: [i32; 4] = [-7408, -1616, 7408, 1616];

/// ILB: 2048 times two to the power of n/32, the mantissa of the step (table 19).
pub(super) const ANTILOG: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896,
    2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];
