//! What both versions of the protocol promise, and how a line ends.

use baolu::clock::Clock;
use baolu::event::{Event, LineState};
use sensors::line::MqttVersion;
use sensors::time::Span;

use super::{JSON, PLAIN, line_of, stages, texts};
use crate::peer::collector::Collector;
use crate::peer::mosquitto::Mosquitto;
use crate::peer::skip;

const BOTH: [MqttVersion; 2] = [MqttVersion::V3, MqttVersion::V5];

async fn connected(broker: &Mosquitto, version: MqttVersion) -> Collector {
    let mut collector = Collector::start(&line_of(broker.port, version), Clock::wall(), 64);
    collector.up().await;
    broker.publish(PLAIN, ["0"]);
    assert_eq!(collector.raw().await, 0);
    collector
}

#[tokio::test]
async fn both_versions_bring_again_what_was_not_durable_and_nothing_else() {
    for version in BOTH {
        let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
        // A stop in peace: at a crash the acknowledgement of the marker could still be on its way.
        connected(&broker, version).await.stop().await;
        let mut collector = Collector::start(&line_of(broker.port, version), Clock::wall(), 64);
        collector.commits = false;
        let (published, expected) = stages(300);
        broker.publish(PLAIN, texts(&published));
        for raw in &expected {
            assert_eq!(collector.raw().await, *raw);
        }
        collector.crash();
        let mut second = Collector::start(&line_of(broker.port, version), Clock::wall(), 64);
        for raw in &expected {
            assert_eq!(second.raw().await, *raw, "{version:?}: without a receipt it comes again, in order");
        }
        assert_eq!(second.stop().await.len(), 0);
        let mut third = connected(&broker, version).await;
        broker.publish(PLAIN, ["7"]);
        assert_eq!(third.raw().await, 7000, "{version:?}: with a receipt it does not");
        third.stop().await;
    }
}

#[tokio::test]
async fn a_stop_right_after_a_backlog_leaves_no_acknowledgement_behind() {
    const WAITING: i64 = 20_000;
    for version in BOTH {
        let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
        connected(&broker, version).await.stop().await;
        let (published, _) = stages(WAITING);
        broker.publish(PLAIN, texts(&published));
        let mut collector = Collector::start(&line_of(broker.port, version), Clock::wall(), 64);
        while collector.raw().await < WAITING {}
        collector.stop().await;
        let mut again = connected(&broker, version).await;
        broker.publish(PLAIN, ["7"]);
        assert_eq!(again.raw().await, 7000, "{version:?}: none of the durable ones came again");
        again.stop().await;
    }
}

#[tokio::test]
async fn mqtt_3_waits_for_a_full_disk_with_bounded_memory() {
    const SENT: i64 = 30_000;
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let mut collector = connected(&broker, MqttVersion::V3).await;
    collector.commits = false;
    let (published, _) = stages(SENT);
    broker.publish(PLAIN, texts(&published));
    // It reads on only as far as it may owe acknowledgements: 5,120 messages.
    let mut last = 0;
    while last < 4096 {
        last = collector.raw().await;
    }
    broker.publish("hue/elsewhere", ["1"]);
    let mut more = 0;
    while let Some(events) = collector.envelope_at_hand() {
        more += events.len();
    }
    assert!(more <= 1024 + 256, "{more} more were read");
    collector.commits = true;
    collector.commit();
    // Where the broker cut us meanwhile, some come again; none is missing.
    while collector.raw().await < SENT {}
    collector.stop().await;
}

#[tokio::test]
async fn a_broker_that_grants_less_than_asked_is_told() {
    for version in BOTH {
        let Some(broker) = Mosquitto::start_with("allow_anonymous true\nmax_qos 0") else {
            return skip("mosquitto");
        };
        let mut collector = Collector::start(&line_of(broker.port, version), Clock::wall(), 64);
        collector.up().await;
        let strays = [collector.stray().await, collector.stray().await];
        assert!(strays.iter().all(|s| s.why.contains("QoS 0")), "{version:?} {strays:?}");
        collector.stop().await;
    }
}

#[tokio::test]
async fn a_broker_that_refuses_mqtt_3_is_told_in_words() {
    let Some(broker) = Mosquitto::start_with("allow_anonymous false") else { return skip("mosquitto") };
    let mut collector = Collector::start(&line_of(broker.port, MqttVersion::V3), Clock::wall(), 8);
    let LineState::Down { why } = collector.change().await else { panic!("nobody is let in") };
    assert_eq!(why, "the broker refused us: not authorized");
    collector.stop().await;
}

#[tokio::test]
async fn a_payload_cut_at_every_byte_is_a_stray_each_time_and_never_a_number() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let mut collector = connected(&broker, MqttVersion::V5).await;
    let whole = format!("{{\"at\":\"{}\",\"stage\":1.25}}", Clock::real_now());
    for end in 0..whole.len() {
        // An empty line of mosquitto_pub is an empty payload.
        broker.publish(JSON, [&whole[..end]]);
    }
    broker.publish(JSON, [whole.as_str()]);
    let mut strays = 0;
    loop {
        match collector.event().await {
            Event::Stray(_) => strays += 1,
            Event::Observed(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(strays >= whole.len().min(60), "{strays} of {}", whole.len());
    assert!(collector.stop().await.is_empty());
}

#[tokio::test]
async fn a_clock_that_is_a_day_off_costs_no_reading_on_the_wire() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let mut collector = connected(&broker, MqttVersion::V5).await;
    let now = Clock::real_now();
    for at in [now.minus(Span::from_h(24)), now.plus(Span::from_h(24))] {
        broker.publish(JSON, [format!("{{\"at\":\"{at}\",\"stage\":1.25}}").as_str()]);
        let seen = collector.observation().await;
        assert_eq!(seen.measured_at, at, "it keeps the time that it names");
        assert!(seen.arrived_at >= now, "and when it came, so that the difference can be judged");
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_password_that_is_not_there_is_told_and_the_line_goes_on_trying() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let line = "user = \"baolu\"\npassword_env = \"BAOLU_TEST_NO_SUCH_PASSWORD\"\n\
                subscription = [{ topic = \"a\", station = \"a\", type = \"post\" }]";
    let city = super::place::place(&[("a", "[\"stage\"]")], broker.port, line);
    let mut collector = Collector::start(&city, Clock::wall(), 8);
    let LineState::Down { why } = collector.change().await else { panic!("there is no password") };
    assert_eq!(why, "the environment variable BAOLU_TEST_NO_SUCH_PASSWORD holds no password");
    assert!(collector.is_running(), "it tries again");
    collector.stop().await;
}
