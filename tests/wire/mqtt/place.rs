//! A small place whose lines are written as an operator writes them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use sensors::city::City;
use sensors::station::StationId;

const CITY: &str = r#"slug = "hue"
name = "Huế"
utc_offset_min = 420
bounds = { south_deg = 16.0, north_deg = 17.0, west_deg = 107.0, east_deg = 108.0 }
"#;
const ZONES: &str = r#"[[zone]]
id = "an-cuu"
code = "1"
name = "Phường An Cựu"
population = 10000
lat_deg = 16.45
lon_deg = 107.6
boundary = "official"
outlines_deg = [[[107.5, 16.4], [107.7, 16.4], [107.7, 16.5], [107.5, 16.4]]]
"#;
const DEFAULTS: &str = r"[defaults.stage]
span_m = [-2, 1000]
interval_s = 600
[defaults.battery_level]
span_percent = [0, 100]
interval_s = 86400
";

/// The place with these stations, each with sensors, and one broker with more keys of its line.
pub(super) fn place(stations: &[(&str, &str)], port: u16, line: &str) -> Arc<City> {
    match City::parse(&files(stations, port, line)) {
        Ok(city) => Arc::new(city),
        Err(mistakes) => panic!("{mistakes:#?}"),
    }
}

fn files(stations: &[(&str, &str)], port: u16, line: &str) -> Vec<(String, String)> {
    let mut text = DEFAULTS.to_owned();
    for (id, sensors) in stations {
        write!(
            text,
            "[[station]]\nid = \"{id}\"\nkind = \"stage\"\nname = \"{id}\"\nlat_deg = 16.45\nlon_deg = 107.6\n\
             zones = [\"an-cuu\"]\nsensors = {sensors}\n"
        )
        .unwrap();
    }
    let expiry = if line.contains("3.1.1") { "" } else { "session_expiry_s = 3600\n" };
    let line = format!(
        "[[line]]\nname = \"broker\"\nprotocol = \"mqtt\"\naddress = \"127.0.0.1:{port}\"\nclient_id = \"baolu-test\"\n\
         {expiry}{line}\n"
    );
    let mut files: Vec<(String, String)> = [
        ("city.toml", CITY),
        ("stations.toml", &text),
        ("zones.toml", ZONES),
        ("basins.toml", ""),
        ("lines.toml", &line),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .into();
    let devices = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/devices");
    for entry in std::fs::read_dir(devices).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("devices/{}", path.file_name().unwrap().to_string_lossy());
        files.push((name, std::fs::read_to_string(path).unwrap()));
    }
    files.push(("devices/post.toml".to_owned(), POST.to_owned()));
    files
}

/// A bare number, and who is there in bare words.
const POST: &str = r#"protocol = "mqtt"
title = "A post"
format = "plain"
health = { online = ["online"], offline = ["offline"] }
[[field]]
parameter = "stage"
"#;

/// Which station a sensor's observation is of.
pub(super) fn station_of(city: &City, sensor: sensors::station::SensorIx) -> StationId {
    city.sensor(sensor).unwrap().id.station.clone()
}
