//! What a person sees of a demo on a terminal: the storm's clock, how far it is, both rivers, and
//! each warning in its colour. Without a terminal, plain lines.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::station::StationId;
use simulator::chart::Truth;
use simulator::phone::Push;

use crate::command::cli::OutputArgs;
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
    /// The language that is shown; phones of the others ring too.
    lang: &'static str,
    /// The bulletin that is being shown, and the further wards that got it.
    bulletin: String,
    wards: Vec<String>,
    /// The latest stage of each river station, to tell rising from falling.
    before: Vec<(StationId, Value)>,
}

impl<'a> Show<'a> {
    /// A picture of a city's demo.
    pub(super) fn new(city: &'a City, lines: EventLines<'a>, output: OutputArgs) -> Self {
        let json = output.json;
        let terminal = std::io::stdout().is_terminal();
        let bar = if terminal && !json {
            ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stdout())
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{prefix:.bold} {bar:28.cyan/blue} {msg}") {
            bar.set_style(style.progress_chars("█▌ "));
        }
        Self {
            lines,
            city,
            json,
            colour: terminal && !json,
            bar,
            lang: output.lang.tag(),
            bulletin: String::new(),
            wards: Vec::new(),
            before: Vec::new(),
        }
    }

    /// A line above the bar.
    pub(super) fn line(&self, line: &str) {
        if self.bar.is_hidden() {
            println!("{line}");
        } else {
            self.bar.println(line);
        }
    }

    /// A push as a phone shows it. A terminal shows a bulletin once, and then who else got it.
    pub(super) fn push(&mut self, push: &Push) {
        if self.json {
            self.line(&push.to_json().to_string());
            return;
        }
        if push.lang != self.lang {
            return;
        }
        let zone = self.city.zones.iter().find(|zone| zone.id.as_str() == push.zone);
        let zone = zone.map_or(push.zone.as_str(), |zone| &zone.name);
        let (at, title, body) = (self.lines.local(push.at), &push.title, &push.body);
        if self.bar.is_hidden() {
            self.line(&format!("{at}  push  {zone}  {title}  {body}"));
        } else if self.bulletin == push.bulletin {
            self.wards.push(zone.to_owned());
        } else {
            self.others();
            self.bulletin.clone_from(&push.bulletin);
            self.line(&self.coloured(push.severity, &format!("{at}  ▌ {title}")));
            self.line(&format!("             {body}"));
        }
    }

    /// Says which further wards got the bulletin that was shown last.
    fn others(&mut self) {
        let mut wards = std::mem::take(&mut self.wards);
        wards.sort();
        wards.dedup();
        if !wards.is_empty() {
            self.line(&self.dimmed(&format!("             + {}: {}", wards.len(), wards.join(", "))));
        }
    }

    /// The state of the storm.
    pub(super) fn truth(&mut self, truth: &Truth) {
        if self.json || self.bar.is_hidden() {
            return;
        }
        self.others();
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
        self.others();
        self.bar.finish_and_clear();
    }

    fn dimmed(&self, text: &str) -> String {
        if self.colour { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() }
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
