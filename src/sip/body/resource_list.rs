//! `multipart/related` with `application/rlmi+xml`: many resources in one subscription (RFC 4662).

use super::xml::Xml;
use crate::endpoint::{Body, EndReason};

/// A list and what is known of its members. A datagram holds some 100 of them: beyond that the subscriber must come
/// over a stream.
#[derive(Debug, Clone)]
pub struct ResourceList {
    /// The list.
    pub uri: String,
    /// One more than in the notification before, in each subscription; the first is 0.
    pub version: u32,
    /// Whether members that are not named are gone.
    pub extent: super::dialog_info::Extent,
    /// The members.
    pub resources: Vec<Resource>,
}

/// One member of a list.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its address.
    pub uri: String,
    /// Its name.
    pub name: Option<String>,
    /// Whether anything is known.
    pub state: ResourceState,
}

/// What is known of a member.
#[derive(Debug, Clone)]
pub enum ResourceState {
    /// Its state: what a NOTIFY about it alone would carry.
    Active(Body),
    /// Nothing yet.
    Pending,
    /// Nothing any more.
    Terminated(EndReason),
}

impl ResourceList {
    /// The body.
    pub fn to_body(&self) -> Body {
        let list = self.list();
        let boundary = boundary(self, &list);
        let mut bytes = Vec::new();
        part(&mut bytes, &boundary, ("list", "application/rlmi+xml;charset=\"UTF-8\""), &list);
        for (at, resource) in self.resources.iter().enumerate() {
            if let ResourceState::Active(body) = &resource.state {
                let media_type: String = body.media_type.chars().filter(|char| !char.is_control()).collect();
                part(&mut bytes, &boundary, (&at.to_string(), &media_type), &body.bytes);
            }
        }
        bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let media_type = format!(
            "multipart/related;type=\"application/rlmi+xml\";start=\"<{}>\";boundary=\"{boundary}\"",
            content_id("list")
        );
        Body { media_type, bytes }
    }

    fn list(&self) -> Vec<u8> {
        let full = self.extent == super::dialog_info::Extent::Full;
        let mut xml = Xml::new();
        xml.begin("list")
            .attribute("xmlns", "urn:ietf:params:xml:ns:rlmi")
            .attribute("uri", &self.uri)
            .attribute("version", self.version)
            .attribute("fullState", full)
            .open();
        for (at, resource) in self.resources.iter().enumerate() {
            xml.begin("resource").attribute("uri", &resource.uri).open();
            if let Some(name) = &resource.name {
                xml.element("name", name);
            }
            xml.begin("instance").attribute("id", at);
            match &resource.state {
                ResourceState::Active(_) => {
                    xml.attribute("state", "active").attribute("cid", content_id(&at.to_string()))
                }
                ResourceState::Pending => xml.attribute("state", "pending"),
                ResourceState::Terminated(reason) => {
                    xml.attribute("state", "terminated").attribute("reason", reason.as_str())
                }
            };
            xml.empty().end("resource");
        }
        xml.end("list");
        xml.into_bytes()
    }
}

fn content_id(part: &str) -> String {
    format!("{part}@vaxel.invalid")
}

fn part(bytes: &mut Vec<u8>, boundary: &str, (id, media_type): (&str, &str), content: &[u8]) {
    let head = format!(
        "--{boundary}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{}>\r\nContent-Type: {media_type}\r\n\r\n",
        content_id(id)
    );
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(content);
    bytes.extend_from_slice(b"\r\n");
}

/// A boundary that stands in none of the parts.
fn boundary(list: &ResourceList, head: &[u8]) -> String {
    let mut number = 0_u32;
    loop {
        let boundary = format!("vaxel-{number:04}");
        let finder = memchr::memmem::Finder::new(boundary.as_bytes());
        let within = list.resources.iter().any(|resource| match &resource.state {
            ResourceState::Active(body) => finder.find(&body.bytes).is_some(),
            ResourceState::Pending | ResourceState::Terminated(_) => false,
        });
        if !within && finder.find(head).is_none() {
            return boundary;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialog_info::Extent;
    use super::super::xml::tests::{HOSTILE, read};
    use super::*;

    fn member(uri: &str, state: ResourceState) -> Resource {
        Resource { uri: uri.into(), name: Some(uri.into()), state }
    }

    fn told(text: &str) -> ResourceState {
        ResourceState::Active(Body { media_type: "text/plain".into(), bytes: text.into() })
    }

    fn parts(body: &Body) -> Vec<(String, String)> {
        let boundary = body.media_type.split("boundary=\"").nth(1).expect("a boundary").trim_end_matches('"');
        let text = String::from_utf8(body.bytes.clone()).expect("text");
        let delimiter = format!("--{boundary}");
        let mut parts: Vec<&str> = text.split(&delimiter).collect();
        assert_eq!(parts.pop(), Some("--\r\n"));
        assert_eq!(parts.remove(0), "");
        let cut = |part: &str| {
            let (head, content) = part.split_once("\r\n\r\n").expect("head and content");
            (head.to_owned(), content.strip_suffix("\r\n").expect("a line end").to_owned())
        };
        parts.into_iter().map(cut).collect()
    }

    #[test]
    fn each_member_has_its_part_and_the_list_names_them() {
        let resources = vec![
            member("sip:1@a", told("one")),
            member("sip:2@a", ResourceState::Pending),
            member("sip:3@a", ResourceState::Terminated(EndReason::NoResource)),
            member("sip:4@a", told("four vaxel-0000")),
        ];
        let list = ResourceList { uri: "sip:lamps@a".into(), version: 3, extent: Extent::Full, resources };
        let body = list.to_body();
        assert!(body.media_type.ends_with("boundary=\"vaxel-0001\""), "{}", body.media_type);
        let parts = parts(&body);
        assert_eq!(parts.len(), 3);
        let found = read(parts[0].1.as_bytes());
        assert_eq!(
            found[0],
            "list xmlns=urn:ietf:params:xml:ns:rlmi uri=sip:lamps@a version=3 fullState=true"
        );
        let instances: Vec<&str> =
            found.iter().filter(|text| text.starts_with("instance")).map(String::as_str).collect();
        assert_eq!(
            instances,
            [
                "instance id=0 state=active cid=0@vaxel.invalid",
                "instance id=1 state=pending",
                "instance id=2 state=terminated reason=noresource",
                "instance id=3 state=active cid=3@vaxel.invalid",
            ]
        );
        assert!(body.media_type.contains("start=\"<list@vaxel.invalid>\""));
        assert!(parts[0].0.contains("Content-ID: <list@vaxel.invalid>"));
        assert!(parts[2].0.contains("Content-ID: <3@vaxel.invalid>"));
        assert_eq!(parts[2].1, "four vaxel-0000");
    }

    #[test]
    fn nobody_gets_out_of_a_list() {
        for name in HOSTILE {
            let resources = vec![member(name, told(name)), member("sip:2@a", told("two"))];
            let list = ResourceList { uri: name.into(), version: 0, extent: Extent::Partial, resources };
            let parts = parts(&list.to_body());
            assert_eq!(parts.len(), 3, "{name:?}");
            let found = read(parts[0].1.as_bytes());
            assert_eq!(found.iter().filter(|text| text.starts_with("instance")).count(), 2, "{name:?}");
        }
    }
}
