//! The messages of RFC 4475 and RFC 5118, and what each gets from the box.

use std::path::Path;

/// No answer at all.
pub(crate) const SILENCE: u16 = 0;

/// One message: of which section, its file, the final status a stranger gets and the one an operator gets that is
/// known by its address, and why that is right.
pub(crate) type Row = (&'static str, &'static str, [u16; 2], &'static str);

/// RFC 4475, in its order. A stranger's INVITE or REGISTER that is sound gets as far as the question who that is (401);
/// an operator's INVITE gets as far as the number, which nobody has here (404).
pub(crate) const RFC4475: [Row; 49] = [
    // Valid
    ("3.1.1.1", "wsinv", [481, 481], "read in full; its To has a tag, and there is no such dialog"),
    ("3.1.1.2", "intmeth", [405, 405], "read in full; its method is not served"),
    ("3.1.1.3", "esc01", [401, 404], "escapes are undone in the user only"),
    ("3.1.1.4", "escnull", [401, 401], "an escaped null is a character as any other"),
    ("3.1.1.5", "esc02", [405, 405], "a method has no escapes: this is not REGISTER"),
    ("3.1.1.6", "lwsdisp", [200, 200], "a display name may touch its bracket"),
    ("3.1.1.7", "longreq", [401, 404], "long values are values"),
    ("3.1.1.8", "dblreq", [401, 401], "what follows a request in its datagram is thrown away"),
    ("3.1.1.9", "semiuri", [200, 200], "the semicolon belongs to the user"),
    ("3.1.1.10", "transports", [200, 200], "unknown transports in Via are none of the box's business"),
    ("3.1.1.11", "mpart01", [401, 401], "read in full; only devices of the company write messages"),
    ("3.1.1.12", "unreason", [SILENCE, SILENCE], "read in full; answers no request of ours"),
    ("3.1.1.13", "noreason", [SILENCE, SILENCE], "read in full; answers no request of ours"),
    // Invalid
    ("3.1.2.1", "badinv01", [400, 400], "separators without values"),
    ("3.1.2.2", "clerr", [400, 400], "a datagram shorter than its Content-Length"),
    ("3.1.2.3", "ncl", [400, 400], "a negative Content-Length"),
    ("3.1.2.4", "scalar02", [400, 400], "numbers beyond their range"),
    ("3.1.2.5", "scalarlg", [SILENCE, SILENCE], "a response with such numbers is dropped"),
    ("3.1.2.6", "quotbal", [400, 400], "a quote without its end"),
    ("3.1.2.7", "ltgtruri", [400, 400], "brackets around a Request-URI"),
    ("3.1.2.8", "lwsruri", [400, 400], "spaces within a Request-URI"),
    ("3.1.2.9", "lwsstart", [400, 400], "more than one space: either 400 or liberal reading is allowed"),
    ("3.1.2.10", "trws", [400, 400], "spaces after the version: either is allowed"),
    ("3.1.2.11", "escruri", [400, 400], "headers in a Request-URI: either is allowed"),
    ("3.1.2.12", "baddate", [401, 404], "nothing here depends on Date, so it is not read: allowed"),
    ("3.1.2.13", "regbadct", [400, 400], "a Contact with headers needs brackets"),
    ("3.1.2.14", "badaspec", [200, 200], "spaces within an address: liberal reading is allowed"),
    ("3.1.2.15", "baddn", [400, 400], "a display name that is no token needs quotes: either is allowed"),
    ("3.1.2.16", "badvers", [505, 505], "a version nobody knows"),
    ("3.1.2.17", "mismatch01", [400, 400], "CSeq and start line differ"),
    ("3.1.2.18", "mismatch02", [501, 501], "the same of an unknown method: 501 rather than 400"),
    ("3.1.2.19", "bigcode", [SILENCE, SILENCE], "a response with such a status is dropped"),
    // Transactions
    ("3.2.1", "badbranch", [200, 200], "a branch of the magic cookie alone is none"),
    // Application
    ("3.3.1", "insuf", [400, 400], "no Call-ID, From or To"),
    ("3.3.2", "unkscm", [416, 416], "a scheme nobody knows"),
    ("3.3.3", "novelsc", [416, 416], "a scheme nobody calls"),
    ("3.3.4", "unksm2", [400, 400], "a registrar's To must be a SIP URI"),
    ("3.3.5", "bext01", [420, 420], "extensions that are required and unknown"),
    ("3.3.6", "invut", [415, 415], "a body nobody reads"),
    ("3.3.7", "regaut01", [401, 401], "credentials of an unknown kind are none"),
    ("3.3.8", "multi01", [400, 400], "headers that may be there once"),
    ("3.3.9", "mcl01", [400, 400], "two lengths"),
    ("3.3.10", "bcast", [SILENCE, SILENCE], "two Vias: not for the box, and it is sent nowhere"),
    ("3.3.11", "zeromf", [200, 200], "only a proxy counts hops"),
    ("3.3.12", "cparam01", [401, 401], "a parameter of the header"),
    ("3.3.13", "cparam02", [401, 401], "a parameter of the URI"),
    ("3.3.14", "regescrt", [401, 401], "a Contact whose URI has a Route"),
    ("3.3.15", "sdp01", [406, 406], "no description may be answered, and nothing else could be"),
    // Backward compatibility
    ("3.4.1", "inv2543", [400, 400], "for elements that want RFC 2543; RFC 3261 requires a Contact"),
];

/// RFC 5118, in its order.
pub(crate) const RFC5118: [Row; 12] = [
    ("4.1", "ipv6-good", [401, 401], "an IPv6 reference"),
    ("4.2", "ipv6-bad", [400, 400], "an IPv6 address without brackets"),
    ("4.3", "port-ambiguous", [401, 401], "a port within the brackets is none"),
    ("4.4", "port-unambiguous", [401, 401], "a port after the brackets"),
    ("4.5", "via-received-param-with-delim", [481, 481], "received with brackets; there is no such dialog"),
    ("4.5", "via-received-param-no-delim", [200, 200], "received without brackets"),
    ("4.6", "ipv6-in-sdp", [401, 488], "read in full; none of its codecs is the box's"),
    ("4.7", "mult-ip-in-header", [481, 481], "both kinds of addresses in Via; there is no such dialog"),
    ("4.8", "mult-ip-in-sdp", [401, 404], "both kinds of addresses in a description"),
    ("4.9", "ipv4-mapped-ipv6", [401, 488], "read in full; none of its codecs is the box's"),
    ("4.10", "ipv6-bug-abnf-3-colons", [200, 200], "what the grammar once allowed is read"),
    ("4.10", "ipv6-correct-abnf-2-colons", [200, 200], "what it allows now"),
];

/// All rows, with their RFC.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, Row)> {
    RFC4475.map(|row| ("rfc4475", row)).into_iter().chain(RFC5118.map(|row| ("rfc5118", row)))
}

/// A message as it is sent.
pub(crate) fn message(folder: &str, file: &str) -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(folder).join(file).with_extension("dat");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
