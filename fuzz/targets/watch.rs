//! Values of Refer-To, Replaces, Event and Accept, and a name that stands in documents for watchers; one a line.

use sip::body::dialog_info::{Dialog, DialogInfo, DialogState, Extent, Party};
use sip::body::presence::{Basic, Presence};
use sip::body::resource_list::{Resource, ResourceList, ResourceState};
use sip::{Headers, Name, Package, ReferTo, Replaces};

/// One value a line.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for line in text.lines().take(16) {
        refer(line);
        if let Some(replaces) = Replaces::parse(line) {
            let printed = replaces.to_string();
            assert_eq!(Replaces::parse(&printed), Some(replaces), "{printed}");
        }
        if let Some(package) = Package::parse(line) {
            let printed = package.to_string();
            assert_eq!(Package::parse(&printed), Some(package), "{printed}");
        }
        let mut headers = Headers::new();
        headers.push(Name::ReferTo, line);
        headers.push(Name::Replaces, line);
        headers.push(Name::Event, line);
        drop((headers.replaces(), headers.package(), headers.media_type()));
    }
    documents(&text);
}

/// What is printed of it means the same.
fn refer(line: &str) {
    let Some(refer) = ReferTo::parse(line) else { return };
    let printed = refer.to_string();
    let Some(again) = ReferTo::parse(&printed) else { panic!("{line} came out as {printed}") };
    assert_eq!((&again.uri, &again.replaces), (&refer.uri, &refer.replaces), "{printed}");
    assert_eq!(again.to_string(), printed);
}

/// A name never leaves its place: the marks of each document are where they belong, and nowhere else.
fn documents(name: &str) {
    let party = |identity: &str| Party {
        identity: identity.to_owned(),
        display: Some(name.to_owned()),
        target: Some(name.to_owned()),
        rendering: None,
    };
    let dialog = Dialog {
        id: name.to_owned(),
        ids: None,
        direction: None,
        state: DialogState::Early,
        duration: None,
        local: Some(party("sip:202@box")),
        remote: Some(party(name)),
    };
    let (entity, dialogs) = (name.to_owned(), vec![dialog]);
    let info = DialogInfo { entity: entity.clone(), version: 0, extent: Extent::Full, dialogs }.to_body();
    let count = |bytes: &[u8], mark: &str| String::from_utf8_lossy(bytes).matches(mark).count();
    for (mark, times) in [("<dialog ", 1), ("<state>", 1), ("</dialog-info>", 1), ("<target ", 2), ("\0", 0)]
    {
        assert_eq!(count(&info.bytes, mark), times, "{mark} of {name:?}");
    }
    let note = Some(name.to_owned());
    let (contact, activities, until) = (note.clone(), Vec::new(), note.clone());
    let presence = Presence { entity, basic: Basic::Open, contact, activities, until, note }.to_body();
    assert_eq!(count(&presence.bytes, "<basic>"), 1, "{name:?}");
    let state = ResourceState::Active(info);
    let resources = vec![Resource { uri: name.to_owned(), name: Some(name.to_owned()), state }];
    let list = ResourceList { uri: name.to_owned(), version: 0, extent: Extent::Full, resources }.to_body();
    assert!(!list.media_type.contains(['\r', '\n', '\0']), "{}", list.media_type);
    let boundary = list.media_type.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next());
    let boundary = boundary.expect("a multipart body has a boundary");
    assert_eq!(count(&list.bytes, &format!("--{boundary}")), 3, "{name:?}");
}
