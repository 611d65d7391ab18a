//! The channels of a city, opened: clients with warm connections, and the secrets they need.
//!
//! Secrets come from the environment and from files; what is wrong with them is told at start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use ring::hmac;
use rules::bulletin::Lang;
use rustls::pki_types::CertificateDer;

use crate::notify::breaker::BreakerBounds;
use crate::notify::delivery::{Delivery, Target};
use crate::notify::fault::Fault;
use crate::notify::fcm::FcmChannel;
use crate::notify::oauth::{AccountError, ServiceAccount, TokenSource};
use crate::notify::receiver::{Bounds, Credential, FcmReceiver, Receivers, WebhookReceiver};
use crate::notify::token::Tokens;
use crate::notify::webhook::WebhookChannel;

/// A channel that can't be opened. The words hold no secret.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The service account could not be read or used.
    #[error("opening the phones' channel: {0}")]
    Account(#[from] AccountError),
    /// A file could not be read.
    #[error("reading {file}, named by {key} in receivers.toml: {source}")]
    File {
        /// The file.
        file: String,
        /// The key that names it.
        key: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// An environment variable is not set or empty.
    #[error("the environment variable {name}, named by {key} in receivers.toml, is not set")]
    Env {
        /// The variable.
        name: String,
        /// The key that names it.
        key: &'static str,
    },
    /// The address makes no request.
    #[error("the address of {receiver} is no URL")]
    Url {
        /// Whose.
        receiver: String,
    },
    /// The HTTP client could not be made.
    #[error("preparing the HTTP client: {0}")]
    Client(String),
}

/// What opening channels needs beside the receivers.
pub struct Setup<'a> {
    /// The city's slug, which opens topics.
    pub city: &'a str,
    /// Whether this is an exercise: every title says so.
    pub exercise: bool,
    /// Reads an environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Authorities trusted beside the public ones.
    pub roots: Vec<CertificateDer<'static>>,
}

/// Every open channel.
pub struct Channels {
    fcm: Option<FcmChannel>,
    webhooks: Vec<WebhookChannel>,
    exercise_marks: Option<BTreeMap<Lang, String>>,
    pub(crate) bounds: Bounds,
    pub(crate) breaker: BreakerBounds,
}

impl Channels {
    /// Opens the channels: reads keys and makes clients, sends nothing. The process must have
    /// installed a TLS provider.
    ///
    /// # Errors
    /// The first file, variable, key or address that can't be used.
    pub fn open(receivers: &Receivers, setup: &Setup<'_>) -> Result<Self, ChannelError> {
        let client = client(&receivers.bounds, setup)?;
        let fcm =
            receivers.fcm.as_ref().map(|fcm| open_fcm(fcm, receivers, setup, client.clone())).transpose()?;
        let webhooks = receivers
            .webhooks
            .iter()
            .map(|hook| open_webhook(hook, setup, client.clone()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            fcm,
            webhooks,
            exercise_marks: setup.exercise.then(|| receivers.exercise_marks.clone()),
            bounds: receivers.bounds,
            breaker: receivers.breaker,
        })
    }

    /// The names of the channels: `fcm`, then `webhook:<name>`.
    pub fn names(&self) -> Vec<String> {
        let hooks = self.webhooks.iter().map(|hook| format!("webhook:{}", hook.name));
        std::iter::once("fcm".to_owned()).chain(hooks).collect()
    }

    /// The place in [`Channels::names`] of the channel that carries a delivery; `None` when the
    /// configuration no longer has it.
    pub fn place(&self, target: &Target) -> Option<usize> {
        match target {
            Target::Topic { .. } | Target::Token { .. } => self.fcm.as_ref().map(|_| 0),
            Target::Webhook { receiver } => {
                self.webhooks.iter().position(|hook| hook.name == *receiver).map(|n| n + 1)
            }
        }
    }

    /// Makes ready what takes time, so that the first warning does not wait for it.
    pub async fn warm(&self) {
        if let Some(fcm) = &self.fcm
            && let Err(fault) = fcm.warm().await
        {
            tracing::warn!(%fault, "no new access token for the phones; it is asked for again within a minute");
        }
    }

    /// One try.
    ///
    /// # Errors
    /// The fault.
    pub async fn send(&self, delivery: &Delivery) -> Result<(), Fault> {
        let mark = self
            .exercise_marks
            .as_ref()
            .map(|marks| marks.get(&delivery.lang).map_or("EXERCISE", String::as_str));
        let absent = || Fault::Refused { why: "receivers.toml has no such receiver any more".to_owned() };
        match &delivery.target {
            Target::Topic { .. } | Target::Token { .. } => {
                self.fcm.as_ref().ok_or_else(absent)?.send(delivery, mark).await
            }
            Target::Webhook { receiver } => {
                let hook = self.webhooks.iter().find(|hook| hook.name == *receiver);
                hook.ok_or_else(absent)?.send(delivery, mark).await
            }
        }
    }
}

impl Receivers {
    /// Reads the file of registered phones, where one is named and exists.
    ///
    /// # Errors
    /// Every wrong line, by its number.
    pub fn read_tokens(self) -> Result<Self, Vec<sensors::mistake::Mistake>> {
        let Some(file) = self.fcm.as_ref().and_then(|fcm| fcm.token_file.clone()) else { return Ok(self) };
        match std::fs::read_to_string(&file) {
            Ok(text) => Tokens::parse(&file, &text).map(|tokens| self.with_tokens(tokens)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(self),
            Err(error) => Err(vec![sensors::mistake::Mistake {
                file,
                line: 0,
                key: "fcm.token_file".to_owned(),
                wrong: format!("can't be read: {error}"),
                allowed: "a readable file of JSON Lines, or none yet".to_owned(),
            }]),
        }
    }
}

fn open_fcm(
    fcm: &FcmReceiver,
    receivers: &Receivers,
    setup: &Setup<'_>,
    client: reqwest::Client,
) -> Result<FcmChannel, ChannelError> {
    let read = |path: &str, file: String, key| {
        std::fs::read_to_string(path).map_err(|source| ChannelError::File { file, key, source })
    };
    let json = match &fcm.credential {
        Credential::Text(text) => text.reveal().to_owned(),
        Credential::File(file) => read(file, file.clone(), "fcm.service_account_file")?,
        Credential::FileFromEnv(name) => {
            let key = "fcm.service_account_env";
            let path = env(setup, name, key)?;
            // Its value is not repeated: who takes it for the account itself puts the key there.
            read(&path, format!("the file that the environment variable {name} names"), key)?
        }
    };
    let url = format!("{}/v1/projects/{}/messages:send", fcm.endpoint.trim_end_matches('/'), fcm.project);
    let send_url = reqwest::Url::parse(&url).map_err(|_| ChannelError::Url { receiver: "fcm".to_owned() })?;
    Ok(FcmChannel {
        access: TokenSource::new(ServiceAccount::parse(&json)?, client.clone()),
        client,
        send_url,
        tokens: Arc::clone(&receivers.tokens),
        city: setup.city.to_owned(),
        ttl: receivers.bounds.ttl,
    })
}

fn open_webhook(
    hook: &WebhookReceiver,
    setup: &Setup<'_>,
    client: reqwest::Client,
) -> Result<WebhookChannel, ChannelError> {
    let secret = env(setup, &hook.secret_env, "webhook.secret_env")?;
    let url = reqwest::Url::parse(hook.url.reveal())
        .map_err(|_| ChannelError::Url { receiver: format!("the webhook {}", hook.name) })?;
    Ok(WebhookChannel {
        name: hook.name.clone(),
        client,
        url,
        key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        city: setup.city.to_owned(),
    })
}

fn env(setup: &Setup<'_>, name: &str, key: &'static str) -> Result<String, ChannelError> {
    (setup.env)(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| ChannelError::Env { name: name.to_owned(), key })
}

/// A client whose connections stay open between storms: a handshake costs more than a warning may.
///
/// `HTTPS_PROXY` is followed, as many authorities' networks need it. `HTTP_PROXY` is not: plain HTTP
/// goes to this machine only, and a proxy would read the secrets in it.
fn client(bounds: &Bounds, setup: &Setup<'_>) -> Result<reqwest::Client, ChannelError> {
    let mut trusted = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    trusted.add_parsable_certificates(setup.roots.iter().cloned());
    let mut tls = rustls::ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let failed = |error: reqwest::Error| ChannelError::Client(error.without_url().to_string());
    let named = ["HTTPS_PROXY", "https_proxy"].iter().find_map(|name| (setup.env)(name));
    let proxy = named.filter(|url| !url.is_empty()).map(reqwest::Proxy::https).transpose().map_err(failed)?;
    let plain = reqwest::Client::builder().no_proxy();
    let builder = match proxy {
        Some(proxy) => plain.proxy(proxy.no_proxy(reqwest::NoProxy::from_env())),
        None => plain,
    };
    builder
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .user_agent(concat!("baolu/", env!("CARGO_PKG_VERSION")))
        .timeout(bounds.request_timeout)
        .connect_timeout(bounds.request_timeout.min(Duration::from_secs(5)))
        .pool_idle_timeout(None)
        .pool_max_idle_per_host(bounds.in_flight_max as usize)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        .http2_keep_alive_interval(Duration::from_secs(30))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .http2_keep_alive_while_idle(true)
        .build()
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_stands_in_the_variable_itself_is_not_repeated() {
        let account = r#"{"type":"service_account","private_key":"hush"}"#;
        let text = "[fcm]\nproject = \"p\"\nservice_account_env = \"FCM_ACCOUNT\"\n";
        let receivers = Receivers::parse("receivers.toml", text).unwrap();
        let env = |name: &str| (name == "FCM_ACCOUNT").then(|| account.to_owned());
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let setup = Setup { city: "hue", exercise: false, env: &env, roots: Vec::new() };
        let refusal = Channels::open(&receivers, &setup).err().unwrap().to_string();
        assert!(refusal.contains("FCM_ACCOUNT") && !refusal.contains("hush"), "{refusal}");
    }
}
