//! A restart: what was recorded goes on, nothing fires again, and nothing is forgotten.

use sensors::time::Span;
use tempfile::TempDir;

use super::rig::{Book, Town, ended, hue, line, min, sensor, switch};
use crate::notify::delivery::End;

/// A town whose commits are kept on disk, and that can be restarted.
struct Kept {
    town: Town,
    dir: TempDir,
}

impl Kept {
    fn new() -> Self {
        let kept = Self { town: Town::new(), dir: tempfile::tempdir().unwrap() };
        drop(Book::open(kept.dir.path(), &kept.town.plan, kept.town.now));
        kept
    }

    /// Writes what was committed since the last restart, and begins from the disk.
    fn restart(&mut self) {
        let town = &mut self.town;
        let (mut book, _) = Book::open(self.dir.path(), &town.plan, town.now);
        town.commits.iter().for_each(|commit| book.keep(commit));
        drop(book);
        town.forget();
        town.state = Book::open(self.dir.path(), &town.plan, town.now).1;
    }
}

#[test]
fn nothing_fires_again_after_a_restart() {
    let mut kept = Kept::new();
    let town = &mut kept.town;
    let dead = [sensor(&town.plan, "phu-oc/stage")];
    town.all_speak(&dead);
    town.stage("kim-long", 2.1);
    town.go_on(40, &[dead[0], sensor(&hue(), "kim-long/stage")]);
    town.stage("kim-long", 3.6);
    assert_eq!(town.level("stage-kim-long.kim-long"), "bd3");
    assert_eq!(town.level("silent-national.phu-oc"), "silent");
    let before = town.state.clone();
    kept.restart();
    let town = &mut kept.town;
    assert_eq!(town.state.alerts, before.alerts);
    assert_eq!(town.state.tracks, before.tracks);
    assert_eq!(town.state.told, before.told);
    assert_eq!(town.state.outbox, before.outbox);
    town.go_on(120, &dead);
    assert!(town.transitions().iter().all(|t| !t.raised), "{:#?}", town.transitions());
    let again: Vec<_> = town.notices().into_iter().filter(|n| n.contains("Mất")).collect();
    assert!(again.is_empty(), "{again:?}");
    let first = before.outbox[0].clone();
    let event = ended(&first, town.now, End::Sent);
    assert_eq!(town.decide(&[event]).outcomes.len(), 1, "the outbox goes on");
}

#[test]
fn an_idle_restart_commits_nothing_until_a_deadline_has_passed() {
    let mut kept = Kept::new();
    kept.town.all_speak(&[]);
    kept.town.pass(min(10));
    kept.restart();
    kept.town.pass(min(15));
    assert!(kept.town.commits.iter().all(crate::store::commit::Commit::is_empty));
}

#[test]
fn a_gauge_that_was_silent_over_two_restarts_is_told_of() {
    // Its deadline had passed while we were away; nobody was told, so it must not pass for told.
    let mut kept = Kept::new();
    kept.town.all_speak(&[]);
    kept.town.now = kept.town.now.plus(Span::from_h(2));
    kept.restart();
    let quiet = [sensor(&kept.town.plan, "kim-long/stage")];
    kept.town.all_speak(&quiet);
    kept.town.pass(min(5));
    kept.restart();
    kept.town.go_on(60, &quiet);
    assert_eq!(kept.town.notices(), ["Mất tín hiệu: Kim Long"]);
}

#[test]
fn a_silence_that_was_told_clears_with_the_first_word_after_a_restart() {
    let mut kept = Kept::new();
    let quiet = [sensor(&kept.town.plan, "kim-long/stage")];
    kept.town.all_speak(&[]);
    kept.town.go_on(60, &quiet);
    assert_eq!(kept.town.notices(), ["Mất tín hiệu: Kim Long"]);
    kept.restart();
    kept.town.stage("kim-long", 0.5);
    // Half a metre more than an hour ago is proposed to officers too, who let such a rise out.
    let news = ["Chờ duyệt: Nước lên nhanh tại Kim Long", "Có tín hiệu lại: 1 trạm"];
    assert_eq!(kept.town.notices(), news);
    assert_eq!(kept.town.level("silent-national.kim-long"), "none");
}

#[test]
fn an_outage_that_was_told_is_not_told_again_and_ends_with_one_notice() {
    let mut kept = Kept::new();
    let gateway = line(&kept.town.plan, "gateway-a-luoi");
    let behind = kept.town.behind(gateway);
    kept.town.all_speak(&[]);
    let down = switch(gateway, kept.town.now, false);
    kept.town.decide(&[down]);
    kept.town.go_on(20, &behind);
    kept.restart();
    // It is down still, as the collector finds; the first deadline comes after the restart.
    let down = switch(gateway, kept.town.now, false);
    kept.town.decide(&[down]);
    kept.town.go_on(60, &behind);
    assert_eq!(kept.town.notices().len(), 1, "{:?}", kept.town.notices());
    kept.restart();
    let down = switch(gateway, kept.town.now, false);
    kept.town.decide(&[down]);
    kept.town.go_on(60, &behind);
    assert_eq!(kept.town.notices(), Vec::<String>::new());
    let up = switch(gateway, kept.town.now, true);
    kept.town.decide(&[up]);
    let dead = &behind[..3];
    kept.town.go_on(10, dead);
    assert_eq!(kept.town.notices(), ["Có đường truyền lại: gateway-a-luoi"]);
    // Who stays silent is told once, though the restart falls into the time that they were given.
    kept.restart();
    kept.town.go_on(120, dead);
    assert_eq!(kept.town.notices(), ["Mất tín hiệu 3 trạm"]);
    kept.restart();
    kept.town.go_on(120, dead);
    assert_eq!(kept.town.notices(), Vec::<String>::new());
}

#[test]
fn a_channel_that_failed_before_a_restart_is_not_told_again() {
    let mut kept = Kept::new();
    let fail = |town: &mut Town| {
        let end = || End::Failed { why: "closed".to_owned() };
        let ends: Vec<_> = town.state.outbox.iter().map(|d| ended(d, town.now, end())).collect();
        town.decide(&ends);
    };
    kept.town.stage("kim-long", 2.1);
    fail(&mut kept.town);
    assert_eq!(kept.town.notices().len(), 1);
    kept.restart();
    kept.town.stage("phu-oc", 3.1);
    fail(&mut kept.town);
    assert_eq!(kept.town.notices(), Vec::<String>::new());
}
