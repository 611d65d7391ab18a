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
        let now_well = match beat_once(&heartbeat, &client, &pulse).await {
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
