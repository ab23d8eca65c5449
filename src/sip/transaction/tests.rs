use super::*;

/// A base for virtual time.
#[allow(clippy::disallowed_methods)]
fn start() -> Instant {
    Instant::now()
}

fn seconds(n: f64) -> Duration {
    Duration::from_secs_f64(n)
}

#[test]
fn an_unanswered_invite_is_resent_with_doubling_gaps_until_timer_b() {
    let t0 = start();
    let mut machine = InviteClient::new(t0, false);
    let mut sent = Vec::new();
    let end = loop {
        let at = machine.timeout().expect("calling has a timer");
        let (next, act) = machine.next(at, ClientInput::Timer);
        machine = next;
        match act {
            ClientAct::Resend => sent.push((at - t0).as_secs_f64()),
            other => break (at - t0, other),
        }
    };
    assert_eq!(sent, [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]);
    assert_eq!(end, (PATIENCE, ClientAct::TimedOut));
    assert_eq!(machine, InviteClient::Over);
}

#[test]
fn an_invite_on_a_stream_is_never_resent() {
    let t0 = start();
    let machine = InviteClient::new(t0, true);
    assert_eq!(machine.timeout(), Some(t0 + PATIENCE));
}

#[test]
fn the_invite_client_follows_its_table() {
    use ClientAct as A;
    use ClientInput as I;
    let t0 = start();
    let calling = InviteClient::new(t0, false);
    let proceeding = calling.next(t0, I::Provisional).0;
    let completed = proceeding.next(t0, I::Failure).0;
    let accepted = proceeding.next(t0, I::Success).0;
    let ending = proceeding.next(t0, I::Ending).0;
    let late = t0 + PATIENCE;
    let rows = [
        (calling, t0, I::Ending, ending, A::Nothing),
        (proceeding, t0, I::Ending, ending, A::Nothing),
        (ending, t0, I::Provisional, ending, A::Nothing),
        (ending, t0, I::Success, accepted, A::Deliver),
        (ending, t0, I::Failure, completed, A::DeliverAndAck),
        (ending, t0, I::Undeliverable, InviteClient::Over, A::Nothing),
        (ending, late, I::Timer, InviteClient::Over, A::Nothing),
        (accepted, t0, I::Ending, accepted, A::Nothing),
        (completed, t0, I::Ending, completed, A::Nothing),
        (calling, t0, I::Provisional, proceeding, A::Deliver),
        (calling, t0, I::Success, accepted, A::Deliver),
        (calling, t0, I::Failure, completed, A::DeliverAndAck),
        (calling, t0, I::Undeliverable, InviteClient::Over, A::Unreachable),
        (calling, t0, I::Timer, calling, A::Nothing),
        (calling, late, I::Timer, InviteClient::Over, A::TimedOut),
        (proceeding, t0, I::Provisional, proceeding, A::Deliver),
        (proceeding, late, I::Timer, proceeding, A::Nothing),
        (proceeding, t0 + SILENCE, I::Timer, InviteClient::Over, A::TimedOut),
        (proceeding, t0, I::Abandoned, InviteClient::Over, A::TimedOut),
        (completed, t0, I::Failure, completed, A::AckAgain),
        (completed, t0, I::Success, completed, A::Nothing),
        (completed, t0, I::Provisional, completed, A::Nothing),
        (completed, t0, I::Undeliverable, completed, A::Nothing),
        (completed, late, I::Timer, InviteClient::Over, A::Nothing),
        (accepted, t0, I::Success, accepted, A::Deliver),
        (accepted, t0, I::Failure, accepted, A::Nothing),
        (accepted, t0, I::Provisional, accepted, A::Nothing),
        (accepted, late, I::Timer, InviteClient::Over, A::Nothing),
        (InviteClient::Over, t0, I::Success, InviteClient::Over, A::Nothing),
    ];
    for (from, now, input, to, act) in rows {
        assert_eq!(from.next(now, input), (to, act), "{from:?} on {input:?}");
    }
    let on_stream = InviteClient::new(t0, true).next(t0, I::Failure).0;
    assert_eq!(on_stream, InviteClient::Completed { until: t0 });
}

#[test]
fn an_unanswered_request_is_resent_up_to_every_four_seconds_until_timer_f() {
    let t0 = start();
    let mut machine = Client::new(t0, false);
    let mut sent = Vec::new();
    let end = loop {
        let at = machine.timeout().expect("trying has a timer");
        let (next, act) = machine.next(at, ClientInput::Timer);
        machine = next;
        match act {
            ClientAct::Resend => sent.push((at - t0).as_secs_f64()),
            other => break (at - t0, other),
        }
    };
    assert_eq!(sent, [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]);
    assert_eq!(end, (PATIENCE, ClientAct::TimedOut));
}

#[test]
fn the_client_follows_its_table() {
    use ClientAct as A;
    use ClientInput as I;
    let t0 = start();
    let trying = Client::new(t0, false);
    let proceeding = trying.next(t0, I::Provisional).0;
    let completed = trying.next(t0, I::Success).0;
    let rows = [
        (trying, t0, I::Provisional, proceeding, A::Deliver),
        (trying, t0, I::Failure, completed, A::Deliver),
        (trying, t0, I::Undeliverable, Client::Over, A::Unreachable),
        (trying, t0, I::Abandoned, Client::Over, A::TimedOut),
        (proceeding, t0, I::Provisional, proceeding, A::Deliver),
        (proceeding, t0, I::Success, completed, A::Deliver),
        (proceeding, t0 + PATIENCE, I::Timer, Client::Over, A::TimedOut),
        (completed, t0, I::Success, completed, A::Nothing),
        (completed, t0, I::Undeliverable, completed, A::Nothing),
        (completed, t0 + T4, I::Timer, Client::Over, A::Nothing),
        (Client::Over, t0, I::Failure, Client::Over, A::Nothing),
    ];
    for (from, now, input, to, act) in rows {
        assert_eq!(from.next(now, input), (to, act), "{from:?} on {input:?}");
    }
    let (_, act) = proceeding.next(t0 + T2, I::Timer);
    assert_eq!(act, A::Resend, "timer E runs every T2 in Proceeding");
}

#[test]
fn a_refusal_is_resent_until_acknowledged_or_timer_h() {
    let t0 = start();
    let (mut machine, act) = InviteServer::new(false).next(t0, ServerInput::Failure);
    assert_eq!(act, ServerAct::Send);
    let mut sent = Vec::new();
    let end = loop {
        let at = machine.timeout().expect("completed has a timer");
        let (next, act) = machine.next(at, ServerInput::Timer);
        machine = next;
        match act {
            ServerAct::Resend => sent.push((at - t0).as_secs_f64()),
            _ => break at - t0,
        }
    };
    assert_eq!(sent, [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]);
    assert_eq!(end, PATIENCE);
    assert_eq!(machine, InviteServer::Over);
}

#[test]
fn the_invite_server_follows_its_table() {
    use ServerAct as A;
    use ServerInput as I;
    let t0 = start();
    let proceeding = InviteServer::new(false);
    let completed = proceeding.next(t0, I::Failure).0;
    let confirmed = completed.next(t0, I::Ack).0;
    let accepted = proceeding.next(t0, I::Success).0;
    let rows = [
        (proceeding, t0, I::Retransmission, proceeding, A::Resend),
        (proceeding, t0, I::Provisional, proceeding, A::Send),
        (proceeding, t0, I::Ack, proceeding, A::Nothing),
        (completed, t0, I::Retransmission, completed, A::Resend),
        (completed, t0, I::Provisional, completed, A::Refuse),
        (completed, t0, I::Success, completed, A::Refuse),
        (completed, t0, I::Ack, confirmed, A::Nothing),
        (confirmed, t0, I::Retransmission, confirmed, A::Nothing),
        (confirmed, t0, I::Ack, confirmed, A::Nothing),
        (confirmed, t0 + T4, I::Timer, InviteServer::Over, A::Nothing),
        (accepted, t0, I::Retransmission, accepted, A::Nothing),
        (accepted, t0, I::Ack, accepted, A::PassAck),
        (accepted, t0, I::Success, accepted, A::Send),
        (accepted, t0, I::Failure, accepted, A::Refuse),
        (accepted, t0 + PATIENCE, I::Timer, InviteServer::Over, A::Nothing),
    ];
    for (from, now, input, to, act) in rows {
        assert_eq!(from.next(now, input), (to, act), "{from:?} on {input:?}");
    }
}

#[test]
fn the_server_follows_its_table() {
    use ServerAct as A;
    use ServerInput as I;
    let t0 = start();
    let trying = Server::new(false);
    let proceeding = trying.next(t0, I::Provisional).0;
    let completed = trying.next(t0, I::Success).0;
    let rows = [
        (trying, t0, I::Retransmission, trying, A::Nothing),
        (trying, t0, I::Failure, completed, A::Send),
        (proceeding, t0, I::Retransmission, proceeding, A::Resend),
        (proceeding, t0, I::Success, completed, A::Send),
        (completed, t0, I::Retransmission, completed, A::Resend),
        (completed, t0, I::Failure, completed, A::Refuse),
        (completed, t0 + seconds(31.9), I::Timer, completed, A::Nothing),
        (completed, t0 + PATIENCE, I::Timer, Server::Over, A::Nothing),
    ];
    for (from, now, input, to, act) in rows {
        assert_eq!(from.next(now, input), (to, act), "{from:?} on {input:?}");
    }
    let on_stream = Server::new(true).next(t0, I::Success).0;
    assert_eq!(on_stream, Server::Completed { until: t0 });
}

#[test]
fn requests_of_different_methods_are_different_transactions_even_on_one_branch() {
    let key = |method: &str| {
        let text = format!(
            "{method} sip:vaxel.example.se SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
             From: <sip:a@example.se>;tag=1\r\nTo: <sip:b@example.se>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\n\r\n"
        );
        match crate::Message::parse(text.as_bytes()).unwrap() {
            crate::Message::Request(request) => {
                let (via, cseq) = (request.headers.via().unwrap(), request.headers.cseq().unwrap());
                crate::transaction::Key::server(&request, &via, &cseq)
            }
            crate::Message::Response(_) => unreachable!("a request was written"),
        }
    };
    assert_ne!(key("OPTIONS"), key("SUBSCRIBE"));
    assert_eq!(key("INVITE"), key("ACK"), "an ACK to a non-2xx belongs to its INVITE");
    assert_eq!(key("CANCEL").cancelled(), key("INVITE"));
}
