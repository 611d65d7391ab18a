//! The real binary: run to its end, or kept running as a service that is asked over HTTP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Nothing that is waited for takes longer on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The binary with arguments.
pub(crate) fn baolu(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baolu"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    baolu(arguments).output().unwrap().into()
}

/// Runs the binary to its end with something on standard input.
pub(crate) fn run_with(arguments: &[&str], input: &[u8]) -> Ended {
    let mut command = baolu(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().into()
}

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what} did not happen within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Copies the configuration of Huế and the device types into a folder, as `hue` and `devices`.
pub(crate) fn copy_configuration(folder: &Path) {
    for part in ["hue", "devices"] {
        std::fs::create_dir(folder.join(part)).unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(part);
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.join(part).join(file.file_name())).unwrap();
        }
    }
}

/// A copy of the configuration of Huế in a folder of its own, where nobody answers on any line.
pub(crate) struct City(TempDir);

impl City {
    pub(crate) fn copy() -> Self {
        let city = Self(tempfile::tempdir().unwrap());
        copy_configuration(city.0.path());
        // Ports below 1024: no test is given one of them.
        for (place, port) in [15021, 15022, 15023, 15024, 15025, 18830].iter().enumerate() {
            city.edit("lines.toml", &format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", place + 1));
        }
        city
    }

    /// The folder to name with `-c`.
    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path().join("hue")
    }

    /// A place beside the configuration that does not exist yet.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder().join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder().join(file), text).unwrap();
    }

    pub(crate) fn remove(&self, file: &str) {
        std::fs::remove_file(self.folder().join(file)).unwrap();
    }

    /// Replaces the first occurrence of a text that must be there.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{from:?} is not in {file}");
        self.write(file, &text.replacen(from, to, 1));
    }

    /// Gives a line another address.
    pub(crate) fn connect(&self, line: &str, address: &str) {
        let text = self.read("lines.toml");
        let (before, after) = text.split_once(&format!("name = \"{line}\"")).unwrap();
        let (between, after) = after.split_once("address = \"").unwrap();
        let (_, after) = after.split_once('"').unwrap();
        let text = format!("{before}name = \"{line}\"{between}address = \"{address}\"{after}");
        self.write("lines.toml", &text);
    }
}

/// The service in a process of its own; killed when dropped.
pub(crate) struct Service {
    child: Child,
    log: PathBuf,
    pub(crate) address: SocketAddr,
}

impl Service {
    /// Starts `serve` on a city with its data in `data`, and waits until its API answers.
    pub(crate) fn start(city: &City, data: &Path, more: &[&str]) -> Self {
        Self::spawn(baolu(&["serve", "--listen", "127.0.0.1:0"]), city, data, more)
    }

    /// The same with a command that ends in `serve`.
    pub(crate) fn spawn(mut command: Command, city: &City, data: &Path, more: &[&str]) -> Self {
        let log = city.beside("log");
        let child = command
            .arg("-c")
            .arg(city.folder())
            .arg("--data")
            .arg(data)
            .args(more)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut service = Self { child, log, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut address = None;
        until("an API that serves", || {
            assert!(service.child.try_wait().unwrap().is_none(), "it ended: {}", service.log());
            let log = service.log();
            let told = log.split("serving address=").nth(1).and_then(|rest| rest.split_whitespace().next());
            address = told.and_then(|text| text.parse().ok());
            address.is_some()
        });
        service.address = address.unwrap();
        service
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What a path of its API says: status line, headers and body.
    pub(crate) fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: baolu\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The sum of a metric over its labels that contain a text, in whole numbers.
    pub(crate) fn metric(&self, name: &str, label: &str) -> i64 {
        let all = self.ask("/metrics");
        let lines = all.lines().filter(|line| line.starts_with(name) && line.contains(label));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum::<f64>() as i64
    }

    pub(crate) fn line_is_up(&self, line: &str) -> bool {
        self.metric("baolu_line_up", &format!("\"{line}\"")) > 0
    }

    /// Asks it to stop as a service manager does, and gives the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        signal("-TERM", self.child.id());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process that a test started.
pub(crate) fn signal(name: &str, id: u32) {
    assert!(Command::new("kill").arg(name).arg(id.to_string()).status().unwrap().success());
}
