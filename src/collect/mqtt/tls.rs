//! TLS towards a broker: certificates read from their files at every connection, so that a renewed
//! one is taken up, and errors that name the file and what is wrong with it.
//!
//! It keeps no key longer than a connection and trusts nothing that the files don't.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::gauge;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use sensors::line::{ClientFiles, MqttTls};
use sensors::time::{Span, Timestamp};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A file of certificates or keys is not larger.
const FILE_MAX_BYTES: u64 = 1024 * 1024;
/// A certificate that ends sooner is told.
const WARN_BEFORE: Span = Span::from_h(14 * 24);
/// The year 10000, in seconds since the epoch: no certificate is valid then.
const NEVER_S: u64 = 253_402_300_800;

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    /// A file can't be read.
    #[error("TLS: reading {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("TLS: {} {wrong}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        wrong: String,
    },
    /// The name to look for in the broker's certificate is none.
    #[error("TLS: {0:?} is no server name; set server_name to a name or address of the broker's certificate")]
    Name(String),
    /// The library refuses.
    #[error("TLS: {0}")]
    Library(#[from] rustls::Error),
}

/// What one connection needs for TLS. Cloning shares it.
#[derive(Clone)]
pub(super) struct Armour {
    connector: TlsConnector,
    name: ServerName<'static>,
    roots: Arc<RootCertStore>,
    ends: Arc<Mutex<Ends>>,
}

/// When certificates end; unknown ones are absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    /// Ours.
    pub(super) ours: Option<Timestamp>,
    /// The broker's, once a connection stood.
    pub(super) broker: Option<Timestamp>,
}

impl Armour {
    /// Reads the files.
    pub(super) async fn read(tls: &MqttTls, host: &str) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let roots = Arc::new(match &tls.ca {
            Some(path) => roots_of(Path::new(path)).await?,
            None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        });
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(Arc::clone(&roots));
        let mut ends = Ends::default();
        let config = match &tls.client {
            None => builder.with_no_client_auth(),
            Some(ClientFiles { certificate, key }) => {
                let chain = certificates_of(Path::new(certificate)).await?;
                ends.ours = chain.first().and_then(|leaf| end_of(leaf, &roots, &provider));
                let key_path = Path::new(key);
                let key = PrivateKeyDer::from_pem_slice(&bytes_of(key_path).await?)
                    .map_err(|error| wrong(key_path, format!("holds no private key in PEM: {error}")))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| {
                    wrong(key_path, format!("is not the key of {certificate}, or can't be used: {error}"))
                })?
            }
        };
        let name = tls.server_name.as_deref().unwrap_or(host).to_owned();
        let name = ServerName::try_from(name.clone()).map_err(|_| TlsError::Name(name))?;
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { connector, name, roots, ends: Arc::new(Mutex::new(ends)) })
    }

    /// Puts TLS around a socket.
    pub(super) async fn wrap(&self, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let stream = self.connector.connect(self.name.clone(), tcp).await?;
        let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let end = leaf.and_then(|leaf| end_of(leaf, &self.roots, &Arc::new(ring::default_provider())));
        if let Ok(mut ends) = self.ends.lock() {
            ends.broker = end;
        }
        Ok(stream)
    }

    /// When the certificates end, as far as is known now.
    pub(super) fn ends(&self) -> Ends {
        self.ends.lock().map(|ends| *ends).unwrap_or_default()
    }
}

impl Ends {
    /// Says the ends in metrics, and gives a warning for each that is near or past.
    pub(super) fn tell(self, line: &str, now: Timestamp) -> Vec<(&'static str, String)> {
        let mut warnings = Vec::new();
        let certificates = [
            ("client", "our client certificate", self.ours),
            ("broker", "the broker's certificate", self.broker),
        ];
        for (owner, words, end) in certificates {
            let Some(end) = end else { continue };
            let seconds = end.ms() as f64 / 1000.0;
            gauge!("baolu_collect_certificate_ends_seconds", "line" => line.to_owned(), "of" => owner)
                .set(seconds);
            if end.since(now) <= Span::ZERO {
                warnings.push((words, format!("{words} ended at {end}; renew it")));
            } else if end.since(now) < WARN_BEFORE {
                warnings.push((words, format!("{words} ends at {end}; renew it before")));
            }
        }
        warnings
    }
}

async fn bytes_of(path: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |source| TlsError::Read { path: path.to_owned(), source };
    let size = tokio::fs::metadata(path).await.map_err(failed)?.len();
    if size > FILE_MAX_BYTES {
        return Err(wrong(path, format!("has {size} bytes; allowed are {FILE_MAX_BYTES}")));
    }
    tokio::fs::read(path).await.map_err(failed)
}

async fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = bytes_of(path).await?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = found.map_err(|error| wrong(path, format!("is no PEM: {error}")))?;
    if found.is_empty() {
        return Err(wrong(path, String::from("holds no certificate in PEM")));
    }
    Ok(found)
}

async fn roots_of(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates_of(path).await? {
        roots.add(certificate).map_err(|error| wrong(path, format!("holds no usable authority: {error}")))?;
    }
    Ok(roots)
}

fn wrong(path: &Path, wrong: String) -> TlsError {
    TlsError::Wrong { path: path.to_owned(), wrong }
}

/// When a certificate ends. The verifier looks at the time before anything else and names the end,
/// so that it is asked about a day when all have ended.
fn end_of(
    certificate: &CertificateDer<'_>,
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Option<Timestamp> {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider));
    let verifier = verifier.build().ok()?;
    let name = ServerName::try_from("any.invalid").ok()?;
    let never = UnixTime::since_unix_epoch(Duration::from_secs(NEVER_S));
    match verifier.verify_server_cert(certificate, &[], &name, &[], never) {
        Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Some(Timestamp::from_ms(i64::try_from(not_after.as_secs()).ok()?.saturating_mul(1000)))
        }
        _ => None,
    }
}

/// An error in words, with what can be done where TLS is the cause; `None` where it is not.
pub(super) fn told(error: &(dyn Error + 'static)) -> Option<String> {
    let told = match cause(error)? {
        rustls::Error::InvalidCertificate(why) => of_broker(why),
        rustls::Error::AlertReceived(alert) => by_broker(*alert),
        other => other.to_string(),
    };
    Some(format!("TLS: {told}"))
}

/// The error of TLS somewhere inside: a socket's error hides what it was made of.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        let hidden = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = hidden.and_then(|hidden| hidden.downcast_ref()) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn of_broker(why: &CertificateError) -> String {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            String::from("the broker's certificate has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            String::from("the broker's certificate is not valid yet; look at both clocks")
        }
        // Another authority of the same name is known by its signature alone.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            String::from("the broker's certificate is not signed by an authority of our ca file")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the broker's certificate is for another name ({why}); see server_name")
        }
        other => format!("the broker's certificate is refused: {other}"),
    }
}

fn by_broker(alert: AlertDescription) -> String {
    let what = match alert {
        AlertDescription::CertificateRequired => "wants a client certificate and we have none",
        AlertDescription::CertificateExpired => "says that our client certificate has expired",
        AlertDescription::CertificateRevoked => "says that our client certificate is revoked",
        AlertDescription::UnknownCA => "does not know the authority of our client certificate",
        AlertDescription::BadCertificate | AlertDescription::CertificateUnknown => {
            "does not accept our client certificate"
        }
        other => return format!("the broker ended it: {other:?}"),
    };
    format!("the broker {what}")
}
