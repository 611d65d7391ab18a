//! Staff, over a webhook: JSON, signed and stamped. One try per call; redirects are not followed.

use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use ring::hmac;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::notify::delivery::Delivery;
use crate::notify::fault::{Fault, body_of, retry_after};
use crate::notify::message::title;
use crate::notify::outbox::hex;

/// The header of the signature: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`.
pub const SIGNATURE: &str = "X-Baolu-Signature";
/// The header of the delivery's id; the same in every repeat.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// Nobody reads the answer; so much is taken to keep the connection.
const ANSWER_MAX: usize = 16 * 1024;

/// The way to one webhook.
pub struct WebhookChannel {
    pub(crate) name: String,
    pub(crate) client: reqwest::Client,
    pub(crate) url: reqwest::Url,
    pub(crate) key: hmac::Key,
    pub(crate) city: String,
}

impl WebhookChannel {
    /// One try.
    ///
    /// # Errors
    /// The fault.
    pub async fn send(&self, delivery: &Delivery, exercise_mark: Option<&str>) -> Result<(), Fault> {
        let body = self.body(delivery, exercise_mark).to_string();
        let answer = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(IDEMPOTENCY_KEY, delivery.id.0.as_ref())
            .header(SIGNATURE, signature(&self.key, Clock::real_now().ms() / 1000, &body))
            .body(body)
            .send()
            .await
            .map_err(Fault::of_line)?;
        let (status, after) = (answer.status(), retry_after(answer.headers()));
        if status.is_success() {
            return body_of(answer, ANSWER_MAX).await.map(drop);
        }
        let why = format!("the webhook {} answered {}", self.name, status.as_u16());
        Err(match status {
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                Fault::Later { why, after }
            }
            StatusCode::GONE => Fault::Gone { why },
            _ if status.is_server_error() => Fault::Later { why, after },
            _ if status.is_redirection() => {
                Fault::Refused { why: format!("{why}; redirects are not followed") }
            }
            _ => Fault::Refused { why },
        })
    }

    fn body(&self, delivery: &Delivery, exercise_mark: Option<&str>) -> Value {
        json!({
            "delivery": delivery.id.0.as_ref(),
            "bulletin": delivery.bulletin.0.as_ref(),
            "city": self.city,
            "hazard": delivery.hazard.as_str(),
            "zone": delivery.zone.as_ref().map(sensors::place::ZoneId::as_str),
            "severity": delivery.severity.step(),
            "lang": delivery.lang.0.as_ref(),
            "title": title(delivery, exercise_mark),
            "body": delivery.body,
            "at": delivery.at.to_string(),
            "exercise": exercise_mark.is_some(),
        })
    }
}

/// The signature of a body at a moment: whoever knows the key can tell that we said it, and when.
pub fn signature(key: &hmac::Key, unix_s: i64, body: &str) -> String {
    let tag = hmac::sign(key, format!("{unix_s}.{body}").as_bytes());
    format!("t={unix_s},v1={}", hex(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_hmac_that_anybody_can_recompute() {
        // printf '1763300000.{}' | openssl dgst -sha256 -hmac key
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        assert_eq!(
            signature(&key, 1_763_300_000, "{}"),
            "t=1763300000,v1=546463173f056a595ac479277c02cf4b12c45574e812984b089b076cfcb94f5a"
        );
    }
}
