//! The parser's promises: all mistakes at once, each with its line and what is allowed.

use crate::city::City;
use crate::line::Protocol;
use crate::mistake::Mistake;
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::register::Order;
use crate::station::{SensorId, StationId};
use crate::time::Span;

const CITY: &str = r#"slug = "tam-ky"
name = "Tam Kỳ"
utc_offset_min = 420
bounds = { south_deg = 15.0, north_deg = 16.0, west_deg = 108.0, east_deg = 109.0 }
"#;
const STATIONS: &str = r#"[defaults.rainfall]
span_mm = [0, 2000]
interval_s = 600
[defaults.rain_total]
span_mm = [0, 100000]
interval_s = 300
patience_s = 600
[defaults.stage]
span_m = [-2, 10]
plausible_m = [-1, 8]
rate_max_m = 3
rate_per_s = 3600
interval_s = 600

[[station]]
id = "cau-tam-ky"
kind = "stage"
name = "Cầu Tam Kỳ"
lat_deg = 15.57
lon_deg = 108.48
river = "sông Tam Kỳ"
basin = "tam-ky"
zones = ["an-son"]
sensors = ["stage"]
[station.limits.stage]
span_m = [-1, 9]

[[station]]
id = "phu-ninh"
kind = "rain_gauge"
name = "Hồ Phú Ninh"
lat_deg = 15.52
lon_deg = 108.45
zones = ["an-son"]
sensors = ["rain_total"]
"#;
const ZONES: &str = r#"[[zone]]
id = "an-son"
code = "1"
name = "Phường An Sơn"
population = 10000
lat_deg = 15.5
lon_deg = 108.5
boundary = "official"
outlines_deg = [[[108.4, 15.4], [108.6, 15.4], [108.6, 15.6], [108.4, 15.4]]]
"#;
const BASINS: &str = r#"[[basin]]
id = "tam-ky"
name = "Lưu vực sông Tam Kỳ"
area_km2 = 735
gauges = ["phu-ninh"]
"#;
const LINES: &str = r#"[[line]]
name = "gateway"
protocol = "modbus_tcp"
address = "127.0.0.1:15021"
device = [{ unit = 1, station = "phu-ninh", type = "counter", poll_interval_s = 300 }]

[[line]]
name = "broker"
protocol = "mqtt"
address = "127.0.0.1:18830"
client_id = "baolu"
session_expiry_s = 3600
subscription = [{ topic = "tk/stage", station = "cau-tam-ky", type = "post" }]
"#;
const COUNTER: &str = r#"protocol = "modbus"
title = "A counter"
addressing = "zero_based"
[[register]]
parameter = "rain_total"
table = "holding"
address = 0
kind = "u16"
order = "cdab"
scale = 0.2
"#;
const POST: &str = r#"protocol = "mqtt"
title = "A post"
format = "json"
time_pointer = "/time"
[[field]]
parameter = "stage"
pointer = "/mm"
scale = 0.001
"#;

const WELL: [(&str, &str); 7] = [
    ("city.toml", CITY),
    ("stations.toml", STATIONS),
    ("zones.toml", ZONES),
    ("basins.toml", BASINS),
    ("lines.toml", LINES),
    ("devices/counter.toml", COUNTER),
    ("devices/post.toml", POST),
];

/// The files of the small city with one text replaced in one of them.
pub(super) fn with(file: &str, old: &str, new: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> =
        WELL.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let (_, text) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    assert!(text.contains(old), "{file} has no {old:?}");
    *text = text.replacen(old, new, 1);
    files
}

pub(super) fn mistakes(file: &str, old: &str, new: &str) -> Vec<Mistake> {
    City::parse(&with(file, old, new)).err().unwrap_or_default()
}

/// The only mistake after a replacement.
pub(super) fn mistake(file: &str, old: &str, new: &str) -> String {
    let found = mistakes(file, old, new);
    assert_eq!(found.len(), 1, "{file}, {old:?} -> {new:?}: {found:#?}");
    found[0].to_string()
}

pub(super) fn sensor(station: &str, parameter: Parameter) -> SensorId {
    SensorId { station: StationId::new(station), parameter, name: None }
}

mod water;

#[test]
fn a_second_city_is_a_second_folder_and_no_code() {
    let city = City::parse(&with("city.toml", "", "")).unwrap();
    assert_eq!((city.slug.as_str(), city.stations.len(), city.sensors.len()), ("tam-ky", 2, 3));
    assert!(!city.has_approximate_zones());
    let stage = city.sensor(city.sensor_named(&sensor("cau-tam-ky", Parameter::Stage)).unwrap()).unwrap();
    assert_eq!(stage.span, (Value::from_raw(-1000), Value::from_raw(9000)), "the station's own span");
    assert_eq!(stage.plausible, Some((Value::from_raw(-1000), Value::from_raw(8000))), "the default");
    assert_eq!(stage.rate_max.unwrap().per, Span::from_h(1));
    assert_eq!(stage.deadline.total(), Span::from_s(600));
    let Protocol::Modbus(gateway) = &city.lines[0].protocol else { panic!("no Modbus line") };
    assert_eq!(gateway.devices[0].map.fields[0].place.order, Order::Cdab);
}

#[test]
fn a_counter_feeds_a_rainfall_and_rolls_over_with_its_register() {
    let city = City::parse(&with("city.toml", "", "")).unwrap();
    let rainfall = city.sensor_named(&sensor("phu-ninh", Parameter::Rainfall)).unwrap();
    let counter = city.sensor(city.sensor_named(&sensor("phu-ninh", Parameter::RainTotal)).unwrap()).unwrap();
    assert_eq!(counter.feeds, Some(rainfall));
    assert_eq!(counter.rollover, Some(Value::from_raw(65_536 * 200)), "0.2 mm a tip, in µm");
    assert_eq!(city.basins[0].gauges(), [rainfall]);
    assert!(city.lines.iter().all(|line| !line.sensors().contains(&rainfall)));
}

#[test]
fn a_counter_of_decimal_digits_or_of_its_own_end_rolls_over_there() {
    for (kind, counts) in [
        ("kind = \"bcd16\"", 10_000),
        ("kind = \"bcd32\"", 100_000_000),
        ("kind = \"u16\"\nrollover = 5000", 5000),
    ] {
        let city = City::parse(&with("devices/counter.toml", "kind = \"u16\"", kind)).unwrap();
        let counter = city.sensor_named(&sensor("phu-ninh", Parameter::RainTotal)).unwrap();
        assert_eq!(city.sensor(counter).unwrap().rollover, Some(Value::from_raw(counts * 200)), "{kind}");
    }
}

#[test]
fn every_mistake_is_told_at_once_with_file_line_key_and_what_is_allowed() {
    let mut files = with(
        "stations.toml",
        "interval_s = 600\n[defaults.rain_total]",
        "intervall_s = 600\n[defaults.rain_total]",
    );
    for (name, text) in &mut files {
        *text = match name.as_str() {
            "stations.toml" => {
                text.replace("lat_deg = 15.57", "lat_deg = 17.57").replace("[\"stage\"]", "[\"flow\"]")
            }
            "zones.toml" => text.replace("population = 10000", "population = -1"),
            "devices/post.toml" => text.replace("\"/mm\"", "\"mm\""),
            _ => continue,
        };
    }
    let told: Vec<String> = City::parse(&files).unwrap_err().iter().map(ToString::to_string).collect();
    let has = |part: &str| assert!(told.iter().any(|line| line.contains(part)), "{part}: {told:#?}");
    has("stations.toml:3: defaults.rainfall.intervall_s: the key is unknown; allowed are ");
    has(
        "stations.toml:19: station[0].lat_deg: latitude 17.57, longitude 108.48 lies outside the city's bounds",
    );
    has("stations.toml:24: station[0].sensors[0]: \"flow\" is no parameter; allowed are rainfall, ");
    has("stations.toml:35: station[1].sensors[0]: rainfall has no deadline; needed is interval_s in");
    has("zones.toml:5: zone[0].population: -1 is out of range; allowed is 0 to 100000000");
    has("devices/post.toml:7: field[0].pointer: \"mm\" is no JSON pointer");
    let mut sorted = told.clone();
    sorted.dedup();
    assert_eq!(sorted.len(), told.len(), "each once: {told:#?}");
}

#[test]
fn each_wrong_value_is_one_mistake() {
    let cases = [
        ("city.toml", "slug = \"tam-ky\"", "slug = \"Tam Kỳ\"", "city.toml:1: slug: \"Tam Kỳ\" is no id"),
        ("city.toml", "420", "\"+07:00\"", "utc_offset_min: a text is given; allowed is a whole number"),
        ("city.toml", "name = \"Tam Kỳ\"\n", "", "city.toml:1: name: the key is missing"),
        ("stations.toml", "[\"an-son\"]", "[\"an-xuan\"]", "there is no zone \"an-xuan\"; allowed are"),
        ("stations.toml", "[\"an-son\"]", "[]", "stations.toml:23: station[0].zones: no zone is named"),
        ("stations.toml", "basin = \"tam-ky\"", "basin = \"thu-bon\"", "there is no basin \"thu-bon\""),
        ("stations.toml", "span_m = [-2, 10]", "span_m = [10, 10]", "lower 10 is not below upper 10"),
        ("stations.toml", "plausible_m = [-1, 8]", "plausible_m = [-3, 8]", "part of the span -2 to 10 m"),
        ("stations.toml", "span_m = [-1, 9]", "span_m = [0, 9]", "part of the span 0 to 9 m"),
        ("stations.toml", "rate_per_s = 3600\n", "", "a rate has a change and a time"),
        ("stations.toml", "interval_s = 300", "interval_s = 0", "0 is out of range; allowed is 1 to 86400"),
        ("stations.toml", "[\"stage\"]", "[\"stage\", \"stage\"]", "sensor \"stage\" is listed twice"),
        (
            "stations.toml",
            "[\"stage\"]",
            "[\"stage\", \"stage/radar\"]",
            "no line reaches cau-tam-ky/stage/radar",
        ),
        ("stations.toml", "lat_deg = 15.57", "lat_deg = nan", "allowed is a finite number"),
        ("zones.toml", "[108.4, 15.4]]]", "[108.4, 15.5]]]", "the ring of 4 corners is not closed"),
        (
            "zones.toml",
            "[108.6, 15.4], [108.6, 15.6]",
            "[108.6, 15.6], [108.6, 15.4], [108.4, 15.6]",
            "the ring is not simple",
        ),
        (
            "zones.toml",
            "[108.6, 15.6]",
            "[118.6, 15.6]",
            "zone[0].outlines_deg[0][2]: latitude 15.6, longitude 118.6 lies outside",
        ),
        (
            "zones.toml",
            "15.4]]]",
            "15.4]], [[108.45, 15.35], [108.7, 15.45], [108.5, 15.5], [108.45, 15.35]]]",
            "zone[0].outlines_deg: the rings cross",
        ),
        ("zones.toml", "boundary = \"official\"\n", "", "needed is one of approximate, official"),
        ("basins.toml", "735", "0", "0 is not positive"),
        ("basins.toml", "phu-ninh", "cau-tam-ky", "measures no rainfall; allowed are rain gauges"),
        ("lines.toml", "127.0.0.1:15021", "127.0.0.1", "is no address; allowed is host:port"),
        ("lines.toml", "\"broker\"", "\"gateway\"", "line \"gateway\" is given twice, first in line 2"),
        ("lines.toml", "tk/stage", "tk/#", "\"tk/#\" is no topic"),
        ("lines.toml", "unit = 1", "unit = 256", "256 is out of range; allowed is 0 to 255"),
        ("lines.toml", "poll_interval_s = 300", "poll_interval_s = 7200", "counts as silent after 900 s"),
        ("lines.toml", "type = \"post\"", "type = \"counter\"", "the type is asked over Modbus"),
        ("devices/post.toml", "\"stage\"", "\"tailwater\"", "which the station does not list"),
        ("devices/counter.toml", "\"cdab\"", "\"middle\"", "allowed is one of abcd, cdab, badc, dcba"),
        (
            "devices/counter.toml",
            "address = 0",
            "address = 65536",
            "65536 is out of range; allowed is 0 to 65535",
        ),
        ("devices/counter.toml", "scale = 0.2", "scale = 0", "a scale of 0 makes every value the same"),
        (
            "devices/post.toml",
            "pointer = \"/mm\"",
            "pointer = \"/mm\"\nperiod_s = 60",
            "only a depth has an interval",
        ),
    ];
    for (file, old, new, part) in cases {
        let found = mistakes(file, old, new);
        assert!(found.iter().any(|m| m.to_string().contains(part)), "{part}\n{found:#?}");
        assert_eq!(found.len(), 1, "{part}\n{found:#?}");
    }
}

#[test]
fn rain_never_falls_upwards() {
    let told = mistakes("stations.toml", "span_mm = [0, ", "span_mm = [-5, ");
    assert!(
        told[0].to_string().contains("a negative depth of rain would be taken off the others"),
        "{told:?}"
    );
}

#[test]
fn a_second_station_of_an_id_is_told_where_the_first_stands() {
    let told = mistakes("stations.toml", "\"phu-ninh\"", "\"cau-tam-ky\"");
    let twice =
        "station[1].id: station \"cau-tam-ky\" is given twice, first in line 16; each id is allowed once";
    assert!(told.iter().any(|m| m.to_string() == format!("stations.toml:29: {twice}")), "{told:#?}");
}

#[test]
fn two_numbers_of_a_device_never_share_a_register() {
    let second = "[[register]]\nparameter = \"stage\"\ntable = \"holding\"\naddress = 0\nkind = \"f32\"\n[[register]]\n";
    let told = mistakes("devices/counter.toml", "[[register]]\n", second);
    let overlap = "register[1].address: its registers overlap those of stage at 0";
    assert!(told.iter().any(|m| m.to_string().contains(overlap)), "{told:#?}");
}

#[test]
fn units_topics_and_addresses_are_given_once() {
    let device = "{ unit = 1, station = \"phu-ninh\", type = \"counter\", poll_interval_s = 300 }";
    let topic = "{ topic = \"tk/stage\", station = \"cau-tam-ky\", type = \"post\" }";
    let cases = [
        (device, format!("{device}, {device}"), "line[0].device[1].unit: unit \"1\" is given twice"),
        (
            topic,
            format!("{topic}, {topic}"),
            "line[1].subscription[1].topic: topic \"tk/stage\" is given twice",
        ),
    ];
    for (old, new, part) in cases {
        let told = mistakes("lines.toml", old, &new);
        assert!(told.iter().any(|m| m.to_string().contains(part)), "{part}: {told:#?}");
    }
    let again = "name = \"again\"\nprotocol = \"modbus_tcp\"\naddress = \"127.0.0.1:15021\"\n[[line]]\nname = \"broker\"";
    let told = mistake("lines.toml", "name = \"broker\"", again);
    assert!(told.contains(
        "line[1].address: Modbus line or folder at \"127.0.0.1:15021\" is given twice, first in line 4"
    ));
}

#[test]
fn zones_that_overlap_are_named_and_allowed() {
    let second = "[[zone]]\nid = \"hoa-huong\"\ncode = \"2\"\nname = \"Phường Hòa Hương\"\npopulation = 1\nlat_deg = 15.5\nlon_deg = 108.5\nboundary = \"official\"\noutlines_deg = [[[108.4, 15.4], [108.6, 15.4], [108.6, 15.5], [108.4, 15.4]]]\n[[zone]]\n";
    let city = City::parse(&with("zones.toml", "[[zone]]\n", second)).unwrap();
    let shared = city.overlapping_zones();
    assert_eq!(shared.len(), 1);
    assert_eq!((shared[0].0.as_str(), shared[0].1.as_str()), ("hoa-huong", "an-son"));
    assert!((99.0..=100.1).contains(&shared[0].2), "{}", shared[0].2);
}

#[test]
fn a_file_that_is_no_toml_does_not_hide_the_mistakes_of_the_others() {
    let mut files = with("zones.toml", "[[zone]]\nid", "[[zone]\nid");
    files[0].1 = CITY.replace("420", "4200");
    let told = City::parse(&files).unwrap_err();
    assert!(told.iter().any(|m| m.file == "zones.toml" && m.key == "syntax"), "{told:#?}");
    assert!(told.iter().any(|m| m.file == "city.toml" && m.key == "utc_offset_min"), "{told:#?}");
    assert!(
        !told.iter().any(|m| m.wrong.contains("no zone")),
        "what can't be known is not a mistake: {told:#?}"
    );
}

#[test]
fn what_names_a_wrong_station_can_still_be_judged() {
    let files = with("stations.toml", "lat_deg = 15.57", "lat_deg = 95");
    let (city, mistakes) = City::read(&files);
    assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
    let city = city.unwrap();
    assert!(city.sensor_named(&sensor("cau-tam-ky", Parameter::Stage)).is_some());
    let (city, _) = City::read(&with("stations.toml", "[[station]]", "[[station]"));
    assert!(city.is_none(), "nobody knows which stations there are");
}

#[test]
fn a_missing_file_is_named() {
    let mut files = with("city.toml", "", "");
    files.retain(|(name, _)| name != "basins.toml");
    let told = City::parse(&files).unwrap_err();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].to_string().starts_with("basins.toml:0: basins.toml: the file is missing"));
}

#[test]
fn a_sensor_on_two_lines_is_refused() {
    let twice = "unit = 2, station = \"phu-ninh\", type = \"counter\", poll_interval_s = 300 }, { unit = 1";
    let told = mistake("lines.toml", "unit = 1", twice);
    assert!(told.contains("phu-ninh/rain_total is reached twice, first in line 5"), "{told}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_makes_the_parser_panic(file in 0..WELL.len(), from in 0_usize..900, cut in 0_usize..40, put in "[-\\[\\]{}=\"',.#a-z0-9\n]{0,12}") {
        let mut files = with("city.toml", "", "");
        let text = &mut files[file].1;
        let place = |byte: usize| (0..=byte.min(text.len())).rev().find(|b| text.is_char_boundary(*b)).unwrap_or(0);
        let (start, end) = (place(from), place(from + cut));
        text.replace_range(start..end, &put);
        if let Err(mistakes) = City::parse(&files) {
            proptest::prop_assert!(!mistakes.is_empty());
            proptest::prop_assert!(mistakes.iter().all(|m| m.file != "city.toml" || m.key != "city"), "{:?}", mistakes);
        }
    }
}
