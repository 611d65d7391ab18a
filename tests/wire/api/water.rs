//! What the API says of rain, basins, reservoirs and discharges.

use std::sync::Arc;

use baolu::serve::Bounds;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use sensors::city::{City, Parts};
use sensors::parameter::Parameter;
use sensors::place::{Basin, BasinId};
use sensors::quantity::{Discharge, Elevation, Stage, Volume};
use sensors::rain::Recession;
use sensors::rating::{Between, RatingCurve, Ratings};
use sensors::reading::Reading;
use sensors::reservoir::{Reservoir, StorageCurve};
use sensors::station::{Sensor, SensorId, SensorIx, Station, StationId, StationIx, StationKind};
use sensors::thiessen::Tessellation;

use super::house::{House, city, rain};
use crate::store::town::{minute, of_readings, reading};

/// `minute(0)` is 14:00 UTC: here it is 19:00, the end of a rain day.
const UTC_OFFSET_MIN: i32 = 300;

/// The town with a second gauge, a basin, a dam whose walls stand straight, and a made-up curve.
fn valley() -> City {
    let City { mut stations, mut sensors, lines, .. } = city();
    for (id, kind) in [("rain-1", StationKind::RainGauge), ("dam-0", StationKind::Reservoir)] {
        stations.push(Station { id: StationId::new(id), kind, ..stations[0].clone() });
    }
    let parameters = [
        (2, "rain-1", Parameter::Rainfall),
        (3, "dam-0", Parameter::PoolLevel),
        (3, "dam-0", Parameter::Inflow),
        (3, "dam-0", Parameter::Spill),
        (3, "dam-0", Parameter::TurbineDischarge),
    ];
    for (at, station, parameter) in parameters {
        let id = SensorId { station: StationId::new(station), parameter, name: None };
        sensors.push(Sensor { id, station: StationIx(at), ..sensors[0].clone() });
    }
    let basin = Basin {
        id: BasinId::new("upper"),
        name: "Thượng nguồn".to_owned(),
        area_km2: 100.0,
        outline: None,
        rain: Arc::new(Tessellation::weighted(&[(SensorIx(1), 3.0), (SensorIx(2), 1.0)])),
        recession: Recession::USUAL,
    };
    let parts = Parts { stations, sensors, lines, basins: vec![basin], ..Parts::default() };
    let mut city = City::assemble("town", "Thị trấn", UTC_OFFSET_MIN, parts).unwrap();
    let level = |m: i64| Elevation::from_mm(m * 1000);
    let curve = [(level(0), Volume::from_m3(0)), (level(60), Volume::from_m3(600_000_000))];
    city.reservoirs = vec![Reservoir {
        station: StationId::new("dam-0"),
        normal: Some((level(50), Volume::from_m3(500_000_000))),
        dead: None,
        surcharge: None,
        curve: Some(StorageCurve::new(curve.to_vec()).unwrap()),
        resolution: Elevation::from_mm(10),
    }];
    let point = |mm, m3_s: i64| (Stage::from_mm(mm), Discharge::from_l_per_s(m3_s * 1000));
    let curve = RatingCurve::table(minute(-60), vec![point(0, 10), point(2000, 210)], Between::Straight);
    let mut ratings = Ratings::default();
    ratings.add(curve.unwrap()).unwrap();
    city.ratings.insert(StationId::new("gauge-0"), ratings);
    city
}

async fn house() -> House {
    House::of(valley(), Bounds::default()).await
}

/// What fell at a gauge from one minute to another.
fn fell(sensor: u32, from: i64, to: i64, mm: i64) -> Reading {
    Reading { from: Some(minute(from)), ..reading(sensor, minute(to), mm * 1000) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rain_of_a_station_is_told_with_its_bounds_its_gaps_and_its_rain_day() {
    let mut house = house().await;
    // The rain day ends with the first of these.
    house.commit(of_readings(vec![rain(0, 1_000), rain(10, 2_000), rain(30, 4_000), rain(60, 8_000)]));
    let seq = house.commit(of_readings(vec![fell(1, 50, 60, 8)]));
    house.shows(seq).await;
    let told = house.json("/api/v1/stations/rain-0/rain?step_s=600&steps=3").await;
    assert_eq!((&told["to"], &told["unit"]), (&minute(60).to_string().into(), &"mm".into()));
    assert_eq!(told["sums"].as_array().unwrap().len(), 9);
    let quarter = &told["sums"][0];
    assert_eq!((&quarter["window_s"], &quarter["at_least"]), (&900.into(), &8.into()));
    assert_eq!((&quarter["at_most"], &quarter["missing_permille"]), (&serde_json::Value::Null, &334.into()));
    let hour = &told["sums"][2];
    assert_eq!((&hour["at_least"], &hour["missing_permille"]), (&14.into(), &500.into()));
    assert_eq!(told["rain_day"]["begins"], minute(0).to_string());
    assert_eq!(
        (&told["rain_day"]["at_least"], &told["rain_day_before"]["at_least"]),
        (&14.into(), &1.into())
    );
    let steps: Vec<_> = told["hyetograph"].as_array().unwrap().iter().map(|s| s["quality"].clone()).collect();
    assert_eq!(steps, ["missing", "missing", "good"]);
    house.problem("/api/v1/stations/gauge-0/rain", 404).await;
    house.problem("/api/v1/stations/nowhere/rain", 404).await;
    house.problem("/api/v1/stations/rain-0/rain?steps=1000", 400).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_basins_mean_leaves_out_who_is_missing_and_says_so() {
    let mut house = house().await;
    let all = |sensor| (0..6).map(move |n| fell(sensor, n * 10, n * 10 + 10, 2)).collect::<Vec<_>>();
    let seq = house.commit(of_readings(all(1)));
    house.shows(seq).await;
    let list = house.json("/api/v1/basins").await;
    let hour = &list["basins"][0]["means"][2];
    assert_eq!((&hour["window_s"], &hour["at_least"]), (&3600.into(), &12.into()), "not 9 mm");
    assert_eq!(
        (&hour["left_out"], &hour["speaking_permille"]),
        (&serde_json::json!(["rain-1"]), &750.into())
    );
    let seq = house.commit(of_readings(all(2)));
    house.shows(seq).await;
    let basin = house.json("/api/v1/basins/upper").await;
    assert_eq!(basin["means"][2]["left_out"], serde_json::json!([]));
    assert_eq!((&basin["means"][2]["at_least"], &basin["means"][2]["at_most"]), (&12.into(), &12.into()));
    let gauge = &basin["gauges"][1];
    assert_eq!((&gauge["station"], &gauge["share_permille"]), (&"rain-1".into(), &250.into()));
    assert_eq!((&basin["wetness"]["days"], &basin["wetness"]["days_missing"]), (&30.into(), &30.into()));
    house.problem("/api/v1/basins/nowhere", 404).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wetness_is_added_up_from_the_stored_rain_days() {
    let mut house = house().await;
    // The rain day before last (100 mm) and the last one (10 mm).
    let day = 24 * 60;
    for sensor in [1, 2] {
        house.commit(of_readings(vec![fell(sensor, -2 * day, -day, 100), fell(sensor, -day, 0, 10)]));
    }
    let seq = house.commit(of_readings(vec![fell(1, 0, 10, 50)]));
    house.shows(seq).await;
    let basin = house.json("/api/v1/basins/upper").await;
    let wetness = &basin["wetness"];
    assert_eq!((&wetness["at_least"], &wetness["until"]), (&100.into(), &minute(0).to_string().into()));
    assert_eq!(
        (&wetness["days_missing"], &basin["gauges"][0]["wetness"]["at_least"]),
        (&28.into(), &100.into())
    );
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservoir_tells_its_storage_its_release_and_whether_the_told_inflow_can_be_true() {
    let mut house = house().await;
    let hour = |n: i64| minute(60 * n);
    let every = |sensor, value: fn(i64) -> i64| (-6..=1).map(move |n| reading(sensor, hour(n), value(n)));
    // 36 cm an hour are 1,000 m3/s into the storage; 300 are let out, in two parts.
    let mut readings: Vec<Reading> = every(3, |n| 40_000 + 360 * (n + 6)).collect();
    readings.extend(every(5, |_| 200_000).chain(every(6, |_| 100_000)));
    readings.extend(every(4, |_| 700_000));
    let seq = house.commit(of_readings(readings));
    house.shows(seq).await;
    let dam = house.json("/api/v1/reservoirs/dam-0").await;
    assert_eq!((&dam["storage"]["value"], &dam["storage"]["by"]), (&425.2.into(), &"curve".into()));
    assert_eq!((&dam["storage"]["permille_of_normal"], &dam["normal_m"]), (&850.into(), &50.into()));
    let release = &dam["release"];
    assert_eq!(
        (&release["value"], &release["derived"], &release["quality"]),
        (&300.into(), &true.into(), &"estimated".into())
    );
    let balance = &dam["balance"];
    assert_eq!((&balance["inflow"], &balance["disagrees"]), (&1300.into(), &true.into()));
    assert_eq!((&balance["told"], &balance["difference"]), (&700.into(), &(-600).into()));
    assert_eq!(dam["time_to_normal"]["likely_s"], 74_800);
    let list = house.json("/api/v1/reservoirs").await;
    assert_eq!(list["reservoirs"].as_array().unwrap().len(), 1);
    house.problem("/api/v1/reservoirs/gauge-0", 404).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discharge_is_estimated_and_at_least_over_its_curve() {
    let mut house = house().await;
    house.problem("/api/v1/stations/gauge-0/discharge", 404).await;
    let seq = house.commit(of_readings(vec![reading(0, minute(0), 1000)]));
    house.shows(seq).await;
    let rated = house.json("/api/v1/stations/gauge-0/discharge").await;
    assert_eq!(
        (&rated["discharge"], &rated["bound"], &rated["quality"]),
        (&110.into(), &"estimate".into(), &"estimated".into())
    );
    let seq = house.commit(of_readings(vec![reading(0, minute(10), 3000)]));
    house.shows(seq).await;
    let rated = house.json("/api/v1/stations/gauge-0/discharge").await;
    assert_eq!((&rated["discharge"], &rated["bound"]), (&210.into(), &"at_least".into()));
    house.problem("/api/v1/stations/rain-0/discharge", 404).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_change_is_not_sent_again() {
    let mut house = house().await;
    let seq = house.commit(of_readings(vec![rain(60, 8_000), reading(0, minute(60), 1000)]));
    house.shows(seq).await;
    for path in [
        "stations/rain-0/rain",
        "stations/gauge-0/discharge",
        "basins",
        "basins/upper",
        "reservoirs",
        "reservoirs/dam-0",
    ] {
        let url = house.url(&format!("/api/v1/{path}"));
        let first = house.client.get(&url).send().await.unwrap();
        let tag = first.headers()[ETAG].clone();
        let again = house.client.get(&url).header(IF_NONE_MATCH, tag).send().await.unwrap();
        assert_eq!(again.status(), 304, "{path}");
    }
    house.stop().await;
}
