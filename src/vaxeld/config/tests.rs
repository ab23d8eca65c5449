use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("vaxel.toml")).map_err(|error| error.to_string())
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(parse("").unwrap(), Config::default());
}

#[test]
fn every_key_of_the_contract_is_taken() {
    let text = include_str!("../../../etc/vaxel.toml");
    let config = parse(text).unwrap();
    assert_eq!(config.sip.udp, vec!["127.0.0.1:5060".parse().unwrap()]);
    assert_eq!(config.sip.tls, vec!["127.0.0.1:5061".parse().unwrap()]);
    assert_eq!(config.media.ports, 20_000..=29_999);
    assert_eq!(config.control, Path::new("./state/control.sock"));
    assert_eq!(config.media.external_address, None);
    assert!(config.dns.is_empty() && config.sip.authorities.is_empty());
    let given =
        parse("[dns]\nservers = [\"192.0.2.53:53\"]\n[sip]\nauthorities = [\"operator.pem\"]").unwrap();
    assert_eq!(given.dns, ["192.0.2.53:53".parse().unwrap()]);
    assert_eq!(given.sip.authorities, [Path::new("operator.pem")]);
}

#[test]
fn a_mistake_is_named_with_file_line_and_what_was_meant() {
    let cases = [
        ("[sip]\nudpp = []", "vaxel.toml:2: unknown field `udpp`, expected one of `udp`, `tcp`, `tls`"),
        ("\n\n[sip]\nudp = [\"5060\"]", "vaxel.toml:4: `5060` is no address with a port"),
        ("[dns]\nservers = [\"192.0.2.53\"]", "vaxel.toml:2: `192.0.2.53` is no address with a port"),
        ("[media]\nports = \"200-100\"", "vaxel.toml:2: `200-100` is no range of ports"),
        ("[log]\nlevel = \"no=such=thing\"", "vaxel.toml:2: level is one of"),
        ("[sip]\ncertificate = \"a.pem\"", "vaxel.toml:2: certificate and key go together"),
        ("[media]\nthreads = 0", "vaxel.toml:2: threads is 1 to 64"),
        ("state = 5", "vaxel.toml:1: invalid type"),
        ("[sip\n", "vaxel.toml:1: "),
    ];
    for (text, expected) in cases {
        let error = parse(text).expect_err(text);
        assert!(error.starts_with(expected), "{text:?} gave {error:?}");
    }
}
