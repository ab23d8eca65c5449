//! The fuzz targets in the suite: every file of their corpora, and seeded mutations of it, through the function the
//! fuzzer drives. See fuzz/README.md.

mod mutate;

#[path = "../fuzz/targets/cli.rs"]
mod cli;
#[path = "../fuzz/targets/config.rs"]
mod config;
#[path = "../fuzz/targets/control.rs"]
mod control;
#[path = "../fuzz/targets/dialled.rs"]
mod dialled;
#[path = "../fuzz/targets/digest.rs"]
mod digest;
#[path = "../fuzz/targets/dns.rs"]
mod dns;
#[path = "../fuzz/targets/endpoint.rs"]
mod endpoint;
#[path = "../fuzz/targets/registrar.rs"]
mod registrar;
#[path = "../fuzz/targets/rtp.rs"]
mod rtp;
#[path = "../fuzz/targets/sdp.rs"]
mod sdp;
#[path = "../fuzz/targets/sip.rs"]
mod sip;
#[path = "../fuzz/targets/site.rs"]
mod site;
#[path = "../fuzz/targets/srtp.rs"]
mod srtp;
#[path = "../fuzz/targets/watch.rs"]
mod watch;

use mutate::Mutator;
use std::path::Path;

/// Says which input a panic came from.
struct Witness<'a>(&'a str, &'a [u8]);

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: the input was b\"{}\"", self.0, self.1.escape_ascii());
        }
    }
}

/// Replays the corpus of a target and `mutations` of it.
fn replay(target: &str, run: fn(&[u8]), mutations: u32) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("the corpus").map(|file| file.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{} has a corpus worth its name", folder.display());
    let mut corpus = Vec::new();
    for file in &files {
        let input = std::fs::read(file).expect("an input");
        let name = file.display().to_string();
        let witness = Witness(&name, &input);
        run(&input);
        drop(witness);
        corpus.push(input);
    }
    let mut mutator = Mutator::new(target, corpus);
    for _ in 0..mutations {
        let input = mutator.next();
        let _witness = Witness(target, &input);
        run(&input);
    }
}

macro_rules! targets {
    ($($name:ident $target:ident $mutations:literal;)*) => {$(
        #[test]
        fn $name() {
            replay(stringify!($target), $target::run, $mutations);
        }
    )*};
}

targets! {
    any_sip_message_is_borne sip 6000;
    any_course_of_a_call_ends endpoint 4000;
    any_registration_keeps_the_books registrar 4000;
    any_authorization_is_borne_and_none_is_believed digest 2000;
    any_wish_to_connect_or_watch_is_borne watch 6000;
    any_answer_of_the_dns_ends_the_search dns 4000;
    any_session_description_is_borne sdp 5000;
    any_packet_is_borne rtp 4000;
    any_protected_packet_is_borne_and_no_change_let_in srtp 2000;
    any_site_document_is_judged site 1000;
    any_control_line_is_borne control 4000;
    any_dialled_number_means_one_thing dialled 4000;
    any_typed_line_is_borne cli 1000;
    any_configuration_is_judged config 2000;
}
