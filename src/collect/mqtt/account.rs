//! Who we are at a broker and how it is reached: read anew at every connection, so that a password or
//! certificate that was renewed, or was not there at the start, is taken up.

use sensors::line::{MqttLine, MqttUser};
use sensors::time::Timestamp;

use super::link::{Said, Settings};
use super::tls::{Armour, TlsError};

/// Why a connection can't even be tried.
#[derive(Debug, thiserror::Error)]
pub(super) enum AccountError {
    /// The address is none.
    #[error("{0:?} is no address; write host:port")]
    Address(String),
    /// The password is not there.
    #[error("the environment variable {0} holds no password")]
    Password(String),
    /// TLS is not ready.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// What one connection is opened with, and what we say of ourselves on it.
pub(super) struct Account {
    pub(super) settings: Settings,
    /// That we are here, for the broker to keep.
    pub(super) birth: Option<Said>,
}

impl Account {
    /// Reads everything that a connection at `now` needs.
    pub(super) async fn read(address: &str, line: &MqttLine, now: Timestamp) -> Result<Self, AccountError> {
        let (host, port) = address
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host.trim_matches(['[', ']']), port.parse().ok()?)))
            .ok_or_else(|| AccountError::Address(address.to_owned()))?;
        let credentials = line.user.as_ref().map(credentials).transpose()?;
        let tls = match &line.tls {
            None => None,
            Some(tls) => Some(Armour::read(tls, host).await?),
        };
        let (birth, will) = states(line, now).unzip();
        let settings = Settings {
            version: line.version,
            host: host.to_owned(),
            port,
            client_id: line.client_id.clone(),
            session_expiry_s: u32::try_from(line.session_expiry.whole_s()).unwrap_or(u32::MAX),
            credentials,
            will,
            tls,
        };
        Ok(Self { settings, birth })
    }
}

fn credentials(user: &MqttUser) -> Result<(String, String), AccountError> {
    let password = std::env::var(&user.password_env);
    let password = password.map_err(|_| AccountError::Password(user.password_env.clone()))?;
    Ok((user.name.clone(), password))
}

/// What is said of us while we are here, and once we are not.
fn states(line: &MqttLine, now: Timestamp) -> Option<(Said, Said)> {
    let said = |topic: &str, payload: String| Said { topic: topic.to_owned(), payload: payload.into_bytes() };
    if let Some(topic) = line.sparkplug.as_ref().and_then(sensors::line::MqttSparkplug::state_topic) {
        // Sparkplug 3.0.0, section 6.4.7 and 6.4.8: both carry the time of the connection.
        let state = |online: bool| format!(r#"{{"online":{online},"timestamp":{}}}"#, now.ms());
        return Some((said(&topic, state(true)), said(&topic, state(false))));
    }
    let topic = line.status_topic.as_deref()?;
    Some((said(topic, String::from("online")), said(topic, String::from("offline"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refused(address: &str, line: &MqttLine) -> String {
        match Account::read(address, line, Timestamp::from_ms(0)).await {
            Ok(_) => panic!("{address} is taken"),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn what_is_missing_is_named() {
        let user = MqttUser { name: "baolu".to_owned(), password_env: "BAOLU_NOT_SET".to_owned() };
        let line = MqttLine { user: Some(user), ..MqttLine::default() };
        assert_eq!(refused("b:1", &line).await, "the environment variable BAOLU_NOT_SET holds no password");
        assert_eq!(refused("b", &MqttLine::default()).await, "\"b\" is no address; write host:port");
    }

    #[tokio::test]
    async fn our_will_says_the_opposite_of_our_birth_on_the_same_topic() {
        let line = MqttLine { status_topic: Some("baolu/hue/status".to_owned()), ..MqttLine::default() };
        let account = Account::read("[::1]:1883", &line, Timestamp::from_ms(0)).await.unwrap();
        let (birth, will) = (account.birth.unwrap(), account.settings.will.unwrap());
        assert_eq!((birth.topic.as_str(), birth.payload.as_slice()), ("baolu/hue/status", &b"online"[..]));
        assert_eq!((will.topic.as_str(), will.payload.as_slice()), ("baolu/hue/status", &b"offline"[..]));
        assert_eq!((account.settings.host.as_str(), account.settings.port), ("::1", 1883));
    }
}
