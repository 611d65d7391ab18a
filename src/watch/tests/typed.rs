//! What officers type: bulletins and release orders; the town in which they do, and what they type.

mod bulletin;
mod release;

use std::sync::Arc;

use rules::bulletin::{Act as Deed, Author, Bulletin};
use rules::hazard::Hazard;
use sensors::quantity::{Discharge, Value};
use sensors::station::StationId;
use sensors::time::{Span, Timestamp};
use sensors::travel::Travel;

use super::rig::{Book, Town, evening, hue, min, reading, sensor};
use crate::desk::typed::{Act, Fields, Kind, Moment, ReleasePhase, ReleaseTerms, check, check_order};
use crate::desk::{self, warning};
use crate::event::Event;
use crate::order::{Act as Ordering, Answer, Done, OfficerId, Order, Refusal};
use crate::plan::Texts;
use crate::watch::decide::decide;
use crate::watch::snapshot::Plan;

/// Huế where one officer lets everything out, or whatever `officers.toml` says.
fn plan(typed: &str) -> Arc<Plan> {
    let mut texts = Texts::read(None).unwrap();
    for (name, text) in &mut texts.files {
        if name == "officers.toml" {
            let (officers, _) = text.split_once("[typed]").unwrap();
            *text = format!("{officers}[typed]\n{typed}\n");
        }
    }
    let mut plan = Plan::join(&texts).unwrap();
    plan.receivers = hue().receivers.clone();
    Arc::new(plan)
}

fn town(typed: &str) -> Town {
    Town::of(plan(typed), evening())
}

const ALONE: &str = "national = \"one\"\nstorm_approach = \"one\"\nschool_closing = \"one\"\nfree = \"one\"\nrelease_order = \"one\"";

fn time(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("2025-11-{text}:00+07:00")).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "a field that was typed")]
fn at(text: &str) -> Option<Moment> {
    Some(Moment(time(text)))
}

#[expect(clippy::unnecessary_wraps, reason = "a field that was typed")]
fn words(text: &str) -> Option<String> {
    Some(text.to_owned())
}

impl Town {
    fn order(&mut self, by: &str, if_match: Option<u64>, act: Ordering) -> Answer {
        let key = format!("{by}-{}-{}", self.now.ms(), self.commits.len());
        let actor = OfficerId::new(by);
        let order = Arc::new(Order { actor, key: key.into(), note: None, if_match, act });
        let decision = decide(&self.state, self.now, &[Event::Ordered(order)]);
        self.state = decision.next;
        self.commits.push(decision.commit);
        let [answer] = decision.answers.try_into().unwrap();
        answer
    }

    fn typing(&mut self, by: &str, if_match: Option<u64>, act: Act) -> Answer {
        self.order(by, if_match, Ordering::Desk(desk::Act::Typed(act)))
    }

    /// The id and the version of what was filed.
    fn filed(&mut self, by: &str, if_match: Option<u64>, act: Act) -> (String, u64) {
        match self.typing(by, if_match, act) {
            Answer::Done(Done::Filed { id, version, .. }) => (id.to_string(), version),
            other => panic!("{other:?}"),
        }
    }

    fn refused(&mut self, act: Act) -> String {
        let answer = self.typing("truc-ban", None, act);
        assert!(self.commits.last().unwrap().is_empty(), "nothing is half done");
        let Answer::Refused(why) = answer else { panic!("{answer:?}") };
        why.to_string()
    }

    fn approve(&mut self, by: &str, id: &str) -> Answer {
        let act = warning::Act::Approve { id: id.to_owned(), zones: None, texts: Vec::new() };
        self.order(by, None, Ordering::Desk(desk::Act::Warning(act)))
    }

    /// What went out to the public, oldest first.
    fn public(&self) -> Vec<Bulletin> {
        self.bulletins().into_iter().filter(|b| b.hazard.is_public() && b.automatic).collect()
    }

    fn releases(&self, metres: f64) -> Event {
        let sensor = sensor(&self.plan, "huong-dien/release");
        reading(&self.plan, sensor, self.now, (metres * 1000.0) as i64)
    }
}

/// Every form in every language, as an officer signs it.
fn sheet(bulletin: &Bulletin) -> String {
    let texts = bulletin.texts.iter().map(|text| {
        let lang = &text.lang.0;
        format!(
            "[{lang}] title\n{}\n\n[{lang}] body\n{}\n\n[{lang}] full\n{}\n\n[{lang}] sms\n{}\n\n[{lang}] spoken\n{}\n",
            text.title, text.body, text.full, text.sms, text.spoken
        )
    });
    let head = format!("{} {} {} wards\n", bulletin.hazard, bulletin.severity.step(), bulletin.zones.len());
    std::iter::once(head).chain(texts).collect::<Vec<_>>().join("\n")
}

fn national() -> Fields {
    Fields {
        hazard: words("flood"),
        zones: ["huong-tra", "kim-tra", "quang-dien", "dan-dien"].map(str::to_owned).to_vec(),
        valid_until: at("17T06:00"),
        next_at: at("16T21:00"),
        text: words(
            "Mực nước sông Bồ tại Phú Ốc lúc 17 giờ là 2,95 m.\nTrong 12 giờ tới, lũ trên sông Bồ tiếp tục lên.",
        ),
        issuer: words("Đài KTTV thành phố Huế"),
        number: words("27/LU-HUE"),
        issued_at: at("16T17:30"),
        risk_level: Some(2),
        ..Fields::empty(Kind::National)
    }
}

fn storm() -> Fields {
    Fields {
        whole_city: true,
        valid_until: at("17T18:00"),
        issuer: words("Trung tâm Dự báo KTTV quốc gia"),
        number: words("DBQG-13/17h"),
        issued_at: at("16T17:00"),
        storm: words("Bão số 13"),
        position: words("cách Huế 320 km về phía đông"),
        beaufort: Some(11),
        gust: Some(14),
        wind_from: at("17T04:00"),
        translations: [(
            "en".to_owned(),
            [
                ("storm".to_owned(), "Storm no. 13".to_owned()),
                ("position".to_owned(), "320 km east of Huế".to_owned()),
            ]
            .into(),
        )]
        .into(),
        ..Fields::empty(Kind::StormApproach)
    }
}

fn school() -> Fields {
    Fields {
        hazard: words("flood"),
        zones: vec!["huong-tra".to_owned(), "kim-tra".to_owned()],
        severity: Some(2),
        decided_by: words("Sở Giáo dục và Đào tạo, công văn 312"),
        schools: words("học sinh các cấp"),
        from: at("17T00:00"),
        until: at("18T00:00"),
        translations: [("en".to_owned(), [("schools".to_owned(), "all schools".to_owned())].into())].into(),
        ..Fields::empty(Kind::SchoolClosing)
    }
}

fn free() -> Fields {
    Fields {
        hazard: words("street-flood"),
        zones: vec!["thuan-hoa".to_owned()],
        severity: Some(2),
        valid_until: at("16T23:00"),
        text: words("Cấm xe qua đập Đá đến khi nước rút."),
        translations: [(
            "en".to_owned(),
            [("text".to_owned(), "Đập Đá is closed to traffic until the water falls.".to_owned())].into(),
        )]
        .into(),
        ..Fields::empty(Kind::Free)
    }
}

fn release() -> ReleaseTerms {
    ReleaseTerms {
        dam: "huong-dien".to_owned(),
        from_m3_s: 500,
        to_m3_s: 1600,
        starts_at: Moment(time("16T22:30")),
        gradually: true,
        authority: "Ban Chỉ huy Phòng thủ dân sự thành phố".to_owned(),
        number: "118/CĐ-PTDS".to_owned(),
        received_at: None,
        note: None,
    }
}
