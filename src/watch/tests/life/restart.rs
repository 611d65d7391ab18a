//! A kill in the middle of a fuse, and officers who order through the running writer.

use super::super::rig::Book;
use super::score::{Score, anything, between, fused, proposed, with_fuse};
use crate::desk::warning::Phase;

const STAGE: &str = "stage-kim-long";

/// Writes what was committed so far and begins again from the disk.
fn killed(score: &mut Score, dir: &std::path::Path) {
    let town = &mut score.town;
    let (mut book, _) = Book::open(dir, &town.plan, town.now);
    town.commits.iter().for_each(|commit| book.keep(commit));
    drop(book);
    town.forget();
    town.state = Book::open(dir, &town.plan, town.now).1;
}

#[test]
fn rule_13_a_fuse_survives_a_kill_and_burns_to_its_own_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut score = Score::of(with_fuse());
    drop(Book::open(dir.path(), &score.town.plan, score.town.now));
    score.at("17 03:00").stage("kim-long", 2.1);
    score.expect(between("17 03:00", "17 03:00"), proposed(STAGE, "bd2"));
    score.at("17 03:07");
    let before = score.paper(STAGE).clone();
    killed(&mut score, dir.path());
    assert_eq!(*score.paper(STAGE), before);
    score.expect_no(between("17 03:07", "17 03:14"), anything(STAGE));
    score.expect(between("17 03:15", "17 03:15"), fused(STAGE, "bd2"));
    // Nothing of it goes out twice.
    killed(&mut score, dir.path());
    score.expect_no(between("17 03:16", "17 04:00"), anything(STAGE));
    assert_eq!(score.phase(STAGE), Phase::Issued);
}

#[test]
fn rule_13_a_fuse_that_ended_while_nobody_ran_is_judged_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut score = Score::of(with_fuse());
    drop(Book::open(dir.path(), &score.town.plan, score.town.now));
    score.at("17 03:00").stage("kim-long", 2.1);
    score.town.now = super::score::moment("17 04:00");
    killed(&mut score, dir.path());
    score.town.decide(&[]);
    score.expect(between("17 04:00", "17 04:00"), fused(STAGE, "bd2"));
}
