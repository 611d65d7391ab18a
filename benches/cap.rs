//! What a CAP alert with 40 polygons costs: writing it with its digest, and renewing it.
//!
//! `cargo bench --bench cap`. CPU time per operation, since the machine may be busy. Outlines are
//! those of Huế, and the same with so many corners as official boundaries have.
#![expect(clippy::unwrap_used, reason = "a measurement that can't be made says so and ends")]

#[expect(dead_code, reason = "each measurement uses a part of it")]
#[path = "peer/machine.rs"]
mod machine;

use std::hint::black_box;

use baolu::cap::chain::Reference;
use baolu::cap::write::area::Areas;
use baolu::cap::write::message::{Known, Said};
use baolu::cap::write::{renew, write};
use baolu::watch::snapshot::Plan;
use geo::{LineString, MultiPolygon, Polygon};
use rules::alert::AlertId;
use rules::bulletin::{Act, Author, Bulletin, BulletinId, Text};
use rules::hazard::{Hazard, Severity};
use sensors::city::City;
use sensors::place::ZoneId;
use sensors::time::Timestamp;

/// Corners of an outline as an authority draws it.
const CORNERS: usize = 1000;
const TURNS: u32 = 200;

fn bulletin(plan: &Plan) -> Bulletin {
    let severity = Severity::new(4).unwrap();
    let text = |lang: &rules::phrase::Language| {
        let title = "Lũ trên sông Hương tại Kim Long: báo động 3".to_owned();
        Text {
            full: "Mực nước 3,62 m lúc 02:10. ".repeat(40),
            ..Text::push(lang.lang.clone(), title, String::new())
        }
    };
    Bulletin {
        id: BulletinId("stage-kim-long.kim-long.20251117T190000Z.bd3.1".into()),
        alert: AlertId("stage-kim-long.kim-long.20251117T190000Z".into()),
        hazard: Hazard::Flood,
        act: Act::Raised,
        severity,
        severity_max: severity,
        zones: Vec::new(),
        at: Timestamp::from_ms(0),
        automatic: true,
        author: Author::Rule,
        texts: plan.phrases.languages.iter().map(text).collect(),
    }
}

/// The same outlines with corners along every edge.
fn finer(city: &City) -> City {
    let mut city = city.clone();
    for zone in &mut city.zones {
        let fine = |polygon: &Polygon<f64>| {
            let lines: Vec<_> = polygon.exterior().lines().collect();
            let each = CORNERS.div_ceil(lines.len());
            let corner =
                |line: &geo::Line<f64>, n: usize| line.start + line.delta() * (n as f64 / each as f64);
            let corners = lines.iter().flat_map(|line| (0..each).map(move |n| corner(line, n)));
            Polygon::new(corners.collect::<LineString>(), Vec::new())
        };
        zone.shape = MultiPolygon::new(zone.shape.iter().map(fine).collect());
    }
    city
}

fn measure(what: &str, plan: &Plan, areas: Areas) {
    let mut out = (**plan.cap.out.as_ref().unwrap()).clone();
    out.areas = areas;
    let zones: Vec<ZoneId> = plan.city.zones.iter().map(|zone| zone.id.clone()).collect();
    let (bulletin, now) = (bulletin(plan), Timestamp::from_ms(1_763_000_000_000));
    let known = Known {
        rule: "stage-kim-long".to_owned(),
        rule_version: "0123456789abcdef".to_owned(),
        words: "flood".to_owned(),
        level: "bd3".to_owned(),
        measure: None,
        corroborated: true,
        onset: Some(now),
    };
    let said = Said { bulletin: &bulletin, zones: &zones, known: Some(&known) };
    let first = write(&said, &[], &out, &plan.phrases, now, false).unwrap();
    let before = [Reference {
        sender: first.sender.clone(),
        identifier: first.identifier.clone(),
        sent: first.sent,
        expires: first.expires,
    }];
    let polygons = first.xml.matches("<polygon>").count() / bulletin.texts.len();
    let began = machine::cpu_of(std::process::id());
    for _ in 0..TURNS {
        black_box(write(&said, &before, &out, &plan.phrases, now, false));
    }
    let wrote = machine::cpu_of(std::process::id()).saturating_sub(began);
    let began = machine::cpu_of(std::process::id());
    for _ in 0..TURNS {
        black_box(renew(&first, &before, &out, now));
    }
    let renewed = machine::cpu_of(std::process::id()).saturating_sub(began);
    println!(
        "{what}: {polygons} polygons, {} bytes: written in {:.3} ms, renewed in {:.3} ms of CPU",
        first.xml.len(),
        wrote.as_secs_f64() * 1000.0 / f64::from(TURNS),
        renewed.as_secs_f64() * 1000.0 / f64::from(TURNS),
    );
}

fn main() {
    println!("{}", machine::describe());
    let plan = Plan::load(None).unwrap();
    let areas = |city: &City| Areas::write("cap.toml", city, "VN-XA-2025").unwrap();
    measure("outlines of Huế", &plan, areas(&plan.city));
    measure("1,000 corners each", &plan, areas(&finer(&plan.city)));
}
