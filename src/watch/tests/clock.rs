//! The wall clock is set, an hour either way: no gauge is called silent for it, and none that is
//! silent passes for alive.

use sensors::time::Span;

use super::rig::{Book, Town, sensor};
use crate::event::Event;

fn set(town: &mut Town, hours: i64) {
    let by = Span::from_h(hours);
    town.now = town.now.plus(by);
    // No gauge says the very same millisecond twice.
    town.ahead = Span::from_ms(town.ahead.ms() + 1);
    town.decide(&[Event::Stepped(by)]);
}

fn awake() -> Town {
    let mut town = Town::new();
    town.go_on(20, &[]);
    town.forget();
    town
}

#[test]
fn a_clock_that_is_set_forward_calls_nobody_silent() {
    let mut town = awake();
    set(&mut town, 1);
    town.go_on(120, &[]);
    assert_eq!(town.notices(), Vec::<String>::new());
}

#[test]
fn a_clock_that_is_set_either_way_stops_no_deadline() {
    for hours in [-1, 1] {
        let mut town = awake();
        let quiet = [sensor(&town.plan, "kim-long/stage")];
        town.go_on(10, &quiet);
        let left = town.state.due[quiet[0].at()].since(town.now);
        set(&mut town, hours);
        let due = town.now.plus(left);
        town.go_on(60, &quiet);
        let told = town.transitions();
        assert_eq!(told.iter().map(|t| t.at).collect::<Vec<_>>(), [due], "{hours} h: {told:#?}");
        town.all_speak(&[]);
        assert_eq!(town.level("silent-national.kim-long"), "none", "{hours} h");
    }
}

#[test]
fn commits_go_on_when_the_clock_is_set_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut town = awake();
    let (mut book, _) = Book::open(dir.path(), &town.plan, town.now);
    town.stage("kim-long", 2.1);
    set(&mut town, -1);
    town.stage("kim-long", 2.2);
    town.go_on(180, &[sensor(&town.plan, "phu-oc/stage")]);
    assert!(town.notices().iter().any(|notice| notice.contains("Phú Ốc")), "{:?}", town.notices());
    town.commits.iter().for_each(|commit| book.keep(commit));
    book.store.reader(1).unwrap().verify_ledger().unwrap();
    drop(book);
    let (_, state) = Book::open(dir.path(), &town.plan, town.now);
    assert_eq!(state.alerts, town.state.alerts);
    assert_eq!(state.told, town.state.told);
}
