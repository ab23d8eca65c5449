//! A dialled number in any spelling.

use model::{AreaCode, Number, Numbering};

/// One text, dialled in Stockholm at companies with extensions of two to five digits.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for internal_digits in 2..=5 {
        let numbering = Numbering { area_code: AreaCode::STOCKHOLM, internal_digits };
        let read = |text: &str| numbering.read(text, |extension| extension.to_string().ends_with('1'));
        let number = read(&text);
        match &number {
            Number::Public(e164, _) => {
                assert_eq!(read(&number.to_string()), number, "its wire form means the same");
                assert_eq!(read(&e164.international()), number, "{}", e164.international());
                assert_eq!(numbering.caller(&number.to_string()), Some(*e164));
            }
            Number::Internal(_) | Number::Code(_) => {
                assert_eq!(read(&number.to_string()), number, "its wire form means the same");
            }
            // Inside, the same digits may be an extension; its wire form is for outside.
            Number::Short(..) => {
                assert_eq!(
                    numbering.read(&number.to_string(), |_| false),
                    number,
                    "its wire form means the same"
                );
            }
            Number::Unknown(why) => assert!(!why.to_string().is_empty()),
        }
        assert!(number.national().len() <= 4 * text.len() + 8);
        if let Some(caller) = numbering.caller(&text) {
            assert_eq!(
                numbering.caller(&caller.to_string()),
                Some(caller),
                "read once, it reads the same again"
            );
        }
    }
}
