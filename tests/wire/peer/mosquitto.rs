//! Mosquitto, the real broker, on a port of loopback with its data in a folder of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::free_port;

/// A `mosquitto_sub` that listens to one topic, for a minute at most.
pub(crate) struct Watcher {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Watcher {
    /// The next line that it heard; empty when it has ended.
    pub(crate) fn next(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A broker that can be stopped and started again.
pub(crate) struct Mosquitto {
    folder: TempDir,
    pub(crate) port: u16,
    child: Option<Child>,
}

impl Mosquitto {
    /// Starts a broker that lets anybody in; `None` when Mosquitto is not installed.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("allow_anonymous true")
    }

    /// Starts a broker with one more line of configuration.
    pub(crate) fn start_with(more: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        // The defaults hold back all but 20 unacknowledged messages (every commit would wait for
        // 20) and drop what waits for an absent client beyond 1000: see docs/collect.md.
        let text = format!(
            "listener {port} 127.0.0.1\nuser root\npersistence true\npersistence_location {}/\n\
             max_inflight_messages 0\nmax_queued_messages 200000\n{more}\n",
            folder.path().display()
        );
        std::fs::write(folder.path().join("mosquitto.conf"), text).unwrap();
        let mut broker = Self { folder, port, child: None };
        broker.start_again().then_some(broker)
    }

    /// Starts the stopped broker with what it had kept; whether Mosquitto is there at all.
    pub(crate) fn start_again(&mut self) -> bool {
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let spawned = Command::new("mosquitto")
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let Ok(child) = spawned else { return false };
        self.child = Some(child);
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "Mosquitto does not listen: {}", log());
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Asks the broker to end, so that it writes down what it keeps.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
            let _ = child.wait();
        }
    }

    /// `mosquitto_pub` or `mosquitto_sub`, speaking MQTT 5 to this broker.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-V", "mqttv5"]);
        command
    }

    /// Listens to a topic with further arguments.
    pub(crate) fn watch(&self, topic: &str, arguments: &[&str]) -> Watcher {
        let mut command = self.client("mosquitto_sub");
        command.args(["-t", topic, "-q", "1", "-W", "60"]).args(arguments).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Watcher { child, said }
    }

    /// Publishes each line as a message at QoS 1.
    pub(crate) fn publish<'a>(&self, topic: &str, lines: impl IntoIterator<Item = &'a str>) {
        let lines: Vec<&str> = lines.into_iter().collect();
        // mosquitto_pub 2.0.11 leaves when the packet id of its last message is acknowledged,
        // also when that id belongs to a message 65,535 before: it loses the rest.
        for chunk in lines.chunks(50_000) {
            let mut child = self
                .client("mosquitto_pub")
                .args(["-t", topic, "-q", "1", "-l"])
                .stdin(Stdio::piped())
                .spawn()
                .unwrap();
            let mut input = std::io::BufWriter::new(child.stdin.take().unwrap());
            for line in chunk {
                writeln!(input, "{line}").unwrap();
            }
            drop(input);
            assert!(child.wait().unwrap().success());
        }
    }

    /// Publishes many messages, each on a topic of its own, at QoS 1.
    pub(crate) fn publish_each(&self, messages: impl IntoIterator<Item = (String, String)>) {
        // A process for each would take minutes: they go out over one connection, packet by packet
        // (MQTT 3.1.1, sections 3.1 and 3.3).
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        socket.write_all(b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02pe").unwrap();
        let mut answer = [0; 4];
        socket.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0]);
        let messages: Vec<_> = messages.into_iter().collect();
        for chunk in messages.chunks(1000) {
            let mut bytes = Vec::new();
            for (id, (topic, payload)) in (1_u16..).zip(chunk) {
                let length = 4 + topic.len() + payload.len();
                assert!(length < 128, "one byte of length");
                bytes.extend([0x32, length as u8]);
                bytes.extend((topic.len() as u16).to_be_bytes());
                bytes.extend(topic.as_bytes());
                bytes.extend(id.to_be_bytes());
                bytes.extend(payload.as_bytes());
            }
            socket.write_all(&bytes).unwrap();
            let mut acknowledged = vec![0; 4 * chunk.len()];
            socket.read_exact(&mut acknowledged).unwrap();
        }
    }

    /// Publishes bytes as one message, with further arguments.
    pub(crate) fn publish_bytes(&self, topic: &str, bytes: &[u8], arguments: &[&str]) {
        let file = self.folder.path().join("payload");
        std::fs::write(&file, bytes).unwrap();
        let status = self
            .client("mosquitto_pub")
            .args(["-t", topic, "-q", "1", "-f"])
            .arg(file)
            .args(arguments)
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.stop();
    }
}
