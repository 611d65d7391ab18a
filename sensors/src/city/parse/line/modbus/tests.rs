//! Promises of the words that a Modbus line is configured with.

use super::*;
use crate::city::City;
use crate::city::parse::tests::{mistake, with};
use crate::line::Protocol;

const TCP: &str = "protocol = \"modbus_tcp\"\naddress = \"127.0.0.1:15021\"";
const SERIAL: &str = "protocol = \"modbus_serial\"\naddress = \"/dev/ttyS1\"\nbaud_rate = 9600";
const DEVICE: &str = "unit = 1, station = \"phu-ninh\", type = \"counter\", poll_interval_s = 300";

fn line(new: &str) -> ModbusLine {
    let city = City::parse(&with("lines.toml", TCP, new)).unwrap();
    let Protocol::Modbus(line) = &city.lines[0].protocol else { panic!("no Modbus line") };
    line.clone()
}

fn serial(more: &str) -> SerialPort {
    let Transport::Serial(port) = line(&format!("{SERIAL}\n{more}")).transport else { panic!("no port") };
    port
}

#[test]
fn a_serial_bus_is_spoken_as_the_standard_says_where_nothing_else_is_said() {
    let port = serial("");
    assert_eq!((port.parity, port.stop_bits, port.gap_us), (Parity::Even, 1, 4011));
    let port = serial("parity = \"none\"\ndata_bits = 8");
    assert_eq!(
        (port.parity, port.stop_bits),
        (Parity::None, 2),
        "a stop bit takes the place of the parity bit"
    );
    let port = serial("parity = \"odd\"\nstop_bits = 2\nframe_gap_us = 10000");
    assert_eq!((port.parity, port.stop_bits, port.gap_us), (Parity::Odd, 2, 10_000));
}

#[test]
fn rtu_frames_may_travel_over_tcp() {
    let said = "protocol = \"modbus_rtu_tcp\"\naddress = \"127.0.0.1:4001\"\nconnection = \"close\"\nsettle_ms = 500";
    let line = line(said);
    assert_eq!(line.transport, Transport::RtuTcp { gap_us: RTU_TCP_GAP_US });
    assert_eq!((line.closes, line.settle), (true, Span::from_ms(500)));
}

#[test]
fn a_device_may_sleep_pause_and_hurry() {
    let more = format!("{DEVICE}, storm_poll_interval_s = 60, pause_ms = 250, wake_ms = 800");
    let city = City::parse(&with("lines.toml", DEVICE, &more)).unwrap();
    let Protocol::Modbus(line) = &city.lines[0].protocol else { panic!("no Modbus line") };
    let device = &line.devices[0];
    assert_eq!(device.storm_poll_interval, Some(Span::from_s(60)));
    assert_eq!((device.pause, device.wake), (Span::from_ms(250), Some(Span::from_ms(800))));
}

#[test]
fn a_storm_that_is_no_faster_is_a_mistake() {
    let more = format!("{DEVICE}, storm_poll_interval_s = 300");
    let told = mistake("lines.toml", DEVICE, &more);
    let expected = "a storm is no faster than the ordinary 300 s; allowed is less than poll_interval_s";
    assert!(told.contains("storm_poll_interval_s") && told.ends_with(expected), "{told}");
}

#[test]
fn the_units_of_a_bus_are_1_to_247_and_over_tcp_all_are_allowed() {
    let files = |protocol: &str, unit: &str| {
        let mut files = with("lines.toml", TCP, protocol);
        let lines = files.iter_mut().find(|(name, _)| name == "lines.toml").unwrap();
        lines.1 = lines.1.replace("unit = 1", unit);
        City::parse(&files)
    };
    for (unit, wrong) in [
        ("unit = 0", "unit 0 speaks to the whole bus, and nobody answers it; allowed is 1 to 247"),
        ("unit = 248", "unit 248 is reserved on a bus; allowed is 1 to 247"),
    ] {
        let told = files(SERIAL, unit).unwrap_err();
        assert!(told[0].to_string().ends_with(wrong), "{told:#?}");
    }
    for unit in ["unit = 0", "unit = 255"] {
        assert!(files(TCP, unit).is_ok());
    }
}

#[test]
fn each_wrong_word_of_a_bus_is_one_mistake() {
    for (said, wrong) in [
        ("protocol = \"modbus_serial\"\naddress = \"ttyS1\"\nbaud_rate = 9600", "is no whole path"),
        ("protocol = \"modbus_serial\"\naddress = \"/dev/ttyS1\"", "baud_rate"),
        ("protocol = \"modbus_rtu_tcp\"\naddress = \"/dev/ttyS1\"", "is no address"),
        ("protocol = \"modbus_tcp\"\naddress = \"127.0.0.1:1\"\nbaud_rate = 9600", "baud_rate"),
        (&format!("{SERIAL}\ndata_bits = 7"), "allowed is 8 to 8"),
        (&format!("{SERIAL}\nparity = \"mark\""), "allowed is one of none, even, odd"),
        (&format!("{SERIAL}\nconnection = \"sometimes\""), "allowed is one of keep, close"),
    ] {
        let told = mistake("lines.toml", TCP, said);
        assert!(told.contains(wrong), "{said}: {told}");
    }
}
