use super::*;

const A: HostId = HostId(1);
const B: HostId = HostId(2);
const OK: Status = Status::OK;

struct World {
    probes: Probes,
    start: Instant,
    seconds: f64,
}

/// What a host does when asked.
#[derive(Clone, Copy)]
enum Does {
    Says(Status),
    Refuses,
    Nothing,
}

#[allow(clippy::disallowed_methods)]
fn start() -> Instant {
    Instant::now()
}

impl World {
    fn new(hosts: &[HostId]) -> Self {
        let mut world = Self { probes: Probes::new(Pace::default(), [5; 32]), start: start(), seconds: 0.0 };
        for host in hosts {
            world.probes.add(world.start, *host);
        }
        world
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_secs_f64(self.seconds)
    }

    /// Runs for some seconds with every host asked doing as told; when it was asked, and what happened.
    fn run(&mut self, seconds: f64, does: impl Fn(HostId) -> Does) -> (Vec<(f64, HostId)>, Vec<Event>) {
        let (mut asked, mut events) = (Vec::new(), Vec::new());
        let end = self.seconds + seconds;
        loop {
            while let Some(ask) = self.probes.poll_ask() {
                asked.push((self.seconds, ask.host));
                match does(ask.host) {
                    Does::Says(status) => self.probes.handle_status(self.now(), ask, status),
                    Does::Refuses => self.probes.handle_silence(self.now(), ask, Silence::Refused),
                    Does::Nothing => {}
                }
            }
            events.extend(std::iter::from_fn(|| self.probes.poll_event()));
            let Some((at, _)) = self.probes.poll_timeout() else { break };
            let at_seconds = at.saturating_duration_since(self.start).as_secs_f64();
            if at_seconds > end {
                break;
            }
            self.seconds = at_seconds;
            self.probes.handle_timeout(at);
        }
        self.seconds = end;
        (asked, events)
    }
}

#[test]
fn a_host_is_asked_at_once_and_then_every_thirty_seconds() {
    let mut world = World::new(&[A]);
    assert_eq!(world.probes.health(A), Health::Unknown);
    assert!(world.probes.health(A).is_usable());
    let (asked, events) = world.run(95.0, |_| Does::Says(OK));
    assert_eq!(events, [Event::Up(A)]);
    assert!(asked[0].0 == 0.0 && (4..=5).contains(&asked.len()), "{asked:?}");
    for pair in asked.windows(2) {
        assert!((27.0..=30.0).contains(&(pair[1].0 - pair[0].0)), "{asked:?}");
    }
    assert_eq!(world.probes.said(A).to_string(), "200 OK");
}

#[test]
fn any_final_answer_but_408_and_503_shows_it_alive() {
    for code in [200, 401, 403, 404, 405, 481, 488, 500, 501, 603] {
        let mut world = World::new(&[A]);
        let status = Status::new(code).unwrap();
        assert_eq!(world.run(60.0, |_| Does::Says(status)).1, [Event::Up(A)], "{code}");
    }
    for code in [408, 503] {
        let mut world = World::new(&[A]);
        let status = Status::new(code).unwrap();
        let (asked, events) = world.run(6.0, |_| Does::Says(status));
        assert_eq!(events, [Event::Down(A, Said::Status(status))], "{code}");
        assert_eq!(asked.len(), 2);
    }
}

#[test]
fn two_silences_are_down_and_one_answer_is_up_again() {
    let mut world = World::new(&[A]);
    world.run(40.0, |_| Does::Says(OK));
    // One silence is a doubt only.
    let (asked, events) = world.run(35.0, |_| Does::Nothing);
    let first = asked[0].0;
    assert_eq!(events, [Event::Down(A, Said::Silence(Silence::Timeout))]);
    assert!(asked[1].0 - first <= 9.0, "asked again soon: {asked:?}");
    assert_eq!(
        (world.probes.health(A), world.probes.said(A).to_string()),
        (Health::Down, "no answer".into())
    );
    // While it is down, it is asked often.
    let (asked, events) = world.run(60.0, |_| Does::Nothing);
    assert!(asked.len() >= 6 && events.is_empty(), "{asked:?}");
    let (_, events) = world.run(10.0, |_| Does::Says(OK));
    assert_eq!(events, [Event::Up(A)]);
}

#[test]
fn one_lost_question_changes_nothing() {
    let mut world = World::new(&[A]);
    world.run(10.0, |_| Does::Says(OK));
    let lost = std::cell::Cell::new(false);
    let does = |_| if lost.replace(true) { Does::Says(OK) } else { Does::Nothing };
    assert!(world.run(120.0, does).1.is_empty());
    assert_eq!(world.probes.health(A), Health::Up);
}

#[test]
fn a_refused_connection_is_down_at_once() {
    let mut world = World::new(&[A, B]);
    let does = |host| if host == A { Does::Refuses } else { Does::Says(OK) };
    let (_, events) = world.run(1.0, does);
    assert_eq!(events, [Event::Down(A, Said::Silence(Silence::Refused)), Event::Up(B)]);
    assert_eq!(world.probes.said(A).to_string(), "connection refused");
}

#[test]
fn a_late_answer_counts_no_more() {
    let mut world = World::new(&[A]);
    let ask = world.probes.poll_ask().unwrap();
    world.seconds = 4.0;
    world.probes.handle_timeout(world.now());
    assert_eq!(world.probes.health(A), Health::Down, "it was never heard from");
    world.probes.handle_status(world.now(), ask, OK);
    world.probes.handle_silence(world.now(), ask, Silence::Refused);
    assert_eq!(world.probes.said(A), Said::Silence(Silence::Timeout));
}

#[test]
fn what_calls_show_counts_as_well() {
    let mut world = World::new(&[A]);
    world.run(20.0, |_| Does::Says(OK));
    world.probes.seen_silent(world.now(), A, Silence::Timeout);
    assert_eq!(world.probes.health(A), Health::Doubted);
    world.probes.seen_alive(world.now(), A);
    assert_eq!(world.probes.health(A), Health::Up);
    world.probes.seen_silent(world.now(), A, Silence::Refused);
    assert_eq!(world.probes.poll_event(), Some(Event::Down(A, Said::Silence(Silence::Refused))));
    // It is asked after five seconds and comes back.
    assert_eq!(world.run(6.0, |_| Does::Says(OK)).1, [Event::Up(A)]);
    // A host that shows itself alive while it is asked needs no answer.
    world.run(40.0, |_| Does::Nothing);
    world.probes.seen_alive(world.now(), B);
    assert_eq!(world.probes.health(B), Health::Unknown, "never added");
}

#[test]
fn a_removed_host_is_asked_no_more() {
    let mut world = World::new(&[A]);
    let ask = world.probes.poll_ask().unwrap();
    world.probes.remove(A);
    world.probes.handle_status(world.now(), ask, OK);
    assert_eq!((world.probes.poll_event(), world.probes.poll_timeout()), (None, None));
    world.probes.add(world.now(), B);
    world.probes.remove(B);
    assert_eq!(world.probes.poll_ask(), None);
}

#[test]
fn adding_a_known_host_again_does_not_disturb_it() {
    let mut world = World::new(&[A]);
    world.run(10.0, |_| Does::Says(OK));
    world.probes.add(world.now(), A);
    assert_eq!((world.probes.poll_ask(), world.probes.health(A)), (None, Health::Up));
}

#[test]
fn a_host_that_asks_for_a_pause_gets_it_and_not_more() {
    for (asked_for, long) in [(20, 20.0), (100_000, 300.0)] {
        let mut world = World::new(&[A]);
        world.run(10.0, |_| Does::Says(OK));
        let pause = (Status::SERVICE_UNAVAILABLE, Duration::from_secs(asked_for));
        world.probes.put_off(world.now(), A, pause);
        assert_eq!(world.probes.poll_event(), Some(Event::Down(A, Said::Pause(pause.0))));
        // Neither a call of its own nor a lost connection ends the pause.
        world.probes.seen_alive(world.now(), A);
        world.probes.ask_now(world.now(), A);
        let (asked, events) = world.run(long - 1.0, |_| Does::Says(OK));
        assert_eq!((asked, events, world.probes.health(A)), (Vec::new(), Vec::new(), Health::Down));
        assert_eq!(world.run(2.0, |_| Does::Says(OK)).1, [Event::Up(A)]);
    }
}

#[test]
fn a_host_that_never_answers_questions_but_lives_is_up_until_calls_fail() {
    let mut world = World::new(&[A]);
    let (_, events) = world.run(10.0, |_| Does::Nothing);
    assert_eq!(events, [Event::Down(A, Said::Silence(Silence::Timeout))]);
    world.probes.seen_alive(world.now(), A);
    assert_eq!(world.run(300.0, |_| Does::Nothing).1, [Event::Up(A)]);
    for _ in 0..2 {
        world.probes.seen_silent(world.now(), A, Silence::Timeout);
    }
    assert_eq!(world.probes.health(A), Health::Down);
}

#[test]
fn a_lost_connection_is_asked_about_at_once() {
    let mut world = World::new(&[A]);
    world.run(10.0, |_| Does::Says(OK));
    world.probes.ask_now(world.now(), A);
    let (asked, events) = world.run(1.0, |_| Does::Refuses);
    assert_eq!((asked.len(), events), (1, vec![Event::Down(A, Said::Silence(Silence::Refused))]));
}
