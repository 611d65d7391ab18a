//! The two storms do what their files promise.

use std::collections::BTreeMap;

use sensors::parameter::Parameter;
use sensors::time::{Span, Timestamp};

use super::{crest, first_above, hue, local, root, skipped, stage_m, storm, truths};
use crate::chart::Chart;
use crate::offline::offline;
use crate::water::Water;

fn within(at: Option<Timestamp>, local_time: &str, hours: i64) {
    let apart = at.unwrap().since(local(local_time)).ms().abs();
    assert!(apart <= Span::from_h(hours).ms(), "{} is not near {local_time} +07:00", at.unwrap());
}

#[test]
fn the_flood_of_2025_11_crosses_the_stages_in_their_order_and_crests_where_it_did() {
    let chart = Chart::draw(&hue(), &storm("2025-11"), 1).unwrap();
    let truths = truths(&chart);
    assert!(stage_m(&truths[0], "phu-oc") < 1.5 && stage_m(&truths[0], "kim-long") < 1.0);
    let (at, stage) = crest(&truths, "phu-oc");
    within(Some(at), "2025-11-17T08:00", 3);
    assert!((stage - 4.96).abs() < 0.15, "Phú Ốc crests at {stage} m");
    let (at, stage) = crest(&truths, "kim-long");
    within(Some(at), "2025-11-17T15:00", 3);
    assert!((stage - 3.01).abs() < 0.15, "Kim Long crests at {stage} m");
    let crossed = |station, stage| first_above(&truths, station, stage);
    for (station, stages) in [("phu-oc", [1.5, 3.0, 4.5]), ("kim-long", [1.0, 2.0, 3.5])] {
        let (at, stage) = crest(&truths, station);
        let times: Vec<String> = stages
            .iter()
            .map(|s| crossed(station, *s).map_or("never".to_owned(), |at| at.to_string()))
            .collect();
        println!("{station}: crest {stage} m at {at}; above {stages:?} m from {}", times.join(", "));
    }
    assert!(crossed("phu-oc", 1.5) < crossed("phu-oc", 3.0));
    within(crossed("phu-oc", 3.0), "2025-11-16T21:00", 2);
    within(crossed("phu-oc", 4.5), "2025-11-17T03:00", 2);
    assert!(crossed("kim-long", 1.0) < crossed("kim-long", 2.0));
    within(crossed("kim-long", 2.0), "2025-11-17T02:00", 2);
    assert!(crossed("kim-long", 3.5).is_none());
}

/// The bits of the water belong to the storm and the rivers: who changes those changes the numbers
/// here on purpose.
#[test]
fn the_water_is_the_same_to_the_bit_on_every_machine() {
    let digest = |name: &str| {
        let storm = storm(name);
        let mut water = Water::new(&storm);
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for _ in 0..storm.ends().since(storm.begins()).ms() / 60_000 {
            water.step();
            for gauge in 0..storm.rivers.gauges.len() {
                hash = (hash ^ water.stage_m(gauge).to_bits()).wrapping_mul(0x0100_0000_01b3);
            }
        }
        hash
    };
    assert_eq!(
        format!("{:016x} {:016x}", digest("2025-11"), digest("drizzle")),
        "494cfb26a2124c3b 2ec7d9d6947238b0"
    );
}

#[test]
fn the_flood_of_2025_11_stays_near_the_recorded_stages() {
    let path = root().join("../shared/data/hue/storm_2025-11-16_observed_stage.csv");
    let Ok(recorded) = std::fs::read_to_string(&path) else { return skipped("../shared/data/hue") };
    let chart = Chart::draw(&hue(), &storm("2025-11"), 1).unwrap();
    let mut errors: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in recorded.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let at = Timestamp::parse_rfc3339(columns[0]).unwrap();
        // It begins lower than the record on purpose; compared from 20:00 16 Nov to 06:00 18 Nov.
        if at >= local("2025-11-16T20:00") && at <= local("2025-11-18T06:00") {
            let off = stage_m(&chart.truth(at), columns[1]) - columns[3].parse::<f64>().unwrap();
            errors.entry(columns[1].to_owned()).or_default().push(off);
        }
    }
    for (station, offs) in errors {
        let mean = (offs.iter().map(|off| off * off).sum::<f64>() / offs.len() as f64).sqrt();
        let bias = offs.iter().sum::<f64>() / offs.len() as f64;
        println!("{station}: root mean square error {mean:.2} m, bias {bias:.2} m, {} hours", offs.len());
        assert!(mean < 0.4, "{station} is {mean:.2} m off");
    }
}

#[test]
fn binh_dien_gets_its_885_mm_and_an_hour_of_86_mm() {
    let city = hue();
    let rows = offline(&city, &storm("2025-11"), 1).unwrap();
    let total: Vec<(Timestamp, i64)> = rows
        .iter()
        .filter(|row| {
            let sensor = city.sensor(row.sensor).unwrap();
            sensor.id.station.as_str() == "750061" && sensor.id.parameter == Parameter::RainTotal
        })
        .map(|row| (row.measured_at, row.value.unwrap().raw()))
        .collect();
    let modulus = |sum: i64| if sum < 0 { sum + 13_107_200 } else { sum };
    let at = |time: Timestamp| total.iter().find(|(at, _)| *at == time).unwrap().1;
    let sum = modulus(at(local("2025-11-18T06:00")) - at(local("2025-11-16T07:00"))) as f64 / 1000.0;
    println!("Bình Điền: {sum} mm in 47 h");
    assert!((sum - 885.0).abs() < 90.0, "{sum} mm in 47 h");
    let hour = modulus(at(local("2025-11-16T23:00")) - at(local("2025-11-16T22:00"))) as f64 / 1000.0;
    println!("Bình Điền: {hour} mm in an hour");
    assert!((hour - 86.2).abs() < 15.0, "{hour} mm in the hour before 23:00");
}

#[test]
fn drizzle_stays_below_everything() {
    let city = hue();
    let drizzle = storm("drizzle");
    let chart = Chart::draw(&city, &drizzle, 1).unwrap();
    for truth in truths(&chart) {
        assert!(stage_m(&truth, "kim-long") < 0.9 && stage_m(&truth, "phu-oc") < 1.4);
    }
    for station in &city.stations {
        for minute in 0..24 * 60 {
            let rate = drizzle.field().rate_mm_h(station.position, f64::from(minute) / 60.0);
            assert!(rate < 2.0, "{rate} mm/h at {}", station.id);
        }
    }
    for row in offline(&city, &drizzle, 1).unwrap() {
        let parameter = city.sensor(row.sensor).unwrap().id.parameter;
        let number = row.value.unwrap().in_unit(parameter);
        match parameter {
            Parameter::StreetDepth => assert!(number == 0.0),
            Parameter::WindGust => assert!(number < 10.0),
            Parameter::Release | Parameter::Spill => assert!(number < 250.0, "{number} m3/s"),
            _ => {}
        }
    }
}

#[test]
fn pools_stay_inside_their_curves() {
    let city = hue();
    for name in ["2025-11", "drizzle"] {
        let chart = Chart::draw(&city, &storm(name), 1).unwrap();
        for truth in truths(&chart) {
            for (station, pool) in &truth.pools {
                let range = match station.as_str() {
                    "ta-trach" => 23_000..45_500,
                    "binh-dien" => 53_000..85_500,
                    _ => 46_000..58_500,
                };
                assert!(range.contains(&pool.raw()), "{station} stands at {} mm", pool.raw());
            }
        }
    }
}
