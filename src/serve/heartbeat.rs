//! A heartbeat to a watchdog outside: asks its URL every so often, in real time, and only while
//! the writer's loop turns. Silence is the alarm; this file never raises one itself.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::watch::pulse::Pulse;

/// Where to beat, and how often.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// The watchdog's URL; it may hold a secret and is never logged.
    pub url: reqwest::Url,
    /// Real time between two beats; also the longest a beat may take.
    pub interval: Duration,
    /// No beat while the writer's loop has not turned for so long.
    pub silence_max: Duration,
}

/// The environment variable that holds the watchdog's URL.
pub const URL_ENV: &str = "BAOLU_HEARTBEAT_URL";
/// The environment variable that holds the seconds between two beats.
pub const INTERVAL_ENV: &str = "BAOLU_HEARTBEAT_INTERVAL_S";
/// What is allowed between two beats, and what holds when nobody says otherwise, seconds.
const INTERVAL_S: (u64, u64, u64) = (5, 60, 3600);
/// The writer's loop turns at least once a second.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// A heartbeat that is configured wrongly.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeartbeatError {
    /// The URL. It is not repeated: it may hold a secret.
    #[error("{URL_ENV} is no URL of a watchdog; allowed is http:// or https:// with a host")]
    Url,
    /// The interval.
    #[error("{INTERVAL_ENV} is {0:?}; allowed are 5 to 3600 seconds")]
    Interval(String),
}

impl Heartbeat {
    /// Reads the heartbeat from the environment; `None` when no URL is set.
    ///
    /// # Errors
    /// Says which variable is wrong and what is allowed.
    pub fn from_env() -> Result<Option<Self>, HeartbeatError> {
        let read = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        read(URL_ENV).map(|url| Self::parse(&url, read(INTERVAL_ENV).as_deref())).transpose()
    }

    fn parse(url: &str, interval: Option<&str>) -> Result<Self, HeartbeatError> {
        let url: reqwest::Url = url.parse().map_err(|_| HeartbeatError::Url)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(HeartbeatError::Url);
        }
        let (least, usual, most) = INTERVAL_S;
        let interval = match interval {
            None => usual,
            Some(text) => match text.parse() {
                Ok(s) if (least..=most).contains(&s) => s,
                _ => return Err(HeartbeatError::Interval(text.chars().take(20).collect())),
            },
        };
        Ok(Self { url, interval: Duration::from_secs(interval), silence_max: SILENCE_MAX })
    }
}

/// Beats until it is cancelled. A beat that fails is logged once until one succeeds again.
pub async fn beat(
    heartbeat: Heartbeat,
    client: reqwest::Client,
    pulse: Arc<Pulse>,
    cancel: CancellationToken,
) {
    let mut ticks = tokio::time::interval(heartbeat.interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut well = true;
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = ticks.tick() => {}
        }
        // A stop does not wait for a watchdog that hangs.
        let once = cancel.run_until_cancelled(beat_once(&heartbeat, &client, &pulse));
        let Some(outcome) = once.await else { return };
        let now_well = match outcome {
            Ok(()) => true,
            Err(why) => {
                if well {
                    tracing::warn!(%why, "no heartbeat to the watchdog; it is tried again at every interval");
                }
                false
            }
        };
        if now_well && !well {
            tracing::info!("the heartbeat reaches the watchdog again");
        }
        well = now_well;
    }
}

/// Why a beat did not reach the watchdog.
#[derive(Debug, thiserror::Error)]
enum BeatError {
    #[error("the writer's loop has not turned for {0} s")]
    NoPulse(u64),
    #[error("the watchdog could not be asked: {0}")]
    Unreachable(reqwest::Error),
    #[error("the watchdog answered {0}")]
    Refused(reqwest::StatusCode),
}

async fn beat_once(heartbeat: &Heartbeat, client: &reqwest::Client, pulse: &Pulse) -> Result<(), BeatError> {
    let silence = pulse.quiet_for();
    if silence > heartbeat.silence_max {
        return Err(BeatError::NoPulse(silence.as_secs()));
    }
    let request = client.get(heartbeat.url.clone()).timeout(heartbeat.interval);
    let response = request.send().await.map_err(|e| BeatError::Unreachable(e.without_url()))?;
    if response.status().is_success() { Ok(()) } else { Err(BeatError::Refused(response.status())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_that_is_configured_wrongly_is_told_what_is_allowed_without_its_secret() {
        let beat = Heartbeat::parse("https://watch.example/token", Some("30")).unwrap();
        assert_eq!(beat.interval, Duration::from_secs(30));
        for url in ["watch.example/token", "ftp://watch.example/token", "http://"] {
            let refusal = Heartbeat::parse(url, None).unwrap_err().to_string();
            assert!(refusal.contains(URL_ENV) && !refusal.contains("token"), "{refusal}");
        }
        let refusal = Heartbeat::parse("http://watch.example", Some("0")).unwrap_err();
        assert_eq!(refusal, HeartbeatError::Interval("0".to_owned()));
    }

    #[tokio::test]
    async fn a_stop_does_not_wait_for_a_watchdog_that_hangs() {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let heartbeat = Heartbeat::parse(&url, Some("3600")).unwrap();
        let cancel = CancellationToken::new();
        let beating =
            tokio::spawn(beat(heartbeat, reqwest::Client::new(), Arc::new(Pulse::default()), cancel.clone()));
        let _asked = silent.accept().await.unwrap();
        cancel.cancel();
        tokio::time::timeout(Duration::from_secs(30), beating).await.expect("it ends at once").unwrap();
    }
}
