//! A certificate authority that lives as long as a test, and the files that it gives out.

use std::path::{Path, PathBuf};

use baolu::clock::Clock;
use chrono::{Datelike as _, Days, NaiveDate};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use tempfile::TempDir;

/// An authority with a folder of its own.
pub(crate) struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    serial: u64,
}

/// A certificate and its key, by their files.
pub(crate) struct Issued {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) serial: u64,
}

fn day(from_today: i64) -> NaiveDate {
    let today = Clock::real_now().to_chrono().unwrap().date_naive();
    let days = Days::new(from_today.unsigned_abs());
    if from_today < 0 { today - days } else { today + days }
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority of one test");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { folder, issuer: Issuer::new(params, key), serial: 1 }
    }

    /// Where a file of this name stands.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The authority's own certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// Issues a certificate for a name that is valid from 400 days ago and ends so many days from now.
    pub(crate) fn issue(&mut self, file: &str, name: &str, ends_in_days: i64) -> Issued {
        let (from, to) = (day(-400), day(ends_in_days));
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(from.year(), from.month() as u8, from.day() as u8);
        params.not_after = date_time_ymd(to.year(), to.month() as u8, to.day() as u8);
        self.serial += 1;
        params.serial_number = Some(SerialNumber::from(self.serial));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let issued = Issued {
            certificate: self.path(&format!("{file}.pem")),
            key: self.path(&format!("{file}.key")),
            serial: self.serial,
        };
        std::fs::write(&issued.certificate, certificate.pem()).unwrap();
        std::fs::write(&issued.key, key.serialize_pem()).unwrap();
        issued
    }

    /// A list that revokes a certificate.
    pub(crate) fn revoke(&self, issued: &Issued) -> PathBuf {
        let (from, to) = (day(-1), day(30));
        let at = date_time_ymd(from.year(), from.month() as u8, from.day() as u8);
        let list = CertificateRevocationListParams {
            this_update: at,
            next_update: date_time_ymd(to.year(), to.month() as u8, to.day() as u8),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from(issued.serial),
                revocation_time: at,
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let path = self.path("revoked.crl");
        std::fs::write(&path, list.signed_by(&self.issuer).unwrap().pem().unwrap()).unwrap();
        path
    }
}

/// A path as configuration writes it.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}
