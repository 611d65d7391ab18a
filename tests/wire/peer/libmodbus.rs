//! libmodbus as a peer: a small C program (`libmodbus.c`), compiled here when it is first needed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A running peer, ended when dropped.
pub(crate) struct Libmodbus(Child);

/// The compiled program; `None` without a C compiler or the library's headers.
pub(crate) fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let compile = || {
        // Tests and benches may compile at the same time: a whole program takes the place of another.
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libmodbus");
        let whole = program.with_extension(std::process::id().to_string());
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/peer/libmodbus.c");
        let compiled = Command::new("gcc")
            .args(["-O2", "-Wall", "-Wextra", "-I/usr/include/modbus", "-o"])
            .args([&whole, &source])
            .arg("-lmodbus")
            .stderr(Stdio::null())
            .status();
        let compiled = compiled.is_ok_and(|status| status.success());
        (compiled && std::fs::rename(&whole, &program).is_ok()).then_some(program)
    };
    PROGRAM.get_or_init(compile).as_deref()
}

impl Libmodbus {
    /// Starts it with these words; `None` where it can't be compiled.
    pub(crate) fn start(words: &[&str]) -> Option<Self> {
        let child = Command::new(program()?).args(words).stdout(Stdio::null()).spawn().unwrap();
        Some(Self(child))
    }

    /// Serves TCP on this port, and listens when this returns.
    pub(crate) fn tcp(port: u16) -> Option<Self> {
        let server = Self::start(&["tcp", &port.to_string()])?;
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "libmodbus does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(server)
    }

    /// Its process.
    #[allow(dead_code, reason = "measurements ask for it, tests do not")]
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Libmodbus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
