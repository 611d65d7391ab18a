//! A service account made up at run time, and the token endpoint that believes only in its key.
//!
//! The key is generated once a process (the `rsa` crate, because ring makes no RSA keys) and never
//! stands in a repository; the account file goes to the service like one of a real project.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use rsa::rand_core::UnwrapErr;
use serde_json::{Value, json};

/// Scopes of which an assertion must ask one (discovery document, method `messages.send`).
const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/firebase.messaging"];
/// The grant of RFC 7523.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The audience that google-auth writes whatever the account's `token_uri` says.
const REAL_AUDIENCE: &str = "https://oauth2.googleapis.com/token";
/// So many tokens are good at once.
const GOOD_MAX: usize = 64;
/// How far clocks may differ.
const SKEW_S: i64 = 60;

#[derive(Clone, Debug)]
struct Key {
    pem: String,
    public: Vec<u8>,
}

/// The account, and the tokens that were granted to it.
#[derive(Debug)]
pub(super) struct Account {
    project: String,
    email: String,
    token_uri: String,
    key: Key,
    life: Duration,
    good: VecDeque<(String, Instant)>,
}

fn key() -> Option<Key> {
    static KEY: OnceLock<Option<Key>> = OnceLock::new();
    KEY.get_or_init(|| {
        let private = rsa::PrivateKey::new(&mut UnwrapErr(getrandom::SysRng), 2048).ok()?;
        let pem = private.to_pkcs8_pem(LineEnding::LF).ok()?.to_string();
        let der = private.to_pkcs8_der().ok()?;
        let pair = RsaKeyPair::from_pkcs8(der.as_bytes()).ok()?;
        Some(Key { pem, public: pair.public().as_ref().to_vec() })
    })
    .clone()
}

impl Account {
    /// An account of a project; `None` when no key could be made.
    pub(super) fn new(project: &str, token_uri: String, life: Duration) -> Option<Self> {
        let email = format!("phones@{project}.iam.gserviceaccount.com");
        let project = project.to_owned();
        Some(Self { project, email, token_uri, key: key()?, life, good: VecDeque::new() })
    }

    /// The file that a real project hands out.
    pub(super) fn json(&self) -> String {
        json!({
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": "made-up-at-run-time",
            "private_key": self.key.pem,
            "client_email": self.email,
            "client_id": "0",
            "token_uri": self.token_uri,
        })
        .to_string()
    }

    /// Grants a token for a good assertion.
    ///
    /// # Errors
    /// OAuth's error word and why (RFC 6749 section 5.2).
    pub(super) fn grant(
        &mut self,
        grant: &str,
        assertion: &str,
        now_s: i64,
    ) -> Result<Value, (&'static str, String)> {
        if grant != GRANT {
            return Err(("unsupported_grant_type", format!("Invalid grant_type: {grant}")));
        }
        self.verify(assertion, now_s).map_err(|why| ("invalid_grant", why.to_owned()))?;
        let mut bytes = [0; 24];
        SystemRandom::new().fill(&mut bytes).map_err(|_| ("server_error", String::new()))?;
        let token = format!("ya29.{}", URL_SAFE_NO_PAD.encode(bytes));
        self.good.push_back((token.clone(), Instant::now() + self.life));
        if self.good.len() > GOOD_MAX {
            self.good.pop_front();
        }
        Ok(json!({ "access_token": token, "expires_in": self.life.as_secs(), "token_type": "Bearer" }))
    }

    fn verify(&self, assertion: &str, now_s: i64) -> Result<(), &'static str> {
        let malformed = "Invalid JWT: not header.claims.signature";
        let (signed, signature) = assertion.rsplit_once('.').ok_or(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(malformed)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed);
        let parse = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).map_err(|_| malformed);
        if parse(decode(header)?)?.get("alg").and_then(Value::as_str) != Some("RS256") {
            return Err("Invalid JWT: alg is not RS256");
        }
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.key.public)
            .verify(signed.as_bytes(), &decode(signature)?)
            .map_err(|_| "Invalid JWT Signature.")?;
        let claims = parse(decode(claims)?)?;
        let text = |name| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let whole = |name| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
        let (iat, exp) = (whole("iat"), whole("exp"));
        if text("iss") != self.email {
            return Err("Invalid issuer");
        }
        if text("aud") != self.token_uri && text("aud") != REAL_AUDIENCE {
            return Err("Invalid audience");
        }
        if !text("scope").split(' ').any(|scope| SCOPES.contains(&scope)) {
            return Err("Invalid scope: none of it may send messages");
        }
        if iat > now_s + SKEW_S || exp < now_s - SKEW_S || exp <= iat || exp - iat > 3600 {
            return Err(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe",
            );
        }
        Ok(())
    }

    /// Whether a bearer token is good now.
    pub(super) fn admits(&self, token: &str) -> bool {
        self.good.iter().any(|(good, until)| good == token && Instant::now() < *until)
    }

    /// Takes every token back, as a revocation does.
    pub(super) fn revoke(&mut self) {
        self.good.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_that_another_key_signed_is_refused() {
        let mut account =
            Account::new("p", "http://127.0.0.1:1/token".to_owned(), Duration::from_mins(1)).unwrap();
        let refused = |account: &mut Account, grant, jwt: &str| account.grant(grant, jwt, 0).unwrap_err().0;
        assert_eq!(refused(&mut account, "password", "x"), "unsupported_grant_type");
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        let jwt = format!("{header}.{}.{}", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode([7; 256]));
        assert_eq!(refused(&mut account, GRANT, &jwt), "invalid_grant");
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        assert_eq!(refused(&mut account, GRANT, &format!("{none}.e30.")), "invalid_grant");
        assert!(!account.admits("ya29.x"));
    }
}
