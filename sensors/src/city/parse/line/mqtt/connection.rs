//! How a broker is connected: session, user, TLS. Names files and variables and reads neither.

use super::seconds;
use crate::line::{ClientFiles, MqttTls, MqttUser, MqttVersion};
use crate::sheet::Row;
use crate::time::Span;

/// How long the broker keeps our session; with MQTT 3.1.1 that is its own affair.
pub(super) fn session_expiry(row: &Row<'_>, version: MqttVersion) -> Option<Span> {
    match version {
        MqttVersion::V5 => {
            let cell = row.need("session_expiry_s", "how long the broker keeps the session");
            cell.and_then(|cell| seconds(&cell))
        }
        MqttVersion::V3 => {
            if let Some(cell) = row.cell("session_expiry_s") {
                let allowed = "allowed with version = \"5\"; see persistent_client_expiration of the broker";
                cell.note("MQTT 3.1.1 can't say how long the broker keeps a session", allowed);
            }
            Some(Span::ZERO)
        }
    }
}

pub(super) fn user(row: &Row<'_>) -> Option<MqttUser> {
    let name = row.cell("user").and_then(|cell| cell.text());
    let password = row.cell("password_env").and_then(|cell| cell.text());
    if name.is_some() != password.is_some() {
        row.note("user", "a user has a name and a password", "needed are both user and password_env");
    }
    let pair = name.zip(password);
    pair.map(|(name, env)| MqttUser { name: name.to_owned(), password_env: env.to_owned() })
}

pub(super) fn tls(row: Row<'_>) -> MqttTls {
    let text = |key: &str| row.cell(key).and_then(|cell| path_of(cell.text()?, &cell));
    let (ca, certificate, key) = (text("ca"), text("certificate"), text("key"));
    let server_name = row.cell("server_name").and_then(|cell| cell.text()).map(str::to_owned);
    if certificate.is_some() != key.is_some() {
        row.note("certificate", "a client certificate has a key", "needed are both certificate and key");
    }
    row.close();
    let client = certificate.zip(key).map(|(certificate, key)| ClientFiles { certificate, key });
    MqttTls { ca, client, server_name }
}

/// A path; whoever writes the key itself here has it in every backup.
fn path_of(text: &str, cell: &crate::sheet::Cell<'_>) -> Option<String> {
    if text.contains("-----BEGIN") || text.contains('\n') {
        cell.note("the content of a file is given", "allowed is the path of a file in PEM");
        return None;
    }
    Some(text.to_owned())
}
