use super::*;
use crate::{Class, Zone};

const HOME: Numbering = Numbering { area_code: AreaCode::STOCKHOLM, internal_digits: 3 };

fn read(dialled: &str) -> Number {
    HOME.read(dialled, |extension| matches!(extension.to_string().as_str(), "201" | "202"))
}

/// What is dialled, its wire form, its class.
const CALLABLE: &[(&str, &str, Class)] = &[
    // The own area, in every spelling.
    ("+46812345201", "+46812345201", Class::National),
    ("0046812345201", "+46812345201", Class::National),
    ("0812345201", "+46812345201", Class::National),
    ("08-123 452 01", "+46812345201", Class::National),
    ("08/12345201", "+46812345201", Class::National),
    ("12345201", "+46812345201", Class::National),
    ("123 452 01", "+46812345201", Class::National),
    ("1234567", "+4681234567", Class::National),
    ("123456", "+468123456", Class::National),
    ("46812345201", "+46812345201", Class::National),
    ("+46 (0)8-123 452 01", "+46812345201", Class::National),
    ("+46 8 123 452 01", "+46812345201", Class::National),
    ("(08) 123.452.01", "+46812345201", Class::National),
    ("tel:+46-8-123-452-01", "+46812345201", Class::National),
    ("TEL:08-12345201", "+46812345201", Class::National),
    ("tel:12345201;phone-context=+468", "+46812345201", Class::National),
    ("tel:12345201;phone-context=example.se", "+46812345201", Class::National),
    ("+46812345201;npdi", "+46812345201", Class::National),
    ("08\u{a0}123\u{2011}452\u{2013}01", "+46812345201", Class::National),
    ("\u{202a}+46812345201\u{202c}", "+46812345201", Class::National),
    ("12345201#", "+46812345201", Class::National),
    // Areas of one, two and three digits.
    ("08-12 34 56", "+468123456", Class::National),
    ("011-123456", "+4611123456", Class::National),
    ("013-12 34 56", "+4613123456", Class::National),
    ("018-123456", "+4618123456", Class::National),
    ("019-12345", "+461912345", Class::National),
    ("031-123 45 67", "+46311234567", Class::National),
    ("040-123456", "+4640123456", Class::National),
    ("046-123456", "+4646123456", Class::National),
    ("054-123456", "+4654123456", Class::National),
    ("060-123456", "+4660123456", Class::National),
    ("063-123456", "+4663123456", Class::National),
    ("090-123456", "+4690123456", Class::National),
    ("0120-12345", "+4612012345", Class::National),
    ("0171-123456", "+46171123456", Class::National),
    ("0223-12345", "+4622312345", Class::National),
    ("0300-123456", "+46300123456", Class::National),
    ("0370-123456", "+46370123456", Class::National),
    ("0498-123456", "+46498123456", Class::National),
    ("0500-123456", "+46500123456", Class::National),
    ("0647-12345", "+4664712345", Class::National),
    ("0910-123456", "+46910123456", Class::National),
    ("0980-12345", "+4698012345", Class::National),
    ("0981-123456", "+46981123456", Class::National),
    // Everything that is no place.
    ("010-123 45 67", "+46101234567", Class::National),
    ("020-12 34 56", "+4620123456", Class::Freephone),
    ("0201234567", "+46201234567", Class::Freephone),
    ("0378123456789", "+46378123456789", Class::M2m),
    ("070-123 45 67", "+46701234567", Class::Mobile),
    ("0720000001", "+46720000001", Class::Mobile),
    ("0730000001", "+46730000001", Class::Mobile),
    ("0760000001", "+46760000001", Class::Mobile),
    ("0790000001", "+46790000001", Class::Mobile),
    ("0710123456789", "+46710123456789", Class::M2m),
    ("0740123456", "+46740123456", Class::Paging),
    ("0751234567", "+46751234567", Class::Personal),
    ("0771-123456", "+46771123456", Class::SharedCost),
    ("0781234567", "+46781234567", Class::OperatorSpecific),
    ("0900-1234567", "+469001234567", Class::Premium),
    ("0939-1234567", "+469391234567", Class::Premium),
    ("0944-1234567", "+469441234567", Class::Premium),
    ("099-12345", "+469912345", Class::MassCall),
    // Short numbers are never written with +46.
    ("112", "112", Class::Emergency),
    ("1-1-2", "112", Class::Emergency),
    ("112#", "112", Class::Emergency),
    ("tel:112", "112", Class::Emergency),
    ("+46112", "112", Class::Emergency),
    ("0046112", "112", Class::Emergency),
    ("113 13", "11313", Class::Society),
    ("11414", "11414", Class::Society),
    ("116 117", "116117", Class::Society),
    ("+46116117", "116117", Class::Society),
    ("1177", "1177", Class::Society),
    ("118 118", "118118", Class::Directory),
    // Abroad.
    ("+4721234567", "+4721234567", Class::International(Zone::Europe)),
    ("004589123456", "+4589123456", Class::International(Zone::Europe)),
    ("00358 9 123 456", "+3589123456", Class::International(Zone::Europe)),
    ("+353 1 234 5678", "+35312345678", Class::International(Zone::Europe)),
    ("+442071234567", "+442071234567", Class::International(Zone::Other)),
    ("+12125550100", "+12125550100", Class::International(Zone::Other)),
    ("+41441234567", "+41441234567", Class::International(Zone::Other)),
    ("+881612345678", "+881612345678", Class::International(Zone::Other)),
    // Inside.
    ("201", "201", Class::Internal),
    ("2 02", "202", Class::Internal),
];

#[test]
fn every_spelling_reaches_the_number_it_means() {
    for (dialled, wire, class) in CALLABLE {
        let number = read(dialled);
        assert_eq!(
            (number.to_string().as_str(), number.class()),
            (*wire, Some(*class)),
            "{dialled}: {number:?}"
        );
    }
}

#[test]
fn what_cannot_be_called_says_why() {
    for (dialled, why) in [
        ("", Unknown::Empty),
        (" - ", Unknown::Empty),
        ("+", Unknown::Empty),
        ("anna", Unknown::NotANumber),
        ("08-12a45", Unknown::NotANumber),
        ("08*12345", Unknown::NotANumber),
        ("++4681234567", Unknown::NotANumber),
        ("0812345678901234", Unknown::TooLong),
        ("+1234567890123456", Unknown::TooLong),
        ("299", Unknown::NoSuchExtension),
        ("0175", Unknown::WrongLength),
        ("0172-123456", Unknown::NoSuchArea),
        ("0969-12345", Unknown::NoSuchArea),
        ("08-1234", Unknown::WrongLength),
        ("070-123 45 6", Unknown::WrongLength),
        ("070-123 45 678", Unknown::WrongLength),
        ("08-0123456", Unknown::WrongLength),
        ("0171-12", Unknown::WrongLength),
        ("+0812345678", Unknown::NoSuchArea),
        ("+47", Unknown::WrongLength),
        ("000", Unknown::NoSuchArea),
        ("911", Unknown::NoSuchExtension),
    ] {
        assert_eq!(read(dialled), Number::Unknown(why), "{dialled}");
    }
    assert_eq!(read(&"1".repeat(5000)), Number::Unknown(Unknown::TooLong));
}

#[test]
fn feature_codes_are_told_by_their_first_sign() {
    for (dialled, code) in
        [("*21*202#", "*21*202#"), ("#31#08-123 45 67", "#31#081234567"), ("*8", "*8"), ("*#21#", "*#21#")]
    {
        assert_eq!(read(dialled), Number::Code(code.to_owned()));
    }
}

#[test]
fn an_extension_nobody_has_is_a_number_of_the_area_where_that_is_one() {
    let long = Numbering { area_code: "0171".parse().unwrap(), internal_digits: 5 };
    let read = |dialled| long.read(dialled, |extension| extension.to_string() == "12345");
    assert_eq!(read("12345").to_string(), "12345");
    assert_eq!(read("12346").to_string(), "+4617112346");
    assert_eq!(read("11414").class(), Some(Class::Society));
}

#[test]
fn every_area_code_is_known_and_reached() {
    assert_eq!(AreaCode::all().count(), 264);
    for area in AreaCode::all() {
        assert_eq!(area.to_string().parse(), Ok(area));
        let number = read(&format!("{area}-234567"));
        assert_eq!(number.to_string(), format!("+46{}234567", &area.to_string()[1..]));
        assert_eq!(number.class(), Some(Class::National));
        assert_eq!(number.national(), format!("{area}-23 45 67"));
        let at_home = Numbering { area_code: area, internal_digits: 3 }.read("234567", |_| false);
        assert_eq!(at_home, number);
    }
    for wrong in ["8", "", "0", "012", "00", "0+8", "010", "070", "0900", "08a"] {
        assert_eq!(wrong.parse::<AreaCode>(), Err(NotAnAreaCode), "{wrong}");
    }
}

#[test]
fn numbers_are_shown_as_swedes_write_them() {
    for (number, national, international) in [
        ("+46812345678", "08-123 456 78", "+46 8 123 456 78"),
        ("+4681234567", "08-123 45 67", "+46 8 123 45 67"),
        ("+468123456", "08-12 34 56", "+46 8 12 34 56"),
        ("+46171123456", "0171-12 34 56", "+46 171 12 34 56"),
        ("+4617512345", "0175-123 45", "+46 175 123 45"),
        ("+46311234567", "031-123 45 67", "+46 31 123 45 67"),
        ("+4690123456", "090-12 34 56", "+46 90 12 34 56"),
        ("+46701234567", "070-123 45 67", "+46 70 123 45 67"),
        ("+46101234567", "010-123 45 67", "+46 10 123 45 67"),
        ("+4620123456", "020-12 34 56", "+46 20 12 34 56"),
        ("+469001234567", "0900-123 45 67", "+46 900 123 45 67"),
        ("+4721234567", "+47 21234567", "+47 21234567"),
        ("+12125550100", "+1 2125550100", "+1 2125550100"),
        ("+35312345678", "+353 12345678", "+353 12345678"),
        ("+46172123456", "+46 172123456", "+46 172123456"),
    ] {
        let number: E164 = number.parse().unwrap();
        assert_eq!((number.national().as_str(), number.international().as_str()), (national, international));
    }
    for (dialled, shown) in
        [("11313", "113 13"), ("116117", "116 117"), ("1177", "1177"), ("112", "112"), ("201", "201")]
    {
        assert_eq!(read(dialled).national(), shown);
    }
}

#[test]
fn what_is_shown_can_be_dialled_again() {
    for (dialled, wire, _) in CALLABLE {
        let number = read(dialled);
        assert_eq!(read(&number.national()), number, "{dialled}");
        assert_eq!(read(wire), number, "{dialled}");
        if let Number::Public(public, _) = number {
            assert_eq!(read(&public.international()), number, "{dialled}");
        }
    }
}

#[test]
fn callers_from_anywhere_have_their_number_kept() {
    for (sent, kept) in [
        ("+46701234567", Some("+46701234567")),
        ("0701234567", Some("+46701234567")),
        ("0046701234567", Some("+46701234567")),
        ("46701234567", Some("+46701234567")),
        ("+46172123456", Some("+46172123456")),
        ("004721234567", Some("+4721234567")),
        ("anonymous", None),
        ("", None),
        ("112", None),
        ("*21#", None),
        ("+99999999999999999", None),
    ] {
        assert_eq!(HOME.caller(sent).map(|number| number.to_string()).as_deref(), kept, "{sent}");
    }
}

#[test]
fn a_callers_number_read_once_reads_the_same_again() {
    let beginnings =
        ["+460(0)8", "+4600", "+46(0)0", "0046000", "+46 (0) 46 0", "46008", "0046(0)8", "+4607", "+47008"];
    for text in beginnings
        .iter()
        .flat_map(|first| ["123 45 67", "1234567890", "00012345"].map(|rest| format!("{first}{rest}")))
    {
        let Some(once) = HOME.caller(&text) else { continue };
        assert_eq!(HOME.caller(&once.to_string()), Some(once), "{text}");
    }
    let letterhead = HOME.caller("+460(0)8-123 45 67").map(|number| number.to_string());
    assert_eq!(letterhead.as_deref(), Some("+4681234567"));
}

#[test]
fn e164_is_strict_and_keeps_its_spelling() {
    for wrong in ["", "+", "46812345678", "+046812345", "+46 8123456", "+123456", "+1234567890123456", "++46"]
    {
        assert_eq!(wrong.parse::<E164>(), Err(NotE164), "{wrong}");
    }
    assert_eq!("+46812345678".parse::<E164>().unwrap().to_string(), "+46812345678");
}

#[test]
fn ranges_hold_their_first_and_last_number_and_nothing_beside() {
    let range: NumberRange = "+46812345200-299".parse().unwrap();
    for (number, inside) in [
        ("+46812345199", false),
        ("+46812345200", true),
        ("+46812345201", true),
        ("+46812345299", true),
        ("+46812345300", false),
        ("+4681234520", false),
    ] {
        assert_eq!(range.contains(number.parse().unwrap()), inside, "{number}");
    }
    let single: NumberRange = "+46171123456".parse().unwrap();
    assert_eq!(single.first(), single.last());
    for text in ["+46812345200-99", "+46171123456"] {
        assert_eq!(text.parse::<NumberRange>().unwrap().to_string(), text);
    }
    assert_eq!("+46812345200-+46812345299".parse::<NumberRange>().unwrap(), range);
}

#[test]
fn broken_ranges_say_what_is_wrong() {
    for (text, why) in [
        ("", NotARange::First),
        ("0812345200-299", NotARange::First),
        ("+46812345200-", NotARange::Last),
        ("+46812345200-2x9", NotARange::Last),
        ("+46812345200-999999999999", NotARange::Last),
        ("+46812345299-200", NotARange::Backwards),
        ("+46812000000-999999", NotARange::TooLarge),
    ] {
        assert_eq!(text.parse::<NumberRange>(), Err(why), "{text}");
    }
}

/// A number as it goes over the wire, and the groups it is read out in.
const READ_OUT: &[(&str, &str)] = &[
    ("+46812345678", "08 123 456 78"),
    ("+46171123456", "0171 12 34 56"),
    ("+46771123456", "0771 12 34 56"),
    ("+469001234567", "0900 123 45 67"),
    // No area begins so: read as one of a small town.
    ("+46559489512", "0559 48 95 12"),
    ("+4740123456", "+47 401 234 56"),
    ("+15551234567", "+1 555 123 45 67"),
    ("+358401234567", "+358 401 234 567"),
    ("+442079460018", "+44 207 946 00 18"),
];

#[test]
fn numbers_are_read_out_in_the_groups_people_write_them_in() {
    for (number, groups) in READ_OUT {
        assert_eq!(number.parse::<E164>().unwrap().groups().join(" "), *groups, "{number}");
    }
    for (extension, groups) in [("20", "20"), ("201", "201"), ("2015", "20 15"), ("12345", "123 45")] {
        assert_eq!(extension.parse::<Extension>().unwrap().groups().join(" "), groups);
    }
    for (short, groups) in [("112", "112"), ("1177", "11 77"), ("11313", "113 13"), ("118118", "118 118")] {
        let Number::Short(number, _) = read(short) else { panic!("{short} is no short number") };
        assert_eq!(number.groups().join(" "), groups);
    }
}

#[test]
fn the_digits_of_a_foreign_number_never_stand_alone() {
    for (digits, groups) in
        [("12", "12"), ("123", "123"), ("1234", "12 34"), ("12345", "123 45"), ("1234567", "123 45 67")]
    {
        assert_eq!(plan::threes(digits), groups);
    }
}
