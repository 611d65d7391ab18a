//! Other authorities' feeds as nginx serves them: asked conditionally, within bounds, trusted by their own
//! authority only; and what officers do with what they say.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use baolu::cap::read::config::{Feed, Sources};
use baolu::clock::Clock;
use baolu::collect::cap::{Board, Source, run};
use baolu::desk::foreign::Heard;
use baolu::event::{Envelope, Event};
use sensors::time::{Span, Timestamp};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::peer::authority::Authority;
use crate::peer::baolu::{City, PATIENCE, Service, until};
use crate::peer::nginx::Nginx;
use crate::peer::skip;

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// A moment in so many minutes, as CAP writes it.
fn moment(minutes: i64) -> String {
    let at = Clock::real_now().plus(Span::from_min(minutes)).ms() / 1000 * 1000;
    Timestamp::from_ms(at).to_string().replace('Z', "-00:00")
}

/// An alert: its number, when it was sent, its kind and more elements behind it, its headline.
fn alert(number: &str, minutes: i64, more: &str, headline: &str) -> String {
    let (kind, references) = if more.is_empty() { ("Alert", "") } else { ("Update", more) };
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{number}</identifier>\
         <sender>kttv@example.vn</sender><sent>{}</sent><status>Actual</status><msgType>{kind}</msgType>\
         <scope>Public</scope>{references}<info><language>vi</language><category>Met</category><event>Lũ</event>\
         <urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty><expires>{}</expires>\
         <senderName>Đài KTTV</senderName><headline>{headline}</headline><area><areaDesc>Huế</areaDesc>\
         <polygon>16.4,107.5 16.5,107.5 16.5,107.6 16.4,107.5</polygon></area></info></alert>",
        moment(minutes),
        moment(600),
    )
}

/// A feed with alerts inside its entries and links beside them.
fn atom(inside: &[String], links: &[&str]) -> String {
    let inside = inside.iter().map(|alert| {
        format!("<entry><title>x</title><content type=\"application/cap+xml\">{alert}</content></entry>")
    });
    let links = links
        .iter()
        .map(|href| format!("<entry><link type=\"application/cap+xml\" href=\"{href}\"/></entry>"));
    format!("<feed xmlns=\"{ATOM}\">{}</feed>", inside.chain(links).collect::<String>())
}

struct Rig {
    board: Arc<Board>,
    inbox: mpsc::Receiver<Envelope>,
    cancel: CancellationToken,
    tracker: TaskTracker,
}

impl Rig {
    /// Asks these feeds every 50 ms.
    fn start(feeds: &[(&str, String)]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let feed = |(name, url): &(&str, String)| Feed {
            name: (*name).to_owned(),
            url: url.clone(),
            interval: Duration::from_millis(50),
            ca: None,
        };
        let sources = Sources { feeds: feeds.iter().map(feed).collect(), ..Sources::default() };
        let (sender, inbox) = mpsc::channel(16);
        let (board, cancel, tracker) =
            (Arc::new(Board::default()), CancellationToken::new(), TaskTracker::new());
        run(&sources, Vec::new(), (&board, Clock::wall()), &sender, &cancel, &tracker);
        Self { board, inbox, cancel, tracker }
    }

    async fn next(&mut self) -> Heard {
        let envelope = tokio::time::timeout(PATIENCE, self.inbox.recv()).await.unwrap().unwrap();
        envelope.receipt.unwrap().give();
        match envelope.events.into_iter().next() {
            Some(Event::Foreign(heard)) => *heard,
            other => panic!("{other:?}"),
        }
    }

    fn source(&self, name: &str) -> Source {
        self.board.sources().into_iter().find(|source| source.name == name).unwrap()
    }

    /// Waits until something holds of a source.
    async fn until(&self, name: &str, what: &str, holds: impl Fn(&Source) -> bool) -> Source {
        for _ in 0..4500 {
            let source = self.source(name);
            if holds(&source) {
                return source;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{what} in vain: {:?}", self.source(name));
    }

    async fn end(self) {
        self.cancel.cancel();
        self.tracker.close();
        tokio::time::timeout(PATIENCE, self.tracker.wait()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_feed_of_nginx_is_asked_conditionally_and_compressed_and_what_stands_inside_is_read_once() {
    let Some(server) = Nginx::start(None, "gzip on; gzip_types *; gzip_min_length 1;") else {
        return skip("nginx");
    };
    server.put("b.cap", &alert("N2", 0, "", "Lũ trên sông Bồ"));
    let broken = alert("N3", 0, "", "x").replace("<scope>Public</scope>", "");
    let inside = [alert("N1", 0, "", "Lũ trên sông Hương"), broken];
    server.put("feed.atom", &atom(&inside, &["b.cap"]));
    let mut rig = Rig::start(&[("national", server.url("feed.atom"))]);
    let (first, second) = (rig.next().await.message, rig.next().await.message);
    assert_eq!((first.identifier.as_str(), second.identifier.as_str()), ("N1", "N2"));
    assert_eq!(first.infos[0].headline.as_deref(), Some("Lũ trên sông Hương"));
    let asked = || server.asked("/feed.atom");
    until("answers that nothing changed", || {
        asked().iter().filter(|(status, ..)| *status == 304).count() > 2
    });
    let asked = asked();
    assert_eq!(asked.iter().filter(|(status, ..)| *status == 200).count(), 1, "{asked:?}");
    assert_eq!((asked[0].0, asked[0].2.as_str()), (200, "gzip"));
    assert_eq!(server.asked("/b.cap").len(), 1);

    // The same feed written anew: another tag, the same words.
    server.put("feed.atom", &(atom(&inside, &["b.cap"]) + "\n<!-- again -->"));
    until("the new file", || {
        server.asked("/feed.atom").iter().filter(|(status, ..)| *status == 200).count() == 2
    });
    let source = rig.until("national", "a good turn", |source| source.fault.is_none()).await;
    assert_eq!((source.taken, source.refused, source.refusals.len()), (2, 1, 1), "{source:?}");
    assert!(source.refusals[0].why.contains("<scope>"), "{source:?}");
    assert!(
        source.good_at >= source.asked_at.map(|at| at.minus(Span::from_min(1)))
            && rig.inbox.try_recv().is_err()
    );
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_feed_of_200_mb_a_bomb_and_a_redirect_are_cut_off_and_told_and_harm_no_other() {
    let more = "location /moved { return 302 /good.cap; }\nlocation /bomb { gzip on; gzip_types *; }";
    let Some(server) = Nginx::start(None, more) else { return skip("nginx") };
    server.put_zeros("big.xml", 200_000_000);
    server.put_zeros("bomb.xml", 200_000_000);
    server.put("good.cap", &alert("N1", 0, "", "x"));
    server.put("half.cap", &alert("N2", 0, "", "x")[..300]);
    let names = ["big.xml", "bomb.xml", "moved", "half.cap", "good.cap"];
    let feeds: Vec<_> = names.iter().map(|name| (*name, server.url(name))).collect();
    let mut rig = Rig::start(&feeds);
    assert_eq!(rig.next().await.message.identifier, "N1");
    let why = |source: &Source| source.fault.as_ref().map(|fault| fault.why.clone()).unwrap_or_default();
    for (name, part) in [
        ("big.xml", "longer than 4194304 bytes"),
        ("bomb.xml", "longer than 4194304 bytes"),
        ("moved", "sends elsewhere (302), which is not followed"),
        ("half.cap", "no feed"),
    ] {
        let source = rig.until(name, part, |source| why(source).contains(part)).await;
        assert!(source.good_at.is_none() && source.taken == 0, "{source:?}");
    }
    until("nginx wrote what it sent", || !server.asked("/big.xml").is_empty());
    // What nginx had put into the socket when the line was cut is more than what was read.
    let sent = server.asked("/big.xml")[0].1;
    assert!(sent < 40_000_000, "{sent} bytes of 200 MB were sent");
    let good = || server.asked("/good.cap").iter().filter(|(status, ..)| *status == 200).count();
    until("nginx wrote that it served", || good() == 1);
    rig.end().await;
}

/// A question with its answer: the status and the body.
fn ask(service: &Service, path: &str, order: Option<(&str, &str, u64, Json)>) -> (u16, Json) {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (method, signed, body) =
        order.map_or(("GET", String::new(), String::new()), |(by, key, seen, body)| {
            let signed =
                format!("Baolu-Officer: {by}\r\nIdempotency-Key: {key}\r\nIf-Match: \"v{seen}\"\r\n");
            ("POST", signed, body.to_string())
        });
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\
         Content-Type: application/json\r\n{signed}Connection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or(Json::Null))
}

/// Who vouches for the server counts; no address shows a key; what failed is told.
fn sources_say_how_they_are(service: &Service) {
    until("every source was asked", || {
        let sources = ask(service, "/api/v1/foreign-alerts/sources", None).1;
        sources["sources"].as_array().unwrap().iter().all(|source| source["fault"] != Json::Null)
    });
    let text = ask(service, "/api/v1/foreign-alerts/sources", None).1;
    let sources = text["sources"].as_array().unwrap();
    assert!(!text.to_string().contains("secret"), "{text}");
    assert!(sources[0]["fault"]["why"].as_str().unwrap().contains("404"), "{text}");
    assert_eq!((&sources[0]["taken"], &sources[1]["taken"]), (&json!(4), &json!(0)));
    assert!(sources[2]["fault"]["why"].as_str().unwrap().contains("absent.pem"), "{text}");
    assert_eq!(service.metric("baolu_cap_taken_total", "national"), 4);
}

/// Quotes an alert, not without the version and a ward of the city; gives the bulletin's id.
fn quoted(service: &Service, good: &str) -> String {
    let path = format!("/api/v1/foreign-alerts/{good}/quote");
    let frame = |zone: &str| json!({ "hazard": "flood", "zones": [zone] });
    let (status, wrong) = ask(service, &path, Some(("truc-ban", "k1", 1, frame("nowhere"))));
    assert_eq!((status, &wrong["errors"][0]["field"]), (400, &json!("zones")), "{wrong}");
    let (status, _) = ask(service, &path, Some(("truc-ban", "k2", 7, frame("kim-long"))));
    assert_eq!(status, 412);
    let (status, done) = ask(service, &path, Some(("truc-ban", "k3", 1, frame("kim-long"))));
    assert_eq!((status, &done["paper"]["kind"]), (200, &json!("typed")), "{done}");
    let (status, again) = ask(service, &path, Some(("truc-ban", "k3", 1, frame("kim-long"))));
    assert_eq!((status, &again["outcome"]), (200, &json!("repeated")), "{again}");
    let typed = done["paper"]["id"].as_str().unwrap();
    let (_, bulletin) = ask(service, &format!("/api/v1/bulletins/{typed}"), None);
    let fields = &bulletin["fields"];
    assert_eq!((&fields["issuer"], &fields["number"]), (&json!("Đài KTTV"), &json!("N1")), "{bulletin}");
    let (status, _) = ask(service, &format!("/api/v1/warnings/{typed}"), None);
    assert_eq!(status, 200, "it waits for a second officer");
    typed.to_owned()
}

#[test]
fn a_feed_that_contradicts_itself_and_goes_back_in_time_is_shown_as_such_quoted_and_put_aside() {
    let mut authority = Authority::new();
    let issued = authority.issue("server", "localhost", 30);
    let Some(server) = Nginx::start(Some(&issued), "") else { return skip("nginx") };
    let refers = format!("<references>kttv@example.vn,N1,{}</references>", moment(-30));
    let list = [
        alert("N1", -30, "", "Lũ trên sông Hương"),
        alert("N1", -30, "", "Khác hẳn"),
        alert("N0", -50, &refers, "Cũ hơn"),
        alert("N5", -1, "", "Không phải vùng của ta"),
    ];
    server.put("feed.atom", &atom(&list, &["gone.cap"]));
    let city = City::copy();
    let feed = |name: &str, ca: &str| {
        format!(
            "[[in.feed]]\nname = \"{name}\"\nurl = \"{}?key=secret\"\ninterval_s = 10\n{ca}",
            server.url("feed.atom")
        )
    };
    let ca = format!("ca = {:?}\n", authority.ca().to_str().unwrap());
    let lost = format!("ca = {:?}\n", authority.path("absent.pem").to_str().unwrap());
    let table = [feed("national", &ca), feed("stranger", ""), feed("lost", &lost)].concat();
    city.edit("cap.toml", "\n[in.profile]\n", &format!("\n{table}[in.profile]\n"));
    let service = Service::start(&city, &city.beside("data"), &[]);
    let papers =
        || ask(&service, "/api/v1/foreign-alerts/papers", None).1["papers"].as_array().unwrap().clone();
    until("four alerts at the desk", || papers().len() == 4);
    let standing = |number: &str| {
        let papers = papers();
        let of = papers.iter().filter(|paper| paper["alert"]["identifier"] == number);
        of.map(|paper| paper["standing"].as_str().unwrap().to_owned())
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(standing("N1"), ["contradiction".to_owned(), "in_force".to_owned()].into());
    assert_eq!(standing("N0"), ["backwards".to_owned()].into());

    sources_say_how_they_are(&service);
    let id = |headline: &str| {
        let papers = papers();
        let mut of = papers.iter().filter(|paper| paper["alert"]["said"][0]["headline"] == headline);
        of.next().unwrap()["alert"]["id"].as_str().unwrap().to_owned()
    };
    let good = id("Lũ trên sông Hương");
    let (_, shown) = ask(&service, &format!("/api/v1/foreign-alerts/{good}/paper"), None);
    assert_eq!(shown["alert"]["places"][0]["polygons"][0][0], json!([107.5, 16.4]), "{shown}");
    let (_, listed) = ask(&service, "/api/v1/foreign-alerts?shapes=true", None);
    assert!(listed["alerts"][0]["places"].is_array(), "{listed}");

    let typed = quoted(&service, &good);
    let other = id("Không phải vùng của ta");
    let path = format!("/api/v1/foreign-alerts/{other}/dismiss");
    let (status, done) =
        ask(&service, &path, Some(("truc-ban", "k4", 1, json!({ "reason": "Ngoài địa bàn" }))));
    assert_eq!((status, &done["paper"]["version"]), (200, &json!(2)), "{done}");
    let (status, _) = ask(&service, &format!("/api/v1/foreign-alerts/{other}"), None);
    assert_eq!((status, standing("N5")), (404, ["dismissed".to_owned()].into()));
    assert_eq!(service.terminate(), Some(0));
    let service = Service::start(&city, &city.beside("data"), &[]);
    let (_, shown) = ask(&service, &format!("/api/v1/foreign-alerts/{good}/paper"), None);
    assert_eq!(shown["quoted_in"], json!([typed]), "{shown}");
    assert_eq!(service.terminate(), Some(0));
}
