use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore as _;

use super::*;
use crate::rtp::Header;
use crate::rtp::tests::{random, random_packet};

#[allow(clippy::disallowed_methods)]
fn start() -> Instant {
    Instant::now()
}

fn header(sequence: u16, timestamp: u32, marker: bool) -> Header {
    Header { marker, payload_type: 101, sequence, timestamp, ssrc: 7 }
}

/// A digit's packets at 20 ms, with headers.
fn packets(digit: char, ms: u32, timestamp: u32) -> Vec<(Header, [u8; 4])> {
    let sender = EventSender::new(digit, ms, 8_000, 20).unwrap();
    sender
        .enumerate()
        .map(|(n, packet)| (header(n as u16, timestamp, packet.marker), packet.payload))
        .collect()
}

fn receive(packets: &[(Header, [u8; 4])]) -> Vec<Digit> {
    let mut receiver = EventReceiver::new(8_000);
    let at = |index: usize| start() + Duration::from_millis(20) * index as u32;
    let mut digits: Vec<Digit> = packets
        .iter()
        .enumerate()
        .filter_map(|(n, (header, payload))| receiver.handle(at(n), header, payload))
        .collect();
    digits.extend(receiver.expire(at(packets.len() + 100)));
    digits
}

#[test]
fn a_payload_is_read_and_written_bit_by_bit() {
    let event = Event { code: 11, end: true, volume: 10, duration: 0x0320 };
    assert_eq!(event.octets(), [11, 0x8a, 0x03, 0x20]);
    assert_eq!(Event::parse(&event.octets()), Some(event));
    assert_eq!(Event::parse(&[11, 0x8a, 3]), None);
}

#[test]
fn a_digit_is_sent_with_one_marker_growing_durations_and_three_ends() {
    let sender = EventSender::new('#', 100, 8_000, 20).unwrap();
    assert_eq!(sender.units(), 800);
    let sent: Vec<(bool, Event)> =
        sender.map(|packet| (packet.marker, Event::parse(&packet.payload).unwrap())).collect();
    let durations: Vec<u16> = sent.iter().map(|(_, event)| event.duration).collect();
    assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
    assert!(sent.iter().all(|(_, event)| event.code == 11));
    assert_eq!(
        sent.iter().map(|(marker, _)| *marker).collect::<Vec<_>>(),
        [true, false, false, false, false, false, false]
    );
    assert_eq!(sent.iter().filter(|(_, event)| event.end).count(), 3);
}

#[test]
fn a_digit_of_any_length_ends_and_fits_its_counter() {
    for (ms, clock, packet) in [(0, 8_000, 20), (u32::MAX, 48_000, 60), (u32::MAX, 8_000, 10), (5_000, 0, 0)]
    {
        let sender = EventSender::new('5', ms, clock, packet).unwrap();
        let units = sender.units();
        let last = sender.take(5_000).last().map(|packet| Event::parse(&packet.payload).unwrap());
        assert!(last.is_some_and(|event| event.end && u32::from(event.duration) == units), "{ms} {clock}");
    }
    assert!(EventSender::new('x', 100, 8_000, 20).is_none());
}

#[test]
fn every_digit_comes_over_once_with_its_duration() {
    for digit in DIGITS {
        assert_eq!(receive(&packets(digit, 100, 1_000)), [Digit { digit, duration_ms: 100 }]);
    }
}

#[test]
fn any_one_packet_and_any_two_ends_may_be_lost() {
    let all = packets('7', 100, u32::MAX - 100);
    for lost in 0..all.len() {
        let mut some = all.clone();
        some.remove(lost);
        assert_eq!(receive(&some), [Digit { digit: '7', duration_ms: 100 }], "without packet {lost}");
    }
    assert_eq!(receive(&all[..all.len() - 2]), [Digit { digit: '7', duration_ms: 100 }]);
    assert_eq!(receive(&all[all.len() - 1..]), [Digit { digit: '7', duration_ms: 100 }], "only the last end");
}

#[test]
fn a_digit_without_any_end_is_told_by_silence_or_by_the_next_one() {
    let cut = &packets('1', 100, 0)[..4];
    assert_eq!(receive(cut), [Digit { digit: '1', duration_ms: 80 }]);
    let mut two = cut.to_vec();
    two.extend(packets('1', 100, 4_000));
    assert_eq!(
        receive(&two),
        [Digit { digit: '1', duration_ms: 80 }, Digit { digit: '1', duration_ms: 100 }]
    );
}

#[test]
fn repeated_and_reordered_packets_make_no_second_digit() {
    let mut all = packets('3', 100, 8_000);
    all.extend(all.clone());
    all.extend(packets('4', 100, 10_000));
    all.extend(packets('3', 100, 8_000));
    let digits = receive(&all);
    assert_eq!(digits.iter().map(|digit| digit.digit).collect::<String>(), "34");
    let mut swapped = packets('9', 100, 0);
    swapped.swap(3, 4);
    assert_eq!(receive(&swapped).len(), 1);
}

#[test]
fn a_digit_longer_than_its_counter_is_one_digit() {
    let mut long = Vec::new();
    for (segment, timestamp) in [(0, 0_u32), (1, 65_440)] {
        for step in 1..=409_u16 {
            let end = segment == 1 && step > 406;
            let event = Event { code: 5, end, volume: 10, duration: step * 160 };
            long.push((header(0, timestamp, segment == 0 && step == 1), event.octets()));
        }
    }
    let digits = receive(&long);
    assert_eq!(digits.len(), 1);
    assert!((16_000..16_400).contains(&digits[0].duration_ms), "{digits:?}");
}

#[test]
fn no_event_packet_whatever_makes_it_panic() {
    let mut random = random(3);
    let mut receiver = EventReceiver::new(48_000);
    for _ in 0..50_000 {
        let payload = random_packet(&mut random, 6);
        let header = header(0, random.next_u32(), random.next_u32() & 1 == 0);
        if let Some(digit) = receiver.handle(start(), &header, &payload) {
            assert!(DIGITS.contains(&digit.digit));
        }
    }
}

fn heard(sample_rate: u32, pcm: &[i16]) -> String {
    let mut detector = Detector::new(sample_rate);
    let mut digits = String::new();
    for frame in pcm.chunks(sample_rate as usize / 50) {
        detector.handle(frame);
        digits.extend(std::iter::from_fn(|| detector.poll_digit()).map(|digit| digit.digit));
    }
    digits
}

fn noise(random: &mut ChaCha8Rng, amplitude: f32) -> f32 {
    // Twelve uniform values make a normal one of variance 1.
    let sum: f32 = (0..12).map(|_| random.next_u32() as f32 / u32::MAX as f32 - 0.5).sum();
    sum * amplitude
}

/// All sixteen digits of `ms` with pauses as long, and noise 20 dB below the tones.
fn dialled(sample_rate: u32, ms: usize, (low, high): (f32, f32), random: &mut ChaCha8Rng) -> Vec<i16> {
    let samples = sample_rate as usize * ms / 1_000;
    let mut pcm = Vec::new();
    for digit in DIGITS {
        Generator::with_levels(digit, sample_rate, low, high).unwrap().generate(samples, &mut pcm);
        pcm.resize(pcm.len() + samples, 0);
    }
    let power = |level: f32| (22_830.0 * 10_f32.powf(level / 20.0)).powi(2) / 2.0;
    let amplitude = ((power(low) + power(high)) / 100.0).sqrt();
    for sample in &mut pcm {
        *sample = (f32::from(*sample) + noise(random, amplitude)) as i16;
    }
    pcm
}

#[test]
fn every_digit_is_heard_at_every_level_and_twist_through_noise() {
    let mut random = random(4);
    for sample_rate in [8_000, 16_000] {
        for level in [-3.0, -9.0, -18.0, -25.0] {
            for twist in [-6.0, 0.0, 6.0] {
                let levels: (f32, f32) = (level - f32::max(twist, 0.0), level + f32::min(twist, 0.0));
                for ms in [45, 70, 200] {
                    let pcm = dialled(sample_rate, ms, levels, &mut random);
                    let wanted = String::from_iter(DIGITS);
                    assert_eq!(
                        heard(sample_rate, &pcm),
                        wanted,
                        "{sample_rate} Hz, {levels:?} dBm0, {ms} ms"
                    );
                }
            }
        }
    }
}

#[test]
fn a_digit_detuned_by_one_and_a_half_percent_is_heard() {
    for detune in [0.985, 1.015] {
        // Playing at another rate detunes both tones alike.
        let mut pcm = Vec::new();
        for digit in DIGITS {
            Generator::new(digit, (8_000.0 / detune) as u32).unwrap().generate(800, &mut pcm);
            pcm.resize(pcm.len() + 800, 0);
        }
        assert_eq!(heard(8_000, &pcm), String::from_iter(DIGITS), "{detune}");
    }
}

#[test]
fn the_duration_heard_is_that_played() {
    for ms in [100_u32, 500, 1_000] {
        let mut pcm = vec![0; 333];
        Generator::new('5', 8_000).unwrap().generate(8 * ms as usize, &mut pcm);
        pcm.resize(pcm.len() + 800, 0);
        let mut detector = Detector::new(8_000);
        detector.handle(&pcm);
        let digit = detector.poll_digit().unwrap();
        assert!(digit.duration_ms.abs_diff(ms) <= 26, "{ms} ms heard as {digit:?}");
        assert_eq!(detector.poll_digit(), None);
    }
}

#[test]
fn a_short_drop_out_does_not_make_two_digits_of_one() {
    let mut pcm = Vec::new();
    Generator::new('8', 8_000).unwrap().generate(1_600, &mut pcm);
    pcm[800..860].fill(0);
    pcm.resize(pcm.len() + 800, 0);
    assert_eq!(heard(8_000, &pcm), "8");
}

/// Harmonics of a gliding pitch under moving formants, in syllables: more tonal than most voices.
fn babble(sample_rate: u32, seconds: u32, random: &mut ChaCha8Rng) -> Vec<i16> {
    let rate = sample_rate as f32;
    let mut phases = [0.0_f32; 24];
    let (mut pitch, mut target, mut formants) = (120.0_f32, 150.0_f32, [700.0_f32, 1_400.0]);
    let mut pcm = Vec::new();
    for index in 0..sample_rate * seconds {
        if index % (sample_rate / 6) == 0 {
            target = 90.0 + (random.next_u32() % 180) as f32;
            formants = [400.0 + (random.next_u32() % 600) as f32, 1_000.0 + (random.next_u32() % 900) as f32];
        }
        pitch += (target - pitch) / (rate * 0.1);
        let syllable = (index as f32 / rate * 4.0 * std::f32::consts::PI).sin().abs();
        let mut sample = noise(random, 60.0);
        for (harmonic, phase) in phases.iter_mut().enumerate() {
            let hertz = pitch * (harmonic + 1) as f32;
            *phase = (*phase + hertz / rate).fract();
            let gain: f32 =
                formants.iter().map(|formant| 1.0 / (1.0 + ((hertz - formant) / 80.0).powi(2))).sum();
            sample += (*phase * std::f32::consts::TAU).sin() * 4_000.0 * gain * syllable;
        }
        pcm.push(sample as i16);
    }
    pcm
}

#[test]
fn a_minute_of_speech_like_sound_and_of_noise_holds_no_digit() {
    let mut random = random(5);
    for sample_rate in [8_000, 16_000] {
        assert_eq!(
            heard(sample_rate, &babble(sample_rate, 60, &mut random)),
            "",
            "speech at {sample_rate} Hz"
        );
        let white: Vec<i16> = (0..60 * sample_rate).map(|_| noise(&mut random, 5_000.0) as i16).collect();
        assert_eq!(heard(sample_rate, &white), "", "noise at {sample_rate} Hz");
        let mut tone = Vec::new();
        crate::tone::Generator::new(crate::Tone::DIAL, sample_rate).generate(sample_rate as usize, &mut tone);
        assert_eq!(heard(sample_rate, &tone), "", "dial tone at {sample_rate} Hz");
    }
}
