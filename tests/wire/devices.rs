//! Every shipped type of device, played as it was recorded to the real collector, byte by byte.
//!
//! What is expected stands in the files of the types: a new type is played without a line here.

mod device;
mod modbus;
mod mqtt;

use std::fmt::Debug;
use std::fs;
use std::path::Path;

/// The name and text of every shipped type of a protocol.
fn shipped(protocol: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/devices");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let types = files.map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    });
    let spoken = format!("\nprotocol = \"{protocol}\"\n");
    let mut types: Vec<_> = types.filter(|(_, text)| text.contains(&spoken)).collect();
    types.sort();
    types
}

/// What differs, all of it at once.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare<T: PartialEq + Debug>(&mut self, what: &str, came: &T, recorded: &T) {
        if came != recorded {
            self.0.push(format!("{what}\n  came     {came:?}\n  recorded {recorded:?}"));
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}
