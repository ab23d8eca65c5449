use super::*;

/// A file with these octets of sound.
fn file(tag: u16, (channels, rate, bits): (u16, u32, u16), data: &[u8]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVEJUNK\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
    file.extend(tag.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend([0; 6]);
    file.extend(bits.to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

#[test]
fn what_is_written_is_read_again() {
    let samples: Vec<i16> = (0..1600).map(|n| (n * 37 % 20_000 - 10_000) as i16).collect();
    let mut file = head(samples.len() as u32).to_vec();
    file.extend(octets(&samples));
    assert_eq!(read(&file).unwrap().samples(), samples);
    file[40..44].fill(0xff);
    assert_eq!(read(&file).unwrap().samples(), samples, "a length nobody has filled in");
}

#[test]
fn every_way_of_coding_gives_the_same_sound() {
    let wave: Vec<f32> = (0..1600).map(|n| (n as f32 * 0.1).sin() * 0.5).collect();
    let per = |f: &dyn Fn(f32) -> Vec<u8>| wave.iter().flat_map(|value| f(*value)).collect::<Vec<u8>>();
    let whole = |value: f32| (value * 2_147_483_000.0) as i32;
    let files = [
        file(1, (1, 16_000, 8), &per(&|value| vec![(value * 127.0 + 128.0) as u8])),
        file(1, (1, 16_000, 16), &per(&|value| whole(value).to_le_bytes()[2..].to_vec())),
        file(1, (1, 16_000, 24), &per(&|value| whole(value).to_le_bytes()[1..].to_vec())),
        file(1, (1, 16_000, 32), &per(&|value| whole(value).to_le_bytes().to_vec())),
        file(3, (1, 16_000, 32), &per(&|value| value.to_le_bytes().to_vec())),
        file(
            1,
            (2, 16_000, 16),
            &per(&|value| {
                let both = [whole(value * 1.5), whole(value * 0.5)];
                both.iter().flat_map(|value| value.to_le_bytes()[2..].to_vec()).collect()
            }),
        ),
    ];
    for (index, file) in files.iter().enumerate() {
        let clip = read(file).unwrap();
        assert_eq!(clip.samples().len(), 1600);
        for (heard, meant) in clip.samples().iter().zip(&wave) {
            assert!((f32::from(*heard) - meant * 32_768.0).abs() < 400.0, "{index}");
        }
    }
}

#[test]
fn another_rate_is_converted_and_stays_as_long() {
    for rate in [8_000, 11_025, 22_050, 44_100, 48_000, 96_000] {
        let count = rate as usize / 2;
        let wave =
            |n: usize| ((n as f32 * 440.0 / rate as f32 * std::f32::consts::TAU).sin() * 10_000.0) as i16;
        let samples: Vec<i16> = (0..count).map(wave).collect();
        let clip = read(&file(1, (1, rate, 16), &octets(&samples))).unwrap();
        assert!(clip.duration_ms().abs_diff(500) <= 3, "{rate}: {} ms", clip.duration_ms());
        // In phase, so no delay of the filter is left.
        let meant = |n: usize| (n as f32 * 440.0 / 16_000.0 * std::f32::consts::TAU).sin() * 10_000.0;
        let middle = 2_000..6_000;
        let off = middle.map(|n| (f32::from(clip.samples()[n]) - meant(n)).abs()).fold(0.0, f32::max);
        assert!(off < 1_000.0, "{rate}: {off}");
    }
}

#[test]
fn what_cannot_be_used_is_refused_with_a_reason() {
    let refusals = [
        (read(b"OggS"), WavError::NotWav),
        (read(&file(1, (1, 16_000, 16), &[])[..40]), WavError::Truncated),
        (read(&file(2, (1, 16_000, 4), &[0])), WavError::Unknown { format: 2, bits: 4 }),
        (read(&file(1, (1, 4_000, 16), &[0])), WavError::Unusable { rate: 4_000, channels: 1 }),
        (read(&file(1, (0, 8_000, 16), &[0])), WavError::Unusable { rate: 8_000, channels: 0 }),
    ];
    for (result, error) in refusals {
        assert_eq!(result.unwrap_err(), error);
    }
}

#[test]
fn no_octets_whatever_panic() {
    let good = file(1, (2, 44_100, 16), &[1; 64]);
    for length in 0..good.len() {
        drop(read(&good[..length]));
    }
    for at in 0..good.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            drop(read(&bad));
        }
    }
}
