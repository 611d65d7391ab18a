//! Phones, over FCM HTTP v1. One try per call; when to try again is the runner's business.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;

use crate::clock::Clock;
use crate::notify::delivery::{Delivery, Target};
use crate::notify::fault::{Fault, body_of, retry_after};
use crate::notify::message::{Setting, body};
use crate::notify::oauth::TokenSource;
use crate::notify::secret::Secret;
use crate::notify::token::Tokens;

/// An answer longer than this is read no further.
const ANSWER_MAX: usize = 64 * 1024;
/// FCM's advice for 429 without `Retry-After`.
const QUOTA_PAUSE: Duration = Duration::from_mins(1);

/// The way to one Firebase project.
pub struct FcmChannel {
    pub(crate) client: reqwest::Client,
    pub(crate) send_url: reqwest::Url,
    pub(crate) access: TokenSource,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) city: String,
    pub(crate) ttl: Duration,
}

impl FcmChannel {
    /// Fetches or renews the access token, so that no warning waits for it.
    ///
    /// # Errors
    /// What the token endpoint's line or answer was; the next try asks again.
    pub async fn warm(&self) -> Result<(), Fault> {
        self.access.renew().await
    }

    /// One try.
    ///
    /// # Errors
    /// The fault; a phone that is gone has been dropped from the registered ones.
    pub async fn send(&self, delivery: &Delivery, exercise_mark: Option<&str>) -> Result<(), Fault> {
        let token = match &delivery.target {
            Target::Token { receiver } => Some(self.tokens.token(receiver).ok_or_else(|| Fault::Gone {
                why: format!("the phone {receiver} is not registered any more"),
            })?),
            _ => None,
        };
        let setting = Setting {
            city: &self.city,
            exercise_mark,
            ttl: self.ttl,
            real_now: Clock::real_now(),
            token: token.as_ref().map(Secret::reveal),
        };
        let body = body(delivery, &setting)
            .ok_or_else(|| Fault::Refused { why: "FCM carries no such delivery".to_owned() })?
            .to_string();
        let bearer = self.access.bearer(None).await?;
        let outcome = match self.post(&body, &bearer).await {
            Err(Refusal { status: StatusCode::UNAUTHORIZED, code, .. }) if !is_about_apns(&code) => {
                let fresh = self.access.bearer(Some(&bearer)).await?;
                self.post(&body, &fresh).await
            }
            outcome => outcome,
        };
        let fault = match outcome {
            Ok(()) => return Ok(()),
            Err(refusal) => refusal.into_fault(token.as_ref()),
        };
        if let (Fault::Gone { .. }, Target::Token { receiver }) = (&fault, &delivery.target) {
            self.tokens.drop_phone(receiver);
        }
        Err(fault)
    }

    async fn post(&self, body: &str, bearer: &Secret) -> Result<(), Refusal> {
        let answer = self
            .client
            .post(self.send_url.clone())
            .bearer_auth(bearer.reveal())
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_owned())
            .send()
            .await
            .map_err(Fault::of_line)?;
        let (status, after) = (answer.status(), retry_after(answer.headers()));
        let body = body_of(answer, ANSWER_MAX).await?;
        if status.is_success() {
            return Ok(());
        }
        let told = serde_json::from_slice::<Answer>(&body).map(|answer| answer.error).unwrap_or_default();
        let code = told.details.into_iter().find_map(|detail| detail.error_code).unwrap_or(told.status);
        Err(Refusal { status, code, message: told.message, after, line: None })
    }
}

/// `google.rpc.Status` as FCM answers it.
#[derive(serde::Deserialize)]
struct Answer {
    error: Told,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Told {
    status: String,
    message: String,
    details: Vec<Detail>,
}

#[derive(serde::Deserialize)]
struct Detail {
    #[serde(rename = "errorCode")]
    error_code: Option<String>,
}

/// An answer that is no success, or the line's fault instead of one.
struct Refusal {
    status: StatusCode,
    code: String,
    message: String,
    after: Option<Duration>,
    line: Option<Fault>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self {
            status: StatusCode::OK,
            code: String::new(),
            message: String::new(),
            after: None,
            line: Some(fault),
        }
    }
}

fn is_about_apns(code: &str) -> bool {
    matches!(code, "THIRD_PARTY_AUTH_ERROR" | "APNS_AUTH_ERROR")
}

impl Refusal {
    /// The error codes of FCM v1 (`google.firebase.fcm.v1.FcmError`) and what each asks for.
    fn into_fault(self, token: Option<&Secret>) -> Fault {
        if let Some(fault) = self.line {
            return fault;
        }
        let mut message = self.message;
        if let Some(token) = token {
            message = message.replace(token.reveal(), "…");
        }
        let said: String = message.chars().take(160).collect();
        let why = format!("FCM answered {} {}: {said}", self.status.as_u16(), self.code);
        match (self.status.as_u16(), self.code.as_str()) {
            // Only this code means that a phone is gone: a wrong project is a 404 too, and must
            // not cost a city its registered phones.
            (_, "UNREGISTERED") if token.is_some() => Fault::Gone { why },
            (429, _) => Fault::Later { why, after: Some(self.after.unwrap_or(QUOTA_PAUSE)) },
            (_, code) if is_about_apns(code) => Fault::Refused { why },
            (403, "SENDER_ID_MISMATCH") => Fault::Refused { why },
            (401 | 403 | 408 | 500..=599, _) => Fault::Later { why, after: self.after },
            _ => Fault::Refused { why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(status: u16, code: &str, token: Option<&Secret>) -> Fault {
        let status = StatusCode::from_u16(status).unwrap();
        Refusal { status, code: code.to_owned(), message: "about hush".to_owned(), after: None, line: None }
            .into_fault(token)
    }

    #[test]
    fn each_error_code_of_fcm_asks_for_its_own_thing() {
        let token = Secret::new("hush");
        assert!(matches!(fault(404, "UNREGISTERED", Some(&token)), Fault::Gone { .. }));
        assert!(matches!(fault(404, "NOT_FOUND", Some(&token)), Fault::Refused { .. }));
        assert!(matches!(fault(400, "INVALID_ARGUMENT", None), Fault::Refused { .. }));
        assert!(matches!(fault(403, "SENDER_ID_MISMATCH", Some(&token)), Fault::Refused { .. }));
        assert!(matches!(fault(403, "PERMISSION_DENIED", None), Fault::Later { after: None, .. }));
        assert!(matches!(fault(401, "THIRD_PARTY_AUTH_ERROR", Some(&token)), Fault::Refused { .. }));
        assert!(matches!(fault(503, "UNAVAILABLE", None), Fault::Later { after: None, .. }));
        assert!(matches!(fault(500, "INTERNAL", None), Fault::Later { .. }));
        let Fault::Later { after, why } = fault(429, "QUOTA_EXCEEDED", Some(&token)) else { panic!() };
        assert_eq!(after, Some(QUOTA_PAUSE));
        assert!(!why.contains("hush"), "{why}");
    }
}
