//! `baolu serve` as a process of its own, with the configuration of Huế changed as a measurement
//! needs it, and what it says of itself.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use simulator::phone::Phones;

use super::{free_port, machine};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(2);

/// Copies the configuration of Huế, with only its MQTT line, on the broker at this port, and the
/// phones; gives the folder of the city.
pub(crate) fn configure(folder: &Path, broker: u16, phones: Option<&Phones>, rules: &str) -> PathBuf {
    let city = folder.join("hue");
    for part in ["hue", "devices"] {
        fs::create_dir_all(folder.join(part)).unwrap();
        for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(part)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.join(part).join(file.file_name())).unwrap();
        }
    }
    let change = |name: &str, change: &dyn Fn(String) -> String| {
        let text = fs::read_to_string(city.join(name)).unwrap();
        fs::write(city.join(name), change(text)).unwrap();
    };
    change("lines.toml", &|text| text.replace("127.0.0.1:18830", &format!("127.0.0.1:{broker}")));
    change("rules.toml", &|text| text + rules);
    if let Some(phones) = phones {
        let account = folder.join("account.json");
        fs::write(&account, phones.service_account_json()).unwrap();
        let fcm = format!(
            "[fcm]\nproject = \"{}\"\nendpoint = \"{}\"\nservice_account_file = \"{}\"\n\n",
            phones.project(),
            phones.endpoint(),
            account.display()
        );
        change("receivers.toml", &|text| fcm.clone() + &text);
    }
    city
}

/// A running service.
pub(crate) struct Service {
    child: Child,
    port: u16,
}

impl Service {
    /// Starts it; it is killed when dropped.
    pub(crate) fn start(city: &Path, data: &Path) -> Self {
        let port = free_port();
        let log = fs::File::options().create(true).append(true).open(city.join("../log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_baolu"))
            .args(["serve", "--accept-approximate-zones", "bench", "--listen", &format!("127.0.0.1:{port}")])
            .arg("--config")
            .arg(city)
            .arg("--data")
            .arg(data)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, port }
    }

    /// A metric of the service, 0 before it is there.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.metrics().unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|number| number.parse().ok()).unwrap_or(0.0)
    }

    fn metrics(&self) -> std::io::Result<String> {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port))?;
        socket.write_all(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        socket.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Waits until a metric has a value.
    pub(crate) fn wait(&self, name: &str, at_least: f64) {
        let began = Instant::now();
        while self.metric(name) < at_least {
            assert!(began.elapsed() < PATIENCE, "{name} stays at {}", self.metric(name));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the broker's line is up.
    pub(crate) fn up(&self) {
        self.wait("baolu_collect_line_up{line=\"city-posts\"}", 1.0);
    }

    /// CPU time so far.
    pub(crate) fn cpu(&self) -> Duration {
        machine::cpu_of(self.child.id())
    }

    /// Resident memory in MB, now and at most.
    pub(crate) fn memory_mb(&self) -> (f64, f64) {
        machine::memory_mb(self.child.id())
    }

    /// Asks it to end in peace.
    pub(crate) fn stop(mut self) {
        let _ = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
