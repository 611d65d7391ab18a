//! The score: a town in virtual time, and what is expected of it, written as it would be told.
//!
//! Moments are the day of November 2025 and the city's clock: `16 21:00`.

use std::sync::Arc;

use rules::bulletin::{Act as Deed, Author, Bulletin};
use rules::hazard::Hazard;
use sensors::time::{Span, Timestamp};

use super::super::rig::{Town, hue, min, reading, sensor};
use crate::desk;
use crate::desk::warning::{Act, Phase, Warning};
use crate::event::Event;
use crate::notify::receiver::Receivers;
use crate::order::{Act as Asked, Answer, Done, OfficerId, Order};
use crate::plan::Texts;
use crate::watch::snapshot::Plan;

/// A town whose story is told.
pub(super) struct Score {
    pub(super) town: Town,
    key: u32,
}

/// From one moment to another, both included.
#[derive(Clone, Copy)]
pub(super) struct Between(Timestamp, Timestamp);

/// What is expected.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// People are told that a rule's level began, as this, by whom.
    Told(&'static str, &'static str, Deed, &'static str),
    /// People are told anything of a rule.
    Anything(&'static str),
    /// Something is laid before the officers.
    Proposed(&'static str, &'static str),
    /// Staff hear a notice whose title begins so.
    Notice(&'static str),
}

pub(super) fn moment(text: &str) -> Timestamp {
    let (day, clock) = text.split_once(' ').unwrap();
    Timestamp::parse_rfc3339(&format!("2025-11-{day}T{clock}:00+07:00")).unwrap()
}

pub(super) fn between(from: &str, to: &str) -> Between {
    Between(moment(from), moment(to))
}

/// The rule told people of a level by itself for the first time.
pub(super) fn issued(rule: &'static str, level: &'static str) -> What {
    What::Told(rule, level, Deed::Issued, "rule")
}

pub(super) fn raised(rule: &'static str, level: &'static str) -> What {
    What::Told(rule, level, Deed::Raised, "rule")
}

pub(super) fn eased(rule: &'static str, level: &'static str) -> What {
    What::Told(rule, level, Deed::Eased, "rule")
}

/// The fuse let it out.
pub(super) fn fused(rule: &'static str, level: &'static str) -> What {
    What::Told(rule, level, Deed::Issued, "fuse")
}

/// The fuse let a higher level out.
pub(super) fn fuse_raised(rule: &'static str, level: &'static str) -> What {
    What::Told(rule, level, Deed::Raised, "fuse")
}

/// An officer let it out.
pub(super) fn approved(rule: &'static str, level: &'static str) -> What {
    What::Told(rule, level, Deed::Issued, "officer")
}

pub(super) fn all_clear(rule: &'static str) -> What {
    What::Told(rule, "none", Deed::AllClear, "officer")
}

pub(super) fn correction(rule: &'static str) -> What {
    What::Told(rule, "none", Deed::Cancelled, "officer")
}

pub(super) fn proposed(rule: &'static str, level: &'static str) -> What {
    What::Proposed(rule, level)
}

pub(super) fn anything(rule: &'static str) -> What {
    What::Anything(rule)
}

pub(super) fn notice(title: &'static str) -> What {
    What::Notice(title)
}

/// Huế with other rules or words: each pair is replaced in the file that it is found in.
pub(super) fn hue_with(changes: &[(&str, &str)]) -> Arc<Plan> {
    let mut texts = Texts::embedded();
    for (from, to) in changes {
        let found = texts.files.iter_mut().find(|(_, text)| text.contains(from));
        let (_, text) = found.unwrap_or_else(|| panic!("{from:?} is in no file"));
        *text = text.replacen(from, to, 1);
    }
    let mut plan = Plan::join(&texts).unwrap_or_else(|why| panic!("{why}"));
    let staff = "[[webhook]]\nname = \"duty\"\nurl = \"https://duty.example/\"\nsecret_env = \"S\"\ncarries = [\"telemetry\"]\n";
    let staff = Receivers::parse("receivers.toml", staff).unwrap();
    plan.receivers = staff.with_fcm("https://phones.example", "hue", "{}");
    Arc::new(plan)
}

/// Huế where an officer has a quarter of an hour for the stages at Kim Long.
pub(super) fn with_fuse() -> Arc<Plan> {
    hue_with(&[(
        "id = \"stage-kim-long\"\nhazard = \"flood\"\nstations = [\"kim-long\"]\nzones = \"station\"\nissue = \"automatic\"",
        "id = \"stage-kim-long\"\nhazard = \"flood\"\nstations = [\"kim-long\"]\nzones = \"station\"\nofficer_within_s = 900",
    )])
}

impl Score {
    pub(super) fn new() -> Self {
        Self::of(hue())
    }

    pub(super) fn of(plan: Arc<Plan>) -> Self {
        Self { town: Town::of(plan, moment("16 18:00")), key: 0 }
    }

    /// Time passes until a moment.
    pub(super) fn at(&mut self, when: &str) -> &mut Self {
        let left = moment(when).since(self.town.now);
        assert!(left >= Span::ZERO, "{when} is over");
        self.town.pass(left);
        self
    }

    pub(super) fn stage(&mut self, station: &str, metres: f64) -> &mut Self {
        self.town.stage(station, metres);
        self
    }

    pub(super) fn says(&mut self, id: &str, raw: i64) -> &mut Self {
        let event = reading(&self.town.plan, sensor(&self.town.plan, id), self.town.now, raw);
        self.town.decide(&[event]);
        self
    }

    /// Everybody but these gauges says something harmless every five minutes.
    pub(super) fn quiet_until(&mut self, when: &str, but: &[&str]) -> &mut Self {
        let but: Vec<_> = but.iter().map(|id| sensor(&self.town.plan, id)).collect();
        while self.town.now.plus(min(5)) <= moment(when) {
            self.town.pass(min(5));
            self.town.all_speak(&but);
        }
        self.at(when)
    }

    /// The same value every ten minutes until a moment.
    pub(super) fn stays(&mut self, station: &str, metres: f64, until: &str) -> &mut Self {
        let mut n = 0;
        while self.town.now.plus(min(10)) <= moment(until) {
            self.town.pass(min(10));
            // A river is never still to the millimetre.
            n += 1;
            self.town.stage(station, metres + f64::from(n % 3) / 200.0);
        }
        self
    }

    /// The clock is set, and the writer notices.
    pub(super) fn clock_set(&mut self, by: Span) -> &mut Self {
        self.town.now = self.town.now.plus(by);
        self.town.decide(&[Event::Stepped(by)]);
        self
    }

    /// The open paper of a rule.
    pub(super) fn paper(&self, rule: &str) -> &Warning {
        &self.filed(rule).record
    }

    pub(super) fn version(&self, rule: &str) -> u64 {
        self.filed(rule).version
    }

    fn filed(&self, rule: &str) -> &crate::desk::paper::Filed<Warning> {
        self.find(rule).unwrap_or_else(|| panic!("no open warning of {rule}"))
    }

    pub(super) fn find(&self, rule: &str) -> Option<&crate::desk::paper::Filed<Warning>> {
        let mut open = self.town.state.desk.warnings.iter();
        open.find(|(id, _)| id.starts_with(rule)).map(|(_, filed)| filed)
    }

    pub(super) fn phase(&self, rule: &str) -> Phase {
        self.paper(rule).phase
    }

    /// An officer orders, having seen the newest version.
    pub(super) fn order(&mut self, by: &str, rule: &str, act: impl Fn(String) -> Act) -> Answer {
        let version = self.version(rule);
        self.order_seen(by, rule, version, act)
    }

    pub(super) fn order_seen(
        &mut self,
        by: &str,
        rule: &str,
        version: u64,
        act: impl Fn(String) -> Act,
    ) -> Answer {
        self.key += 1;
        let act = desk::Act::Warning(act(self.paper(rule).id.clone()));
        let order = Order {
            actor: OfficerId::new(by),
            key: self.key.to_string().into(),
            note: None,
            if_match: Some(version),
            act: Asked::Desk(act),
        };
        let decision =
            crate::watch::decide::decide(&self.town.state, self.town.now, &[Event::Ordered(Arc::new(order))]);
        self.town.state = decision.next;
        self.town.commits.push(decision.commit);
        decision.answers.into_iter().next().unwrap()
    }

    pub(super) fn done(&mut self, by: &str, rule: &str, act: impl Fn(String) -> Act) -> u64 {
        match self.order(by, rule, act) {
            Answer::Done(Done::Filed { version, .. }) => version,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn refused(&mut self, by: &str, rule: &str, act: impl Fn(String) -> Act) -> String {
        match self.order(by, rule, act) {
            Answer::Refused(why) => why.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// It happens in that time, once.
    pub(super) fn expect(&mut self, when: Between, what: What) -> &mut Self {
        self.wait(when);
        let found = self.seen(when, what);
        assert_eq!(found, 1, "{what:?} {found} times; of all this: {:#?}", self.told());
        self
    }

    /// It does not happen in that time.
    pub(super) fn expect_no(&mut self, when: Between, what: What) -> &mut Self {
        self.wait(when);
        let found = self.seen(when, what);
        assert_eq!(found, 0, "{what:?} {found} times; of all this: {:#?}", self.told());
        self
    }

    fn wait(&mut self, Between(_, to): Between) {
        if to > self.town.now {
            self.town.pass(to.since(self.town.now));
        }
    }

    fn seen(&self, Between(from, to): Between, what: What) -> usize {
        let commits = self.town.commits.iter().filter(|commit| (from..=to).contains(&commit.at));
        let seen = commits.map(|commit| {
            let out = |b: &&Bulletin| b.automatic && b.hazard != Hazard::Telemetry;
            match what {
                What::Told(rule, level, act, author) => {
                    let level = |b: &Bulletin| {
                        let told = commit.told.iter().find(|(alert, _)| *alert == b.alert);
                        told.map_or("none", |(_, sent)| sent.level.as_str()) == level
                    };
                    let bulletins = commit.bulletins.iter().filter(out);
                    let of = bulletins.filter(|b| b.alert.0.starts_with(rule) && b.act == act);
                    of.filter(|b| level(b) && self::author(b) == author).count()
                }
                What::Anything(rule) => {
                    commit.bulletins.iter().filter(out).filter(|b| b.alert.0.starts_with(rule)).count()
                }
                What::Proposed(rule, level) => {
                    let of = commit.bulletins.iter().filter(|b| !b.automatic && b.alert.0.starts_with(rule));
                    let papers = || commit.papers.iter().filter(|paper| paper.id.starts_with(rule));
                    let says = format!("\"level\":\"{level}\"");
                    of.filter(|_| papers().any(|paper| paper.record.contains(&says))).count()
                }
                What::Notice(title) => {
                    let staff = commit.bulletins.iter().filter(|b| b.hazard == Hazard::Telemetry);
                    staff.filter(|b| b.texts[0].title.starts_with(title)).count()
                }
            }
        });
        seen.sum()
    }

    /// Everything that was said so far, to read when a test fails.
    fn told(&self) -> Vec<String> {
        let all = self.town.commits.iter().flat_map(|commit| {
            let ours = commit.bulletins.iter().filter(|b| b.hazard.is_public() || b.id.0.starts_with("desk"));
            ours.map(|b| {
                let at = commit.at.plus(Span::from_h(7));
                format!("{at} {} {:?} {} {}", b.alert, b.act, author(b), b.texts[0].title)
            })
        });
        all.collect()
    }
}

fn author(bulletin: &Bulletin) -> &'static str {
    match bulletin.author {
        Author::Rule => "rule",
        Author::Fuse => "fuse",
        Author::Officer(_) => "officer",
    }
}

pub(super) fn approve(id: String) -> Act {
    Act::Approve { id, zones: None, texts: Vec::new() }
}

pub(super) fn decline(id: String) -> Act {
    Act::Decline { id, reason: "trạm đang bảo trì".to_owned() }
}

pub(super) fn cancel(id: String) -> Act {
    Act::Cancel { id, reason: "số đo sai".to_owned() }
}
