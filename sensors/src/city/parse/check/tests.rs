//! The promises of limits: senseless ones are refused, with file, line and key.

use super::super::tests::{mistakes, sensor, with};
use crate::city::City;
use crate::parameter::Parameter;
use crate::quality::{Movement, SpikeForm};
use crate::quantity::Value;
use crate::time::Span;

/// What is written, instead of what, and what is told.
const SENSELESS: [(&str, &str, &str, &str); 14] = [
    (
        "stations.toml",
        "rate_per_s = 3600",
        "rate_per_s = 3600\nrate_fail_m = 2",
        "rate_fail_m: it would reject",
    ),
    (
        "stations.toml",
        "span_m = [-1, 9]",
        "span_m = [-1, 9]\nspike_max_m = 2\nspike_fail_m = 1",
        "limits.stage.spike_fail_m: it would reject what it does not even doubt; allowed is a rejection",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\nspike_method = \"median\"",
        "one of differential, average",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\nflat_suspect_s = 7200",
        "needed are both flat_suspect_s and flat_tolerance_m",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\nflat_tolerance_m = 0.01\nflat_suspect_s = 1100",
        "defaults.stage.flat_suspect_s: it would doubt two equal readings; allowed is 1200 or more",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\nflat_tolerance_m = 0.01\nflat_suspect_s = 7200\nflat_fail_s = 3600",
        "flat_fail_s: it would reject",
    ),
    (
        "stations.toml",
        "span_mm = [0, 2000]",
        "span_mm = [0, 2000]\nflat_tolerance_mm = 1\nflat_suspect_s = 7200",
        "flat_tolerance_mm: rainfall stands still as long as no rain falls",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\nattenuated_min_m = 0.1",
        "needed are both attenuated_window_s and",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\nattenuated_min_m = 0.1\nattenuated_fail_m = 0.2\nattenuated_window_s = 7200",
        "attenuated_fail_m: it would reject",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\ngap_max_s = 0",
        "0 is out of range; allowed is 1 to 172800",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\nby_month = [{ months = [1], plausible_m = [-3, 3] }]",
        "defaults.stage.by_month: the plausible range leaves the span; allowed is a part of the span",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\nclimatology = [{ months = [13], range_m = [0, 3] }, { months = [1], range_m = [0, 3] }]",
        "climatology[0].months[0]: 13 is out of range; allowed is 1 to 12",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\nclimatology = [{ months = [1, 2], range_m = [0, 3] }, { months = [2], range_m = [0, 4] }]",
        "climatology[1]: two seasons are at once",
    ),
    (
        "stations.toml",
        "rate_max_m = 3",
        "rate_max_m = 3\nclimatology = [{ months = [1, 2], hours = [6, 30], range_m = [0, 3] }]",
        "climatology[0]: it is never this season",
    ),
];

#[test]
fn limits_that_make_no_sense_are_refused_with_file_line_and_key() {
    for (file, old, new, part) in SENSELESS {
        let found = mistakes(file, old, new);
        assert!(found.iter().any(|m| m.to_string().contains(part)), "{part}\n{found:#?}");
        assert_eq!(found.len(), 1, "{part}\n{found:#?}");
        assert!(found[0].line > 0);
    }
}

#[test]
fn the_limits_of_every_check_are_read_and_a_station_says_otherwise() {
    let defaults = "rate_max_m = 3\nspike_method = \"average\"\nspike_fail_m = 5\nflat_tolerance_m = 0.01
flat_suspect_s = 43200\nattenuated_min_m = 0.1\nattenuated_by = \"std\"\nattenuated_window_s = 90000
attenuated_min_obs = 20\ngap_max_s = 7200\nclimatology = [{ months = [1, 2], hours = [18, 6], range_m = [0, 3] }]
by_month = [{ months = [9, 10], plausible_m = [-1, 7] }]";
    let mut files = with("stations.toml", "rate_max_m = 3", defaults);
    files[1].1 = files[1].1.replace("span_m = [-1, 9]", "span_m = [-1, 9]\nflat_suspect_s = 7200");
    let city = City::parse(&files).unwrap();
    let stage = city.sensor(city.sensor_named(&sensor("cau-tam-ky", Parameter::Stage)).unwrap()).unwrap();
    let checks = &stage.checks;
    assert_eq!(checks.flat_line.unwrap().suspect(), Span::from_h(2), "the station's own");
    assert_eq!(checks.flat_line.unwrap().tolerance(), Value::from_raw(10));
    let attenuated = checks.attenuated.unwrap();
    assert_eq!((attenuated.by(), attenuated.window()), (Movement::Deviation, Some(Span::from_h(25))));
    assert_eq!((checks.spike_form, checks.spike_fail), (SpikeForm::Average, Some(Value::from_raw(5000))));
    assert_eq!((checks.gap_max, checks.seasons.offset), (Some(Span::from_h(2)), Span::from_h(7)));
    assert_eq!((checks.seasons.plausible.len(), checks.seasons.climatology.len()), (1, 1));
}
