//! A serial cable: two ports of this machine that `socat` joins.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A cable; ended when dropped.
pub(crate) struct Cable {
    child: Child,
    folder: TempDir,
}

impl Cable {
    /// Lays it; `None` where `socat` is not installed.
    pub(crate) fn lay() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let end = |name| format!("pty,raw,echo=0,link={}", folder.path().join(name).display());
        let child =
            Command::new("socat").args([end("ours"), end("theirs")]).stderr(Stdio::null()).spawn().ok()?;
        let cable = Self { child, folder };
        let deadline = Instant::now() + Duration::from_secs(20);
        while ![cable.ours(), cable.theirs()].iter().all(|end| Path::new(end).exists()) {
            assert!(Instant::now() < deadline, "socat made no ports");
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(cable)
    }

    /// The path of the collector's port.
    pub(crate) fn ours(&self) -> String {
        self.folder.path().join("ours").display().to_string()
    }

    /// The path of the devices' port.
    pub(crate) fn theirs(&self) -> String {
        self.folder.path().join("theirs").display().to_string()
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
