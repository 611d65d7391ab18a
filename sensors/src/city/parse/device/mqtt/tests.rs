//! Promises of types that publish: the shipped ones mean what they recorded, and a mistake in a
//! file is named with its line.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::super::super::Page;
use super::*;
use crate::mistake::Mistake;
use crate::parameter::Parameter;
use crate::payload::{Decoded, PayloadError};
use crate::quantity::Value;
use crate::reading::{Observation, Observed};
use crate::sheet::{Log, Sheet};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_ms(1_763_301_600_000);

/// A type and the mistakes in its text.
fn read_type(text: &str) -> (Option<PayloadType>, Vec<Mistake>) {
    let log = Log::default();
    let device = {
        let page = Page::read(Sheet { file: "devices/test.toml", text, log: &log });
        let top = page.row();
        let _asked = (top.cell("protocol"), top.cell("title"));
        let device = read(&top);
        top.close();
        device
    };
    (device, log.into_sorted())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn shipped() -> Vec<(String, String)> {
    let folder = fs::read_dir(root().join("config/devices")).expect("device types are there");
    let mut shipped: Vec<(String, String)> = folder
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("a text")))
        .filter(|(_, text)| text.contains("protocol = \"mqtt\""))
        .collect();
    shipped.sort();
    shipped
}

fn told(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_shipped_type_carries_what_was_recorded_and_means_it() {
    let shipped = shipped();
    assert!(shipped.len() >= 14, "{} types", shipped.len());
    for (file, text) in shipped {
        let (device, mistakes) = read_type(&text);
        assert!(device.is_some() && mistakes.is_empty(), "{file}:\n{}", told(&mistakes));
        assert!(text.contains("[[recorded]]"), "{file} shows no bytes");
    }
}

#[test]
fn what_the_documentation_shows_is_a_type() {
    let text = fs::read_to_string(root().join("docs/devices-mqtt.md")).expect("the page is there");
    let shown = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let shown: Vec<String> = shown
        .map(
            |text| if text.starts_with('[') { format!("format = \"json\"\n{text}") } else { text.to_owned() },
        )
        .collect();
    assert!(shown.len() >= 4, "{} are shown", shown.len());
    for text in shown {
        let (device, mistakes) = read_type(&text);
        assert!(device.is_some() && mistakes.is_empty(), "{text}\n{}", told(&mistakes));
    }
}

fn type_named(name: &str) -> PayloadType {
    let text = fs::read_to_string(root().join(format!("config/devices/milesight-{name}.toml")));
    read_type(&text.expect("the type is shipped")).0.expect("it has no mistake")
}

fn decode(device: &PayloadType, frame: &[u8]) -> Decoded {
    let parameter = |ix: SensorIx| device.measured.get(ix.at()).map(|measured| measured.of.parameter);
    device.map.decode_frame(frame, NOW, parameter).expect("a frame is read as far as it goes")
}

/// The vectors of the vendor, `None` where they are not there.
fn vectors() -> Option<Vec<(String, Vec<u8>, Json)>> {
    let path = root().join("../shared/data/mqtt/lorawan_vectors.json");
    let Ok(text) = fs::read_to_string(&path) else {
        assert!(std::env::var_os("CI").is_none(), "{} is needed", path.display());
        println!("skipped: {} is absent", path.display());
        return None;
    };
    let vectors: Json = serde_json::from_str(&text).expect("the vectors are JSON");
    let vectors = vectors.as_array().expect("a list").iter().map(|vector| {
        let text = |key: &str| vector[key].as_str().expect("a text").to_owned();
        let bytes = crate::payload::hex_bytes(&text("hex")).expect("hexadecimal digits");
        (text("device"), bytes, vector["decoded"].clone())
    });
    Some(vectors.collect())
}

#[test]
fn every_vector_of_the_vendor_gives_exactly_its_numbers() {
    for (name, frame, expected) in vectors().unwrap_or_default() {
        let device = type_named(&name);
        let decoded = decode(&device, &frame);
        assert_eq!(decoded.faults, [], "{name}");
        let tilted = expected["position"] == "tilt";
        let mut numbers = Vec::new();
        let mut add = |of: &Json, at: Timestamp| {
            for (key, parameter, per_unit) in [
                ("battery", Parameter::BatteryLevel, 1.0),
                ("depth", Parameter::Stage, 100.0),
                ("temperature", Parameter::AirTemperature, 1.0),
                ("distance", Parameter::AirGap, 1000.0),
            ] {
                let Some(number) = of[key].as_f64() else { continue };
                let value = Value::from_unit(parameter, number / per_unit).unwrap();
                let is_doubtful = tilted && key == "distance";
                let value = if is_doubtful { Observed::Doubtful(value) } else { Observed::Value(value) };
                numbers.push((parameter, at, value));
            }
        };
        add(&expected, NOW);
        for past in expected["history"].as_array().into_iter().flatten() {
            add(past, Timestamp::from_ms(1000 * past["timestamp"].as_i64().unwrap()));
        }
        let said = |o: &Observation| (device.measured[o.sensor.at()].of.parameter, o.measured_at, o.value);
        let said: Vec<_> = decoded.observations.iter().map(said).collect();
        assert_eq!(said, numbers, "{name}");
    }
}

#[test]
fn a_frame_cut_at_any_byte_gives_only_what_came_whole_and_says_so() {
    for (name, frame, _) in vectors().unwrap_or_default() {
        let device = type_named(&name);
        let values = |frame: &[u8]| -> Vec<Observed> {
            let plain = |value| match value {
                Observed::Doubtful(value) => Observed::Value(value),
                other => other,
            };
            decode(&device, frame).observations.iter().map(|o| plain(o.value)).collect()
        };
        let whole = values(&frame);
        for cut in 0..frame.len() {
            let said = values(&frame[..cut]);
            assert!(whole.starts_with(&said), "{name} cut at {cut}: {said:?}");
            assert!(said.len() < whole.len() || cut >= frame.len() - 3, "{name} cut at {cut}");
        }
    }
}

#[test]
fn an_unknown_channel_is_told_and_what_stood_before_it_is_kept() {
    let decoded = decode(&type_named("em500-swl"), &[0x03, 0x77, 0x02, 0x00, 0x55, 0x01, 0x03, 0x77, 9, 9]);
    assert_eq!(decoded.observations.len(), 1);
    assert_eq!(decoded.faults, [PayloadError::UnknownChannel { channel: 0x55, kind: 0x01, left: 4 }]);
}

#[test]
fn what_a_recording_says_otherwise_is_a_mistake_with_its_line() {
    let text = fs::read_to_string(root().join("config/devices/stage-json.toml")).unwrap();
    let (_, mistakes) = read_type(&text.replace("1.23 m", "1.24 m"));
    let [mistake] = &mistakes[..] else { panic!("{}", told(&mistakes)) };
    let line = 1 + text.lines().position(|line| line.starts_with("observed")).unwrap();
    assert_eq!((mistake.line, mistake.wrong.as_str()), (line, "these bytes say 1.23 m"));
    let (_, mistakes) = read_type(&text.replace("\"value\": 1.23}", "\"valu\": 1.23}"));
    assert!(told(&mistakes).contains("nothing stands at \"/value\""), "{}", told(&mistakes));
    let (_, mistakes) = read_type(&text.replace("observed = { stage = \"1.23 m\" }", "observed = {}"));
    assert!(told(&mistakes).contains("these bytes also say stage = 1.23 m"), "{}", told(&mistakes));
}

#[test]
fn every_mistake_in_a_type_is_named_with_what_is_allowed() {
    let channel = "format = \"lorawan\"\n[[channel]]\nid = 1\ntype = 2\nbytes = 1\n";
    for (text, words) in [
        ("format = \"xml\"\n", "allowed is one of json, plain, csv, lorawan, sparkplug"),
        ("format = \"json\"\n", "needed is one [[field]]"),
        ("format = \"json\"\ntime_pointer = \"time\"\n", "is no JSON pointer"),
        ("format = \"csv\"\ntime_pattern = \"%H:%M\"\ntime_offset_min = 0\n", "does not write a moment"),
        ("format = \"csv\"\ntime_pattern = \"%Y-%m-%d %H:%M:%S\"\n", "needed is time_offset_min"),
        ("format = \"csv\"\ndecimal = \",\"\n", "allowed is another separator"),
        (
            "format = \"csv\"\ncolumns = [\"a\"]\n[[field]]\nparameter = \"stage\"\ncolumn = \"b\"\n",
            "there is no column \"b\"",
        ),
        (
            "format = \"json\"\n[[field]]\nparameter = \"stage\"\npointer = \"/a\"\nquality = { pointer = \"/q\", good = [1], bad = [1] }\n",
            "has two meanings",
        ),
        ("format = \"sparkplug\"\n[[field]]\nparameter = \"stage\"\npointer = \"/a\"\n", "metric"),
        ("format = \"lorawan\"\n", "needed are 1 to 256 [[channel]]"),
        (
            &format!("{channel}values = [{{ parameter = \"stage\", form = \"u16\" }}]\n"),
            "it ends at byte 2 of 1",
        ),
        (
            &format!("{channel}marks = [{{ form = \"u8\", good = [0], of = [\"stage\"] }}]\n"),
            "no channel gives stage",
        ),
        (&format!("{channel}[[channel]]\nid = 1\ntype = 2\nbytes = 3\n"), "the channel is given twice"),
        (
            &format!("{channel}values = [{{ parameter = \"rainfall\", form = \"u8\" }}]\n"),
            "a depth needs its interval",
        ),
        (
            "format = \"plain\"\n[[field]]\nparameter = \"stage\"\n[health]\nonline = [1]\noffline = [1]\n",
            "both online and offline",
        ),
    ] {
        let (_, mistakes) = read_type(text);
        assert!(told(&mistakes).contains(words), "{text}\n{}", told(&mistakes));
        assert!(mistakes.iter().all(|mistake| mistake.file == "devices/test.toml"));
    }
}
