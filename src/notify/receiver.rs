//! Who is told, and within which bounds: `receivers.toml` of a city.
//!
//! Secrets never stand in it: it names files and environment variables. This file reads neither.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rules::bulletin::Lang;
use rules::hazard::{Hazard, Severity};
use sensors::mistake::Mistake;
use toml::de::DeTable;

use crate::notify::backoff::Backoff;
use crate::notify::breaker::BreakerBounds;
use crate::notify::field::{Source, Table};
use crate::notify::secret::Secret;
use crate::notify::token::Tokens;

/// The public endpoint of FCM HTTP v1 (discovery document, `baseUrl`).
pub const FCM_ENDPOINT: &str = "https://fcm.googleapis.com";

/// Everybody who is told.
#[derive(Clone, Debug)]
pub struct Receivers {
    /// Phones, where the city has a Firebase project.
    pub fcm: Option<FcmReceiver>,
    /// Staff.
    pub webhooks: Vec<WebhookReceiver>,
    /// The registered phones; empty until [`Receivers::with_tokens`].
    pub tokens: Arc<Tokens>,
    /// Bounds of retrying.
    pub bounds: Bounds,
    /// When a channel rests.
    pub breaker: BreakerBounds,
    /// The word that opens every title of an exercise, by language.
    pub exercise_marks: BTreeMap<Lang, String>,
}

/// A Firebase project.
#[derive(Clone, Debug)]
pub struct FcmReceiver {
    /// The project's id.
    pub project: String,
    /// The API without its path, [`FCM_ENDPOINT`] by default.
    pub endpoint: String,
    /// The service account.
    pub credential: Credential,
    /// The file of registered phones.
    pub token_file: Option<String>,
    /// Episodes that reach this severity go to registered phones too.
    pub tokens_from: Severity,
}

/// Where the service account's JSON is.
#[derive(Clone, Debug)]
pub enum Credential {
    /// In this file.
    File(String),
    /// In the file that this environment variable names, as `GOOGLE_APPLICATION_CREDENTIALS`.
    FileFromEnv(String),
    /// Here, for a project that was made up at run time (the demo's phones).
    Text(Secret),
}

/// A webhook of staff.
#[derive(Clone, Debug)]
pub struct WebhookReceiver {
    /// Its name in ledgers and logs.
    pub name: String,
    /// Where it listens.
    pub url: Secret,
    /// The environment variable that holds the key of its signatures.
    pub secret_env: String,
    /// The hazards it is told of.
    pub carries: Vec<Hazard>,
    /// It is told of episodes that reach this severity.
    pub severity_min: Severity,
    /// The language it reads.
    pub lang: Lang,
}

/// Bounds of retrying; all of them real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// No delivery is tried more often.
    pub tries_max: u32,
    /// A delivery that is older is not tried again, and a phone that was away so long is not told.
    pub ttl: Duration,
    /// The pauses between tries.
    pub backoff: Backoff,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// Deliveries of one channel that are sent and not yet committed as ended.
    pub in_flight_max: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            tries_max: 60,
            ttl: Duration::from_hours(1),
            backoff: Backoff { first: Duration::from_millis(250), longest: Duration::from_mins(1) },
            request_timeout: Duration::from_secs(10),
            in_flight_max: 64,
        }
    }
}

impl Default for Receivers {
    fn default() -> Self {
        Self {
            fcm: None,
            webhooks: Vec::new(),
            tokens: Arc::default(),
            bounds: Bounds::default(),
            breaker: BreakerBounds { failures_max: 5, open_for: Duration::from_secs(5) },
            exercise_marks: BTreeMap::new(),
        }
    }
}

impl Receivers {
    /// Reads `receivers.toml`.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        let mut source = Source { file, text, mistakes: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let byte = error.span().map_or(0, |span| span.start);
            source.note(byte, "toml", error.message(), "a TOML document");
        }
        let receivers = read(&mut Table::new(&mut source, table.get_ref(), "", 0));
        if source.mistakes.is_empty() {
            return Ok(receivers);
        }
        source.mistakes.sort();
        source.mistakes.dedup();
        Err(source.mistakes)
    }

    /// The same with its registered phones.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Arc::new(tokens);
        self
    }

    /// The same with a Firebase project that was made up at run time: the demo's and the tests'
    /// phones. `service_account` is the JSON that such a project hands out, key and token URI in it.
    #[must_use]
    pub fn with_fcm(mut self, endpoint: &str, project: &str, service_account: &str) -> Self {
        self.fcm = Some(FcmReceiver {
            project: project.to_owned(),
            endpoint: endpoint.to_owned(),
            credential: Credential::Text(Secret::new(service_account)),
            token_file: None,
            tokens_from: TOKENS_FROM,
        });
        self
    }

    /// A receiver of staff by its name.
    pub fn webhook(&self, name: &str) -> Option<&WebhookReceiver> {
        self.webhooks.iter().find(|hook| hook.name == name)
    }
}

/// BĐ2 and above, as warning.md 20 has it; a city may set another.
const TOKENS_FROM: Severity = match Severity::new(3) {
    Some(severity) => severity,
    None => Severity::MAX,
};

fn read(top: &mut Table<'_, '_>) -> Receivers {
    top.know(&["fcm", "webhook", "retry", "breaker", "exercise"]);
    let mut receivers = Receivers { fcm: top.table("fcm").and_then(|t| fcm(t)), ..Receivers::default() };
    top.each("webhook", |table| receivers.webhooks.extend(webhook(table)));
    let mut names: Vec<&str> = receivers.webhooks.iter().map(|hook| hook.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        top.wrong("webhook", "two webhooks have one name", "each name once");
    }
    if let Some(table) = top.table("retry") {
        receivers.bounds = retry(table);
    }
    if let Some(table) = top.table("breaker") {
        receivers.breaker = breaker(table);
    }
    if let Some(mut table) = top.table("exercise") {
        receivers.exercise_marks =
            table.pairs().into_iter().map(|(lang, mark)| (Lang(lang.into()), mark)).collect();
    }
    receivers
}

fn fcm(mut table: Table<'_, '_>) -> Option<FcmReceiver> {
    table.know(&[
        "project",
        "endpoint",
        "service_account_file",
        "service_account_env",
        "token_file",
        "tokens_from_severity",
    ]);
    let project = table.text_required("project");
    let endpoint = table.text("endpoint").unwrap_or_else(|| FCM_ENDPOINT.to_owned());
    check_url(&mut table, "endpoint", &endpoint);
    let credential = match (table.text("service_account_file"), table.text("service_account_env")) {
        (Some(file), None) => Some(Credential::File(file)),
        (None, Some(env)) => Some(Credential::FileFromEnv(env)),
        _ => {
            let allowed =
                "one of service_account_file and service_account_env (a variable that names the file)";
            table.wrong("service_account_file", "the service account is named not once", allowed);
            None
        }
    };
    let step = table.whole("tokens_from_severity", 1..=5, u32::from(TOKENS_FROM.step()));
    Some(FcmReceiver {
        project: project?,
        endpoint: endpoint.trim_end_matches('/').to_owned(),
        credential: credential?,
        token_file: table.text("token_file"),
        tokens_from: severity(step),
    })
}

fn webhook(mut table: Table<'_, '_>) -> Option<WebhookReceiver> {
    table.know(&["name", "url", "secret_env", "carries", "severity_min", "lang"]);
    let name = table.text_required("name");
    let url = table.text_required("url");
    if let Some(url) = &url {
        check_url(&mut table, "url", url);
    }
    let secret_env = table.text_required("secret_env");
    let words = table.texts("carries").unwrap_or_else(|| vec![Hazard::Telemetry.as_str().to_owned()]);
    let mut carries = Vec::new();
    for word in &words {
        match word.parse::<Hazard>() {
            Ok(hazard) => carries.push(hazard),
            Err(unknown) => table.wrong("carries", &unknown.to_string(), "hazards by their names"),
        }
    }
    let severity_min = severity(table.whole("severity_min", 1..=5, 1));
    let lang = table.text("lang").unwrap_or_else(|| "vi".to_owned());
    Some(WebhookReceiver {
        name: name?,
        url: Secret::new(url?),
        secret_env: secret_env?,
        carries,
        severity_min,
        lang: Lang(lang.into()),
    })
}

fn retry(mut table: Table<'_, '_>) -> Bounds {
    table.know(&[
        "tries_max",
        "ttl_s",
        "first_pause_ms",
        "longest_pause_s",
        "request_timeout_s",
        "in_flight_max",
    ]);
    // FCM keeps a message for at most four weeks; a flood warning of yesterday is none.
    Bounds {
        tries_max: table.whole("tries_max", 1..=1000, 60),
        ttl: Duration::from_secs(table.whole("ttl_s", 60..=86_400, 3600).into()),
        backoff: Backoff {
            first: Duration::from_millis(table.whole("first_pause_ms", 10..=60_000, 250).into()),
            longest: Duration::from_secs(table.whole("longest_pause_s", 1..=3600, 60).into()),
        },
        request_timeout: Duration::from_secs(table.whole("request_timeout_s", 1..=120, 10).into()),
        in_flight_max: table.whole("in_flight_max", 1..=1024, 64),
    }
}

fn breaker(mut table: Table<'_, '_>) -> BreakerBounds {
    table.know(&["failures_max", "open_s"]);
    BreakerBounds {
        failures_max: table.whole("failures_max", 1..=1000, 5),
        open_for: Duration::from_secs(table.whole("open_s", 1..=600, 5).into()),
    }
}

fn severity(step: u32) -> Severity {
    u8::try_from(step).ok().and_then(Severity::new).unwrap_or(Severity::MAX)
}

/// HTTPS, or plain HTTP to this machine only: what is sent opens phones.
fn check_url(table: &mut Table<'_, '_>, key: &str, text: &str) {
    let fits = reqwest::Url::parse(text).is_ok_and(|url| is_safe(&url));
    if !fits {
        table.wrong(
            key,
            "is no address to send warnings to",
            "https://..., or http:// on 127.0.0.1, [::1] or localhost",
        );
    }
}

/// Whether secrets may be sent there.
pub(crate) fn is_safe(url: &reqwest::Url) -> bool {
    let local = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    let bare = url.username().is_empty() && url.password().is_none();
    bare && url.host_str().is_some() && (url.scheme() == "https" || (url.scheme() == "http" && local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_hue_is_read_without_a_mistake() {
        let receivers =
            Receivers::parse("receivers.toml", include_str!("../../config/hue/receivers.toml")).unwrap();
        assert!(receivers.fcm.is_none() && receivers.webhooks.is_empty(), "no real endpoint is embedded");
        assert_eq!(receivers.bounds, Bounds::default());
        assert_eq!(receivers.exercise_marks.len(), 2);
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_line() {
        let text = "[fcm]\nproject = 7\nendpoint = \"http://fcm.example\"\nkey = \"x\"\n\
                    [[webhook]]\nname = \"duty\"\nurl = \"https://u:p@h/x\"\ncarries = [\"rain\"]\n\
                    [retry]\nttl_s = 5\n[[webhook]]\nname = \"duty\"\nurl = \"http://[::1]/x\"\nsecret_env = \"S\"\n\
                    [[webhook]]\nname = \"duty\"\nurl = \"https://x.example/\"\nsecret_env = \"S\"\n";
        let mistakes = Receivers::parse("receivers.toml", text).unwrap_err();
        let told: Vec<(usize, &str)> = mistakes.iter().map(|m| (m.line, m.key.as_str())).collect();
        for expected in [
            (2, "fcm.project"),
            (3, "fcm.endpoint"),
            (4, "fcm.key"),
            (1, "fcm.service_account_file"),
            (7, "webhook[0].url"),
            (8, "webhook[0].carries"),
            (5, "webhook[0].secret_env"),
            (10, "retry.ttl_s"),
        ] {
            assert!(told.contains(&expected), "{expected:?} in {mistakes:#?}");
        }
        assert!(mistakes.iter().any(|m| m.wrong.contains("two webhooks")), "{mistakes:#?}");
    }

    #[test]
    fn a_webhook_url_is_a_secret_to_logs() {
        let text = "[[webhook]]\nname = \"duty\"\nurl = \"https://x.example/hush\"\nsecret_env = \"S\"\n";
        let receivers = Receivers::parse("receivers.toml", text).unwrap();
        assert!(!format!("{receivers:?}").contains("hush"));
        assert_eq!(receivers.webhook("duty").map(|w| w.carries.as_slice()), Some(&[Hazard::Telemetry][..]));
    }
}
