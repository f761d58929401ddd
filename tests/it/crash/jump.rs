//! The real program while its clock jumps, by libfaketime: two days forward, a day back, back to the right time.

use std::ffi::OsStr;
use std::fs;
use std::time::Duration;

use super::feeds::{World, write_config};
use super::soak::samples::cpu;
use super::{holds_within, log, start_with, stop};

/// Feeds that are read.
const FEEDS: usize = 20;

/// One call in so many goes wrong, so that some waiting is always under way when the clock jumps.
const BAD: usize = 4;

/// The offsets of the clock, one after the other.
const JUMPS: [&str; 6] = ["+0", "+2d", "+1d", "-1d", "+30d", "+0"];

/// How long the clock stays at each.
const STAY: Duration = Duration::from_secs(10);

/// The most processor time that the program may take while it stays, in seconds: it does not spin.
const BUSY: f64 = 5.0;

#[test]
#[ignore = "it needs VIGIE_TEST_FAKETIME, the path of libfaketimeMT.so.1, and takes minutes"]
fn while_the_clock_jumps_two_days_forward_and_a_day_back_nothing_is_lost_or_repeated_and_nothing_stands_still()
 {
    let library = std::env::var_os("VIGIE_TEST_FAKETIME").unwrap();
    let world = World::start(FEEDS, BAD);
    let dir = tempfile::tempdir().unwrap();
    let (config, offset) =
        (write_config(dir.path(), &world, Duration::from_secs(1)), dir.path().join("offset"));
    let set = |to: &str| {
        // Replaced as a whole: the program reads it whenever it asks for the time.
        fs::write(dir.path().join("next"), to).unwrap();
        fs::rename(dir.path().join("next"), &offset).unwrap();
    };
    set(JUMPS[0]);
    let yes = OsStr::new("1");
    let environment = [
        ("LD_PRELOAD", library.as_os_str()),
        ("FAKETIME_TIMESTAMP_FILE", offset.as_os_str()),
        ("FAKETIME_NO_CACHE", yes),
        ("FAKETIME_DONT_FAKE_MONOTONIC", yes),
    ];
    let mut vigie = start_with(&config, &environment);
    for to in JUMPS {
        set(to);
        let before = cpu(vigie.id());
        for _ in 0..STAY.as_secs() * 4 {
            world.publish(5);
            std::thread::sleep(Duration::from_millis(250));
        }
        let busy = cpu(vigie.id()) - before;
        assert!(vigie.try_wait().unwrap().is_none(), "at {to} vigie ended by itself: {}", log(&config));
        println!("{to}: {busy:.2} s of processor time; {}", world.counts());
        assert!(busy < BUSY, "at {to} it took {busy} s of processor time");
        let told = holds_within(Duration::from_secs(45), || world.missing().is_empty());
        assert!(told, "at {to} not told: {:?}; {}; {}", world.missing(), world.counts(), log(&config));
    }
    assert!(stop(&mut vigie).success(), "a stop by signal is clean");
    world.hold_to_account();
    println!("{}", world.counts());
}
