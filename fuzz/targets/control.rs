//! One line on the control socket.

use model::{Reply, Request};

/// A request as the daemon reads it, and the same as a reply as the command line reads it.
pub fn run(data: &[u8]) {
    if let Ok(request) = serde_json::from_slice::<Request>(data) {
        let printed = serde_json::to_vec(&request).expect("a request can be written");
        assert!(!printed.contains(&b'\n'), "one line");
        assert_eq!(
            serde_json::from_slice::<Request>(&printed).expect("what is written can be read"),
            request
        );
    }
    if let Ok(reply) = serde_json::from_slice::<Reply>(data) {
        let printed = serde_json::to_vec(&reply).expect("a reply can be written");
        assert!(serde_json::from_slice::<Reply>(&printed).is_ok());
    }
}
