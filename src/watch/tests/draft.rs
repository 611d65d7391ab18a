//! Rules as decisions: proposed, backtested, approved by another officer, in force in that commit.

mod bound;
mod speed;

use std::sync::Arc;

use rules::alert::Transition;
use rules::rule::NONE;
use tempfile::TempDir;

use super::rig::{Book, Town, hue};
use crate::desk;
use crate::desk::draft::compile::{Wanted, compile};
use crate::desk::draft::edit::Edit;
use crate::desk::draft::{Act, BacktestDone, Draft, File, IN_FORCE, Prepared, Standing};
use crate::desk::paper::Kind;
use crate::event::Event;
use crate::order::{Act as Ordered, Answer, Done, OfficerId, Order, Refusal};
use crate::store::Reader;
use crate::store::commit::Commit;
use crate::store::ledger::transition_body;
use crate::watch::decide::decide;
use crate::watch::rerun::Rerun;
use crate::watch::restore::begin;
use crate::watch::snapshot::Plan;

/// A town whose commits are on the disk, with officers who change its rules.
struct Office {
    town: Town,
    book: Book,
    reader: Reader,
    dir: TempDir,
    orders: usize,
}

impl Office {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut town = Town::new();
        let (mut book, state) = Book::open(dir.path(), &town.plan, town.now);
        town.state = state;
        let begun = begin(&mut town.state, town.now);
        book.keep(&begun);
        let reader = book.store.reader(1).unwrap();
        Self { town, book, reader, dir, orders: 0 }
    }

    /// Decides, commits what came of it, and gives the answer.
    fn order(&mut self, who: &str, if_match: Option<u64>, act: Act) -> Answer {
        self.orders += 1;
        let order = Order {
            actor: OfficerId::new(who),
            key: format!("key-{}", self.orders).into(),
            note: Some("sau lũ".to_owned()),
            if_match,
            act: Ordered::Desk(desk::Act::Draft(act)),
        };
        self.give(&Arc::new(order))
    }

    fn give(&mut self, order: &Arc<Order>) -> Answer {
        let decision = decide(&self.town.state, self.town.now, &[Event::Ordered(Arc::clone(order))]);
        self.book.keep(&decision.commit);
        self.town.state = decision.next;
        self.town.plan = Arc::clone(&self.town.state.plan);
        self.town.commits.push(decision.commit);
        decision.answers.into_iter().next().unwrap()
    }

    fn stage(&mut self, id: &str, metres: f64) {
        let commit = self.town.stage(id, metres).clone();
        self.book.keep(&commit);
    }

    fn propose(&mut self, who: &str, wanted: &Wanted) -> String {
        let (proposal, _) = compile(&self.town.plan, wanted).unwrap();
        filed(&self.order(who, None, Act::Propose(proposal))).0
    }

    fn draft(&self, id: &str) -> Draft {
        self.town.state.desk.drafts.find(id).unwrap().record.clone()
    }

    fn backtest(&mut self, id: &str) {
        let draft_version_hash = self.draft(id).version;
        let done = BacktestDone { draft_version_hash, digest: "0".into(), summary: "POD 1".into(), at: 0 };
        filed(&self.order("may-tinh", None, Act::Backtested { id: id.to_owned(), done }));
    }

    fn approval(&self, id: &str) -> Act {
        let draft = self.draft(id);
        let plan = self.town.plan.revised(&draft.files).unwrap();
        let prepared = Prepared::new(plan, &self.town.state, &self.reader).unwrap();
        let accepts_failing = prepared.failing.clone();
        Act::Approve {
            id: id.to_owned(),
            version: draft.version,
            accepts_failing,
            prepared: Some(Arc::new(prepared)),
        }
    }

    fn approve(&mut self, who: &str, id: &str) -> Answer {
        let act = self.approval(id);
        self.order(who, Some(2), act)
    }

    /// Proposed, backtested, approved by another officer; the commit that brings it.
    fn change(&mut self, wanted: &Wanted) -> Commit {
        let id = self.propose("truc-ban", wanted);
        self.backtest(&id);
        filed(&self.approve("chi-huy", &id));
        self.town.commits.last().unwrap().clone()
    }

    fn restart(self) -> (Town, Book, TempDir) {
        let Self { mut town, book, reader, dir, .. } = self;
        drop((book, reader));
        let (book, state) = Book::open(dir.path(), &town.plan, town.now);
        town.state = state;
        town.forget();
        (town, book, dir)
    }
}

fn filed(answer: &Answer) -> (String, u64) {
    match answer {
        Answer::Done(Done::Filed { id, version, .. }) => (id.to_string(), *version),
        other => panic!("{other:?}"),
    }
}

fn why(answer: &Answer) -> String {
    match answer {
        Answer::Refused(refusal) => refusal.to_string(),
        other => panic!("{other:?}"),
    }
}

fn edit(rule: &str, level: &str, key: &str, value: f64) -> Wanted {
    let edit = Edit { rule: rule.into(), level: Some(level.into()), key: key.into(), value: value.into() };
    Wanted { edits: vec![edit], ..Wanted::default() }
}

fn lower_bd2() -> Wanted {
    let mut wanted = edit("stage-kim-long", "bd2", "raise_m", 1.9);
    wanted.edits.extend(edit("stage-kim-long", "bd2", "clear_m", 1.7).edits);
    wanted
}

/// The rules of Huế with some text changed.
fn whole(change: impl Fn(&str) -> String) -> Wanted {
    let text = change(hue().governed.texts.text("rules.toml").unwrap());
    Wanted { files: vec![File { name: "rules.toml".into(), text }], ..Wanted::default() }
}

/// The text without one rule.
fn without(text: &str, id: &str) -> String {
    let begin = text.find(&format!("[[rule]]\nid = \"{id}\"")).unwrap();
    let end = text[begin..].find("\n[[rule]]").map_or(text.len(), |at| begin + at + 1);
    format!("{}{}", &text[..begin], &text[end..])
}

#[test]
fn a_lowered_stage_raises_on_the_newest_reading_in_the_commit_that_approves_it() {
    let mut office = Office::open();
    office.stage("kim-long", 1.95);
    assert_eq!(office.town.level("stage-kim-long.kim-long"), "bd1");
    let old = office.town.plan.version.clone();
    let commit = office.change(&lower_bd2());
    let [raised] = commit.transitions.as_slice() else { panic!("{:#?}", commit.transitions) };
    assert_eq!((raised.from.as_str(), raised.to.as_str(), raised.raised), ("bd1", "bd2", true));
    let slot = office.town.plan.rules.slot_named("stage-kim-long.kim-long").unwrap();
    assert_eq!(raised.rule_version, office.town.plan.rules.slot(slot).unwrap().rule.version);
    assert_eq!(raised.because[0].value.raw(), 1_950, "the newest reading made it true");
    assert!(commit.deliveries.iter().any(|delivery| delivery.zone.is_some()), "people are told in it");
    assert_eq!(commit.plan_version.as_deref(), Some(office.town.plan.version.as_str()));
    assert_ne!(office.town.plan.version, old);
    // The store names the new configuration for this commit and those after it, and the ledger says so.
    office.stage("kim-long", 1.96);
    let versions: Vec<String> = rusqlite::Connection::open(office.dir.path().join(crate::store::DATABASE))
        .unwrap()
        .prepare("SELECT version FROM committed JOIN config ON config.pk = committed.config ORDER BY seq DESC LIMIT 3")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let new = office.town.plan.version.clone();
    assert_eq!(versions, [new.clone(), new, old]);
    office.reader.verify_ledger().unwrap();
}

#[test]
fn after_a_restart_the_approved_rules_stand_and_the_folder_is_said_to_differ() {
    let mut office = Office::open();
    office.stage("kim-long", 1.95);
    office.change(&lower_bd2());
    let (plan, before) = (Arc::clone(&office.town.plan), office.town.state.clone());
    let (town, _book, dir) = office.restart();
    assert_eq!(town.state.alerts, before.alerts);
    assert_eq!(town.state.told, before.told);
    assert_eq!(town.state.desk.rules.find(IN_FORCE).unwrap().record.version, plan.governed.version);
    let begun = Plan::begin(None, dir.path(), None).unwrap();
    assert_eq!((&begun.version, &begun.governed.version), (&plan.version, &plan.governed.version));
    assert_eq!(begun.governed.differing(), ["rules.toml"]);
    assert_eq!(
        begun.governed.texts.text("rules.toml"),
        plan.governed.texts.text("rules.toml"),
        "byte for byte"
    );
    // An officer may take the folder's in their place, by name.
    let adopted = Plan::begin(None, dir.path(), Some("Lê Văn A")).unwrap();
    assert_eq!(adopted.governed.version, hue().governed.version);
    let mut state = town.state.clone();
    state.plan = Arc::new(adopted);
    let commit = begin(&mut state, town.now);
    assert_eq!(commit.papers[0].by.as_deref(), Some("Lê Văn A"));
    assert!(begin(&mut state, town.now).is_empty(), "once");
}

#[test]
fn nothing_is_approved_without_a_backtest_of_that_very_version_and_a_second_officer() {
    let mut office = Office::open();
    let id = office.propose("truc-ban", &lower_bd2());
    assert!(why(&office.approve("chi-huy", &id)).contains("version 2 was seen"), "If-Match is compared");
    let act = office.approval(&id);
    assert!(why(&office.order("chi-huy", None, act)).contains("no backtest of this very version"));
    let done =
        BacktestDone { draft_version_hash: "f".into(), digest: "0".into(), summary: String::new(), at: 0 };
    let other = Act::Backtested { id: id.clone(), done };
    assert!(why(&office.order("may-tinh", None, other)).contains("run that one"));
    office.backtest(&id);
    assert!(why(&office.approve("truc-ban", &id)).contains("a second officer approves"));
    let act =
        Act::Approve { id: id.clone(), version: "other".into(), accepts_failing: Vec::new(), prepared: None };
    assert!(why(&office.order("chi-huy", Some(2), act)).contains("is version"));
    assert_eq!(office.town.plan.governed.version, hue().governed.version);
    filed(&office.approve("chi-huy", &id));
    assert_ne!(office.town.plan.governed.version, hue().governed.version);
}

#[test]
fn a_draft_under_which_a_test_of_the_city_fails_needs_its_name_and_a_reason() {
    let mut office = Office::open();
    let mut lower = edit("stage-kim-long", "bd2", "raise_m", 1.5);
    lower.edits.extend(edit("stage-kim-long", "bd2", "clear_m", 1.3).edits);
    let id = office.propose("truc-ban", &lower);
    office.backtest(&id);
    let Act::Approve { id, version, accepts_failing: failing, prepared } = office.approval(&id) else {
        panic!()
    };
    assert!(!failing.is_empty());
    let act = |names: &[String]| Act::Approve {
        id: id.clone(),
        version: version.clone(),
        accepts_failing: names.to_vec(),
        prepared: prepared.clone(),
    };
    let told = why(&office.order("chi-huy", Some(2), act(&[])));
    assert!(told.contains(&format!("{:?}", failing[0])) && told.contains("accepts_failing"), "{told}");
    assert!(office.town.commits.last().unwrap().is_empty(), "nothing is half done");
    let strange = [failing.as_slice(), &["Không có".to_owned()]].concat();
    assert!(why(&office.order("chi-huy", Some(2), act(&strange))).contains("no such test fails"));
    let silent = Order {
        actor: OfficerId::new("chi-huy"),
        key: "không lý do".into(),
        note: None,
        if_match: Some(2),
        act: Ordered::Desk(desk::Act::Draft(act(&failing))),
    };
    assert!(why(&office.give(&Arc::new(silent))).contains("with a reason"));
    filed(&office.order("chi-huy", Some(2), act(&failing)));
    let kept = office.reader.paper(Kind::Draft, &id).unwrap().unwrap();
    let draft: Draft = serde_json::from_str(&kept.record).unwrap();
    assert_eq!((&draft.accepted_failing, draft.closed_because.as_deref()), (&failing, Some("sau lũ")));
}

#[test]
fn of_two_drafts_on_one_base_the_first_wins_and_the_other_is_overtaken() {
    let mut office = Office::open();
    let first = office.propose("truc-ban", &lower_bd2());
    let second = office.propose("truc-ban", &edit("stage-phu-oc", "bd2", "raise_m", 2.9));
    office.backtest(&first);
    office.backtest(&second);
    let late = office.approval(&second);
    let twice = office.approval(&first);
    filed(&office.approve("chi-huy", &first));
    assert!(matches!(office.order("pho-phong", Some(2), twice), Answer::Refused(Refusal::Absent { .. })));
    assert!(matches!(office.order("chi-huy", Some(2), late), Answer::Refused(Refusal::Absent { .. })));
    let kept = office.reader.paper(Kind::Draft, &second).unwrap().unwrap();
    let draft: Draft = serde_json::from_str(&kept.record).unwrap();
    assert_eq!((draft.standing, draft.files.len()), (Standing::Overtaken, 0));
    assert!(draft.closed_because.unwrap().contains(&first), "it is told by what");
    // A proposal that was written on the rules before is refused.
    let (mut stale, _) = compile(&office.town.plan, &edit("wind", "bft8", "raise_m_s", 17.0)).unwrap();
    stale.base = hue().governed.version.clone();
    assert!(why(&office.order("truc-ban", None, Act::Propose(stale))).contains("propose it again on that"));
}

#[test]
fn an_alert_whose_rule_is_withdrawn_ends_for_officers_and_the_public_is_told_nothing_by_itself() {
    let mut office = Office::open();
    office.stage("kim-long", 2.2);
    assert_eq!(office.town.level("stage-kim-long.kim-long"), "bd2");
    let commit = office.change(&whole(|text| without(text, "stage-kim-long")));
    let [ended] = commit.transitions.as_slice() else { panic!("{:#?}", commit.transitions) };
    assert_eq!((ended.from.as_str(), ended.to.as_str()), ("bd2", NONE));
    assert!(commit.deliveries.iter().all(|delivery| delivery.zone.is_none()), "nobody outside is told");
    let proposal = commit.bulletins.iter().find(|bulletin| bulletin.hazard.is_public()).unwrap();
    assert!(!proposal.automatic && !proposal.texts.is_empty(), "an officer decides what people hear");
    let told: Vec<_> = commit.bulletins.iter().map(|bulletin| bulletin.texts[0].title.as_str()).collect();
    assert!(told.contains(&"Bỏ quy tắc: 1 cảnh báo kết thúc"), "{told:?}");
    let first = ended.alert.clone();
    // It comes back, and what it raises on the same reading is another episode.
    let commit = office.change(&whole(str::to_owned));
    let [raised] = commit.transitions.as_slice() else { panic!("{:#?}", commit.transitions) };
    assert_eq!(raised.to, "bd2");
    assert_ne!(raised.alert, first);
    let before = office.town.state.clone();
    let (town, ..) = office.restart();
    assert_eq!(town.state.alerts, before.alerts);
}

#[test]
fn a_commit_that_fails_leaves_the_old_rules_in_force_and_the_same_order_does_it_later() {
    let mut office = Office::open();
    office.stage("kim-long", 1.95);
    let id = office.propose("truc-ban", &lower_bd2());
    office.backtest(&id);
    let order = Arc::new(Order {
        actor: OfficerId::new("chi-huy"),
        key: "phê duyệt".into(),
        note: Some("theo kết quả chạy thử".to_owned()),
        if_match: Some(2),
        act: Ordered::Desk(desk::Act::Draft(office.approval(&id))),
    });
    let before = office.town.state.clone();
    let decision = decide(&before, office.town.now, &[Event::Ordered(Arc::clone(&order))]);
    // The disk refuses: a commit upon another one than the newest is not written either.
    let wrong = crate::store::commit::Seq(office.book.seq.0 + 7);
    office.book.store.commit(office.book.epoch, wrong, &decision.commit).unwrap_err();
    assert_eq!(before.plan.governed.version, hue().governed.version, "a decision changes nothing by itself");
    assert_eq!(office.town.level("stage-kim-long.kim-long"), "bd1");
    office.stage("kim-long", 1.96);
    let feed = office.reader.paper(Kind::Rules, IN_FORCE).unwrap().unwrap();
    assert_eq!(feed.version, 1, "nothing of it is in the store");
    filed(&office.give(&order));
    assert_eq!(office.town.level("stage-kim-long.kim-long"), "bd2");
    assert!(matches!(office.give(&order), Answer::Repeated));
}

#[test]
fn the_engine_run_again_turns_to_approved_rules_in_the_same_commit_and_says_the_same() {
    let mut office = Office::open();
    let mut again = Rerun::new(Arc::clone(&office.town.plan));
    let mut plans = vec![Arc::clone(&office.town.plan)];
    office.stage("kim-long", 1.95);
    let changes = [lower_bd2(), whole(|text| without(text, "stage-kim-long")), whole(str::to_owned)];
    for (wanted, metres) in changes.iter().zip([2.2, 2.3, 1.2]) {
        office.change(wanted);
        plans.push(Arc::clone(&office.town.plan));
        office.stage("kim-long", metres);
    }
    let (mut plan, mut compared) = (Arc::clone(&plans[0]), 0);
    for commit in &office.town.commits {
        let mut said = Vec::new();
        if let Some(version) = &commit.plan_version {
            plan = Arc::clone(plans.iter().find(|plan| plan.version == *version).unwrap());
            said = again.adopt(&plan, commit.at);
        }
        said.extend(again.commit(commit.at, &commit.readings));
        // A withdrawn alert has no place under the new rules; its ledger entry names none.
        let body = |t: &Transition| transition_body(t, &vec!["s"; t.because.len()]).unwrap();
        let by_readings =
            |t: &&Transition| plan.rules.slot(t.slot).is_none() || !plan.rules.runs_on_the_clock(t.slot);
        let first: Vec<String> = commit.transitions.iter().filter(by_readings).map(body).collect();
        assert_eq!(said.iter().map(body).collect::<Vec<_>>(), first, "at {}", commit.at);
        compared += first.len();
    }
    assert!(compared >= 4, "raised, raised by other rules, ended with its rule, raised anew: {compared}");
}
