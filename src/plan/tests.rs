//! What the first city's configuration promises, and how a folder is read.

use std::collections::BTreeSet;
use std::path::PathBuf;

use geo::Contains;
use sensors::line::Protocol;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::register::Order;
use sensors::station::{SensorId, SensorIx, StationId, StationKind};
use sensors::time::{Span, Timestamp};

use super::*;

fn repo() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn hue() -> Plan {
    Plan::join(&Texts::embedded()).unwrap()
}

fn sensor(station: &str, parameter: Parameter) -> SensorId {
    SensorId { station: StationId::new(station), parameter, name: None }
}

#[test]
fn the_binary_carries_every_file_of_the_first_city() {
    let folder = Texts::read(Some(&repo().join(DEFAULT_FOLDER))).unwrap();
    let names = |texts: &Texts| texts.files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&folder), names(&Texts::embedded()), "src/plan/embedded.rs is not complete");
    assert_eq!(folder.version(), Texts::embedded().version());
}

#[test]
fn hue_has_37_gauges_15_dams_and_40_zones_of_1_43_million_people() {
    let city = hue().city;
    let of = |kind| city.stations.iter().filter(|station| station.kind == kind).count();
    assert_eq!(of(StationKind::RainGauge), 37);
    assert_eq!(of(StationKind::Reservoir), 15);
    assert_eq!((of(StationKind::Stage), of(StationKind::Street), of(StationKind::Wind)), (13, 6, 3));
    assert_eq!(city.zones.len(), 40);
    let people: u32 = city.zones.iter().map(|zone| zone.population).sum();
    assert!((1_400_000..1_460_000).contains(&people), "{people}");
    assert!(city.has_approximate_zones());
    assert!(city.overlapping_zones().is_empty());
}

#[test]
fn every_zone_holds_its_own_centroid_and_no_other() {
    let city = hue().city;
    for zone in &city.zones {
        for other in &city.zones {
            let centroid = geo::Point::new(other.centroid.lon(), other.centroid.lat());
            assert_eq!(zone.shape.contains(&centroid), zone.id == other.id, "{} in {}", other.id, zone.id);
        }
    }
}

#[test]
fn every_gauge_measures_rainfall_and_half_of_them_by_counters() {
    let city = hue().city;
    let gauges = city.stations.iter().filter(|station| station.kind == StationKind::RainGauge);
    let mut counters = 0;
    for gauge in gauges {
        let rainfall = city.sensor_named(&sensor(gauge.id.as_str(), Parameter::Rainfall));
        assert!(rainfall.is_some(), "{} measures no rainfall", gauge.id);
        if let Some(counter) = city.sensor_named(&sensor(gauge.id.as_str(), Parameter::RainTotal)) {
            assert_eq!(city.sensor(counter).unwrap().feeds, rainfall);
            counters += 1;
        }
    }
    assert_eq!(counters, 19);
}

#[test]
fn no_span_rejects_what_has_been_seen() {
    let city = hue().city;
    let seen = [
        ("kim-long", Parameter::Stage, 5.81),
        ("phu-oc", Parameter::Stage, 5.31),
        ("750061", Parameter::Rainfall, 86.2),
        ("750041", Parameter::Rainfall, 1740.0),
        ("ta-trach", Parameter::Inflow, 6921.0),
        ("huong-dien", Parameter::Release, 4083.0),
        ("ta-trach", Parameter::PoolLevel, 53.07),
        ("huong-dien", Parameter::Storage, 820.7),
    ];
    for (station, parameter, number) in seen {
        let ix = city.sensor_named(&sensor(station, parameter)).unwrap();
        let span = city.sensor(ix).unwrap().span;
        let value = Value::from_unit(parameter, number).unwrap();
        assert!(span.0 < value && value < span.1, "{station} {parameter} {number}");
    }
    let rain = city.sensor(city.sensor_named(&sensor("750061", Parameter::Rainfall)).unwrap()).unwrap();
    assert!(rain.plausible.unwrap().1 > Value::from_unit(Parameter::Rainfall, 86.2).unwrap());
}

#[test]
fn every_sensor_is_on_one_line_or_fed_and_every_word_order_is_used() {
    let city = hue().city;
    let reached: Vec<SensorIx> = city.lines.iter().flat_map(sensors::line::Line::sensors).collect();
    let fed: BTreeSet<SensorIx> = city.sensors.iter().filter_map(|sensor| sensor.feeds).collect();
    let unique: BTreeSet<SensorIx> = reached.iter().copied().collect();
    assert_eq!(reached.len(), unique.len(), "none twice");
    assert!(unique.is_disjoint(&fed));
    assert_eq!(unique.len() + fed.len(), city.sensors.len());

    let mut orders = Vec::new();
    for line in &city.lines {
        let Protocol::Modbus(gateway) = &line.protocol else { continue };
        let fields = gateway.devices.iter().flat_map(|device| &device.map.fields);
        orders
            .extend(fields.filter(|field| field.place.kind.registers() == 2).map(|field| field.place.order));
    }
    for order in [Order::Abcd, Order::Cdab, Order::Badc, Order::Dcba] {
        assert!(orders.contains(&order), "{order:?} is not used");
    }
}

#[test]
fn every_register_of_hue_can_say_the_whole_span_of_its_sensor() {
    let city = hue().city;
    for line in &city.lines {
        let Protocol::Modbus(gateway) = &line.protocol else { continue };
        for field in gateway.devices.iter().flat_map(|device| &device.map.fields) {
            let sensor = city.sensor(field.sensor).unwrap();
            let parameter = sensor.id.parameter;
            let step = Value::from_unit(parameter, field.scale).unwrap().raw().max(1);
            let ends = [sensor.span.0, sensor.span.1];
            for value in ends.into_iter().filter(|_| parameter != Parameter::RainTotal) {
                let words = field.encode(value);
                let Observed::Value(read) = field.decode(&words) else {
                    panic!("{}: {:?}", sensor.id, field.decode(&words))
                };
                let off = (read.raw() - value.raw()).abs();
                assert!(off <= step / 2 + 1, "{} {value:?} came back as {read:?}", sensor.id);
            }
            let missing = field.encode_missing().map(|words| field.decode(&words));
            assert!(missing.is_none_or(|read| read == Observed::Missing), "{}", sensor.id);
        }
    }
}

#[test]
fn every_payload_of_hue_gives_back_what_was_measured_and_when() {
    let city = hue().city;
    let parameter = |ix: SensorIx| city.sensor(ix).map(|sensor| sensor.id.parameter);
    let at = Timestamp::parse_rfc3339("2025-11-16T21:00:00+07:00").unwrap();
    let mut depths = 0;
    for line in &city.lines {
        let Protocol::Mqtt(broker) = &line.protocol else { continue };
        for subscription in &broker.subscriptions {
            let fields = subscription.map.fields.iter();
            let measured = |sensor| Observation {
                sensor,
                measured_at: at,
                from: parameter(sensor)
                    .filter(|p| p.is_depth_over_interval())
                    .map(|_| at.minus(Span::from_min(10))),
                arrived_at: at,
                value: Observed::Value(Value::from_raw(42)),
            };
            let told: Vec<Observation> = fields.map(|field| measured(field.sensor)).collect();
            depths += told.iter().filter(|one| one.from.is_some()).count();
            let payload = subscription.map.encode(&told, parameter);
            let read = subscription.map.decode(&payload, at, parameter).unwrap();
            assert_eq!((read.observations, read.faults.len()), (told, 0), "{}", subscription.topic);
        }
    }
    assert_eq!(depths, 18, "rain gauges on the broker");
}

#[test]
fn every_wire_is_loopback_in_the_configuration_that_the_binary_carries() {
    for line in hue().city.lines {
        assert!(line.address.starts_with("127.0.0.1:"), "{} {}", line.name, line.address);
    }
}

#[test]
fn a_file_that_nothing_reads_is_a_mistake() {
    let mut texts = Texts::embedded();
    texts.files.push(("rule.toml".to_owned(), String::new()));
    let error = Plan::join(&texts).unwrap_err().to_string();
    assert!(
        error.contains("rule.toml:0: rule.toml: nothing reads this file; allowed are city.toml"),
        "{error}"
    );
}

#[test]
fn mistakes_of_the_rules_are_told_beside_those_of_the_city() {
    let mut texts = Texts::embedded();
    for (name, text) in &mut texts.files {
        match name.as_str() {
            "stations.toml" => *text = text.replacen("lat_deg = 16.459", "lat_deg = 61.459", 1),
            "rules.toml" => *text = text.replacen("raise_m = 2.0", "raise_m = 22.0", 1),
            _ => {}
        }
    }
    let Err(PlanError::Wrong { mistakes, .. }) = Plan::join(&texts) else { panic!("no mistake was found") };
    let files: Vec<&str> = mistakes.iter().map(|mistake| mistake.file.as_str()).collect();
    assert_eq!(files, ["rules.toml", "stations.toml"], "{mistakes:#?}");
}

#[test]
fn the_version_changes_with_every_byte_of_every_file() {
    let well = Texts::embedded();
    let versions: BTreeSet<String> = (0..well.files.len())
        .map(|n| {
            let mut texts = well.clone();
            texts.files[n].1.push('\n');
            texts.version()
        })
        .collect();
    assert_eq!(versions.len(), well.files.len());
    assert!(!versions.contains(&well.version()));
}

#[test]
fn a_folder_brings_its_own_devices_and_shares_the_others() {
    let root = tempfile::tempdir().unwrap();
    let city = root.path().join("tam-ky");
    fs::create_dir_all(city.join("devices")).unwrap();
    fs::create_dir_all(root.path().join("devices")).unwrap();
    fs::write(city.join("devices/post.toml"), "own").unwrap();
    fs::write(root.path().join("devices/post.toml"), "shared").unwrap();
    fs::write(root.path().join("devices/counter.toml"), "shared").unwrap();
    let texts = Texts::read(Some(&city)).unwrap();
    let expected = [("devices/counter.toml", "shared"), ("devices/post.toml", "own")];
    assert_eq!(texts.files, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = Plan::load(Some(Path::new("no/such/city"))).unwrap_err().to_string();
    assert!(error.contains("no/such/city") && error.contains("nothing was started"), "{error}");
}

/// The stations as collected, or `None` with a word where the data folder is absent (never in CI).
fn stations_json() -> Option<Vec<serde_json::Value>> {
    let path = repo().join("../shared/data/hue/stations.json");
    match fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{}: {error}", path.display());
            println!("skipped: {} is not there", path.display());
            None
        }
    }
}

#[test]
fn the_gauges_are_the_37_that_the_station_list_marks_and_stand_where_it_says() {
    let Some(listed) = stations_json() else { return };
    let city = hue().city;
    let mut marked = 0;
    for row in listed.iter().filter(|row| row["one_of_the_37"] == true) {
        let (_, station) = city.station_named(&StationId::new(row["id"].as_str().unwrap())).unwrap();
        assert_eq!(station.kind, StationKind::RainGauge);
        assert_eq!(station.name, row["name"].as_str().unwrap());
        let position = (station.position.lat(), station.position.lon());
        assert_eq!(position, (row["lat"].as_f64().unwrap(), row["lon"].as_f64().unwrap()), "{}", station.id);
        let ward = city.zone(&station.zones[0]).unwrap();
        assert_eq!(ward.name, row["ward_2025"].as_str().unwrap(), "{}", station.id);
        marked += 1;
    }
    assert_eq!(marked, 37);
}
