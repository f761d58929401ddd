use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

/// An agenda of two sources, with four calls at a host.
fn opened() -> Agenda {
    let mut agenda = Agenda::default();
    agenda.open(0, 4);
    agenda.open(0, 4);
    agenda
}

/// An agenda with `count` timelines of a source at each of these hosts, due one second after the other.
fn agenda(source: usize, hosts: &[(Option<&str>, i64)]) -> Agenda {
    let mut agenda = opened();
    for (host, count) in hosts {
        for second in 0..*count {
            agenda.add(source, *host, at(second));
        }
    }
    agenda
}

#[test]
fn what_is_due_longest_comes_first_and_what_is_not_due_waits() {
    let mut agenda = opened();
    let late = agenda.add(0, None, at(5));
    let first = agenda.add(0, None, at(1));
    let future = agenda.add(0, None, at(60));
    assert_eq!(agenda.start(at(10)), [first, late]);
    assert_eq!((agenda.start(at(10)), agenda.next()), (vec![], Some(at(60))));
    agenda.ended(first, Some(true));
    assert_eq!(agenda.next(), Some(at(60)), "it waits only once it is told until when");
    agenda.wait(first, at(20));
    assert_eq!((agenda.next(), agenda.start(at(60))), (Some(at(20)), vec![first, future]));
}

#[test]
fn no_host_and_no_source_takes_more_hands_than_it_has() {
    let mut agenda = agenda(0, &[(Some("a"), 20), (Some("b"), 20), (None, 200)]);
    let other = agenda.add(1, None, at(99));
    let started = agenda.start(at(100));
    let of_host = |host: std::ops::Range<usize>| started.iter().filter(|n| host.contains(n)).count();
    assert_eq!((of_host(0..20), of_host(20..40), of_host(40..240)), (8, 8, 48));
    assert!(started.contains(&other), "each source has its own");
    assert_eq!((agenda.start(at(100)), agenda.next()), (vec![], None), "with no hand free nothing can start");
    assert!(agenda.is_stretched());
    agenda.ended(started[0], Some(true));
    assert!(!agenda.is_stretched());
    assert_eq!(agenda.start(at(100)).len(), 1);
}

#[test]
fn a_host_that_takes_more_calls_gets_more_hands() {
    let mut agenda = Agenda::default();
    for (source, calls) in [(0, 1), (1, 20), (2, 64)] {
        agenda.open(99, calls);
        for _ in 0..99 {
            agenda.add(source, Some("a"), at(0));
        }
    }
    let started = agenda.start(at(0));
    assert_eq!([0, 1, 2].map(|source| started.iter().filter(|n| **n / 99 == source).count()), [2, 40, 64]);
}

#[test]
fn a_host_that_gave_no_answer_is_tried_by_one_look_at_a_time_until_it_answers() {
    let mut agenda = agenda(0, &[(Some("dead"), 20), (Some("well"), 4)]);
    let started = agenda.start(at(100));
    assert_eq!(started.len(), 12);
    for dead in started.iter().filter(|number| **number < 20) {
        agenda.ended(*dead, Some(false));
    }
    let again = agenda.start(at(100));
    assert_eq!(again.len(), 1);
    agenda.ended(again[0], None);
    let again = agenda.start(at(100));
    assert_eq!(again.len(), 1, "a look that asked nobody tells nothing");
    agenda.ended(again[0], Some(true));
    assert_eq!(agenda.start(at(100)).len(), 8);
}

#[test]
fn hosts_that_gave_no_answer_take_a_part_of_the_hands_together() {
    let hosts: Vec<String> = (0..60).map(|n| format!("dead{n}")).collect();
    let hosts: Vec<_> = hosts.iter().map(|host| (Some(host.as_str()), 2)).collect();
    let mut agenda = agenda(0, &hosts);
    let started = agenda.start(at(100));
    assert_eq!(started.len(), OF_A_SOURCE);
    for number in &started {
        agenda.ended(*number, Some(false));
    }
    let silent = started.iter().map(|number| number / 2).collect::<BTreeSet<_>>();
    let again = agenda.start(at(100));
    let dead = again.iter().filter(|number| silent.contains(&(*number / 2))).count();
    assert!(dead <= OF_THE_SILENT, "{dead}");
    for number in again {
        agenda.ended(number, Some(false));
    }
    let well = agenda.add(0, Some("well"), at(100));
    assert!(agenda.start(at(100)).contains(&well));
}

#[test]
fn a_clock_that_jumped_back_makes_all_due() {
    let mut agenda = agenda(0, &[(None, 3)]);
    assert_eq!(agenda.start(at(0)).len(), 1);
    assert_eq!(agenda.start(at(-3600)).len(), 2);
    agenda.wait(0, at(60));
    assert_eq!(agenda.start(at(-3599)), [0; 0], "what was set since is set by this clock");
}

#[test]
fn what_left_does_not_come_back() {
    let mut agenda = agenda(0, &[(None, 1)]);
    let started = agenda.start(at(0));
    agenda.ended(started[0], Some(true));
    agenda.leave(started[0]);
    agenda.wait(started[0], at(0));
    assert_eq!((agenda.start(at(100)), agenda.next()), (vec![], None));
}

#[test]
fn those_that_are_led_to_one_host_take_its_hands_and_no_others() {
    let hosts: Vec<String> = (0..80).map(|n| format!("old{n}")).collect();
    let hosts: Vec<_> = hosts.iter().map(|host| (Some(host.as_str()), 1)).collect();
    let mut agenda = agenda(0, &hosts);
    let all: Vec<_> = (0..80).collect();
    for numbers in all.chunks(40) {
        assert_eq!(agenda.start(at(100)).len(), if numbers[0] == 0 { 64 } else { 16 });
        for number in if numbers[0] == 0 { 0..64 } else { 64..80 } {
            agenda.ended(number, Some(true));
            agenda.led(number, Some("new"));
            agenda.wait(number, at(200));
        }
    }
    let well = agenda.add(0, Some("well"), at(201));
    let started = agenda.start(at(201));
    assert_eq!((started.len(), started.contains(&well)), (9, true));
    agenda.ended(started[0], Some(true));
    agenda.led(started[0], None);
    agenda.wait(started[0], at(201));
    let again = agenda.start(at(201));
    assert!(again.contains(&started[0]), "it uses its own hands again");
}

#[test]
fn a_host_to_which_a_fast_one_leads_gets_few_hands() {
    let mut agenda = Agenda::default();
    agenda.open(40, 64);
    for _ in 0..40 {
        agenda.add(0, Some("fast"), at(0));
    }
    assert_eq!(agenda.start(at(0)).len(), 40);
    for number in 0..40 {
        agenda.ended(number, Some(true));
        agenda.led(number, Some("stranger"));
        agenda.wait(number, at(1));
    }
    assert_eq!(agenda.start(at(1)).len(), 8);
}
