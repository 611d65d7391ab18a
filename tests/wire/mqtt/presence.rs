//! Who is there: last wills, births that a broker keeps, and our own.

use baolu::clock::Clock;
use baolu::event::{Event, StationHealth, StationState};
use sensors::station::StationIx;

use super::place::place;
use crate::peer::collector::Collector;
use crate::peer::mosquitto::{Mosquitto, Watcher};
use crate::peer::skip;

const STATIONS: [(&str, &str); 3] = [("a", "[\"stage\"]"), ("b", "[\"stage\"]"), ("c", "[\"stage\"]")];

/// One post of its own, and two behind a gateway.
const LINE: &str = r#"subscription = [
  { topic = "posts/{station}/stage", stations = ["a"], type = "post", health_topic = "posts/{station}/status" },
  { topic = "gateway/b", station = "b", type = "post", health_topic = "gateway/status" },
  { topic = "gateway/c", station = "c", type = "post", health_topic = "gateway/status" },
]"#;

async fn health(collector: &mut Collector) -> StationHealth {
    loop {
        match collector.event().await {
            Event::Station(health) => return health,
            Event::Stray(stray) => panic!("{stray:?}"),
            _ => {}
        }
    }
}

/// A publisher whose will stands on a topic; it dies with a kill.
fn with_will(broker: &Mosquitto, topic: &str) -> Watcher {
    let will = ["--will-topic", topic, "--will-payload", "offline", "--will-qos", "1", "--will-retain"];
    let mut watcher = broker.watch("marker", &will);
    // A word on its topic, which the broker keeps until it has come, says that it is connected.
    broker.publish_bytes("marker", b"x", &["-r"]);
    assert_eq!(watcher.next(), "x");
    watcher
}

#[tokio::test]
async fn a_will_says_who_is_cut_off_and_a_kept_birth_is_no_news() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    broker.publish_bytes("posts/a/status", b"online", &["-r"]);
    let city = place(&STATIONS, broker.port, LINE);
    let mut collector = Collector::start(&city, Clock::wall(), 64);
    let kept = health(&mut collector).await;
    assert_eq!((kept.stations, kept.state, kept.is_news), (vec![StationIx(0)], StationState::Online, false));

    let mut gateway = with_will(&broker, "gateway/status");
    gateway.kill();
    let cut = health(&mut collector).await;
    assert_eq!(cut.stations, [StationIx(1), StationIx(2)], "everybody behind the gateway");
    assert_eq!(cut.state, StationState::Offline { why: "gateway/status".to_owned() });
    assert!(cut.is_news);
    broker.publish("gateway/status", ["online"]);
    assert_eq!(health(&mut collector).await.state, StationState::Online);
    assert!(collector.stop().await.is_empty());

    // The session is the old one, and what the broker keeps is told all the same: as it is, not as news.
    let mut again = Collector::start(&city, Clock::wall(), 64);
    let mut kept = [health(&mut again).await, health(&mut again).await];
    kept.sort_by_key(|health| health.stations.clone());
    assert!(kept.iter().all(|health| !health.is_news), "{kept:?}");
    assert_eq!(
        kept[1].state,
        StationState::Offline { why: "gateway/status".to_owned() },
        "the will was kept"
    );
    again.stop().await;
}

#[tokio::test]
async fn words_that_mean_nothing_and_names_that_nobody_has_change_nobody() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let mut collector = Collector::start(&place(&STATIONS, broker.port, LINE), Clock::wall(), 64);
    collector.up().await;
    broker.publish("gateway/status", ["perhaps"]);
    broker.publish("posts/zzz/status", ["offline"]);
    assert_eq!(collector.stray().await.place, "gateway/status");
    let stray = collector.stray().await;
    assert!(stray.why.contains("\"zzz\" is not configured"), "{stray:?}");
    assert!(collector.stop().await.is_empty());
}

#[tokio::test]
async fn others_can_see_whether_we_listen() {
    for version in ["", "version = \"3.1.1\"\n"] {
        let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
        let line = format!("{version}status_topic = \"baolu/hue/status\"\n{LINE}");
        let city = place(&STATIONS, broker.port, &line);
        let mut watcher = broker.watch("baolu/hue/status", &[]);
        let mut collector = Collector::start(&city, Clock::wall(), 64);
        collector.up().await;
        assert_eq!(watcher.next(), "online");
        collector.crash();
        assert_eq!(watcher.next(), "offline", "by our will");
        let mut collector = Collector::start(&city, Clock::wall(), 64);
        collector.up().await;
        assert_eq!(watcher.next(), "online");
        collector.stop().await;
        assert_eq!(watcher.next(), "offline", "by our farewell");
    }
}
