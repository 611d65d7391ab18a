//! What an operator may write of a broker, and what is refused.

use std::fmt::Write as _;

use crate::city::City;
use crate::line::topic::TopicTemplate;
use crate::line::{MqttLine, MqttVersion, Naming, Protocol};
use crate::station::StationIx;

const CITY: &str = "slug = \"hue\"\nname = \"Huế\"\nutc_offset_min = 420\n\
    bounds = { south_deg = 15.0, north_deg = 17.0, west_deg = 107.0, east_deg = 109.0 }\n";
const ZONES: &str = "[[zone]]\nid = \"z\"\ncode = \"1\"\nname = \"Z\"\npopulation = 1\nlat_deg = 16.5\nlon_deg = 108.5\n\
    boundary = \"official\"\noutlines_deg = [[[108.4, 16.4], [108.6, 16.4], [108.6, 16.6], [108.4, 16.4]]]\n";
const POST: &str = "protocol = \"mqtt\"\ntitle = \"A post\"\nformat = \"plain\"\n\
    health = { online = [\"online\"], offline = [\"offline\"] }\n[[field]]\nparameter = \"stage\"\n";
const MUTE: &str =
    "protocol = \"mqtt\"\ntitle = \"A post\"\nformat = \"plain\"\n[[field]]\nparameter = \"stage\"\n";
const NODE: &str = "protocol = \"mqtt\"\ntitle = \"A node\"\nformat = \"sparkplug\"\n[[field]]\nparameter = \"stage\"\nmetric = \"S\"\n";

/// A city of three stage stations `a`, `b`, `c` whose one broker has these keys.
fn files(line: &str) -> Vec<(String, String)> {
    let mut stations = String::from("[defaults.stage]\nspan_m = [-2, 10]\ninterval_s = 600\n");
    for id in ["a", "b", "c"] {
        write!(
            stations,
            "[[station]]\nid = \"{id}\"\nkind = \"stage\"\nname = \"{id}\"\nlat_deg = 16.5\nlon_deg = 108.5\n\
             zones = [\"z\"]\nsensors = [\"stage\"]\n"
        )
        .unwrap();
    }
    let line = format!(
        "[[line]]\nname = \"broker\"\nprotocol = \"mqtt\"\naddress = \"b:1883\"\nclient_id = \"baolu\"\n{line}\n"
    );
    let named = [
        ("city.toml", CITY),
        ("stations.toml", &stations),
        ("zones.toml", ZONES),
        ("basins.toml", ""),
        ("lines.toml", &line),
        ("devices/post.toml", POST),
        ("devices/mute.toml", MUTE),
        ("devices/node.toml", NODE),
    ];
    named.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

fn line(text: &str) -> MqttLine {
    let city = City::parse(&files(text)).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    match &city.lines[0].protocol {
        Protocol::Mqtt(line) => line.clone(),
        Protocol::Modbus(_) | Protocol::Folder(_) => panic!("no MQTT line"),
    }
}

fn told(text: &str) -> String {
    let mistakes = City::parse(&files(text)).err().unwrap_or_default();
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

const ALL: &str = "{ topic = \"hue/{station}/stage\", stations = [\"a\", \"b\", \"c\"], type = \"post\" }";

#[test]
fn one_line_of_configuration_takes_every_station_of_a_kind() {
    let text = format!("session_expiry_s = 60\nstatus_topic = \"baolu/hue/status\"\nsubscription = [{ALL}]");
    let line = line(&text);
    assert_eq!(line.version, MqttVersion::V5);
    assert_eq!(line.status_topic.as_deref(), Some("baolu/hue/status"));
    let template = &line.templates[0];
    assert_eq!((template.topic.filter().as_str(), &template.naming), ("hue/+/stage", &Naming::Topic));
    assert_eq!(template.sources.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(line.sensors().len(), 3);
}

#[test]
fn a_health_topic_is_of_one_station_or_of_all_behind_a_gateway() {
    let line = line(
        "version = \"3.1.1\"\nsubscription = [\
         { topic = \"p/{station}/v\", stations = [\"a\"], type = \"post\", health_topic = \"p/{station}/s\" },\
         { topic = \"g/b\", station = \"b\", type = \"post\", health_topic = \"g/s\" },\
         { topic = \"g/c\", station = \"c\", type = \"post\", health_topic = \"g/s\" }]",
    );
    assert_eq!(line.version, MqttVersion::V3);
    assert_eq!(line.health.len(), 2);
    assert_eq!(line.health[0].stations["a"], [StationIx(0)]);
    assert_eq!(line.health[1].topic, TopicTemplate::parse("g/s").unwrap());
    assert_eq!(line.health[1].stations[""], [StationIx(1), StationIx(2)]);
}

#[test]
fn devices_of_a_network_server_and_nodes_of_sparkplug_name_their_stations() {
    let line = line(
        "session_expiry_s = 60\ntls = { ca = \"/ca.pem\", certificate = \"/c.pem\", key = \"/c.key\" }\n\
         subscription = [{ topic = \"up\", device_pointer = \"/eui\", device = [\
         { dev_eui = \"A84041FFFF123456\", station = \"a\", type = \"post\" },\
         { id = \"swl-1\", station = \"b\", type = \"post\" }] }]\n\
         sparkplug = { group = \"hue\", host = \"baolu\", source = [\
         { node = \"n\", device = \"d\", station = \"c\", type = \"node\" }] }",
    );
    assert_eq!(line.templates[0].naming, Naming::Payload("/eui".to_owned()));
    assert_eq!(line.templates[0].sources.keys().collect::<Vec<_>>(), ["a84041ffff123456", "swl-1"]);
    let nodes = line.sparkplug.as_ref().unwrap();
    assert_eq!(nodes.state_topic().as_deref(), Some("spBv1.0/STATE/baolu"));
    assert_eq!((nodes.stations.as_slice(), nodes.sources[0].node.as_str()), (&[StationIx(2)][..], "n"));
    assert!(line.tls.unwrap().client.is_some());
    assert_eq!(line.templates.len() + nodes.sources.len(), 2);
}

#[test]
fn what_would_be_heard_twice_or_by_the_wrong_one_is_refused() {
    let with = |more: &str| format!("session_expiry_s = 60\n{more}");
    let of = |more: &str| with(&format!("subscription = [{ALL}, {more}]"));
    let cases = [
        (of("{ topic = \"hue/a/stage\", station = \"a\", type = \"post\" }"), "a message could fit"),
        (of("{ topic = \"{_}/x/{_}\", station = \"a\", type = \"post\" }"), "a message could fit"),
        (of("{ topic = \"hue/+/stage\", station = \"a\", type = \"post\" }"), "is no topic"),
        (of("{ topic = \"$share/g/hue\", station = \"a\", type = \"post\" }"), "is no topic"),
        (
            of("{ topic = \"hue/{name}\", station = \"a\", type = \"post\" }"),
            "none of {station}, {device} and {_}",
        ),
        (
            of("{ topic = \"x\", station = \"a\", type = \"mute\", health_topic = \"s\" }"),
            "the type says nothing of health",
        ),
        (
            of("{ topic = \"x\", station = \"a\", type = \"post\", health_topic = \"{station}/s\" }"),
            "names somebody that the subscription does not",
        ),
        (of("{ topic = \"x/{device}\" }"), "needed are { dev_eui or id, station, type }"),
        (
            of(
                "{ topic = \"x/{device}\", device = [{ dev_eui = \"a8\", station = \"a\", type = \"post\" }] }",
            ),
            "is no device EUI",
        ),
        (with("version = \"3.1.1\""), "MQTT 3.1.1 can't say how long"),
        (with("version = \"4\""), "allowed is one of 3.1.1, 5"),
        (with("tls = { certificate = \"/c.pem\" }"), "a client certificate has a key"),
        (with("tls = { ca = \"-----BEGIN CERTIFICATE-----\" }"), "allowed is the path of a file"),
        (with("tls = { verify = false }"), "the key is unknown"),
        (with("status_topic = \"a/{_}\""), "allowed is a topic without braces"),
        (
            with(
                "status_topic = \"s\"\nsparkplug = { group = \"g\", host = \"h\", source = [{ node = \"n\", station = \"a\", type = \"node\" }] }",
            ),
            "a connection has one last will",
        ),
        (
            with(
                "sparkplug = { group = \"g/h\", source = [{ node = \"n\", station = \"a\", type = \"node\" }] }",
            ),
            "is no name of Sparkplug",
        ),
        (
            with(
                "sparkplug = { group = \"g\", source = [{ node = \"n\", station = \"a\", type = \"post\" }] }",
            ),
            "the type is none of Sparkplug",
        ),
        (
            with(
                "subscription = [{ topic = \"{_}/g/NDATA/{_}\", station = \"b\", type = \"post\" }]\n\
                 sparkplug = { group = \"g\", source = [{ node = \"n\", station = \"a\", type = \"node\" }] }",
            ),
            "overlaps the topics of sparkplug",
        ),
    ];
    for (text, part) in cases {
        let told = told(&text);
        assert!(told.contains(part), "{text}\nshould be told {part:?}:\n{told}");
    }
}
