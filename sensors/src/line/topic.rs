//! Topics with places that differ from message to message. Text only; it knows no broker.

use std::fmt;

/// The longest topic that a line may name, in bytes.
pub const TOPIC_MAX_BYTES: usize = 200;

/// A topic as configuration writes it: `hue/{station}/rain/{_}`.
///
/// It is never empty, has no `#`, `+` or NUL, does not begin with `$` (MQTT 5, 4.7), and names a
/// station or a device at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicTemplate {
    levels: Vec<Level>,
}

/// What stands between two slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    /// Exactly this.
    Exact(String),
    /// The id of a station.
    Station,
    /// The name of a device.
    Device,
    /// Anything.
    Any,
}

/// Whom a topic names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Nobody: the topic has no `{station}` and no `{device}`.
    Nobody,
    /// A station, at `{station}`.
    Station,
    /// A device, at `{device}`.
    Device,
}

/// Why a text is no topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// Wildcards, NUL and `$` have meanings of their own in MQTT.
    #[error("'#', '+', a leading '$' and the null character have meanings of their own")]
    Reserved,
    /// Longer than [`TOPIC_MAX_BYTES`], or empty.
    #[error("it has no or more than {TOPIC_MAX_BYTES} bytes")]
    Length,
    /// A brace that belongs to no known place.
    #[error("a level with braces is none of {{station}}, {{device}} and {{_}}")]
    Brace,
    /// Two levels name somebody.
    #[error("more than one level names a station or a device")]
    Twice,
}

impl TopicTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        if text.is_empty() || text.len() > TOPIC_MAX_BYTES {
            return Err(TopicError::Length);
        }
        if text.contains(['#', '+', '\0']) || text.starts_with('$') {
            return Err(TopicError::Reserved);
        }
        let level = |level: &str| match level {
            "{station}" => Ok(Level::Station),
            "{device}" => Ok(Level::Device),
            "{_}" => Ok(Level::Any),
            braced if braced.contains(['{', '}']) => Err(TopicError::Brace),
            exact => Ok(Level::Exact(exact.to_owned())),
        };
        let levels: Vec<Level> = text.split('/').map(level).collect::<Result<_, _>>()?;
        let naming = levels.iter().filter(|level| matches!(level, Level::Station | Level::Device)).count();
        if naming > 1 {
            return Err(TopicError::Twice);
        }
        Ok(Self { levels })
    }

    /// Whether only one topic fits it.
    pub fn is_exact(&self) -> bool {
        self.levels.iter().all(|level| matches!(level, Level::Exact(_)))
    }

    /// Whom its topics name.
    pub fn names(&self) -> Names {
        let named = self.levels.iter().find_map(|level| match level {
            Level::Station => Some(Names::Station),
            Level::Device => Some(Names::Device),
            Level::Exact(_) | Level::Any => None,
        });
        named.unwrap_or(Names::Nobody)
    }

    /// The topic filter of MQTT, with `+` at each place that differs.
    pub fn filter(&self) -> String {
        let levels = self.levels.iter().map(|level| match level {
            Level::Exact(exact) => exact.as_str(),
            Level::Station | Level::Device | Level::Any => "+",
        });
        levels.collect::<Vec<_>>().join("/")
    }

    /// Whether a topic fits, and whom it names; the name is empty where it names nobody.
    pub fn name_in<'t>(&self, topic: &'t str) -> Option<&'t str> {
        let mut said = topic.split('/');
        let mut name = "";
        for level in &self.levels {
            let here = said.next()?;
            match level {
                Level::Exact(exact) if exact == here => {}
                Level::Exact(_) => return None,
                Level::Station | Level::Device => name = here,
                Level::Any => {}
            }
        }
        said.next().is_none().then_some(name)
    }

    /// Whether some topic fits both: such a message would come twice, or to the wrong one.
    pub fn overlaps(&self, other: &Self) -> bool {
        let both = self.levels.iter().zip(&other.levels);
        self.levels.len() == other.levels.len()
            && both.into_iter().all(|pair| match pair {
                (Level::Exact(one), Level::Exact(other)) => one == other,
                _ => true,
            })
    }
}

impl fmt::Display for TopicTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, level) in self.levels.iter().enumerate() {
            let slash = if nth == 0 { "" } else { "/" };
            let level = match level {
                Level::Exact(exact) => exact.as_str(),
                Level::Station => "{station}",
                Level::Device => "{device}",
                Level::Any => "{_}",
            };
            write!(f, "{slash}{level}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> TopicTemplate {
        TopicTemplate::parse(text).unwrap()
    }

    #[test]
    fn a_template_subscribes_with_wildcards_and_reads_the_name_back() {
        let rain = template("hue/{station}/rain/{_}");
        assert_eq!(rain.filter(), "hue/+/rain/+");
        assert_eq!(rain.name_in("hue/750012/rain/10min"), Some("750012"));
        assert_eq!(rain.names(), Names::Station);
        for other in ["hue/750012/rain", "hue/750012/rain/10min/raw", "hue/750012/stage/now", "hue"] {
            assert_eq!(rain.name_in(other), None, "{other}");
        }
        assert_eq!(template("hue//{_}").name_in("hue//x"), Some(""));
        assert_eq!(rain.to_string(), "hue/{station}/rain/{_}");
    }

    #[test]
    fn templates_that_fit_the_same_topic_are_known_to_overlap() {
        let overlapping =
            [("a/{station}/b", "a/x/b"), ("{_}/b", "a/{device}"), ("a/b", "a/b"), ("{_}/{_}", "x/y")];
        for (one, other) in overlapping {
            assert!(template(one).overlaps(&template(other)), "{one} {other}");
            assert!(template(other).overlaps(&template(one)), "{other} {one}");
        }
        for (one, other) in [("a/{station}", "a/{station}/b"), ("a/{_}/c", "a/{_}/d"), ("a", "b")] {
            assert!(!template(one).overlaps(&template(other)), "{one} {other}");
        }
    }

    #[test]
    fn what_means_something_else_to_a_broker_is_no_template() {
        let wrong = [
            ("", TopicError::Length),
            ("a/#", TopicError::Reserved),
            ("a/+/b", TopicError::Reserved),
            ("$share/g/a", TopicError::Reserved),
            ("a/{stations}", TopicError::Brace),
            ("a/x{station}", TopicError::Brace),
            ("{station}/{device}", TopicError::Twice),
        ];
        for (text, error) in wrong {
            assert_eq!(TopicTemplate::parse(text), Err(error), "{text}");
        }
        assert_eq!(TopicTemplate::parse(&"a".repeat(TOPIC_MAX_BYTES + 1)), Err(TopicError::Length));
    }
}
