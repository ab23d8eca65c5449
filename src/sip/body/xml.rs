//! Writing XML that cannot be broken out of, whoever chose the names in it.

use std::fmt::{Display, Write};

/// The first line of a document.
pub(super) const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// A document in the making. Elements are closed in the order the code is written in; texts and attribute values are
/// escaped, and characters that XML 1.0 cannot hold at all become U+FFFD.
#[derive(Debug)]
pub(super) struct Xml(String);

impl Xml {
    /// A document that begins with this element.
    pub fn new() -> Self {
        Self(HEAD.to_owned())
    }

    /// `<name a="b"`; attributes and `open` or `empty` follow.
    pub fn begin(&mut self, name: &str) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        self
    }

    /// ` name="value"`.
    pub fn attribute(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push_str("=\"");
        self.escaped(value);
        self.0.push('"');
        self
    }

    /// ` name="value"`, when there is one.
    pub fn maybe(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.attribute(name, value);
        }
        self
    }

    /// `>`.
    pub fn open(&mut self) -> &mut Self {
        self.0.push('>');
        self
    }

    /// `/>`.
    pub fn empty(&mut self) -> &mut Self {
        self.0.push_str("/>");
        self
    }

    /// Text.
    pub fn text(&mut self, text: impl Display) -> &mut Self {
        self.escaped(text);
        self
    }

    /// `</name>`.
    pub fn end(&mut self, name: &str) -> &mut Self {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
        self
    }

    /// `<name>text</name>`.
    pub fn element(&mut self, name: &str, text: impl Display) -> &mut Self {
        self.begin(name).open().text(text).end(name)
    }

    /// The document.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.0.push('\n');
        self.0.into_bytes()
    }

    fn escaped(&mut self, value: impl Display) {
        let mut text = String::new();
        // Writing to a String fails only when the value's own Display does; what was written until then stands.
        write!(text, "{value}").ok();
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&apos;"),
                '\t' | '\n' | '\r' => {
                    write!(self.0, "&#{};", u32::from(char)).ok();
                }
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => self.0.push('\u{fffd}'),
                char => self.0.push(char),
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;

    /// Names that have tried to get out.
    pub const HOSTILE: [&str; 6] = [
        "\"><state>confirmed</state><x y=\"",
        "</dialog-info><!--",
        "&amp;]]>'",
        "\u{0}\u{b}\u{1b}\u{fffe}",
        "a\r\nb\tc",
        "Åsa \u{1F600} \u{202e}",
    ];

    /// Reads a document with somebody else's reader: element names with their attributes, and texts.
    pub fn read(document: &[u8]) -> Vec<String> {
        let mut reader = Reader::from_reader(document);
        reader.config_mut().check_end_names = true;
        let mut found = Vec::new();
        let mut text = String::new();
        let mut depth = 0_i32;
        loop {
            let event = reader.read_event().expect("well formed");
            match &event {
                Event::Text(piece) => text.push_str(std::str::from_utf8(piece).expect("UTF-8")),
                Event::GeneralRef(name) => {
                    text.push_str(&format!("&{};", std::str::from_utf8(name).expect("UTF-8")));
                }
                _ if !text.trim().is_empty() => {
                    found.push(quick_xml::escape::unescape(&text).expect("escaped well").into_owned());
                    text.clear();
                }
                _ => text.clear(),
            }
            match event {
                Event::Eof => break,
                Event::Start(tag) => {
                    depth += 1;
                    found.push(element(&tag));
                }
                Event::Empty(tag) => found.push(element(&tag)),
                Event::End(_) => depth -= 1,
                _ => {}
            }
        }
        assert_eq!(depth, 0, "every element is closed");
        found
    }

    /// What is left of a text in a document: what XML cannot hold is replaced.
    pub fn legal(text: &str) -> String {
        let illegal = |char: char| (char < ' ' && !"\t\r\n".contains(char)) || char == '\u{fffe}';
        text.chars().map(|char| if illegal(char) { '\u{fffd}' } else { char }).collect()
    }

    fn element(tag: &quick_xml::events::BytesStart<'_>) -> String {
        let mut out = String::from_utf8(tag.name().as_ref().to_vec()).expect("UTF-8");
        for attribute in tag.attributes() {
            let attribute = attribute.expect("an attribute");
            let key = String::from_utf8(attribute.key.as_ref().to_vec()).expect("UTF-8");
            let value = String::from_utf8(attribute.value.to_vec()).expect("UTF-8");
            let value = quick_xml::escape::unescape(&value).expect("escaped well").into_owned();
            out.push_str(&format!(" {key}={value}"));
        }
        out
    }

    #[test]
    fn a_hostile_value_stays_where_it_was_put() {
        for name in HOSTILE {
            let mut xml = Xml::new();
            xml.begin("a").attribute("b", name).open().element("c", name).end("a");
            let bytes = xml.into_bytes();
            let found = read(&bytes);
            let legal = legal(name);
            assert_eq!(found[0], format!("a b={legal}"), "{name:?}");
            assert_eq!(found[1], "c");
            assert_eq!(found[2..], [legal], "{name:?}");
        }
    }
}
