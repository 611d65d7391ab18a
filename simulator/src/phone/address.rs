//! Whom a message is for: a topic, a condition over topics, or a token; as FCM reads them.

use serde_json::Value;

use super::schema::field;

/// FCM allows so many topics in one condition.
const TOPICS_MAX: usize = 5;
/// Brackets and negations nest no deeper here; five topics need far less.
const DEPTH_MAX: usize = 16;

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Topic(String),
    Condition(Condition),
    Token(String),
}

/// A condition over topics: `'a' in topics && ('b' in topics || !('c' in topics))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    In(String),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

impl Address {
    /// Reads the address of a message; exactly one of the three must be there.
    pub(super) fn parse(message: &Value) -> Result<Self, &'static str> {
        let text = |name| field(message, name).and_then(Value::as_str);
        match (text("topic"), text("condition"), text("token")) {
            (Some(topic), None, None) => {
                let name = topic.strip_prefix("/topics/").unwrap_or(topic);
                if is_topic(name) { Ok(Self::Topic(name.to_owned())) } else { Err("Invalid topic name") }
            }
            (None, Some(condition), None) => Condition::parse(condition)
                .map(Self::Condition)
                .ok_or("Invalid condition expression provided."),
            (None, None, Some("")) => Err("The registration token is not a valid FCM registration token"),
            (None, None, Some(token)) => Ok(Self::Token(token.to_owned())),
            (None, None, None) => Err("Recipient of the message is not set."),
            _ => Err("Invalid value at 'message' (oneof), oneof field 'target' is already set."),
        }
    }

    /// The topic by which a phone with these topics gets the message.
    pub(super) fn reaches<'t>(&self, topics: &[&'t str]) -> Option<&'t str> {
        let first = |fits: &dyn Fn(&str) -> bool| topics.iter().copied().find(|topic| fits(topic));
        match self {
            Self::Topic(name) => first(&|topic| topic == name),
            Self::Condition(condition) if condition.holds(topics) => first(&|topic| condition.names(topic)),
            _ => None,
        }
    }
}

/// The pattern of the discovery document: `[a-zA-Z0-9-_.~%]{1,900}`.
fn is_topic(name: &str) -> bool {
    (1..=900).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~%".contains(c))
}

impl Condition {
    /// Reads a condition, or `None` when FCM would not.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser { rest: text, topics: 0, depth: 0 };
        let condition = parser.any()?;
        (parser.rest.trim().is_empty() && parser.topics <= TOPICS_MAX).then_some(condition)
    }

    fn holds(&self, topics: &[&str]) -> bool {
        match self {
            Self::In(name) => topics.contains(&name.as_str()),
            Self::Not(inner) => !inner.holds(topics),
            Self::All(parts) => parts.iter().all(|part| part.holds(topics)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(topics)),
        }
    }

    fn names(&self, topic: &str) -> bool {
        match self {
            Self::In(name) => name == topic,
            Self::Not(_) => false,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.names(topic)),
        }
    }
}

struct Parser<'t> {
    rest: &'t str,
    topics: usize,
    depth: usize,
}

impl Parser<'_> {
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.strip_prefix(word);
        self.rest = found.unwrap_or(rest);
        found.is_some()
    }

    fn any(&mut self) -> Option<Condition> {
        let mut parts = vec![self.all()?];
        while self.word("||") {
            parts.push(self.all()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) })
    }

    fn all(&mut self) -> Option<Condition> {
        let mut parts = vec![self.one()?];
        while self.word("&&") {
            parts.push(self.one()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
    }

    fn one(&mut self) -> Option<Condition> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let condition = self.bracketed();
        self.depth -= 1;
        condition
    }

    fn bracketed(&mut self) -> Option<Condition> {
        if self.word("!") {
            return self.one().map(|inner| Condition::Not(Box::new(inner)));
        }
        if self.word("(") {
            let inner = self.any()?;
            return self.word(")").then_some(inner);
        }
        if !self.word("'") {
            return None;
        }
        let (name, rest) = self.rest.split_once('\'')?;
        let name = is_topic(name).then(|| name.to_owned())?;
        self.rest = rest;
        self.topics += 1;
        (self.word("in") && self.word("topics")).then_some(Condition::In(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_condition_reaches_a_phone_by_the_topic_it_has() {
        let any = "'hue.flood.z.s1.vi' in topics || 'hue.flood.z.s2.vi' in topics";
        let address = Address::parse(&json!({ "condition": any })).unwrap();
        assert_eq!(address.reaches(&["x", "hue.flood.z.s2.vi"]), Some("hue.flood.z.s2.vi"));
        assert_eq!(address.reaches(&["hue.flood.z.s3.vi"]), None);
        let but = Condition::parse("'a' in topics && !('b' in topics)").unwrap();
        assert!(but.holds(&["a"]) && !but.holds(&["a", "b"]));
    }

    #[test]
    fn what_fcm_refuses_is_refused() {
        let six = (1..=6).map(|n| format!("'t{n}' in topics")).collect::<Vec<_>>().join(" || ");
        assert_eq!(Condition::parse(&six), None, "five topics at most");
        for text in
            ["", "'a' in topics ||", "a in topics", "('a' in topics", "'a b' in topics", &"(".repeat(9999)]
        {
            assert_eq!(Condition::parse(text), None, "{text}");
        }
        assert!(Address::parse(&json!({})).is_err());
        assert!(Address::parse(&json!({ "topic": "a", "token": "b" })).is_err());
        assert!(Address::parse(&json!({ "topic": "a b" })).is_err());
    }
}
