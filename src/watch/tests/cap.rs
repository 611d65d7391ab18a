//! Our CAP messages: chains that never lapse, bytes that never vary, valid for those who did not
//! write them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use oasiscap::v1dot2::{Alert, MessageType, ResponseType, Status, Urgency};
use rules::alert::AlertId;
use rules::bulletin::{Act, Author, Bulletin, BulletinId, Lang, Text};
use rules::hazard::{Hazard, Severity};
use sensors::place::ZoneId;
use sensors::time::Span;
use sha2::{Digest as _, Sha256};

use super::rig::{Book, Town, evening, hue, min};
use crate::cap::Message;
use crate::watch::decide::Turn;
use crate::watch::desk::cap;
use crate::watch::snapshot::State;

impl Town {
    fn caps(&self) -> Vec<Message> {
        self.commits.iter().flat_map(|commit| commit.caps.clone()).collect()
    }

    /// Lets a bulletin out, whoever wrote it.
    fn out(&mut self, bulletin: Bulletin) -> Option<Message> {
        let mut turn = Turn::new(self.state.clone(), self.now);
        turn.commit.bulletins.push(bulletin);
        cap::follow(&mut turn);
        self.state = turn.next;
        let message = turn.commit.caps.last().cloned();
        self.commits.push(turn.commit);
        message
    }
}

fn read(message: &Message) -> Alert {
    match message.xml.parse() {
        Ok(oasiscap::Alert::V1dot2(alert)) => alert,
        other => panic!("{other:?}: {}", message.xml),
    }
}

/// A bulletin as officers type one.
fn typed(act: Act, n: u32) -> Bulletin {
    let text = |lang: &str, title: &str| {
        Text::push(Lang(lang.into()), title.to_owned(), "Nước <5 m & \"lên\"\r\nnhanh".to_owned())
    };
    Bulletin {
        id: BulletinId(format!("typed-1.v{n}").into()),
        alert: AlertId("typed-1".into()),
        hazard: Hazard::Flood,
        act,
        severity: Severity::new(4).unwrap(),
        severity_max: Severity::new(4).unwrap(),
        zones: vec![ZoneId::new("thuan-hoa"), ZoneId::new("phu-vang")],
        at: evening(),
        automatic: true,
        author: Author::Officer("truc-ban".into()),
        texts: vec![text("vi", "Lũ trên sông Hương"), text("en", "Flood on the Hương")],
    }
}

fn triples(alert: &Alert) -> Vec<String> {
    let triple = |of: &oasiscap::references::Reference| of.identifier.to_string();
    alert.references.iter().flat_map(oasiscap::references::References::iter).map(triple).collect()
}

#[test]
fn rule_17_a_chain_names_every_unexpired_predecessor_and_never_lapses_while_it_is_true() {
    let mut town = Town::new();
    town.stage("kim-long", 2.1);
    town.pass(Span::from_h(30));
    town.stage("kim-long", 3.6);
    town.pass(Span::from_h(4));
    let messages = town.caps();
    assert!(messages.len() >= 6, "{}", messages.len());
    for (n, message) in messages.iter().enumerate() {
        let alert = read(message);
        let live = messages[..n].iter().filter(|before| before.expires > message.sent);
        let live: Vec<String> = live.map(|before| before.identifier.to_string()).collect();
        assert_eq!(triples(&alert), live, "message {n}");
        let first = if n == 0 { MessageType::Alert } else { MessageType::Update };
        assert_eq!(alert.message_type, first);
        assert!(n == 0 || messages[n - 1].expires > message.sent, "message {n} came after a lapse");
        assert_eq!(alert.info.len(), 2);
    }
    let renewals = messages.iter().filter(|message| message.bulletin.is_none()).count();
    assert!(renewals >= 4, "{renewals}");
    assert!(!town.notices().iter().any(|title| title.contains("CAP")), "nobody is paged");

    town.forget();
    for n in 0..180_i32 {
        let falling = 3.6 - f64::from(n) * 0.05;
        town.stage("kim-long", falling.max(0.5) + f64::from(n % 5) * 0.01);
        town.pass(min(10));
    }
    let over = town.caps();
    let last = read(over.last().unwrap());
    assert_eq!(last.message_type, MessageType::Update, "easing is no cancel");
    assert!(last.info.iter().all(|info| info.urgency == Urgency::Past));
    assert!(
        last.info.iter().all(|info| !info.response_type.contains(&ResponseType::AllClear)),
        "nor an all-clear"
    );
    let ended = over.last().unwrap().sent;
    assert!(town.now.since(ended) > Span::from_h(6) && over.last().unwrap().bulletin.is_some());
    assert_valid(&[messages, over].concat());
}

#[test]
fn a_renewal_that_comes_too_late_pages_the_duty_and_puts_the_message_in_force_again() {
    let mut town = Town::new();
    town.stage("phu-oc", 3.2);
    let first = town.caps().pop().unwrap();
    town.now = town.now.plus(Span::from_h(11));
    town.decide(&[]);
    let again = town.caps().pop().unwrap();
    assert!(again.expires > town.now && again.bulletin.is_none());
    assert_eq!(triples(&read(&again)), [first.identifier.to_string()], "the last one, though it expired");
    let paged: Vec<String> = town.notices().into_iter().filter(|title| title.contains("CAP")).collect();
    assert_eq!(paged, ["Bản tin CAP hết hạn trước khi gia hạn"]);
}

#[test]
fn rule_17_only_an_error_is_cancelled_and_only_an_officer_gives_the_all_clear() {
    let mut town = Town::new();
    let acts = [Act::Issued, Act::Raised, Act::Updated, Act::Eased, Act::AllClear];
    let mut before: Vec<String> = Vec::new();
    for (n, act) in (0..).zip(acts) {
        town.now = town.now.plus(min(10));
        let message = town.out(typed(act, n)).unwrap();
        let alert = read(&message);
        let kind = if n == 0 { MessageType::Alert } else { MessageType::Update };
        assert_eq!((alert.message_type, triples(&alert)), (kind, before.clone()), "{act:?}");
        let clear = alert.info[0].response_type.contains(&ResponseType::AllClear);
        assert_eq!(
            (clear, alert.info[0].urgency == Urgency::Past),
            (act == Act::AllClear, act == Act::AllClear)
        );
        assert_eq!(alert.info[0].description.as_deref(), Some("Nước <5 m & \"lên\"\nnhanh"));
        before.push(message.identifier.to_string());
    }
    let cancelled = town.out(typed(Act::Cancelled, 9)).unwrap();
    let alert = read(&cancelled);
    assert_eq!((alert.message_type, triples(&alert)), (MessageType::Cancel, before));
    let anew = town.out(typed(Act::Issued, 10)).unwrap();
    assert_eq!(read(&anew).message_type, MessageType::Alert, "what was cancelled is no predecessor");
    assert_valid(&town.caps());
}

#[test]
fn an_exercise_says_so_and_a_proposal_or_a_notice_to_staff_is_never_a_message() {
    let mut town = Town::new();
    assert_eq!(town.out(Bulletin { automatic: false, ..typed(Act::Issued, 1) }), None);
    assert_eq!(town.out(Bulletin { hazard: Hazard::Telemetry, ..typed(Act::Issued, 2) }), None);
    town.state = State::new(hue(), town.now, true);
    let message = town.out(typed(Act::Issued, 3)).unwrap();
    assert!(message.exercise && message.identifier.contains(".exercise."));
    let alert = read(&message);
    assert_eq!(alert.status, Status::Exercise);
    assert!(alert.note.unwrap().contains("DIỄN TẬP"));
    assert_valid(&[message]);
}

#[test]
fn an_empty_area_is_the_stations_wards_and_never_everyone() {
    let mut town = Town::new();
    town.stage("kim-long", 2.1);
    let alert = town.transitions().pop().unwrap();
    let message =
        town.out(Bulletin { alert: alert.alert.clone(), zones: Vec::new(), ..typed(Act::Updated, 1) });
    let wards = &read(&message.unwrap()).info[0].areas;
    assert_eq!(wards.len(), alert.zones.len());
    assert_eq!(town.out(Bulletin { zones: Vec::new(), ..typed(Act::Issued, 2) }), None);
    assert!(town.notices().contains(&"Không phát được bản tin CAP".to_owned()), "{:?}", town.notices());
}

#[test]
fn a_message_is_kept_once_and_a_restart_goes_on_with_the_same_chain() {
    let dir = tempfile::tempdir().unwrap();
    let plan = hue();
    let (mut book, state) = Book::open(dir.path(), &plan, evening());
    let mut town = Town::new();
    town.state = state;
    town.stage("kim-long", 2.1);
    town.pass(Span::from_h(7));
    town.commits.iter().for_each(|commit| book.keep(commit));
    let kept = town.caps().pop().unwrap();
    let other = Message { xml: "<alert/>".into(), ..kept.clone() };
    let before = book.store.reader(1).unwrap().verify_ledger().unwrap();
    book.keep(&crate::store::commit::Commit { caps: vec![other], ..Default::default() });
    let reader = book.store.reader(1).unwrap();
    assert_eq!(reader.verify_ledger().unwrap(), before, "the ledger has nothing of it");
    assert_eq!(*reader.cap_message(&kept.identifier).unwrap().unwrap().xml, *kept.xml);
    let chain = reader.cap_chain(&kept.alert.0).unwrap();
    assert_eq!(chain.len(), town.caps().len());
    drop((reader, book));

    let (_book, restored) = Book::open(dir.path(), &plan, town.now);
    assert_eq!(restored.caps, town.state.caps);
    let mut after = town.clone();
    after.state.caps = restored.caps;
    let next = |town: &mut Town| {
        town.forget();
        town.pass(Span::from_h(7));
        town.caps()
    };
    assert_eq!(next(&mut town), next(&mut after));
}

fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/cap").join(name)
}

/// Valid by the schema of the standard, canonical to the byte, and hashed as it stands.
fn assert_valid(messages: &[Message]) {
    let dir = tempfile::tempdir().unwrap();
    let schema = shared("cap12.xsd");
    let absent = Command::new("xmllint").arg("--version").output().is_err() || !schema.exists();
    if absent {
        assert!(std::env::var_os("CI").is_none(), "xmllint and {} are needed", schema.display());
        return println!("skipped: xmllint or the schema is not here");
    }
    let mut files = Vec::new();
    for message in messages {
        let hash: [u8; 32] = Sha256::digest(message.xml.as_bytes()).into();
        assert_eq!(hash, message.hash);
        let path = dir.path().join(format!("{}.xml", message.identifier));
        fs::write(&path, message.xml.as_bytes()).unwrap();
        files.push(path);
    }
    let judged =
        Command::new("xmllint").args(["--noout", "--schema"]).arg(&schema).args(&files).output().unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    for (path, message) in files.iter().zip(messages) {
        let canonical = Command::new("xmllint").arg("--exc-c14n").arg(path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&canonical.stdout), *message.xml, "canonical");
    }
}

#[cfg(feature = "demo")]
#[test]
fn every_message_of_a_storm_is_valid_and_means_what_its_bulletin_means() {
    let town = super::storm::played();
    let (messages, bulletins) = (town.caps(), town.bulletins());
    let public: Vec<_> = bulletins.iter().filter(|b| b.automatic && b.hazard.is_public()).collect();
    assert!(public.len() > 10, "{}", public.len());
    for bulletin in public {
        let message = messages.iter().find(|message| message.bulletin.as_ref() == Some(&bulletin.id));
        let alert = read(message.unwrap_or_else(|| panic!("{} has no message", bulletin.id)));
        assert_eq!(alert.info.len(), bulletin.texts.len());
        for (info, text) in alert.info.iter().zip(&bulletin.texts) {
            assert_eq!(info.headline.as_deref(), Some(text.title.as_str()));
            assert_eq!(info.areas.len(), bulletin.zones.len());
            assert!(info.areas.iter().all(|area| !area.polygons.is_empty()));
        }
    }
    assert_valid(&messages);
}
