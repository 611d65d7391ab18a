//! What a type of device must say of itself, and what its recorded bytes prove.

use std::fs;
use std::path::PathBuf;

use super::ModbusType;

const GAUGE: &str = r#"protocol = "modbus"
title = "A gauge"
addressing = "one_based"
[[register]]
parameter = "stage"
table = "input"
address = 2
kind = "u16"
unit = "mm"
sentinels = [65535]
[[status]]
table = "input"
address = 1
kind = "u16"
rule = [
  { bit_set = 0, then = "missing" },
  { equals = 8, then = "busy", of = ["stage"] },
]
[[recorded]]
title = "a metre and a quarter"
request = "01 04 00 00 00 02 71 CB"
answer = "01 04 04 00 00 04 E2 79 0D"
observed = { stage = "1.25 m" }
"#;

fn shipped() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../config/devices");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()));
    files.filter(|(_, text)| text.contains("protocol = \"modbus\"")).collect()
}

#[test]
fn the_example_of_the_guide_is_a_type_that_passes_the_check() {
    let guide = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/devices.md");
    let guide = fs::read_to_string(guide).unwrap();
    let example = guide.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let example =
        example.map(|(text, _)| text).find(|text| text.starts_with("protocol = \"modbus\"")).unwrap();
    let device = ModbusType::parse("devices/radar.toml", example).unwrap();
    assert_eq!((device.registers.len(), device.recordings.len()), (2, 4));
    let off_by_one = example.replace("30002", "30003").replace("30001", "30002").replace("30005", "30006");
    let told = ModbusType::parse("devices/radar.toml", &off_by_one).unwrap_err();
    for mistake in [
        &told[0].to_string(),
        &ModbusType::parse("devices/radar.toml", &example.replace("cdab", "badc")).unwrap_err()[0]
            .to_string(),
    ] {
        assert!(guide.contains(mistake.as_str()), "the guide shows another message than {mistake}");
    }
}

#[test]
fn bytes_may_be_pasted_as_mbpoll_prints_them() {
    let printed = GAUGE
        .replace("01 04 00 00 00 02 71 CB", "[01][04][00][00][00][02][71][CB]")
        .replace("01 04 04 00 00 04 E2 79 0D", "<01><04><04><00><00><04><E2><79><0D>");
    assert_ne!(printed, GAUGE);
    let (printed, typed) =
        (ModbusType::parse("t", &printed).unwrap(), ModbusType::parse("t", GAUGE).unwrap());
    assert_eq!(printed.recordings, typed.recordings);
}

#[test]
fn one_slip_in_a_register_is_one_mistake() {
    assert_eq!(told("\"stage\"\ntable", "\"stag\"\ntable").len(), 1);
}

fn told(old: &str, new: &str) -> Vec<String> {
    assert!(GAUGE.contains(old), "{old}");
    let text = GAUGE.replacen(old, new, 1);
    let mistakes = ModbusType::parse("devices/gauge.toml", &text).err().unwrap_or_default();
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn every_shipped_type_means_what_its_device_was_recorded_to_say() {
    let shipped = shipped();
    assert!(shipped.len() >= 20, "{}", shipped.len());
    for (file, text) in shipped {
        let device = ModbusType::parse(&file, &text).unwrap_or_else(|mistakes| {
            panic!("{}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        assert!(device.recordings.len() >= 2, "{file} shows less than one right and one wrong poll");
        let well =
            device.recordings.iter().any(|recording| recording.poll.said.len() == device.registers.len());
        assert!(well, "{file} shows no poll in which every register says something");
    }
}

/// Each slip, and what the person who made it is told.
const SLIPS: &[(&str, &str, &str)] = &[
    (
        "addressing = \"one_based\"\n",
        "",
        "addressing: the key is missing; needed is one of zero_based, one_based, documented (as 40001)",
    ),
    (
        "\"one_based\"",
        "\"zero_based\"",
        "request: it asks for input 0+2, which this type never does; allowed is input 1+2",
    ),
    (
        "address = 2",
        "address = 0",
        "register[0].address: 0 is no register where the manual counts from 1; allowed is 1 to 65536, or addressing = \"zero_based\"",
    ),
    (
        "address = 2",
        "address = 30002",
        "30002 looks like the manual's number of input register 2; write 2 here; or addressing = \"documented\" for the whole file; or 0x7532 where",
    ),
    ("address = 2", "address = 70000", "70000 is out of range; allowed is 1 to 65536"),
    (
        "kind = \"u16\"\nunit",
        "kind = \"u64\"\nunit",
        "request: it asks for input 0+2, which this type never does; allowed is input 0+5",
    ),
    (
        "table = \"input\"\n",
        "",
        "register[0].table: the key is missing; needed is one of coil, discrete, holding, input",
    ),
    (
        "table = \"input\"\n",
        "table = \"discrete\"\n",
        "the discrete table is of bits; allowed is \"bit\", or no kind at all",
    ),
    (
        "kind = \"u16\"\nunit",
        "kind = \"bit\"\nunit",
        "a register has 16 bits; allowed is kind = \"u16\" with bit = 0 to 15",
    ),
    (
        "kind = \"u16\"\nunit",
        "kind = \"i16\"\nbit = 3\nunit",
        "only the bits of a whole number without a sign can be picked",
    ),
    ("kind = \"u16\"\nunit", "kind = \"u16\"\nbit = 16\nunit", "16 is out of range; allowed is 0 to 15"),
    (
        "kind = \"u16\"\nunit",
        "kind = \"u16\"\nbits = [8, 3]\nunit",
        "register[0].bits[1]: 3 is out of range; allowed is 8 to 15",
    ),
    (
        "unit = \"mm\"",
        "unit = \"mV\"",
        "\"mV\" is no unit of stage that is known; allowed is one of m, dm, cm, mm, ft, in",
    ),
    ("sentinels = [65535]", "sentinels = [70000]", "70000 is out of range; allowed is 0 to 65535"),
    (
        "sentinels = [65535]",
        "sentinels = [nan]",
        "sentinels[0]: a number is given; allowed is a whole number from 0 to 65535",
    ),
    (
        "sentinels = [65535]",
        "rollover = 10000",
        "stage is no counter; allowed with parameter = \"rain_total\"",
    ),
    (
        "sentinels = [65535]",
        "destructive = true",
        "stage is no depth since the last read; allowed with parameter = \"rainfall\"",
    ),
    ("sentinels = [65535]", "destructive = 1", "a whole number is given; allowed is true or false"),
    (
        "[[register]]",
        "request_max = 1\n[[register]]",
        "request: it asks for input 0+2, which this type never does; allowed is input 0+1, input 1+1",
    ),
    (
        "[[register]]",
        "read = \"single\"\ngap_max = 2\n[[register]]",
        "gap_max: every number is read alone, so that there is no gap",
    ),
    (
        "[[register]]",
        "read = \"block\"\n[[register]]",
        "read: \"block\" is not known; allowed is one of together, single",
    ),
    (
        "{ bit_set = 0, then",
        "{ then",
        "0 conditions are given; allowed is one of bit_set, bit_clear, equals, differs",
    ),
    (
        "{ bit_set = 0,",
        "{ bit_set = 0, equals = 1,",
        "2 conditions are given; allowed is one of bit_set, bit_clear, equals, differs",
    ),
    ("bit_set = 0", "bit_set = 16", "16 is out of range; allowed is 0 to 15"),
    (
        "\"busy\"",
        "\"wait\"",
        "status[0].rule[1].then: \"wait\" is not known; allowed is one of missing, doubtful, busy",
    ),
    (
        "of = [\"stage\"]",
        "of = [\"level\"]",
        "no register of this type gives \"level\"; allowed is one of stage",
    ),
    (
        "equals = 8",
        "equals = \"FF\"",
        "it is not one ASCII character; allowed is one as \"F\", or 0 to 65535",
    ),
    ("71 CB", "71 CC", "recorded[0].request: its checksum is 71 CC, its bytes give 71 CB"),
    ("79 0D", "79 0E", "recorded[0].answer: its checksum is 79 0E, its bytes give 79 0D"),
    ("01 04 04 00 00 04 E2 79 0D", "02 04 04 00 00 04 E2 4A 0D", "unit 2 answers, unit 1 was asked"),
    ("01 04 04 00 00 04 E2 79 0D", "01 04 02 00 00 B9 30", "it carries 2 bytes, 4 were asked for"),
    ("01 04 04 00 00 04 E2 79 0D", "01 0", "these are no bytes; allowed are pairs of hexadecimal digits"),
    ("01 04 04 00 00 04 E2 79 0D", "", "the text is empty"),
    (
        "\"1.25 m\"",
        "\"1.26 m\"",
        "recorded[0].observed.stage: these bytes say \"1.25 m\"; allowed is what they say; else the type is wrong",
    ),
    (
        "\"1.25 m\"",
        "\"1.25 V\"",
        "\"1.25 V\" says nothing of stage; allowed is a number and its unit as \"1.25 m\"",
    ),
    ("\"1.25 m\"", "\"busy\"", "these bytes say that the device is ready"),
    (
        "{ stage = \"1.25 m\" }",
        "{}",
        "recorded[0].observed: these bytes also say stage = \"1.25 m\"; needed is every value that they carry",
    ),
    (
        "{ stage = \"1.25 m\" }",
        "{ discharge = \"1 m3/s\" }",
        "no register of this type gives it; allowed is one of stage",
    ),
    (
        "request = \"01 04 00 00 00 02 71 CB\"",
        "request = []",
        "1 answers are given for 0 requests; allowed is one answer a request, \"silence\" where none came",
    ),
    (
        "01 04 00 00 00 02 71 CB",
        "[00][01][00][00][00][06][01][04][00][00][00][02]",
        "recorded[0].request: its checksum is 00 02, its bytes give B5 AA; they fit frame = \"tcp\"",
    ),
    (
        "title = \"a metre",
        "frame = \"ascii\"\ntitle = \"a metre",
        "\"ascii\" is not known; allowed is one of rtu, tcp, pdu",
    ),
];

#[test]
fn whoever_slips_is_told_the_line_the_key_and_what_is_allowed() {
    assert_eq!(ModbusType::parse("devices/gauge.toml", GAUGE).err(), None);
    for (old, new, part) in SLIPS {
        let told = told(old, new);
        assert!(told.iter().any(|told| told.contains(part)), "{old} -> {new}: {told:#?}\n{part}");
        assert!(told.iter().all(|told| told.starts_with("devices/gauge.toml:")), "{told:#?}");
    }
}
