//! What no rule said goes the same way: proposed, let out, taken back, closed.

use rules::alert::AlertId;
use rules::bulletin::{Act as Deed, Author, Bulletin, BulletinId, Lang, Text};
use rules::hazard::{Hazard, Severity};
use rules::rule::IssuePolicy;
use sensors::time::Span;

use super::score::{Score, moment};
use crate::desk::warning::Phase;
use crate::order::Refusal;
use crate::watch::decide::Turn;
use crate::watch::desk::warning::{Draft, over, propose};

fn draft(zones: &[&str], policy: IssuePolicy) -> Draft {
    let text = Text::push(Lang("vi".into()), "Bão số 13".to_owned(), "Bão vào đêm nay.".to_owned());
    let bulletin = Bulletin {
        id: BulletinId("".into()),
        alert: AlertId("typed.1".into()),
        hazard: Hazard::Wind,
        act: Deed::Issued,
        severity: Severity::MAX,
        severity_max: Severity::MAX,
        zones: zones.iter().map(|zone| sensors::place::ZoneId::new(zone)).collect(),
        at: moment("17 03:00"),
        automatic: false,
        author: Author::Rule,
        texts: vec![text],
    };
    Draft { bulletin, level: "typed".to_owned(), policy }
}

fn turn(score: &mut Score, act: impl FnOnce(&mut Turn)) {
    let mut turn = Turn::new(score.town.state.clone(), score.town.now);
    act(&mut turn);
    score.town.state = turn.next;
    score.town.state.wake_at =
        crate::watch::desk::due(&score.town.state).into_iter().chain(score.town.state.wake_at).min();
    score.town.commits.push(turn.commit);
}

#[test]
fn what_an_officer_typed_waits_with_its_fuse_and_goes_out_in_every_language() {
    let mut score = Score::new();
    score.at("17 03:00");
    let policy = IssuePolicy::OfficerWithin(Span::from_min(15));
    turn(&mut score, |turn| {
        for (zones, wrong) in [(vec![], "nobody is never everybody"), (vec!["ha-noi"], "no zone of the city")]
        {
            let Err(Refusal::Desk { why }) = propose(turn, draft(&zones, policy), None) else { panic!() };
            assert!(why.contains(wrong), "{why}");
        }
        propose(turn, draft(&["thuan-an", "kim-long"], policy), None).unwrap();
    });
    assert_eq!(score.phase("typed.1"), Phase::Proposed);
    score.at("17 03:15");
    let out = score
        .town
        .bulletins()
        .into_iter()
        .rfind(|b| b.alert.0.starts_with("typed.1") && b.automatic)
        .unwrap();
    assert_eq!((out.author.clone(), out.texts.len(), out.zones.len()), (Author::Fuse, 2, 2));
    assert_eq!(score.phase("typed.1"), Phase::Issued);
    // Its time passes: people may hear of it, and it still waits for an all-clear.
    turn(&mut score, |turn| {
        let eased = draft(&["kim-long"], policy).bulletin;
        over(turn, "typed.1", Some(eased), "hết hiệu lực");
    });
    assert_eq!(score.phase("typed.1"), Phase::Eased);
    let eased = score.town.bulletins().pop().unwrap();
    assert_eq!((eased.act, eased.zones.len()), (Deed::Eased, 2), "to everybody who was told");
}

#[test]
fn what_an_officer_may_let_out_alone_goes_out_at_once_and_again_as_an_update() {
    let mut score = Score::new();
    score.at("17 03:00");
    turn(&mut score, |turn| {
        propose(turn, draft(&["kim-long"], IssuePolicy::Automatic), None).unwrap();
        propose(turn, draft(&["thuan-an"], IssuePolicy::Automatic), None).unwrap();
    });
    let out = score.town.bulletins().into_iter().filter(|b| b.automatic && b.hazard.is_public());
    let acts: Vec<Deed> = out.map(|b| b.act).collect();
    assert_eq!(acts, [Deed::Issued, Deed::Updated]);
    assert_eq!(score.paper("typed.1").told.as_ref().unwrap().zones, ["kim-long", "thuan-an"]);
}
