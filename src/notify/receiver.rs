//! Who is told, and within which bounds: `receivers.toml` of a city.
//!
//! Secrets never stand in it: it names files and environment variables. This file reads neither.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rules::bulletin::Lang;
use rules::hazard::{Hazard, Severity};
use sensors::mistake::Mistake;
use sensors::sheet::{Cell, Log, Row, Sheet};

use crate::notify::backoff::Backoff;
use crate::notify::breaker::BreakerBounds;
use crate::notify::budget::Budget;
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
    /// How long a warning may take.
    pub budget: Budget,
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
            budget: Budget::default(),
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
        let log = Log::default();
        let receivers = {
            let sheet = Sheet { file, text, log: &log };
            let (table, _) = sheet.parse();
            read(Row::top(sheet, &table))
        };
        let mistakes = log.into_sorted();
        if mistakes.is_empty() { Ok(receivers) } else { Err(mistakes) }
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

fn read(top: Row<'_>) -> Receivers {
    let mut receivers = Receivers::default();
    let table = |key| top.cell(key).and_then(|cell| cell.row());
    receivers.fcm = table("fcm").and_then(fcm);
    receivers.webhooks = top.rows("webhook").into_iter().filter_map(webhook).collect();
    for (n, hook) in receivers.webhooks.iter().enumerate() {
        if receivers.webhooks.iter().take(n).any(|before| before.name == hook.name) {
            let wrong = format!("two are called {:?}", hook.name);
            top.note("webhook", wrong, "each name is allowed once");
        }
    }
    if let Some(row) = table("retry") {
        receivers.bounds = retry(row);
    }
    if let Some(row) = table("breaker") {
        receivers.breaker = BreakerBounds {
            failures_max: whole(&row, "failures_max", 1, 1000, 5),
            open_for: Duration::from_secs(whole(&row, "open_s", 1, 600, 5).into()),
        };
        row.close();
    }
    if let Some(row) = table("alert_clock") {
        receivers.budget = Budget::read(row);
    }
    if let Some(row) = table("exercise") {
        let marks = row.entries().into_iter();
        receivers.exercise_marks =
            marks.filter_map(|(lang, mark)| Some((Lang(lang.into()), mark.text()?.to_owned()))).collect();
    }
    top.close();
    receivers
}

fn text(row: &Row<'_>, key: &str) -> Option<String> {
    row.cell(key)?.text().map(str::to_owned)
}

fn whole(row: &Row<'_>, key: &str, least: u32, most: u32, default: u32) -> u32 {
    let given = row.cell(key).and_then(|cell| cell.whole(least.into(), most.into()));
    given.and_then(|number| u32::try_from(number).ok()).unwrap_or(default)
}

fn severity(row: &Row<'_>, key: &str, default: Severity) -> Severity {
    let step = whole(row, key, 1, 5, default.step().into());
    u8::try_from(step).ok().and_then(Severity::new).unwrap_or(default)
}

fn fcm(row: Row<'_>) -> Option<FcmReceiver> {
    let project = row.need("project", "the id of the Firebase project").and_then(|cell| cell.id());
    let endpoint = row.cell("endpoint").map_or_else(|| Some(FCM_ENDPOINT.to_owned()), |cell| url(&cell));
    let credential = match (text(&row, "service_account_file"), text(&row, "service_account_env")) {
        (Some(file), None) => Some(Credential::File(file)),
        (None, Some(env)) => Some(Credential::FileFromEnv(env)),
        _ => {
            row.note(
                "service_account_file",
                "the service account is not named once",
                "allowed is one of service_account_file and service_account_env (a variable that names the file)",
            );
            None
        }
    };
    let token_file = text(&row, "token_file");
    let tokens_from = severity(&row, "tokens_from_severity", TOKENS_FROM);
    row.close();
    Some(FcmReceiver {
        project: project?.to_owned(),
        endpoint: endpoint?,
        credential: credential?,
        token_file,
        tokens_from,
    })
}

fn webhook(row: Row<'_>) -> Option<WebhookReceiver> {
    let name = row.need("name", "a name for logs").and_then(|cell| cell.id());
    let url = row.need("url", "an address").and_then(|cell| url(&cell));
    let allowed = "the environment variable that holds the key of the signatures";
    let secret_env = row.need("secret_env", allowed).and_then(|cell| cell.text());
    let hazards = Hazard::ALL.map(|hazard| (hazard.as_str(), hazard));
    let carries = row.cell("carries").map_or_else(
        || vec![Hazard::Telemetry],
        |cell| cell.list().iter().filter_map(|word| word.one_of(&hazards)).collect(),
    );
    let severity_min = severity(&row, "severity_min", Severity::MIN);
    let lang = text(&row, "lang").unwrap_or_else(|| "vi".to_owned());
    row.close();
    Some(WebhookReceiver {
        name: name?.to_owned(),
        url: Secret::new(url?),
        secret_env: secret_env?.to_owned(),
        carries,
        severity_min,
        lang: Lang(lang.into()),
    })
}

fn retry(row: Row<'_>) -> Bounds {
    let seconds =
        |key, least, most, default| Duration::from_secs(whole(&row, key, least, most, default).into());
    // FCM would keep a message for four weeks; a flood warning of yesterday is none.
    let bounds = Bounds {
        tries_max: whole(&row, "tries_max", 1, 1000, 60),
        ttl: seconds("ttl_s", 60, 86_400, 3600),
        backoff: Backoff {
            first: Duration::from_millis(whole(&row, "first_pause_ms", 10, 60_000, 250).into()),
            longest: seconds("longest_pause_s", 1, 3600, 60),
        },
        request_timeout: seconds("request_timeout_s", 1, 120, 10),
        in_flight_max: whole(&row, "in_flight_max", 1, 1024, 64),
    };
    row.close();
    bounds
}

/// HTTPS, or plain HTTP to this machine only: what is sent opens phones.
fn url(cell: &Cell<'_>) -> Option<String> {
    let text = cell.text()?;
    if reqwest::Url::parse(text).is_ok_and(|url| is_safe(&url)) {
        return Some(text.trim_end_matches('/').to_owned());
    }
    // The text itself is not repeated: it can hold a secret.
    cell.note(
        "this is no address that a warning may be sent to",
        "allowed is https://..., or http:// on 127.0.0.1, [::1] or localhost, without a password",
    );
    None
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
                    [[webhook]]\nname = \"duty\"\nurl = \"https://u:hush@h/x\"\ncarries = [\"rain\"]\n\
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
            (8, "webhook[0].carries[0]"),
            (5, "webhook[0].secret_env"),
            (10, "retry.ttl_s"),
        ] {
            assert!(told.contains(&expected), "{expected:?} in {mistakes:#?}");
        }
        assert!(mistakes.iter().any(|m| m.wrong.contains("two are called")), "{mistakes:#?}");
        assert!(mistakes.iter().all(|m| !m.to_string().contains("hush")), "{mistakes:#?}");
    }

    #[test]
    fn a_webhook_url_is_a_secret_to_logs() {
        let text = "[[webhook]]\nname = \"duty\"\nurl = \"https://x.example/hush\"\nsecret_env = \"S\"\n";
        let receivers = Receivers::parse("receivers.toml", text).unwrap();
        assert!(!format!("{receivers:?}").contains("hush"));
        assert_eq!(receivers.webhook("duty").map(|w| w.carries.as_slice()), Some(&[Hazard::Telemetry][..]));
    }
}
