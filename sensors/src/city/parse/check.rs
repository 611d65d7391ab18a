//! The limits of the further checks as configured: by month and season, rejections, standing still,
//! moving too little, gaps.

use super::limits::{Limits, positive, range_of};
use crate::parameter::Parameter;
use crate::quality::{
    Attenuated, Checks, FlatLine, GrossRange, LimitError, Movement, RateOfChange, Season, Seasons, Spike,
    SpikeForm,
};
use crate::quantity::Value;
use crate::sheet::{Cell, Row};
use crate::station::Rate;
use crate::time::Span;

/// The longest time that a check may look back: the readings of so long must still be there when a
/// late one is judged.
const WINDOW_MAX_S: i64 = 172_800;

/// The keys of checks that look at values in time, without their units.
const IN_TIME: [&str; 3] = ["flat_tolerance", "attenuated_min", "spike_fail"];

/// Limits that may still be incomplete.
#[derive(Clone, Debug, Default)]
pub(super) struct Further {
    rate_fail: Option<Value>,
    spike_form: Option<SpikeForm>,
    spike_fail: Option<Value>,
    flat_tolerance: Option<Value>,
    flat_suspect: Option<Span>,
    flat_fail: Option<Span>,
    attenuated_min: Option<Value>,
    attenuated_fail: Option<Value>,
    attenuated_window: Option<Span>,
    attenuated_by: Option<Movement>,
    attenuated_values: Option<usize>,
    attenuated_period: Option<Span>,
    gap_max: Option<Span>,
    by_month: Vec<Season>,
    climatology: Vec<Season>,
}

impl Further {
    /// Reads the keys of a table over others that hold where it says nothing.
    pub(super) fn read(row: &Row<'_>, parameter: Parameter, base: &Self) -> Self {
        let unit = parameter.key_unit();
        let value = |key: &str| positive(&row.cell(&format!("{key}_{unit}"))?, parameter);
        let time = |key: &str| Some(Span::from_s(row.cell(key)?.whole(1, WINDOW_MAX_S)?));
        let forms = SpikeForm::ALL.map(|form| (form.as_str(), form));
        let movements = Movement::ALL.map(|by| (by.as_str(), by));
        let values = row.cell("attenuated_min_obs").and_then(|cell| cell.whole(1, 10_000));
        let seasons = |key: &str, range: &str, over: &Vec<Season>| {
            let own = read_seasons(row, key, &format!("{range}_{unit}"), parameter);
            if own.is_empty() { over.clone() } else { own }
        };
        Self {
            rate_fail: value("rate_fail").or(base.rate_fail),
            spike_form: row.cell("spike_method").and_then(|cell| cell.one_of(&forms)).or(base.spike_form),
            spike_fail: value("spike_fail").or(base.spike_fail),
            flat_tolerance: value("flat_tolerance").or(base.flat_tolerance),
            flat_suspect: time("flat_suspect_s").or(base.flat_suspect),
            flat_fail: time("flat_fail_s").or(base.flat_fail),
            attenuated_min: value("attenuated_min").or(base.attenuated_min),
            attenuated_fail: value("attenuated_fail").or(base.attenuated_fail),
            attenuated_window: time("attenuated_window_s").or(base.attenuated_window),
            attenuated_by: row
                .cell("attenuated_by")
                .and_then(|cell| cell.one_of(&movements))
                .or(base.attenuated_by),
            attenuated_values: values.and_then(|n| usize::try_from(n).ok()).or(base.attenuated_values),
            attenuated_period: time("attenuated_min_period_s").or(base.attenuated_period),
            gap_max: time("gap_max_s").or(base.gap_max),
            by_month: seasons("by_month", "plausible", &base.by_month),
            climatology: seasons("climatology", "range", &base.climatology),
        }
    }

    /// What can be made of the limits; offset is the city's clocks'.
    pub(super) fn checks(&self, limits: &Limits, offset: Span) -> Checks {
        Checks {
            seasons: Seasons {
                offset,
                plausible: self.by_month.clone(),
                climatology: self.climatology.clone(),
            },
            rate_fail: self.rate_fail(limits),
            spike_form: self.spike_form.unwrap_or_default(),
            spike_fail: self.spike_fail,
            flat_line: self.flat_line().and_then(Result::ok),
            attenuated: self.attenuated().and_then(Result::ok),
            gap_max: self.gap_max,
        }
    }

    fn rate_fail(&self, limits: &Limits) -> Option<Rate> {
        Some(Rate { change: self.rate_fail?, per: limits.rate_per? })
    }

    fn flat_line(&self) -> Option<Result<FlatLine, LimitError>> {
        Some(FlatLine::new(self.flat_tolerance?, self.flat_suspect?, self.flat_fail))
    }

    fn attenuated(&self) -> Option<Result<Attenuated, LimitError>> {
        let by = self.attenuated_by.unwrap_or_default();
        let limits =
            Attenuated::new(by, self.attenuated_min?, self.attenuated_fail, Some(self.attenuated_window?));
        let (values, period) =
            (self.attenuated_values.unwrap_or(1), self.attenuated_period.unwrap_or_default());
        Some(limits.map(|limits| limits.with_at_least(values, period)))
    }

    /// What does not fit together: the key, what is wrong, what is allowed.
    pub(super) fn misfits(&self, limits: &Limits, parameter: Parameter) -> Vec<(String, String, String)> {
        let unit = parameter.key_unit();
        let with_unit = |key: &str| format!("{key}_{unit}");
        let mut found = Vec::new();
        let mut refuse = |key: String, error: LimitError| {
            found.push((key, error.to_string(), error.allowed().to_owned()));
        };
        if let Some(Err(error)) = self.flat_line() {
            refuse("flat_fail_s".to_owned(), error);
        }
        if let Some(Err(error)) = self.attenuated() {
            refuse(with_unit("attenuated_fail"), error);
        }
        if let Some(span) = limits.span
            && let Some(error) =
                self.by_month.iter().find_map(|season| GrossRange::new(span, Some(season.range())).err())
        {
            refuse("by_month".to_owned(), error);
        }
        if let Err(error) = RateOfChange::new(limits.rate(), self.rate_fail(limits)) {
            refuse(with_unit("rate_fail"), error);
        }
        if let Some(fail) = self.spike_fail
            && let Err(error) = Spike::new(SpikeForm::default(), limits.spike_max, Some(fail))
        {
            refuse(with_unit("spike_fail"), error);
        }
        found.extend(self.halves(limits, &with_unit));
        if parameter.is_depth_over_interval() || parameter == Parameter::RainTotal {
            let given = [self.flat_tolerance, self.attenuated_min, self.spike_fail];
            let given = IN_TIME.iter().zip(given).filter(|(_, value)| value.is_some());
            found.extend(given.map(|(key, _)| {
                let wrong = format!("{parameter} stands still as long as no rain falls");
                (with_unit(key), wrong, "allowed for what is measured at a moment".to_owned())
            }));
        }
        found
    }

    /// Checks of which a part is missing.
    fn halves(&self, limits: &Limits, with_unit: &impl Fn(&str) -> String) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        let mut half = |key: &str, wrong: &str, needed: String| {
            found.push((key.to_owned(), wrong.to_owned(), format!("needed are both {key} and {needed}")));
        };
        if self.flat_tolerance.is_some() != self.flat_suspect.is_some() {
            half("flat_suspect_s", "a flat line has a tolerance and a time", with_unit("flat_tolerance"));
        }
        if self.attenuated_min.is_some() != self.attenuated_window.is_some() {
            half("attenuated_window_s", "a movement has a measure and a time", with_unit("attenuated_min"));
        }
        if self.rate_fail.is_some() && limits.rate_per.is_none() {
            half(&with_unit("rate_fail"), "a rate has a change and a time", "rate_per_s".to_owned());
        }
        if let (Some(flat), Some(deadline)) = (self.flat_suspect, limits.deadline())
            && flat.ms() < 2 * deadline.interval.ms()
        {
            let wrong = "it would doubt two equal readings".to_owned();
            let least = 2 * deadline.interval.whole_s();
            found.push(("flat_suspect_s".to_owned(), wrong, format!("allowed is {least} or more")));
        }
        found
    }
}

/// The seasons of a list of tables; each month and hour at most once.
fn read_seasons(row: &Row<'_>, key: &str, range_key: &str, parameter: Parameter) -> Vec<Season> {
    let mut seasons: Vec<Season> = Vec::new();
    for row in row.rows(key) {
        let months = row.need("months", "a list of months, as [9, 10, 11, 12]").map(|cell| cell.list());
        let month = |cell: &Cell<'_>| u8::try_from(cell.whole(1, 12)?).ok();
        let months: Option<Vec<u8>> = months.and_then(|list| list.iter().map(month).collect());
        let hours = row.cell("hours").and_then(|cell| cell.pair());
        let hours = hours.map(|(from, to)| (from as u8, to as u8));
        let range = row.need(range_key, "[lower, upper]").and_then(|cell| range_of(&cell, parameter));
        if let Some((range, months)) = range.zip(months) {
            match Season::new(&months, hours, range) {
                Err(_) => row.note(
                    "",
                    "it is never this season",
                    "needed are months 1 to 12, and hours as [6, 18] where it is not the whole day",
                ),
                Ok(season) if seasons.iter().any(|other| other.overlaps(&season)) => {
                    row.note("", "two seasons are at once", "allowed is each month and hour once");
                }
                Ok(season) => seasons.push(season),
            }
        }
        row.close();
    }
    seasons
}

#[cfg(test)]
mod tests;
