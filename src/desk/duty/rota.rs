//! Who is on duty when, who is called after whom, and what staff and residents can take in.
//!
//! Computed from the running clock and the city's local time. It calls nobody.

use rules::hazard::{Hazard, Severity};
use sensors::time::{Span, Timestamp};

/// Minutes of a day.
pub(super) const DAY_MIN: i64 = 24 * 60;

/// `duty.toml` of a city. Without the file nobody is called, and the bounds are those of the default.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Duty {
    /// Everybody who can be called.
    pub persons: Vec<Person>,
    /// The posts, in the order in which their holders are called.
    pub posts: Vec<Post>,
    /// Who is called last.
    pub chief: Option<String>,
    /// How long is waited, and how often somebody is reminded.
    pub calling: Calling,
    /// When bulletins of little severity wait for the morning.
    pub quiet: Option<Quiet>,
    /// What staff and residents can take in.
    pub bounds: Bounds,
}

/// Somebody of the duty: an officer of `officers.toml`, and how to reach them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The officer's id.
    pub officer: String,
    /// Webhooks of `receivers.toml`; the general ones of the duty hear of every call as well.
    pub webhooks: Vec<String>,
}

/// A post, and who holds it when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its shifts; together they leave no gap.
    pub shifts: Vec<Shift>,
}

/// Hours of a week that somebody holds a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The officer's id.
    pub officer: String,
    /// The weekdays on which it begins, Monday first.
    pub days: [bool; 7],
    /// The local minute of the day when it begins.
    pub from_min: i64,
    /// The local minute when it ends, on the next day where it is not after `from_min`.
    pub to_min: i64,
}

/// How long is waited before the next one is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calling {
    /// Warnings of this severity and above are called out.
    pub severity_min: Severity,
    /// How long each has to acknowledge, by severity 1 to 5.
    pub within: [Span; 5],
    /// Between reminders after everybody was called.
    pub remind_every: Span,
    /// Reminders at most.
    pub reminders_max: u32,
}

/// Hours in which bulletins of little severity wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The local minute of the day when they begin.
    pub from_min: i64,
    /// The local minute when they end.
    pub to_min: i64,
    /// Only bulletins up to this severity wait; at most 2.
    pub severity_max: Severity,
    /// Only bulletins of these hazards wait.
    pub hazards: Vec<Hazard>,
}

/// What staff and residents can take in (warning.md 22), and how long staff may be left in peace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Alarms to one webhook of staff in ten minutes.
    pub alarms_max: usize,
    /// Of them kept free for what is severe enough to be called out.
    pub alarms_kept: usize,
    /// Pushes to a resident in 24 hours, severity 5 not counted.
    pub pushes_max: usize,
    /// The longest silence.
    pub silence_max: Span,
    /// The longest maintenance window.
    pub maintenance_max: Span,
}

impl Default for Calling {
    fn default() -> Self {
        Self {
            severity_min: Severity::new(3).unwrap_or(Severity::MAX),
            within: [3600, 1800, 600, 300, 180].map(Span::from_s),
            remind_every: Span::from_s(900),
            reminders_max: 4,
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            alarms_max: 10,
            alarms_kept: 2,
            pushes_max: 4,
            silence_max: Span::from_h(12),
            maintenance_max: Span::from_h(72),
        }
    }
}

impl Calling {
    /// How long somebody has to acknowledge a warning of this severity.
    pub fn within(&self, severity: u8) -> Span {
        let place = usize::from(severity.clamp(1, 5) - 1);
        self.within.get(place).copied().unwrap_or(Span::ZERO)
    }
}

impl Quiet {
    /// The end of the quiet hours that hold at `now`; `None` outside of them.
    pub fn end_of(&self, now: Timestamp, utc_offset_min: i32) -> Option<Timestamp> {
        let (_, minute) = local(now, utc_offset_min);
        let inside = if self.from_min < self.to_min {
            (self.from_min..self.to_min).contains(&minute)
        } else {
            minute >= self.from_min || minute < self.to_min
        };
        let left = (self.to_min - minute).rem_euclid(DAY_MIN);
        inside.then(|| Timestamp::from_ms(now.ms().div_euclid(60_000) * 60_000).plus(Span::from_min(left)))
    }
}

impl Shift {
    /// Whether it holds at this minute of this weekday, Monday being 0.
    pub(super) fn holds(&self, day: usize, minute: i64) -> bool {
        let begins = |day: usize| self.days.get(day % 7).copied().unwrap_or(false);
        if self.from_min < self.to_min {
            begins(day) && (self.from_min..self.to_min).contains(&minute)
        } else {
            (begins(day) && minute >= self.from_min) || (begins(day + 6) && minute < self.to_min)
        }
    }
}

impl Post {
    /// Who holds it.
    pub fn holder(&self, at: Timestamp, utc_offset_min: i32) -> Option<&str> {
        let (day, minute) = local(at, utc_offset_min);
        self.shifts.iter().find(|shift| shift.holds(day, minute)).map(|shift| shift.officer.as_str())
    }

    /// When somebody else takes it, and who; `None` where one holds it all week.
    pub fn next(&self, now: Timestamp, utc_offset_min: i32) -> Option<(Timestamp, &str)> {
        let (_, minute) = local(now, utc_offset_min);
        let midnight = Timestamp::from_ms(now.ms().div_euclid(60_000) * 60_000).minus(Span::from_min(minute));
        let holder = self.holder(now, utc_offset_min);
        let ends = |shift: &Shift| [shift.from_min, shift.to_min];
        let mut moments: Vec<Timestamp> = (0..=7)
            .flat_map(|day| self.shifts.iter().flat_map(ends).map(move |min| day * DAY_MIN + min))
            .map(|min| midnight.plus(Span::from_min(min)))
            .filter(|at| *at > now)
            .collect();
        moments.sort_unstable();
        moments.into_iter().find_map(|at| {
            let next = self.holder(at, utc_offset_min).filter(|next| Some(*next) != holder)?;
            Some((at, next))
        })
    }
}

impl Duty {
    /// Who is called for something, in order and each once: the holders of the posts, then the chief.
    pub fn chain(&self, now: Timestamp, utc_offset_min: i32) -> Vec<&str> {
        let holders = self.posts.iter().filter_map(|post| post.holder(now, utc_offset_min));
        let mut chain: Vec<&str> = Vec::new();
        for officer in holders.chain(self.chief.as_deref()) {
            if !chain.contains(&officer) {
                chain.push(officer);
            }
        }
        chain
    }

    /// How somebody is reached.
    pub fn webhooks_of(&self, officer: &str) -> &[String] {
        let person = self.persons.iter().find(|person| person.officer == officer);
        person.map(|person| person.webhooks.as_slice()).unwrap_or_default()
    }
}

/// The local weekday, Monday being 0, and the minute of its day.
fn local(at: Timestamp, utc_offset_min: i32) -> (usize, i64) {
    let minutes = at.plus(Span::from_min(i64::from(utc_offset_min))).ms().div_euclid(60_000);
    // 1 January 1970 was a Thursday.
    let day = (minutes.div_euclid(DAY_MIN) + 3).rem_euclid(7);
    (day as usize, minutes.rem_euclid(DAY_MIN))
}
