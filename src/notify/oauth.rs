//! Access tokens for a Google service account: a signed assertion is exchanged for a bearer token
//! (RFC 7523 section 2.1, RS256). The key and the tokens never leave this file but in requests.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::header::CONTENT_TYPE;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::json;

use crate::clock::Clock;
use crate::notify::fault::{Fault, body_of, retry_after};
use crate::notify::receiver::is_safe;
use crate::notify::secret::Secret;

/// What the token may be used for (discovery document, method `messages.send`).
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// A token is renewed so long before it expires.
const RENEW_BEFORE: Duration = Duration::from_mins(5);
/// An answer longer than this is no token.
const ANSWER_MAX: usize = 64 * 1024;

/// A service account that can't be used. The words hold nothing of the key.
#[derive(Debug, thiserror::Error)]
#[error("the service account {0}")]
pub struct AccountError(String);

/// A service account, parsed and with a usable key.
pub struct ServiceAccount {
    client_email: String,
    key_id: Option<String>,
    key: KeyPair,
    token_uri: reqwest::Url,
}

#[derive(serde::Deserialize)]
struct AccountFile {
    #[serde(rename = "type")]
    kind: String,
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: String,
}

impl ServiceAccount {
    /// Reads the JSON that the Firebase console hands out.
    ///
    /// # Errors
    /// Says which field is wrong, never what stands in it.
    pub fn parse(json: &str) -> Result<Self, AccountError> {
        let wrong = |text: &str| AccountError(text.to_owned());
        let file: AccountFile = serde_json::from_str(json)
            .map_err(|_| wrong("is no JSON with type, client_email, private_key and token_uri"))?;
        if file.kind != "service_account" {
            return Err(wrong("has a type other than \"service_account\""));
        }
        let token_uri = reqwest::Url::parse(&file.token_uri)
            .ok()
            .filter(is_safe)
            .ok_or_else(|| wrong("has a token_uri that is neither https nor on this machine"))?;
        let der = pkcs8(&file.private_key).ok_or_else(|| wrong("has a private_key that is no PKCS#8 PEM"))?;
        let key = KeyPair::from_pkcs8(&der)
            .map_err(|_| wrong("has a private_key that is no RSA key of 2048 to 4096 bits"))?;
        Ok(Self { client_email: file.client_email, key_id: file.private_key_id, key, token_uri })
    }

    fn assertion(&self, now_s: i64) -> Result<String, Fault> {
        let mut header = json!({ "alg": "RS256", "typ": "JWT" });
        if let (Some(header), Some(id)) = (header.as_object_mut(), &self.key_id) {
            header.insert("kid".to_owned(), id.as_str().into());
        }
        let claims = json!({
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": self.token_uri.as_str(),
            "iat": now_s,
            "exp": now_s + 3600,
        });
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| Fault::Later { why: "the assertion could not be signed".to_owned(), after: None })?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn pkcs8(pem: &str) -> Option<Vec<u8>> {
    let inner = pem.split_once("-----BEGIN PRIVATE KEY-----")?.1.split_once("-----END PRIVATE KEY-----")?.0;
    let packed: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(packed).ok()
}

/// Hands out access tokens: kept while they are good, renewed once at a time and ahead of time.
pub struct TokenSource {
    account: ServiceAccount,
    client: reqwest::Client,
    /// Never held over a request: whoever has a good token does not wait for a slow endpoint.
    token: std::sync::Mutex<Option<Token>>,
    /// The turn to ask, with the last failure, so that those who waited for it do not ask again
    /// one after the other.
    asking: tokio::sync::Mutex<Option<(Instant, Fault)>>,
}

struct Token {
    text: Secret,
    good_until: Instant,
}

#[derive(serde::Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u32,
}

impl TokenSource {
    /// A source that holds no token yet.
    pub fn new(account: ServiceAccount, client: reqwest::Client) -> Self {
        Self { account, client, token: std::sync::Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    /// A token that is good now. `refused` is one that was answered with 401: it is not given again.
    ///
    /// # Errors
    /// What the token endpoint's line or answer was.
    pub async fn bearer(&self, refused: Option<&Secret>) -> Result<Secret, Fault> {
        self.good_for(Duration::ZERO, refused).await
    }

    /// Renews a token that is about to expire, so that no warning has to wait for it.
    ///
    /// # Errors
    /// What the token endpoint's line or answer was; a token that is still good stays in use.
    pub async fn renew(&self) -> Result<(), Fault> {
        self.good_for(RENEW_BEFORE, None).await.map(drop)
    }

    async fn good_for(&self, left: Duration, refused: Option<&Secret>) -> Result<Secret, Fault> {
        let asked = Instant::now();
        if let Some(text) = self.held(left, refused) {
            return Ok(text);
        }
        let mut failed = self.asking.lock().await;
        if let Some(text) = self.held(left, refused) {
            return Ok(text);
        }
        if let Some((at, fault)) = failed.as_ref().filter(|(at, _)| *at >= asked) {
            tracing::debug!(since = ?at.elapsed(), "the token endpoint just failed; not asked again");
            return Err(fault.clone());
        }
        match self.ask().await {
            Ok(token) => {
                let text = token.text.clone();
                *self.lock() = Some(token);
                *failed = None;
                Ok(text)
            }
            Err(fault) => {
                *failed = Some((Instant::now(), fault.clone()));
                Err(fault)
            }
        }
    }

    fn held(&self, left: Duration, refused: Option<&Secret>) -> Option<Secret> {
        let mut token = self.lock();
        if token.as_ref().is_some_and(|token| Some(&token.text) == refused) {
            *token = None;
        }
        let good = token.as_ref().filter(|token| Instant::now() + left < token.good_until);
        good.map(|token| token.text.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Token>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self) -> Result<Token, Fault> {
        let assertion = self.account.assertion(Clock::real_now().ms() / 1000)?;
        let asked = Instant::now();
        let answer = self
            .client
            .post(self.account.token_uri.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!(
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
            ))
            .send()
            .await
            .map_err(Fault::of_line)?;
        let (status, after) = (answer.status(), retry_after(answer.headers()));
        let body = body_of(answer, ANSWER_MAX).await?;
        if !status.is_success() {
            return Err(Fault::Later { why: format!("the token endpoint answered {status}"), after });
        }
        let granted: Granted = serde_json::from_slice(&body).map_err(|_| Fault::Later {
            why: "the token endpoint's answer holds no access_token and expires_in".to_owned(),
            after: None,
        })?;
        Ok(Token {
            text: Secret::new(granted.access_token),
            good_until: asked + Duration::from_secs(granted.expires_in.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_account_that_can_not_be_used_is_refused_without_its_key() {
        let account = |kind: &str, key: &str, uri: &str| {
            json!({ "type": kind, "client_email": "a@b", "private_key": key, "token_uri": uri }).to_string()
        };
        let pem = "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n";
        for (json, words) in [
            ("{}".to_owned(), "no JSON"),
            (account("user", pem, "https://t.example/"), "type"),
            (account("service_account", pem, "http://t.example/"), "token_uri"),
            (account("service_account", "hush", "https://t.example/"), "PKCS#8"),
            (account("service_account", pem, "https://t.example/"), "RSA"),
        ] {
            let refusal = ServiceAccount::parse(&json).err().unwrap().to_string();
            assert!(refusal.contains(words) && !refusal.contains("hush"), "{refusal}");
        }
    }
}
