//! What the city knows of its water: outlines, rating curves, reservoirs, travel times, mounts.

use super::*;
use crate::quantity::{Elevation, Stage, Volume};
use crate::rating::Bound;
use crate::station::StationId;
use crate::time::Timestamp;
use crate::travel::arrival;

const OUTLINE: &str = "gauges = [\"phu-ninh\"]
outline_deg = [[108.4, 15.4], [108.6, 15.4], [108.6, 15.6], [108.4, 15.4]]
wetness_recession_permille = 850";
const RATINGS: &str = r#"[[rating]]
station = "cau-tam-ky"
valid_from = "2024-01-01T00:00:00+07:00"
source = "made up"
points_m_m3_s = [[0.5, 20], [1.0, 50], [3.5, 1200]]
[[rating]]
station = "cau-tam-ky"
valid_from = "2025-01-01T00:00:00+07:00"
source = "made up"
part = [{ from_m = 0, to_m = 1, a = 50, b = 1.5, h0_m = 0 }, { from_m = 1, to_m = 6, a = 50, b = 2, h0_m = 0 }]
[[rating]]
station = "cau-tam-ky"
valid_from = "2026-01-01T00:00:00+07:00"
source = "made up"
enabled = false
points_m_m3_s = [[0.5, 20], [1.0, 50]]
"#;
const RESERVOIRS: &str = r#"release_notice_s = 7200
release_rise_m3_s = 90
release_plausible_percent = 120
[[reservoir]]
station = "dap"
largest_release_m3_s = 250.5
normal_m = 32.0
normal_Mm3 = 344.0
dead_m = 20.0
curve_m_Mm3 = [[20.0, 70.0], [32.0, 344.0]]
[[travel]]
dam = "dap"
station = "cau-tam-ky"
first_rise_s = [3600, 7200]
crest_s = [7200, 14400]
"#;
const DAM: &str = r#"
[[station]]
id = "dap"
kind = "reservoir"
name = "Đập Phú Ninh"
lat_deg = 15.52
lon_deg = 108.45
zones = ["an-son"]
sensors = ["pool_level"]
limits = { pool_level = { span_m = [0, 100], interval_s = 600 } }
"#;

/// The small city with a dam, and with these files, one text replaced in one of them.
fn city(file: &str, old: &str, new: &str) -> Result<City, Vec<Mistake>> {
    let mut files = with("basins.toml", "gauges = [\"phu-ninh\"]", OUTLINE);
    files.push(("ratings.toml".to_owned(), RATINGS.to_owned()));
    files.push(("reservoirs.toml".to_owned(), RESERVOIRS.to_owned()));
    files.push(("devices/pool.toml".to_owned(), POST.replace("\"stage\"", "\"pool_level\"")));
    for (name, text) in &mut files {
        if name == "stations.toml" {
            text.push_str(DAM);
        }
        if name == "lines.toml" {
            let pool = ", { topic = \"dap\", station = \"dap\", type = \"pool\" }]";
            *text = text.replace("type = \"post\" }]", &format!("type = \"post\" }}{pool}"));
        }
        if name == file {
            assert!(text.contains(old), "{file} has no {old:?}");
            *text = text.replacen(old, new, 1);
        }
    }
    City::parse(&files)
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

#[test]
fn a_city_knows_its_curves_its_reservoirs_and_its_travel_times() {
    let city = city("", "", "").unwrap();
    let (bridge, dam) = (StationId::new("cau-tam-ky"), StationId::new("dap"));
    let rated = |at: &str| {
        let rated = city.ratings[&bridge].at(time(at)).unwrap().rate(Stage::from_mm(1000));
        (rated.discharge.l_per_s(), rated.bound)
    };
    assert_eq!(rated("2024-05-01T00:00:00+07:00"), (50_000, Bound::Estimate));
    assert!(city.ratings[&bridge].at(time("2023-05-01T00:00:00+07:00")).is_none());
    let disabled = city.ratings[&bridge].at(time("2026-05-01T00:00:00+07:00")).unwrap();
    assert_eq!(disabled.range().1, Stage::from_mm(6000), "what is not enabled is not used");
    let reservoir = city.reservoir(&dam).unwrap();
    assert_eq!(reservoir.normal, Some((Elevation::from_mm(32_000), Volume::from_m3(344_000_000))));
    assert_eq!(reservoir.resolution, Elevation::from_mm(10), "a centimetre where nothing is said");
    let opened = time("2025-11-16T20:00:00+07:00");
    let arrival = arrival(&city.travels, &dam, &bridge, opened).unwrap();
    assert_eq!(arrival.told_to_public(), time("2025-11-16T21:00:00+07:00"));
    assert_eq!(city.release_terms.notice, Some(crate::time::Span::from_h(2)));
    assert_eq!(city.release_terms.rise.unwrap().l_per_s(), 90_000);
    assert_eq!(city.release_terms.most(&dam).unwrap().l_per_s(), 300_600);
    assert_eq!(city.release_terms.most(&bridge), None);
    let basin = &city.basins[0];
    assert_eq!((basin.recession.permille(), basin.rain.full_weights()), (850, vec![basin.rain.total()]));
    assert!(basin.rain.total() > 1000);
}

#[test]
fn a_mistake_about_water_is_named_with_its_place() {
    let cases = [
        ("basins.toml", "[108.6, 15.4], [108.6", "[118.6, 15.4], [108.6", "lies outside the city's bounds"),
        ("basins.toml", "= [\"phu-ninh\"]", "= { phu-ninh = 2 }", "the outline gives the weights"),
        ("basins.toml", "= 850", "= 1000", "1000 is out of range; allowed is 500 to 990"),
        (
            "ratings.toml",
            "[1.0, 50], [3.5",
            "[1.0, 20], [3.5",
            "point 2 (1000 mm, 20000 l/s) does not lie above",
        ),
        (
            "ratings.toml",
            "2025-01-01T00:00:00+07:00",
            "2024-01-01T00:00:00+07:00",
            "each date is allowed once",
        ),
        ("ratings.toml", "2025-01-01T00:00:00+07:00", "2025", "is no time"),
        ("ratings.toml", "station = \"cau-tam-ky\"", "station = \"phu-ninh\"", "phu-ninh measures no stage"),
        ("ratings.toml", "b = 2, h0_m", "b = -2, h0_m", "part 2 has no increasing law"),
        ("ratings.toml", "source = \"made up\"\npart", "part", "rating[1].source: the key is missing"),
        (
            "reservoirs.toml",
            "344.0]]",
            "60.0]]",
            "point 2 (32 m, 60 Mm3) does not lie above the one before it",
        ),
        ("reservoirs.toml", "dead_m = 20.0", "dead_m = 40.0", "the levels are not in order"),
        ("reservoirs.toml", "= 120", "= 99", "99 is out of range; allowed is 100 to 1000"),
        ("reservoirs.toml", "normal_Mm3 = 344.0\n", "", "needed are both normal_m and normal_Mm3"),
        ("reservoirs.toml", "station = \"dap\"", "station = \"phu-ninh\"", "the station is no dam"),
        ("reservoirs.toml", "[7200, 14400]", "[1200, 14400]", "the crest would come before the first rise"),
        ("reservoirs.toml", "[3600, 7200]", "[3600]", "allowed are exactly two, [earliest, latest]"),
        (
            "stations.toml",
            "interval_s = 600 } }",
            "interval_s = 600, mount_m = 3 } }",
            "pool_level is not measured from above",
        ),
    ];
    for (file, old, new, part) in cases {
        let found = city(file, old, new).err().unwrap_or_default();
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|t| t.starts_with(file) && t.contains(part)), "{new:?}: {told:#?}");
    }
}

#[test]
fn a_distance_sensor_with_a_mount_feeds_a_stage() {
    let limits = "sensors = [\"air_gap\"]\n[station.limits.air_gap]\nspan_m = [0.3, 15]\ninterval_s = 600\nmount_m = 8.2\n[station.limits.stage]";
    let mut files = with("stations.toml", "sensors = [\"stage\"]\n[station.limits.stage]", limits);
    for (_, text) in files.iter_mut().filter(|(name, _)| name == "devices/post.toml") {
        *text = POST.replace("\"stage\"", "\"air_gap\"");
    }
    let city = City::parse(&files).unwrap();
    let ix = |parameter| city.sensor_named(&sensor("cau-tam-ky", parameter)).unwrap();
    let gap = city.sensor(ix(Parameter::AirGap)).unwrap();
    assert_eq!((gap.feeds, gap.mount), (Some(ix(Parameter::Stage)), Some(Value::from_raw(8200))));
    assert_eq!(city.sensor(ix(Parameter::Stage)).unwrap().span.1, Value::from_raw(9000));
}
