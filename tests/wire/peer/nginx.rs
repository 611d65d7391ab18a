//! nginx, the real server of other authorities' feeds, on a port of loopback with a folder of its own.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::authority::Issued;
use super::free_port;

/// A server of files.
pub(crate) struct Nginx {
    folder: TempDir,
    port: u16,
    is_tls: bool,
    child: Child,
}

impl Nginx {
    /// Starts it with more lines for its `server`; `None` when nginx is not installed.
    pub(crate) fn start(issued: Option<&Issued>, more: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::create_dir(folder.path().join("www")).unwrap();
        let (tls, pair) = issued.map_or_else(Default::default, |issued| {
            let (certificate, key) = (issued.certificate.display(), issued.key.display());
            (" ssl", format!("ssl_certificate {certificate}; ssl_certificate_key {key};"))
        });
        let parts = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temp = parts.map(|part| format!("{part}_temp_path {};\n", at(part))).concat();
        let (log, root) = (at("asked"), at("www"));
        let text = format!(
            "daemon off; master_process off; pid {}; error_log {};\nevents {{}}\nhttp {{\n{temp}\
             log_format told '$request_uri $status $body_bytes_sent $sent_http_content_encoding';\n\
             access_log {log} told;\ntypes {{}} default_type application/xml;\n\
             server {{ listen 127.0.0.1:{port}{tls}; server_name localhost; root {root}; {pair}\n{more}\n}}\n}}\n",
            at("pid"),
            at("error"),
        );
        let conf = folder.path().join("nginx.conf");
        std::fs::write(&conf, text).unwrap();
        let spawned = Command::new("nginx")
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&conf)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("said")).unwrap())
            .spawn();
        let child = spawned.ok()?;
        let server = Self { folder, port, is_tls: issued.is_some(), child };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "nginx does not listen: {}", server.read("said"));
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(server)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// The address of a file.
    pub(crate) fn url(&self, file: &str) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}/{file}", self.port)
    }

    /// Puts a file there in one step, as publishers do.
    pub(crate) fn put(&self, file: &str, text: &str) {
        let new = self.folder.path().join("new");
        std::fs::File::create(&new).unwrap().write_all(text.as_bytes()).unwrap();
        std::fs::rename(new, self.www().join(file)).unwrap();
    }

    /// Puts a file of so many zeros there.
    pub(crate) fn put_zeros(&self, file: &str, bytes: u64) {
        std::fs::File::create(self.www().join(file)).unwrap().set_len(bytes).unwrap();
    }

    fn www(&self) -> std::path::PathBuf {
        Path::new(self.folder.path()).join("www")
    }

    /// Every request for a path: its status, the bytes of the body that were sent, how they were encoded.
    pub(crate) fn asked(&self, path: &str) -> Vec<(u16, u64, String)> {
        let line = |line: &str| {
            let mut parts = line.split(' ');
            (parts.next()? == path).then_some(())?;
            let (status, bytes) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Some((status, bytes, parts.next()?.to_owned()))
        };
        self.read("asked").lines().filter_map(line).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
