//! `application/pidf+xml`: whether somebody can be reached, and what they do (RFC 3863, RFC 4479, RFC 4480).

use super::xml::Xml;
use crate::endpoint::Body;

/// The media type.
pub const MEDIA_TYPE: &str = "application/pidf+xml";

/// Somebody's presence.
#[derive(Debug, Clone)]
pub struct Presence {
    /// Whose.
    pub entity: String,
    /// Whether they can be reached.
    pub basic: Basic,
    /// Where they are reached.
    pub contact: Option<String>,
    /// What they do.
    pub activities: Vec<Activity>,
    /// Until when, as RFC 3339 text.
    pub until: Option<String>,
    /// In words.
    pub note: Option<String>,
}

/// Whether somebody can be reached (RFC 3863 4.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basic {
    /// They can.
    Open,
    /// They cannot.
    Closed,
}

/// What somebody does (RFC 4480 3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// An appointment.
    Appointment,
    /// Away from the desk.
    Away,
    /// Busy with something.
    Busy,
    /// A free day.
    Holiday,
    /// At a meal.
    Meal,
    /// In a meeting.
    Meeting,
    /// Talking on the telephone.
    OnThePhone,
    /// Left for good.
    PermanentAbsence,
    /// Travelling.
    Travel,
    /// On holiday.
    Vacation,
    /// At work.
    Working,
    /// Something else, in words.
    Other(String),
}

impl Activity {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Appointment => "rpid:appointment",
            Self::Away => "rpid:away",
            Self::Busy => "rpid:busy",
            Self::Holiday => "rpid:holiday",
            Self::Meal => "rpid:meal",
            Self::Meeting => "rpid:meeting",
            Self::OnThePhone => "rpid:on-the-phone",
            Self::PermanentAbsence => "rpid:permanent-absence",
            Self::Travel => "rpid:travel",
            Self::Vacation => "rpid:vacation",
            Self::Working => "rpid:working",
            Self::Other(_) => "rpid:other",
        }
    }
}

impl Presence {
    /// The document.
    pub fn to_body(&self) -> Body {
        let mut xml = Xml::new();
        xml.begin("presence")
            .attribute("xmlns", "urn:ietf:params:xml:ns:pidf")
            .attribute("xmlns:dm", "urn:ietf:params:xml:ns:pidf:data-model")
            .attribute("xmlns:rpid", "urn:ietf:params:xml:ns:pidf:rpid")
            .attribute("entity", &self.entity)
            .open();
        let basic = match self.basic {
            Basic::Open => "open",
            Basic::Closed => "closed",
        };
        xml.begin("tuple").attribute("id", "telephone").open();
        xml.begin("status").open().element("basic", basic).end("status");
        if let Some(contact) = &self.contact {
            xml.element("contact", contact);
        }
        // Phones show the note of the tuple or that of the person, hardly one both.
        if let Some(note) = &self.note {
            xml.element("note", note);
        }
        xml.end("tuple");
        if !self.activities.is_empty() || self.note.is_some() {
            self.write_person(&mut xml);
        }
        xml.end("presence");
        Body { media_type: MEDIA_TYPE.to_owned(), bytes: xml.into_bytes() }
    }

    fn write_person(&self, xml: &mut Xml) {
        xml.begin("dm:person").attribute("id", "person").open();
        if !self.activities.is_empty() {
            xml.begin("rpid:activities").maybe("until", self.until.as_deref()).open();
            for activity in &self.activities {
                match activity {
                    Activity::Other(words) => xml.element(activity.as_str(), words),
                    _ => xml.begin(activity.as_str()).empty(),
                };
            }
            xml.end("rpid:activities");
        }
        if let Some(note) = &self.note {
            xml.element("dm:note", note);
        }
        xml.end("dm:person");
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml::tests::{HOSTILE, read};
    use super::*;

    fn at_lunch(note: &str) -> Presence {
        Presence {
            entity: "pres:anna@vaxel.example".into(),
            basic: Basic::Closed,
            contact: None,
            activities: vec![Activity::Meal, Activity::Other("fika".into())],
            until: Some("2026-11-24T12:30:00+01:00".into()),
            note: Some(note.into()),
        }
    }

    #[test]
    fn lunch_is_told_with_its_end_and_in_words() {
        let found = read(&at_lunch("till halv ett").to_body().bytes);
        assert!(found[0].ends_with("entity=pres:anna@vaxel.example"), "{found:?}");
        let rest: Vec<&str> = found[1..].iter().map(String::as_str).collect();
        assert_eq!(
            rest,
            [
                "tuple id=telephone",
                "status",
                "basic",
                "closed",
                "note",
                "till halv ett",
                "dm:person id=person",
                "rpid:activities until=2026-11-24T12:30:00+01:00",
                "rpid:meal",
                "rpid:other",
                "fika",
                "dm:note",
                "till halv ett",
            ]
        );
    }

    #[test]
    fn nobody_gets_out_of_a_note() {
        for note in HOSTILE {
            let found = read(&at_lunch(note).to_body().bytes);
            assert_eq!(found.iter().filter(|text| *text == "basic").count(), 1, "{note:?} {found:?}");
            assert_eq!(found.iter().filter(|text| text.starts_with("dm:")).count(), 2, "{note:?} {found:?}");
        }
    }
}
