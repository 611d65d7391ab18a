//! A city with a roster, an officer's own webhook, and a disk to begin again from.

use std::sync::Arc;

use rules::hazard::Hazard;
use sensors::time::{Span, Timestamp};

use super::super::rig::{Book, Town, evening, hue, min};
use crate::desk::duty::call::{About, Call};
use crate::desk::duty::{Act, Duty, Names};
use crate::desk::{self};
use crate::event::Event;
use crate::notify::delivery::{Delivery, Target};
use crate::notify::receiver::Receivers;
use crate::order::{self, Answer, OfficerId, Order};
use crate::watch::decide::decide;
use crate::watch::snapshot::Plan;

const STAFF: &str = "[[webhook]]\nname = \"duty\"\nurl = \"https://duty.example/\"\nsecret_env = \"S\"\ncarries = [\"telemetry\"]\n\
    [[webhook]]\nname = \"phone-a\"\nurl = \"https://a.example/\"\nsecret_env = \"S\"\ncarries = []\n\
    [[webhook]]\nname = \"phone-chief\"\nurl = \"https://c.example/\"\nsecret_env = \"S\"\ncarries = []\nlang = \"en\"\n";

const DUTY: &str = "chief = \"chief\"\n\
    [[person]]\nofficer = \"a\"\nwebhooks = [\"phone-a\"]\n[[person]]\nofficer = \"b\"\n\
    [[person]]\nofficer = \"chief\"\nwebhooks = [\"phone-chief\"]\n\
    [[post]]\nid = \"one\"\nname = \"One\"\nshift = [{ officer = \"a\", from = \"07:00\", to = \"19:00\" }, { officer = \"b\", from = \"19:00\", to = \"07:00\" }]\n\
    [[post]]\nid = \"two\"\nname = \"Two\"\nshift = [{ officer = \"b\", from = \"00:00\", to = \"00:00\" }]\n\
    [calling]\nseverity_min = 3\nacknowledge_within_s = { 3 = 600, 4 = 300 }\nremind_every_s = 900\nreminders_max = 2\n";

/// Huế with that roster; `more` is added to the file.
pub(super) fn plan(more: &str) -> Arc<Plan> {
    let mut plan = Plan::load(None).unwrap();
    let staff = Receivers::parse("receivers.toml", STAFF).unwrap();
    plan.receivers = staff.with_fcm("https://phones.example", "hue", "{}");
    let names = Names { officers: None, receivers: Some(&plan.receivers) };
    plan.duty = Duty::parse("duty.toml", &format!("{DUTY}{more}"), names).unwrap();
    assert_eq!(hue().city.utc_offset_min, 420);
    Arc::new(plan)
}

/// 17 November, ten in the morning: a has the first post.
pub(super) fn morning() -> Timestamp {
    evening().plus(Span::from_h(16))
}

/// An order at the desk; every one has a key of its own.
pub(super) fn order(town: &mut Town, actor: &str, if_match: Option<u64>, act: Act) -> Answer {
    let key = format!("{}-{}", town.now.ms(), town.commits.len());
    let order = Order {
        actor: OfficerId::new(actor),
        key: key.as_str().into(),
        note: None,
        if_match,
        act: order::Act::Desk(desk::Act::Duty(act)),
    };
    let decision = decide(&town.state, town.now, &[Event::Ordered(Arc::new(order))]);
    town.state = decision.next;
    town.commits.push(decision.commit);
    decision.answers.into_iter().next().unwrap()
}

/// The duty's open papers.
pub(super) fn papers(town: &Town) -> Vec<Call> {
    town.state.desk.calls.iter().map(|(_, filed)| filed.record.clone()).collect()
}

/// What kinds of papers are open.
pub(super) fn kinds(town: &Town) -> Vec<&'static str> {
    let kind = |call: &Call| match call.about {
        About::Warning(_) => "warning",
        About::HandOver(_) => "hand_over",
        About::Gathered(_) => "gathered",
        About::Delayed(_) => "delayed",
        About::Withheld(_) => "withheld",
    };
    papers(town).iter().map(kind).collect()
}

/// What officers were told of their desk, apart from silent gauges.
pub(super) fn desk_told(town: &Town) -> Vec<Delivery> {
    let all = town.deliveries().into_iter();
    all.filter(|delivery| delivery.bulletin.0.starts_with("desk.")).collect()
}

/// A river that rises by a decimetre in ten minutes, up to this.
pub(super) fn rise(town: &mut Town, id: &str, from_dm: i32, to_dm: i32) {
    for dm in from_dm..=to_dm {
        town.pass(min(10));
        town.stage(id, f64::from(dm) / 10.0);
    }
}

/// When a webhook was told something, in minutes since `since`.
pub(super) fn rang(town: &Town, webhook: &str, since: Timestamp) -> Vec<i64> {
    let rings = town
        .deliveries()
        .into_iter()
        .filter(|delivery| matches!(&delivery.target, Target::Webhook { receiver } if receiver == webhook));
    rings.map(|delivery| delivery.at.since(since).whole_s() / 60).collect()
}

/// The titles of the public's bulletins that went to anybody's phone.
pub(super) fn pushed(town: &Town) -> Vec<String> {
    let mut titles: Vec<String> = Vec::new();
    for delivery in town.deliveries() {
        let is_new = !titles.contains(&delivery.title);
        if delivery.hazard != Hazard::Telemetry && delivery.lang.0.as_ref() == "vi" && is_new {
            titles.push(delivery.title);
        }
    }
    titles
}

/// Writes what was committed, and begins from the disk.
pub(super) fn restart(town: &mut Town, dir: &std::path::Path) {
    let (mut book, _) = Book::open(dir, &town.plan, town.now);
    town.commits.iter().for_each(|commit| book.keep(commit));
    drop(book);
    town.forget();
    town.state = Book::open(dir, &town.plan, town.now).1;
}
