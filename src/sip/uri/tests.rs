use super::*;

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn every_part_is_found() {
    let uri = uri("sips:alice:secret%3A@[2001:db8::1]:5061;transport=tcp;lr?Subject=a%20b&X=%26");
    assert_eq!(uri.scheme(), Scheme::Sips);
    assert_eq!(uri.user().as_deref(), Some("alice"));
    assert_eq!(uri.password(), Some("secret%3A"));
    assert_eq!(uri.authority().map(|host| host.to_string()).as_deref(), Some("[2001:db8::1]:5061"));
    assert_eq!((uri.param("Transport"), uri.param("lr"), uri.param("x")), (Some("tcp"), Some(""), None));
    let headers: Vec<_> = uri.headers().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(headers, ["Subject=a b", "X=&"]);
    assert_eq!(uri.without_headers().as_str(), "sips:alice:secret%3A@[2001:db8::1]:5061;transport=tcp;lr");
}

#[test]
fn the_text_is_given_back_unchanged() {
    for text in [
        "sip:%75ser@Example.COM;transport=TLS",
        "SIP:a",
        "tel:+46-8-123.456;phone-context=+46",
        "nobodyKnowsThisScheme:totallyopaque",
        "soap.beep://192.0.2.103:3002",
        "sip:@gateway.example.se",
    ] {
        assert_eq!(uri(text).to_string(), text);
    }
}

#[test]
fn a_telephone_number_is_its_own_user() {
    let uri = uri("tel:+46-8-123456;phone-context=example.se");
    assert_eq!(uri.user().as_deref(), Some("+46-8-123456"));
    assert_eq!((uri.host(), uri.param("phone-context")), (None, Some("example.se")));
    assert_eq!(Uri::parse("tel:anna"), Err(UriError::Number));
}

#[test]
fn a_withheld_user_is_no_user() {
    assert_eq!(uri("sip:@gateway.example.se").user(), None);
    assert_eq!(uri("sip:@gateway.example.se").raw_host(), "gateway.example.se");
}

#[test]
fn what_is_no_uri_is_refused() {
    for (text, error) in [
        ("", UriError::Scheme),
        ("sip:", UriError::Scheme),
        ("alice", UriError::Scheme),
        ("sip:a b", UriError::Characters),
        ("sip:\"a\"@b", UriError::Characters),
        ("sip:a\r\nb", UriError::Characters),
        ("sip:a@", UriError::Host),
        ("sip:a@b@c", UriError::Host),
        ("sip:[::1", UriError::Port),
        ("sip:a:65536", UriError::Port),
        ("sip:a:-1", UriError::Port),
        ("sip:2001:db8::1", UriError::Port),
    ] {
        assert_eq!(Uri::parse(text), Err(error), "{text}");
    }
}

#[test]
fn parameters_can_be_added_replaced_and_removed() {
    let plain = uri("sip:a@b?h=1");
    let with = plain.with_param("transport", Some("tcp"));
    assert_eq!(with.as_str(), "sip:a@b;transport=tcp?h=1");
    assert_eq!(with.with_param("Transport", Some("tls")).as_str(), "sip:a@b;Transport=tls?h=1");
    assert_eq!(with.with_param("lr", None).without_param("transport").as_str(), "sip:a@b;lr?h=1");
    assert_eq!(uri("sip:b").with_param("x", Some("a;b=\"c\"")).param("x"), Some("a%3Bb%3D%22c%22"));
}

#[test]
fn a_made_uri_escapes_what_it_must() {
    let host = Authority { host: Host::parse("box.example.se").unwrap(), port: Some(5080) };
    let made = Uri::sip(Some("a b@c"), &host);
    assert_eq!(made.as_str(), "sip:a%20b%40c@box.example.se:5080");
    assert_eq!(made.user().as_deref(), Some("a b@c"));
    let again = uri(made.as_str());
    assert_eq!((again.port(), again.raw_host()), (made.port(), made.raw_host()));
}

#[test]
fn the_equal_pairs_of_rfc_3261_section_19_1_4_are_equal() {
    for (one, two) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        ("sip:biloxi.com;transport=tcp;method=REGISTER", "sip:biloxi.com;method=REGISTER;transport=tcp"),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+46-8-123456", "tel:+468123456"),
    ] {
        assert!(uri(one).is_equivalent(&uri(two)) && uri(two).is_equivalent(&uri(one)), "{one} {two}");
    }
}

#[test]
fn the_different_pairs_of_rfc_3261_section_19_1_4_are_different() {
    for (one, two) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@b", "sips:a@b"),
    ] {
        assert!(!uri(one).is_equivalent(&uri(two)) && !uri(two).is_equivalent(&uri(one)), "{one} {two}");
    }
}
