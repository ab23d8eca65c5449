//! `trunks`: the trunks and how they are.

use crate::error::Error;
use crate::session::{Clock, Session, unexpected};
use crate::table::Table;
use model::{Command, Reply, Trunk, TrunkState};

pub(super) fn run(session: &mut Session) -> Result<(), Error> {
    match session.ask(Command::Trunks)? {
        Reply::Trunks(trunks) => session.answer(&trunks, text),
        other => Err(unexpected(&other)),
    }
}

fn text(trunks: &Vec<Trunk>, _: &Clock) -> String {
    let mut table = Table::new(["trunk", "kind", "state", "channels", "hosts"]);
    for trunk in trunks {
        let state = match (trunk.state, trunk.registered, &trunk.said) {
            (TrunkState::Up, ..) => "up".to_owned(),
            (_, Some(false), Some(said)) => format!("not registered ({said})"),
            (_, Some(false), None) => "not registered".to_owned(),
            (TrunkState::Unknown, ..) => "unknown".to_owned(),
            (TrunkState::Down, ..) => "down".to_owned(),
        };
        let hosts: Vec<String> =
            trunk.hosts.iter().map(|host| format!("{} ({})", host.address, host.said)).collect();
        table.row([
            trunk.id.to_string(),
            trunk.kind.clone(),
            state,
            format!("{} of {}", trunk.channels_used, trunk.channels),
            hosts.join(", "),
        ]);
    }
    table.or("The site has no trunks.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::TrunkHost;

    #[test]
    fn each_trunk_is_a_row_with_its_hosts() {
        let host = |address: &str, said: &str| TrunkHost {
            address: address.into(),
            up: said == "200 OK",
            state: if said == "200 OK" { TrunkState::Up } else { TrunkState::Down },
            said: said.into(),
        };
        let peer = Trunk {
            id: "operator".into(),
            kind: "peer".into(),
            up: true,
            state: TrunkState::Up,
            registered: None,
            said: None,
            next_try: None,
            channels_used: 3,
            channels: 30,
            hosts: vec![host("10.0.0.1:5060", "200 OK"), host("10.0.0.2:5060", "no answer")],
        };
        let reserve = Trunk {
            id: "reserv".into(),
            kind: "register".into(),
            up: false,
            state: TrunkState::Down,
            registered: Some(false),
            said: Some("403 Forbidden".into()),
            next_try: None,
            channels_used: 0,
            channels: 2,
            hosts: vec![host("10.0.0.3:5060", "no answer")],
        };
        let expected = "\
trunk     kind      state                           channels  hosts
operator  peer      up                              3 of 30   10.0.0.1:5060 (200 OK), 10.0.0.2:5060 (no answer)
reserv    register  not registered (403 Forbidden)  0 of 2    10.0.0.3:5060 (no answer)
";
        assert_eq!(text(&vec![peer, reserve], &Clock::stockholm()), expected);
    }
}
