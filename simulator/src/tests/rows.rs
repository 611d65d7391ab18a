//! Same seed, same bytes; and faults do what they say.

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quality::Quality;
use sensors::reading::{Observation, Observed};
use sensors::time::{Span, Timestamp};
use sensors::track::Track;

use super::{hue, local, storm};
use crate::offline::{Row, csv, offline};
use crate::storm::{Storm, storms};

fn rows_of<'r>(city: &City, rows: &'r [Row], station: &str, parameter: Parameter) -> Vec<&'r Row> {
    let is = |row: &&Row| {
        let id = &city.sensor(row.sensor).unwrap().id;
        id.station.as_str() == station && id.parameter == parameter
    };
    rows.iter().filter(is).collect()
}

fn spoken_between(rows: &[&Row], from: &str, to: &str) -> usize {
    rows.iter().filter(|row| row.measured_at > local(from) && row.measured_at < local(to)).count()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let city = hue();
    let text = |seed| csv(&city, &offline(&city, &storm("2025-11"), seed).unwrap());
    let first = text(7);
    assert!(first.lines().count() > 20_000, "{} rows", first.lines().count());
    assert!(first == text(7));
    assert!(first != text(8));
}

#[test]
fn rows_come_in_the_order_of_arrival_and_with_a_value() {
    let city = hue();
    for name in ["2025-11", "drizzle"] {
        let rows = offline(&city, &storm(name), 7).unwrap();
        assert!(rows.windows(2).all(|pair| pair[0].arrives_at <= pair[1].arrives_at));
        assert!(rows.iter().all(|row| row.value.is_some()));
    }
}

#[test]
fn the_real_faults_of_november_2025_are_in_it() {
    let city = hue();
    let rows = offline(&city, &storm("2025-11"), 7).unwrap();
    let total = |station: &str| {
        let counted = rows_of(&city, &rows, station, Parameter::RainTotal);
        let raw = |row: Option<&&Row>| row.unwrap().value.unwrap().raw();
        (raw(counted.last()) - raw(counted.first())) as f64 / 1000.0
    };
    assert!((0.0..8.0).contains(&total("750063")), "750063 is clogged: {} mm", total("750063"));
    let khe_mo_rang = rows_of(&city, &rows, "750042", Parameter::RainTotal);
    assert_eq!(spoken_between(&khe_mo_rang, "2025-11-17T07:10", "2025-11-18T00:10"), 0);
    assert!(spoken_between(&khe_mo_rang, "2025-11-18T00:10", "2025-11-18T06:00") > 20);
    let thuong_nhat = rows_of(&city, &rows, "750013", Parameter::RainTotal);
    assert!(spoken_between(&thuong_nhat, "2025-11-16T00:00", "2025-11-16T14:00") > 100);
    assert_eq!(spoken_between(&thuong_nhat, "2025-11-16T14:00", "2025-11-18T13:00"), 0);
    let huong_dien = rows_of(&city, &rows, "huong-dien", Parameter::Release);
    assert_eq!(spoken_between(&huong_dien, "2025-11-16T23:05", "2025-11-17T06:00"), 0);
    assert!(spoken_between(&huong_dien, "2025-11-17T05:59", "2025-11-17T08:00") > 5);
}

/// A storm with one more fault.
fn with(fault: &str) -> Storm {
    Storm::parse("test.toml", &format!("{}\n[[fault]]\n{fault}\n", storms()[1].text)).unwrap()
}

#[test]
fn a_cut_line_hands_over_everything_in_order_when_it_is_back() {
    let city = hue();
    let cut = with(
        "line = \"city-posts\"\nkind = \"cut\"\nfrom = \"2025-12-20T06:00:00+07:00\"\nto = \"2025-12-20T08:00:00+07:00\"",
    );
    let rows = offline(&city, &cut, 7).unwrap();
    let whole = offline(&city, &storm("drizzle"), 7).unwrap();
    assert_eq!(rows.len(), whole.len());
    let kim_long = rows_of(&city, &rows, "kim-long", Parameter::Stage);
    assert!(kim_long.windows(2).all(|pair| pair[0].measured_at < pair[1].measured_at));
    let arrived = |row: &&&Row| {
        row.arrives_at > local("2025-12-20T06:00") && row.arrives_at < local("2025-12-20T08:00")
    };
    assert_eq!(kim_long.iter().filter(arrived).count(), 0);
}

#[test]
fn stuck_sentinel_late_and_a_wrong_clock_show_in_the_rows() {
    let city = hue();
    let six_to_eight = "from = \"2025-12-20T06:00:00+07:00\"\nto = \"2025-12-20T08:00:00+07:00\"";
    let rows = |fault: &str| {
        let storm = with(&format!("station = \"kim-long\"\n{fault}\n{six_to_eight}"));
        let rows = offline(&city, &storm, 7).unwrap();
        let rows: Vec<Row> =
            rows_of(&city, &rows, "kim-long", Parameter::Stage).into_iter().copied().collect();
        rows
    };
    let inside = |row: &&Row| {
        let at = row.arrives_at;
        at >= local("2025-12-20T06:00") && at < local("2025-12-20T08:00")
    };
    let stuck = rows("kind = \"stuck\"");
    let values: Vec<_> = stuck.iter().filter(inside).map(|row| row.value.unwrap()).collect();
    assert!(values.len() > 5 && values.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(rows("kind = \"sentinel\"").iter().filter(inside).all(|row| row.value.is_none()));
    let late = rows("kind = \"late\"\nby_s = 1800");
    let delay = |row: &Row| row.arrives_at.since(row.measured_at);
    assert!(late.iter().any(|row| delay(row) >= Span::from_min(30)));
    let ahead = rows("kind = \"clock_off\"\nby_s = 3600");
    assert!(ahead.iter().any(|row| delay(row) < Span::ZERO && row.measured_at > Timestamp::MIN));
}

/// What is judged suspect in a storm has to be a fault, or the checks would cry at good gauges.
#[test]
fn sound_instruments_stay_inside_their_limits() {
    let city = hue();
    for name in ["drizzle", "2025-11"] {
        let mut last = std::collections::BTreeMap::new();
        let mut bad = std::collections::BTreeSet::new();
        for row in offline(&city, &storm(name), 7).unwrap() {
            let sensor = city.sensor(row.sensor).unwrap();
            let value = row.value.unwrap();
            let (low, high) = sensor.plausible.unwrap_or(sensor.span);
            if value < low || value > high {
                bad.insert(format!("{} outside {low:?}..{high:?}", sensor.id));
            }
            if let (Some(rate), Some((at, before))) =
                (sensor.rate_max, last.insert(row.sensor, (row.measured_at, value.raw())))
            {
                let change = (value.raw() - before).abs() as f64 / row.measured_at.since(at).ms() as f64;
                let most = rate.change.raw() as f64 / rate.per.ms() as f64;
                if change > most && sensor.rollover.is_none() {
                    bad.insert(format!(
                        "{} {before} -> {} is {:.1} times too fast",
                        sensor.id,
                        value.raw(),
                        change / most
                    ));
                }
            }
        }
        assert!(bad.is_empty(), "{name}: {bad:#?}");
    }
}

/// How many readings of each sensor the checks of `sensors` do not call good, counters' depths too.
fn doubted(city: &City, name: &str) -> std::collections::BTreeMap<String, usize> {
    let mut tracks: Vec<Track> =
        city.sensors.iter().map(|sensor| Track::new(sensor, Span::from_h(72))).collect();
    let mut doubted = std::collections::BTreeMap::new();
    for row in offline(city, &storm(name), 7).unwrap() {
        let sensor = city.sensor(row.sensor).unwrap();
        let observation = Observation {
            sensor: row.sensor,
            measured_at: row.measured_at,
            from: row.period.map(|period| row.measured_at.minus(period)),
            arrived_at: row.arrives_at,
            value: Observed::Value(row.value.unwrap()),
        };
        let judged = tracks[row.sensor.at()].judge(sensor, &observation, row.arrives_at);
        let mut readings = vec![(sensor, judged.reading)];
        readings.extend(judged.revised.iter().map(|revised| (sensor, *revised)));
        for fed in &judged.fed {
            let ix = fed.observation.sensor;
            let sensor = city.sensor(ix).unwrap();
            let judged = tracks[ix.at()].judge_fed(sensor, fed, row.arrives_at);
            readings.push((sensor, judged.reading));
        }
        for (sensor, reading) in readings {
            if reading.quality != Quality::Good {
                *doubted.entry(format!("{} {:?}", sensor.id, reading.quality)).or_default() += 1;
            }
        }
    }
    doubted
}

#[test]
fn the_checks_doubt_no_sound_gauge() {
    let city = hue();
    assert!(doubted(&city, "drizzle").is_empty(), "{:?}", doubted(&city, "drizzle"));
    // 750042 came back with its counter at 0: the one thing to doubt in the whole flood.
    let flood = doubted(&city, "2025-11");
    assert!(flood.len() == 2 && flood.keys().all(|key| key.starts_with("750042/rain")), "{flood:?}");
}
