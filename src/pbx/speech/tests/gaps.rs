use super::super::part::Position;
use super::super::*;
use super::*;

fn gap(part: &Part) -> i64 {
    part.gap_ms(&Part::whole("vm.leave")).into()
}

#[test]
fn silence_between_parts_is_as_the_prompts_are_recorded_for() {
    let book = Book::read();
    assert_eq!(gap(&Part::inside("ref.back")), book.gap("m"));
    assert_eq!(gap(&Part::prompt("act.lunch", Position::PhraseEnd)), book.gap("c"));
    assert_eq!(gap(&Part::prompt("digit.7", Position::PhraseEnd)), book.gap("digit_c"));
    assert_eq!(gap(&Part::Name("anna".into(), Position::Inside)), book.gap("name"));
    assert_eq!(gap(&Part::Phrase("lunch".into(), Position::PhraseEnd)), book.gap("clip"));
    assert_eq!(gap(&Part::Say("lunch".into(), Position::PhraseEnd)), book.gap("clip"));
    for ends in [
        Part::whole("mb.none"),
        Part::last("time.h13"),
        Part::Name("anna".into(), Position::SentenceEnd),
        Part::Phrase("lunch".into(), Position::SentenceEnd),
        Part::Say("lunch".into(), Position::SentenceEnd),
        Part::Greeting("anna".into()),
        Part::Text("welcome".into()),
        Part::Tone(Tone::Join),
    ] {
        assert_eq!(gap(&ends), book.gap("sentence"), "{ends}");
        let before_tone: i64 = ends.gap_ms(&Part::Tone(Tone::Record)).into();
        assert_eq!(before_tone, book.gap("tone"), "{ends}");
    }
}

#[test]
fn english_says_the_half_of_the_day_right_after_the_minutes() {
    let minutes = Part::last("time.m30");
    assert_eq!(minutes.gap_ms(&Part::last("time.pm")), 0);
    assert_eq!(Part::last("time.midnight").gap_ms(&Part::last("time.pm")), 350);
}
