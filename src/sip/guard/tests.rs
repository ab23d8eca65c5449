use super::*;

const ATTACKER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));
const OFFICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));

#[allow(clippy::disallowed_methods)] // one arbitrary instant for everything below to count from
fn start() -> Instant {
    Instant::now()
}

fn guard() -> Guard {
    Guard::new(Limits::default())
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn wait(check: Check) -> Duration {
    match check {
        Check::Allow => Duration::ZERO,
        Check::Refuse { retry_after } => retry_after,
    }
}

#[test]
fn a_mistyped_password_costs_nothing_at_first_and_then_more_and_more() {
    let (now, mut guard) = (start(), guard());
    let mut waits = Vec::new();
    for _ in 0..9 {
        guard.failed(now, OFFICE, "1001");
        waits.push(wait(guard.check(now, OFFICE, "1001")).as_secs());
    }
    assert_eq!(waits, [0, 0, 0, 0, 0, 2, 4, 8, 16]);
    assert_eq!(guard.check(now + seconds(17), OFFICE, "1001"), Check::Allow);
}

#[test]
fn the_wait_for_one_user_ends_at_an_hour() {
    let (now, mut guard) = (start(), guard());
    (0..50).for_each(|_| guard.failed(now, OFFICE, "1001"));
    assert_eq!(wait(guard.check(now, OFFICE, "1001")), seconds(3600));
}

#[test]
fn a_source_that_guesses_everybody_is_shut_out_after_sixty_guesses() {
    let (now, mut guard) = (start(), guard());
    let mut guesses = 0;
    while guard.check(now, ATTACKER, "victim") == Check::Allow {
        guard.failed(now, ATTACKER, &format!("{}", 1000 + guesses));
        guesses += 1;
        assert!(guesses <= 60);
    }
    assert_eq!(guesses, 60);
    assert_eq!(wait(guard.check(now, ATTACKER, "another")), seconds(600));
    assert_eq!(guard.check(now + seconds(600), ATTACKER, "another"), Check::Allow);
}

#[test]
fn a_source_that_comes_back_is_shut_out_twice_as_long_each_time() {
    let (mut now, mut guard) = (start(), guard());
    let mut bans = Vec::new();
    for round in 0..10 {
        (0..60).for_each(|user| guard.failed(now, ATTACKER, &format!("{round}-{user}")));
        let ban = wait(guard.check(now, ATTACKER, "x"));
        bans.push(ban.as_secs());
        now += ban;
    }
    assert_eq!(bans[..4], [600, 1200, 2400, 4800]);
    assert_eq!(bans[9], 86_400);
}

#[test]
fn a_telephone_that_registered_lately_is_no_stranger_whatever_others_at_its_address_do() {
    let (now, mut guard) = (start(), guard());
    guard.registered(now, (OFFICE, "1001"), now + seconds(3600));
    (0..200).for_each(|user| guard.failed(now, OFFICE, &format!("{user}")));
    assert_eq!(guard.check(now, OFFICE, "1001"), Check::Allow);
    assert!(wait(guard.check(now, OFFICE, "1002")) > seconds(0));
    let days_later = now + seconds(3600 + 6 * 86_400);
    (0..200).for_each(|user| guard.failed(days_later, OFFICE, &format!("{user}")));
    assert_eq!(guard.check(days_later, OFFICE, "1001"), Check::Allow, "a whole office after a long outage");
    let long_after = now + seconds(3600 + 8 * 86_400);
    (0..200).for_each(|user| guard.failed(long_after, OFFICE, &format!("{user}")));
    assert!(wait(guard.check(long_after, OFFICE, "1001")) > seconds(0));
}

#[test]
fn guesses_at_a_telephone_from_its_own_address_are_slowed_and_cost_it_a_minute_at_most() {
    let (now, mut guard) = (start(), guard());
    guard.registered(now, (OFFICE, "1001"), now + seconds(3600));
    (0..100).for_each(|_| guard.failed(now, OFFICE, "1001"));
    assert_eq!(wait(guard.check(now, OFFICE, "1001")), seconds(60));
    assert_eq!(guard.check(now, OFFICE, "1002"), Check::Allow, "and nobody else anything");
}

#[test]
fn requests_in_anothers_name_do_not_use_up_the_allowance_of_who_registered_there() {
    let (now, mut guard) = (start(), guard());
    guard.registered(now, (OFFICE, "1001"), now + seconds(3600));
    let (claimed, connected) = ((OFFICE, Proximity::Claimed), (OFFICE, Proximity::Connected));
    for number in 0..1_000 {
        guard.request(now, claimed, &format!("x{number}"));
    }
    assert!(wait(guard.request(now, claimed, "1002")) > seconds(0));
    assert_eq!(guard.request(now, claimed, "1001"), Check::Allow);
    assert_eq!(guard.request(now, connected, "1002"), Check::Allow, "nobody can pretend a connection");
}

#[test]
fn guesses_elsewhere_never_cost_the_owner_of_the_number_anything() {
    let (now, mut guard) = (start(), guard());
    (0..1000).for_each(|_| guard.failed(now, ATTACKER, "1001"));
    assert_eq!(guard.check(now, OFFICE, "1001"), Check::Allow);
}

#[test]
fn the_right_password_forgives_its_own_mistakes_only() {
    let (now, mut guard) = (start(), guard());
    (0..55).for_each(|user| guard.failed(now, ATTACKER, &format!("{user}")));
    (0..4).for_each(|_| guard.failed(now, ATTACKER, "own"));
    guard.succeeded(now, ATTACKER, "own");
    (0..4).for_each(|user| guard.failed(now, ATTACKER, &format!("more-{user}")));
    assert_eq!(guard.check(now, ATTACKER, "x"), Check::Allow, "59 by others");
    guard.failed(now, ATTACKER, "one-more");
    assert!(wait(guard.check(now, ATTACKER, "x")) > seconds(0));
}

#[test]
fn guesses_long_ago_are_forgotten() {
    let (now, mut guard) = (start(), guard());
    (0..59).for_each(|user| guard.failed(now, ATTACKER, &format!("{user}")));
    let later = now + seconds(3600);
    guard.failed(later, ATTACKER, "x");
    assert_eq!(guard.check(later, ATTACKER, "y"), Check::Allow);
}

#[test]
fn neighbours_in_one_ipv6_network_are_one_source() {
    let (now, mut guard) = (start(), guard());
    for host in 0..60_u16 {
        let source = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, host, 0, 0, 1));
        guard.failed(now, source, &format!("{host}"));
    }
    let inside = "2001:db8:1:2:ffff::1".parse().unwrap();
    let outside = "2001:db8:1:3::1".parse().unwrap();
    assert!(wait(guard.check(now, inside, "x")) > seconds(0));
    assert_eq!(guard.check(now, outside, "x"), Check::Allow);
    let mapped = "::ffff:198.51.100.7".parse().unwrap();
    (0..60).for_each(|user| guard.failed(now, mapped, &format!("{user}")));
    assert!(wait(guard.check(now, OFFICE, "x")) > seconds(0));
}

#[test]
fn requests_without_proof_are_limited_by_source_and_refill() {
    let (now, mut guard) = (start(), guard());
    let allowed =
        (0..1000).filter(|_| guard.request(now, (ATTACKER, Proximity::Claimed), "x") == Check::Allow).count();
    assert_eq!(allowed, 200);
    assert_eq!(
        guard.request(now, (ATTACKER, Proximity::Claimed), "x"),
        Check::Refuse { retry_after: Duration::from_millis(25) }
    );
    assert_eq!(guard.request(now, (OFFICE, Proximity::Claimed), "x"), Check::Allow);
    let later = now + seconds(1);
    let allowed = (0..1000)
        .filter(|_| guard.request(later, (ATTACKER, Proximity::Claimed), "x") == Check::Allow)
        .count();
    assert_eq!(allowed, 40);
}

#[test]
fn who_is_shut_out_can_be_listed_and_pardoned() {
    let (now, mut guard) = (start(), guard());
    (0..60).for_each(|_| guard.failed(now, ATTACKER, "1001"));
    let bans = guard.bans(now);
    let listed: Vec<_> = bans.iter().map(|ban| (ban.source, ban.user.as_deref(), ban.guesses)).collect();
    assert_eq!(listed, [(ATTACKER, None, 60), (ATTACKER, Some("1001"), 60)]);
    assert!(guard.pardon(ATTACKER) && !guard.pardon(ATTACKER));
    assert_eq!(guard.check(now, ATTACKER, "1001"), Check::Allow);
    assert_eq!(guard.bans(now), []);
}

#[test]
fn a_flood_from_everywhere_does_not_fill_the_memory() {
    let (now, mut guard) = (start(), Guard::new(Limits { entries: 100, ..Limits::default() }));
    for number in 0..5_000_u32 {
        let source = IpAddr::V4(std::net::Ipv4Addr::from_bits(number));
        let now = now + Duration::from_millis(u64::from(number));
        guard.failed(now, source, &format!("{number}"));
        guard.request(now, (source, Proximity::Claimed), "x");
    }
    let sizes = [guard.pairs.iter().count(), guard.sources.iter().count(), guard.buckets.iter().count()];
    assert!(sizes.into_iter().all(|size| size <= 100), "{sizes:?}");
}
