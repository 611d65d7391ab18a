//! Why a reading is doubted, in the words of an officer: the check, the values, the limit.
//!
//! A reading carries its check only; the rest is told from its sensor's limits and from what
//! stands beside it in its series, so that a why can be asked of any reading at any time. The one
//! place where checks have words.

use super::run::Run;
use super::{Check, Movement, Quality, limit};
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::Reading;
use crate::series::Series;
use crate::station::{Rate, Sensor};
use crate::time::Span;

/// The same said in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Words {
    /// The words in a language by its tag; Vietnamese for any that is not known.
    pub fn of(&self, tag: &str) -> &str {
        if tag == "en" { &self.en } else { &self.vi }
    }
}

impl Check {
    /// What the check found, in Vietnamese and in English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Syntax => ("không đọc được giá trị", "the value could not be read"),
            Self::Time => ("thời gian đo không hợp lý", "the time of measurement is not plausible"),
            Self::GrossRange => ("ngoài khoảng hợp lý", "outside the plausible range"),
            Self::RateOfChange => ("thay đổi nhanh bất thường", "changes faster than is plausible"),
            Self::Spike => ("lệch hẳn so với các giá trị kề", "stands out from its neighbours in time"),
            Self::Counter => ("bộ đếm chạy lùi", "the counter went backwards"),
            Self::Device => ("thiết bị tự báo giá trị không tin cậy", "the device itself doubts its value"),
            Self::FlatLine => ("đứng yên quá lâu", "has not moved for too long"),
            Self::AttenuatedSignal => ("dao động nhỏ bất thường", "moves less than water does"),
            Self::Gap => ("đến sau một khoảng trống số liệu", "comes after a gap"),
            Self::Climatology => ("ngoài khoảng từng thấy trong mùa", "outside what the season has seen"),
            Self::Neighbour => ("trái với các trạm lân cận", "contradicts the gauges around it"),
            Self::MultiVariate => ("trái với các yếu tố đo khác", "contradicts what is measured beside it"),
            Self::Clogged => ("nghi thùng đo mưa bị tắc", "the rain gauge seems to be clogged"),
            Self::DeadOnZero => ("báo 0 trong khi xung quanh có mưa", "says zero while it rains around it"),
        }
    }
}

/// Why a reading of a sensor is suspect or rejected; `None` where no check gave its judgement. The
/// series, where it is known, is the sensor's and gives the values beside it.
pub fn why(sensor: &Sensor, reading: &Reading, series: Option<&Series>) -> Option<Words> {
    let check = reading.quality.check()?;
    let (vi, en) = check.words();
    let (vi, en) = match (check, reading.quality) {
        (Check::GrossRange, Quality::Rejected(_)) => {
            ("ngoài khoảng đo của thiết bị", "outside the range of the instrument")
        }
        _ => (vi, en),
    };
    Some(match details(sensor, reading, check, series) {
        Some(more) => Words { vi: format!("{vi}: {}", more.vi), en: format!("{en}: {}", more.en) },
        None => Words { vi: vi.to_owned(), en: en.to_owned() },
    })
}

fn details(sensor: &Sensor, reading: &Reading, check: Check, series: Option<&Series>) -> Option<Words> {
    match check {
        Check::Time => Some(out_of_time(reading)),
        Check::GrossRange | Check::Climatology => out_of_range(sensor, reading, check),
        Check::RateOfChange | Check::Spike | Check::Gap => beside(sensor, reading, check, series),
        Check::FlatLine => sensor.checks.flat_line.map(|flat| {
            let (less, time) = (amount(sensor, flat.tolerance()), length(flat.suspect()));
            Words {
                vi: format!("thay đổi dưới {} trong {} hoặc lâu hơn", less.vi, time.vi),
                en: format!("within less than {} for {} or longer", less.en, time.en),
            }
        }),
        Check::AttenuatedSignal => sensor.checks.attenuated.and_then(|attenuated| {
            let (least, time) = (amount(sensor, attenuated.suspect()), length(attenuated.window()?));
            let (vi, en) = match attenuated.by() {
                Movement::Range => ("biên độ", "a range of"),
                Movement::Deviation => ("độ lệch chuẩn", "a standard deviation of"),
            };
            Some(Words {
                vi: format!("{vi} dưới {} trong {}", least.vi, time.vi),
                en: format!("{en} less than {} in {}", least.en, time.en),
            })
        }),
        Check::Syntax
        | Check::Counter
        | Check::Device
        | Check::Neighbour
        | Check::MultiVariate
        | Check::Clogged
        | Check::DeadOnZero => None,
    }
}

fn out_of_time(reading: &Reading) -> Words {
    let ahead = reading.measured_at.since(reading.arrived_at);
    let by = length(Span::from_ms(ahead.ms().saturating_abs()));
    if ahead > Span::ZERO {
        Words {
            vi: format!("đi trước giờ nhận {}", by.vi), en: format!("{} after it arrived", by.en)
        }
    } else {
        Words { vi: format!("trước giờ nhận {}", by.vi), en: format!("{} before it arrived", by.en) }
    }
}

fn out_of_range(sensor: &Sensor, reading: &Reading, check: Check) -> Option<Words> {
    let value = reading.value?;
    let covers = reading.from.map(|from| reading.measured_at.since(from));
    let ranges = limit::ranges(sensor, reading.measured_at, covers);
    let rejected = matches!(reading.quality, Quality::Rejected(_));
    let (low, high) = match check {
        Check::Climatology => ranges.climatology?,
        _ if rejected => ranges.span,
        // Over its range an instrument still says "at least", and under it "at most".
        _ if value == ranges.span.1 => {
            let end = amount(sensor, value);
            return Some(Words {
                vi: format!("vượt khoảng đo, ít nhất {}", end.vi),
                en: format!("over the instrument's range, at least {}", end.en),
            });
        }
        _ if value == ranges.span.0 => {
            let end = amount(sensor, value);
            return Some(Words {
                vi: format!("dưới khoảng đo, nhiều nhất {}", end.vi),
                en: format!("under the instrument's range, at most {}", end.en),
            });
        }
        _ => ranges.plausible?,
    };
    let [value, low, high] = [value, low, high].map(|value| amount(sensor, value));
    Some(Words {
        vi: format!("{}, giới hạn từ {} đến {}", value.vi, low.vi, high.vi),
        en: format!("{}, limits {} to {}", value.en, low.en, high.en),
    })
}

/// What stands before and after the reading.
fn beside(sensor: &Sensor, reading: &Reading, check: Check, series: Option<&Series>) -> Option<Words> {
    let value = reading.value?;
    if let (Some(from), Check::RateOfChange) = (reading.from, check) {
        let (depth, time) = (amount(sensor, value), length(reading.measured_at.since(from)));
        let most = rate(sensor, sensor.rate_max?);
        return Some(Words {
            vi: format!("{} trong {}, giới hạn {}", depth.vi, time.vi, most.vi),
            en: format!("{} in {}, limit {}", depth.en, time.en, most.en),
        });
    }
    let series = series?;
    let place = series.rank(reading.measured_at).checked_sub(1)?;
    let run = Run(series);
    let (_, last) = run.before(place).next()?;
    let took = length(reading.measured_at.since(last.at));
    let change = value.raw().saturating_sub(last.raw);
    let moved = amount(sensor, Value::from_raw(change.saturating_abs()));
    let (rose_vi, rose_en) = if change < 0 { ("giảm", "fell") } else { ("tăng", "rose") };
    match check {
        Check::Gap => {
            let most = length(sensor.checks.gap_max?);
            Some(Words {
                vi: format!("{} không có số đo, giới hạn {}", took.vi, most.vi),
                en: format!("nothing for {}, limit {}", took.en, most.en),
            })
        }
        Check::Spike => {
            let most = amount(sensor, sensor.spike_max.or(sensor.checks.spike_fail)?);
            let next = run.after(place).next().map(|(_, next)| amount(sensor, Value::from_raw(next.raw)));
            let (then_vi, then_en) = next.map_or_else(Default::default, |next| {
                (format!(", sau đó {}", next.vi), format!(", then {}", next.en))
            });
            Some(Words {
                vi: format!("{rose_vi} {} trong {}{then_vi}, giới hạn {}", moved.vi, took.vi, most.vi),
                en: format!("{rose_en} {} in {}{then_en}, limit {}", moved.en, took.en, most.en),
            })
        }
        _ => {
            let most = rate(sensor, sensor.rate_max.or(sensor.checks.rate_fail)?);
            Some(Words {
                vi: format!("{rose_vi} {} trong {}, giới hạn {}", moved.vi, took.vi, most.vi),
                en: format!("{rose_en} {} in {}, limit {}", moved.en, took.en, most.en),
            })
        }
    }
}

fn rate(sensor: &Sensor, rate: Rate) -> Words {
    let (change, per) = (amount(sensor, rate.change), length(rate.per));
    Words { vi: format!("{} trong {}", change.vi, per.vi), en: format!("{} in {}", change.en, per.en) }
}

fn amount(sensor: &Sensor, value: Value) -> Words {
    let parameter = sensor.id.parameter;
    let number = value.display(parameter).to_string();
    let unit = unit(parameter);
    let en = format!("{number} {unit}").trim_end().to_owned();
    Words { vi: format!("{} {unit}", number.replace('.', ",")).trim_end().to_owned(), en }
}

fn unit(parameter: Parameter) -> &'static str {
    match parameter.unit() {
        "m3/s" => "m³/s",
        "Mm3" => "triệu m³",
        "degC" => "°C",
        "deg" => "°",
        "count" => "",
        unit => unit,
    }
}

/// A length of time in its two greatest units.
fn length(span: Span) -> Words {
    let s = span.whole_s();
    let parts = [
        (s / 86_400, "ngày", "day"),
        (s / 3_600 % 24, "giờ", "hour"),
        (s / 60 % 60, "phút", "minute"),
        (s % 60, "giây", "second"),
    ];
    let first = parts.iter().position(|(n, ..)| *n > 0).unwrap_or(parts.len() - 1);
    let shown = parts.iter().skip(first).take(2).enumerate().filter(|(i, (n, ..))| *i == 0 || *n > 0);
    let shown: Vec<_> = shown.map(|(_, part)| part).collect();
    let vi = shown.iter().map(|(n, word, _)| format!("{n} {word}")).collect::<Vec<_>>().join(" ");
    let plural = |n: i64| if n == 1 { "" } else { "s" };
    let en = shown.iter().map(|(n, _, word)| format!("{n} {word}{}", plural(*n))).collect::<Vec<_>>();
    Words { vi, en: en.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::FlatLine;
    use crate::track::Track;
    use crate::track::tests::{at, said, sensor};

    fn told(sensor: &Sensor, values: &[i64]) -> Vec<Option<Words>> {
        let mut track = Track::new(sensor, Span::from_h(72));
        let judge = |(n, raw): (usize, &i64)| {
            let min = n as i64 * 10;
            let reading = track.judge(sensor, &said(min, *raw), at(min)).reading;
            why(sensor, &reading, Some(track.series()))
        };
        values.iter().enumerate().map(judge).collect()
    }

    fn both(words: Option<&Words>) -> (&str, &str) {
        words.map_or(("", ""), |words| (words.vi.as_str(), words.en.as_str()))
    }

    #[test]
    fn every_flag_says_which_check_and_why_in_both_languages() {
        let mut stage = sensor(Parameter::Stage);
        let words = told(&stage, &[1_000, 2_200]);
        assert_eq!(words[0], None);
        let (vi, en) = both(words[1].as_ref());
        assert_eq!(vi, "thay đổi nhanh bất thường: tăng 1,2 m trong 10 phút, giới hạn 3 m trong 1 giờ");
        assert_eq!(en, "changes faster than is plausible: rose 1.2 m in 10 minutes, limit 3 m in 1 hour");
        stage.rate_max = None;
        let words = told(&stage, &[2_000, 1_250]);
        let (vi, _) = both(words[1].as_ref());
        assert_eq!(vi, "lệch hẳn so với các giá trị kề: giảm 0,75 m trong 10 phút, giới hạn 0,6 m");
        let words = told(&stage, &[65_535, 11_000]);
        let (vi, en) = both(words[0].as_ref());
        assert_eq!(vi, "ngoài khoảng đo của thiết bị: 65,535 m, giới hạn từ -2 m đến 10 m");
        assert_eq!(en, "outside the range of the instrument: 65.535 m, limits -2 m to 10 m");
        assert_eq!(both(words[1].as_ref()).0, "ngoài khoảng hợp lý: vượt khoảng đo, ít nhất 10 m");
        let words = told(&stage, &[-2_000]);
        assert!(words[0].as_ref().is_none_or(|why| !why.vi.contains("ít nhất")), "{words:?}");
        let flat = FlatLine::new(Value::from_raw(5), Span::from_min(90), None);
        stage.checks.flat_line = Some(flat.unwrap());
        let words = told(&stage, &[1_000; 11]);
        let (vi, en) = both(words[9].as_ref());
        assert_eq!(vi, "đứng yên quá lâu: thay đổi dưới 0,005 m trong 1 giờ 30 phút hoặc lâu hơn");
        assert_eq!(
            en,
            "has not moved for too long: within less than 0.005 m for 1 hour 30 minutes or longer"
        );
    }

    #[test]
    fn a_spike_tells_what_came_after_it() {
        let stage = sensor(Parameter::Stage);
        let mut track = Track::new(&stage, Span::from_h(72));
        for (n, raw) in [1_000, 2_500, 1_010].into_iter().enumerate() {
            let judged = track.judge(&stage, &said(n as i64 * 10, raw), at(n as i64 * 10));
            if let [revised] = judged.revised[..] {
                let words = why(&stage, &revised, Some(track.series())).unwrap();
                assert!(
                    words.en.ends_with("rose 1.5 m in 10 minutes, then 1.01 m, limit 0.6 m"),
                    "{words:?}"
                );
                return;
            }
        }
        panic!("no spike was told");
    }

    #[test]
    fn a_time_that_cannot_be_says_by_how_much() {
        let stage = sensor(Parameter::Stage);
        let mut track = Track::new(&stage, Span::from_h(72));
        let reading = track.judge(&stage, &said(24 * 60, 1_000), at(0)).reading;
        let early = Reading { arrived_at: at(0), quality: Quality::Rejected(Check::Time), ..reading };
        let words = why(&stage, &early, None).unwrap();
        assert_eq!(words.vi, "thời gian đo không hợp lý: đi trước giờ nhận 1 ngày");
        assert_eq!(words.of("en"), "the time of measurement is not plausible: 1 day after it arrived");
    }

    #[test]
    fn every_check_has_words_of_its_own() {
        let words: Vec<_> = Check::ALL.iter().map(|check| check.words()).collect();
        for (n, (vi, en)) in words.iter().enumerate() {
            assert!(!vi.is_empty() && !en.is_empty());
            assert!(words[..n].iter().all(|other| other.0 != *vi && other.1 != *en));
        }
    }
}
