//! What a person sees of a demo on a terminal: the storm's clock, how far it is, both rivers, and
//! each warning in its colour. Without a terminal, plain lines.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::station::StationId;
use simulator::chart::Truth;
use simulator::phone::Push;

use crate::command::event_line::EventLines;

/// Steps of the progress bar.
const STEPS: u64 = 1000;

/// The picture.
pub(super) struct Show<'a> {
    lines: EventLines<'a>,
    city: &'a City,
    json: bool,
    colour: bool,
    bar: ProgressBar,
    /// The latest stage of each river station, to tell rising from falling.
    before: Vec<(StationId, Value)>,
    /// Pushes that wait for those of the other wards, so that a bulletin is one picture.
    waiting: Vec<Told>,
}

/// A bulletin in one language, and the wards whose phones have shown it.
struct Told {
    first: Push,
    zones: Vec<String>,
    since: Instant,
}

/// Real time that a bulletin waits for the phones of its other wards.
const TOGETHER: Duration = Duration::from_millis(400);

impl<'a> Show<'a> {
    /// A picture of a city's demo.
    pub(super) fn new(city: &'a City, lines: EventLines<'a>, json: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let bar = if terminal && !json { ProgressBar::new(STEPS) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{prefix:.bold} {bar:28.cyan/blue} {msg}") {
            bar.set_style(style.progress_chars("█▌ "));
        }
        Self { lines, city, json, colour: terminal && !json, bar, before: Vec::new(), waiting: Vec::new() }
    }

    /// A line above the bar.
    pub(super) fn line(&self, line: &str) {
        if self.bar.is_hidden() {
            println!("{line}");
        } else {
            self.bar.println(line);
        }
    }

    /// A push as a phone shows it. People see those in their language, the wards of a bulletin
    /// together; programs see each.
    pub(super) fn push(&mut self, push: &Push) {
        if self.json {
            self.line(&push.to_json().to_string());
            return;
        }
        if push.lang != self.lines.lang() {
            return;
        }
        let zone = self.city.zones.iter().find(|zone| zone.id.as_str() == push.zone);
        let zone = zone.map_or(push.zone.as_str(), |zone| &zone.name);
        let zone = zone.to_owned();
        match self.waiting.iter_mut().find(|told| told.first.bulletin == push.bulletin) {
            Some(told) => told.zones.push(zone),
            None => {
                self.waiting.push(Told { first: push.clone(), zones: vec![zone], since: Instant::now() });
            }
        }
    }

    /// Draws the bulletins that have waited long enough; all of them at the end.
    pub(super) fn settle(&mut self, end: bool) {
        let (ready, waiting) =
            std::mem::take(&mut self.waiting).into_iter().partition(|t| end || t.since.elapsed() > TOGETHER);
        self.waiting = waiting;
        for Told { first, zones, .. } in ready {
            let at = self.lines.local(first.at);
            self.line(&self.coloured(first.severity, &format!("{at}  ▌ {}", first.title)));
            self.line(&format!("             ▌ {}", first.body));
            self.line(&format!("             ▌ → {}", zones.join(", ")));
        }
    }

    /// The state of the storm.
    pub(super) fn truth(&mut self, truth: &Truth) {
        if self.json || self.bar.is_hidden() {
            return;
        }
        self.bar.set_prefix(self.lines.local(truth.at));
        self.bar.set_position((truth.progress * STEPS as f64) as u64);
        let rivers = ["kim-long", "phu-oc"].iter().filter_map(|id| self.river(truth, id));
        self.bar.set_message(rivers.collect::<Vec<_>>().join("   "));
        self.before.clone_from(&truth.stages);
    }

    fn river(&self, truth: &Truth, id: &str) -> Option<String> {
        let (station, stage) = truth.stages.iter().find(|(station, _)| station.as_str() == id)?;
        let before = self.before.iter().find(|(before, _)| before == station).map_or(*stage, |(_, b)| *b);
        let trend = match stage.cmp(&before) {
            std::cmp::Ordering::Greater => "↑",
            std::cmp::Ordering::Less => "↓",
            std::cmp::Ordering::Equal => "→",
        };
        let (_, named) = self.city.station_named(station)?;
        Some(format!("{} {} {trend}", named.name, self.lines.quantity(Parameter::Stage, *stage)))
    }

    /// Wipes the bar away, for the last lines.
    pub(super) fn end(&mut self) {
        self.settle(true);
        self.bar.finish_and_clear();
    }

    /// The colours of severities 1 to 5 (those of Decision 18/2021/QĐ-TTg), as a terminal has them.
    fn coloured(&self, severity: u8, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match severity {
            0 | 1 => "36",
            2 => "33",
            3 => "38;5;208",
            4 => "31",
            _ => "1;35",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
