use super::*;

const CLEAN: Path = Path { codec: Codec::Pcma, loss: 0.0, jitter_ms: 0.0, round_trip_ms: 0.0 };

#[test]
fn a_clean_call_scores_four_point_four() {
    assert!((mos(&CLEAN) - 4.41).abs() < 0.01, "{}", mos(&CLEAN));
}

#[test]
fn the_score_never_rises_with_loss_jitter_or_delay() {
    for codec in Codec::ALL {
        let falls = |path: &dyn Fn(f32) -> Path| {
            let scores: Vec<f32> = (0..=1_000).map(|step| mos(&path(step as f32 / 1_000.0))).collect();
            assert!(scores.windows(2).all(|pair| pair[1] <= pair[0] + 1e-6), "{codec:?}: {scores:?}");
            assert!(scores[500] < scores[0] - 0.1, "{codec:?}");
        };
        falls(&|share| Path { codec, loss: share, ..CLEAN });
        falls(&|share| Path { codec, jitter_ms: share * 500.0, ..CLEAN });
        falls(&|share| Path { codec, round_trip_ms: share * 2_000.0, ..CLEAN });
    }
}

#[test]
fn the_score_stays_within_its_scale_whatever_is_measured() {
    let values = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 0.0, 0.5, 1.0, 1e30];
    for loss in values {
        for jitter_ms in values {
            for round_trip_ms in values {
                let score = mos(&Path { codec: Codec::Opus, loss, jitter_ms, round_trip_ms });
                assert!((1.0..=4.5).contains(&score), "{loss} {jitter_ms} {round_trip_ms}: {score}");
            }
        }
    }
}

#[test]
fn five_percent_of_loss_are_heard() {
    let score = mos(&Path { loss: 0.05, ..CLEAN });
    assert!((2.8..4.0).contains(&score), "{score}");
}
