//! `application/dialog-info+xml`: which calls somebody has, for lamps and pickup (RFC 4235).

use std::time::Duration;

use super::xml::Xml;
use crate::Replaces;
use crate::endpoint::Body;

/// The media type.
pub const MEDIA_TYPE: &str = "application/dialog-info+xml";

/// The calls of one watched address.
#[derive(Debug, Clone)]
pub struct DialogInfo {
    /// The watched address.
    pub entity: String,
    /// One more than in the document before, in each subscription; the first may be 0.
    pub version: u32,
    /// Whether calls that are not named are over.
    pub extent: Extent,
    /// The calls.
    pub dialogs: Vec<Dialog>,
}

/// How much a document tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything there is.
    Full,
    /// What has changed.
    Partial,
}

/// One call of the watched address, as its phone sees it.
#[derive(Debug, Clone)]
pub struct Dialog {
    /// Its name here; the same as long as the call lasts.
    pub id: String,
    /// The ids of its SIP dialog for whoever wants its place (RFC 3891), as [`crate::endpoint::Endpoint::replaces`]
    /// gives them: what goes into Replaces as it stands.
    pub ids: Option<Replaces>,
    /// Who called whom.
    pub direction: Option<Direction>,
    /// Where it stands.
    pub state: DialogState,
    /// How long it has been established.
    pub duration: Option<Duration>,
    /// The watched end.
    pub local: Option<Party>,
    /// The other end.
    pub remote: Option<Party>,
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The watched address calls.
    Initiator,
    /// The watched address is called.
    Recipient,
}

/// Where a call stands (RFC 4235 3.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogState {
    /// Placed, nothing heard.
    Trying,
    /// Something heard, nobody rings yet.
    Proceeding,
    /// It rings.
    Early,
    /// They talk.
    Confirmed,
    /// It is over.
    Terminated,
}

impl DialogState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Proceeding => "proceeding",
            Self::Early => "early",
            Self::Confirmed => "confirmed",
            Self::Terminated => "terminated",
        }
    }
}

/// One end of a call.
#[derive(Debug, Clone)]
pub struct Party {
    /// Its address.
    pub identity: String,
    /// Its name.
    pub display: Option<String>,
    /// Where it is reached; the identity when there is nothing better.
    pub target: Option<String>,
    /// How it hears the other; `None` when that is nobody's business.
    pub rendering: Option<Rendering>,
}

/// Whether an end hears the other (RFC 4235 5.2 and RFC 3840).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendering {
    /// It does.
    Hearing,
    /// The other is held.
    Held,
}

impl DialogInfo {
    /// The document.
    pub fn to_body(&self) -> Body {
        let mut xml = Xml::new();
        let state = match self.extent {
            Extent::Full => "full",
            Extent::Partial => "partial",
        };
        xml.begin("dialog-info")
            .attribute("xmlns", "urn:ietf:params:xml:ns:dialog-info")
            .attribute("version", self.version)
            .attribute("state", state)
            .attribute("entity", &self.entity)
            .open();
        for dialog in &self.dialogs {
            write(&mut xml, dialog);
        }
        xml.end("dialog-info");
        Body { media_type: MEDIA_TYPE.to_owned(), bytes: xml.into_bytes() }
    }
}

fn write(xml: &mut Xml, dialog: &Dialog) {
    xml.begin("dialog").attribute("id", &dialog.id);
    if let Some(ids) = &dialog.ids {
        // RFC 4235 4.1: who replaces it says to-tag for our local-tag.
        xml.attribute("call-id", &ids.call_id)
            .attribute("local-tag", &ids.to_tag)
            .attribute("remote-tag", &ids.from_tag);
    }
    let direction = dialog.direction.map(|direction| match direction {
        Direction::Initiator => "initiator",
        Direction::Recipient => "recipient",
    });
    xml.maybe("direction", direction).open();
    xml.element("state", dialog.state.as_str());
    if let Some(duration) = dialog.duration {
        xml.element("duration", duration.as_secs());
    }
    for (name, party) in [("local", &dialog.local), ("remote", &dialog.remote)] {
        if let Some(party) = party {
            write_party(xml, name, party);
        }
    }
    xml.end("dialog");
}

fn write_party(xml: &mut Xml, name: &str, party: &Party) {
    xml.begin(name).open();
    xml.begin("identity").maybe("display", party.display.as_deref()).open();
    xml.text(&party.identity).end("identity");
    xml.begin("target").attribute("uri", party.target.as_deref().unwrap_or(&party.identity));
    match party.rendering {
        None => xml.empty(),
        Some(rendering) => {
            let hears = if rendering == Rendering::Hearing { "yes" } else { "no" };
            xml.open().begin("param").attribute("pname", "+sip.rendering").attribute("pval", hears).empty();
            xml.end("target")
        }
    };
    xml.end(name);
}

#[cfg(test)]
mod tests {
    use super::super::xml::tests::{HOSTILE, read};
    use super::*;

    fn party(identity: &str, display: Option<&str>) -> Party {
        Party { identity: identity.into(), display: display.map(Into::into), target: None, rendering: None }
    }

    fn ringing(name: &str) -> DialogInfo {
        let ids = Replaces {
            call_id: "c1".into(),
            to_tag: "ours".into(),
            from_tag: "phone".into(),
            early_only: true,
        };
        let dialog = Dialog {
            id: name.to_owned(),
            ids: Some(ids),
            direction: Some(Direction::Recipient),
            state: DialogState::Early,
            duration: None,
            local: Some(party("sip:101@vaxel.example", Some("Anna"))),
            remote: Some(party(name, Some(name))),
        };
        let entity = "sip:101@vaxel.example".to_owned();
        DialogInfo { entity, version: 7, extent: Extent::Full, dialogs: vec![dialog] }
    }

    #[test]
    fn a_ringing_phone_is_told_with_both_ends_and_the_ids_for_pickup() {
        let body = ringing("sip:0701@trunk").to_body();
        assert_eq!(body.media_type, "application/dialog-info+xml");
        assert_eq!(
            read(&body.bytes),
            [
                "dialog-info xmlns=urn:ietf:params:xml:ns:dialog-info version=7 state=full entity=sip:101@vaxel.example",
                "dialog id=sip:0701@trunk call-id=c1 local-tag=ours remote-tag=phone direction=recipient",
                "state",
                "early",
                "local",
                "identity display=Anna",
                "sip:101@vaxel.example",
                "target uri=sip:101@vaxel.example",
                "remote",
                "identity display=sip:0701@trunk",
                "sip:0701@trunk",
                "target uri=sip:0701@trunk",
            ]
        );
    }

    #[test]
    fn a_held_call_says_who_does_not_hear() {
        let mut document = ringing("sip:x@y");
        document.extent = Extent::Partial;
        let dialog = &mut document.dialogs[0];
        dialog.state = DialogState::Confirmed;
        dialog.duration = Some(Duration::from_millis(61_900));
        if let Some(local) = &mut dialog.local {
            local.rendering = Some(Rendering::Held);
        }
        let found = read(&document.to_body().bytes);
        for wanted in ["duration", "61", "confirmed", "param pname=+sip.rendering pval=no"] {
            assert!(found.iter().any(|text| text == wanted), "{wanted} in {found:?}");
        }
        assert!(found[0].contains("state=partial"));
    }

    #[test]
    fn nobody_gets_out_of_a_name() {
        for name in HOSTILE {
            let found = read(&ringing(name).to_body().bytes);
            let count = |tag: &str| found.iter().filter(|text| text.starts_with(tag)).count();
            assert_eq!(
                (count("state"), count("dialog id="), count("identity")),
                (1, 1, 2),
                "{name:?} {found:?}"
            );
        }
    }

    #[test]
    fn no_calls_are_a_document_as_well() {
        let body = DialogInfo { entity: "sip:a@b".into(), version: 0, extent: Extent::Full, dialogs: vec![] }
            .to_body();
        assert_eq!(read(&body.bytes).len(), 1);
    }
}
