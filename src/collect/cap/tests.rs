//! Feeds on a real socket and a folder on a real disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use tokio::net::TcpListener;

use super::*;
use crate::cap::read::config::Feed;

fn message(number: &str) -> String {
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{number}</identifier><sender>a@b</sender>\
         <sent>2025-11-16T21:00:00+07:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>\
         <info><category>Met</category><event>x</event><urgency>Expected</urgency><severity>Severe</severity>\
         <certainty>Likely</certainty><area><areaDesc>a</areaDesc><circle>16.45,107.6 5</circle></area></info></alert>"
    )
}

struct Rig {
    cancel: CancellationToken,
    tracker: TaskTracker,
    inbox: mpsc::Receiver<Envelope>,
    board: Arc<Board>,
}

fn start(sources: &Sources) -> Rig {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (sender, inbox) = mpsc::channel(16);
    let (cancel, tracker) = (CancellationToken::new(), TaskTracker::new());
    let square = geo::Rect::new((107.4, 16.3), (107.8, 16.6)).to_polygon();
    let (board, clock) = (Arc::new(Board::default()), Clock::wall());
    run(sources, vec![MultiPolygon(vec![square])], (&board, clock), &sender, &cancel, &tracker);
    tracker.close();
    Rig { cancel, tracker, inbox, board }
}

impl Rig {
    /// The next alert; the writer has it on disk at once.
    async fn next(&mut self) -> Heard {
        let envelope =
            tokio::time::timeout(Duration::from_secs(30), self.inbox.recv()).await.unwrap().unwrap();
        envelope.receipt.unwrap().give();
        match envelope.events.into_iter().next() {
            Some(Event::Foreign(heard)) => *heard,
            other => panic!("{other:?}"),
        }
    }

    async fn end(self) {
        self.cancel.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.tracker.wait()).await.unwrap();
    }
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn until(what: &str, is_true: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_true() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited in vain for {what}");
}

fn feed(name: &str, url: String) -> Feed {
    Feed { name: name.to_owned(), url, interval: Duration::from_millis(30), ca: None }
}

#[tokio::test]
async fn a_feed_is_asked_conditionally_each_message_is_fetched_once_and_no_other_host_is_asked() {
    let (same, fetched) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (seen, got) = (Arc::clone(&same), Arc::clone(&fetched));
    let list = move |asked: HeaderMap| async move {
        if asked.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == "\"1\"") {
            seen.fetch_add(1, Ordering::SeqCst);
            return StatusCode::NOT_MODIFIED.into_response();
        }
        let entry =
            |href: &str| format!("<entry><link type=\"application/cap+xml\" href=\"{href}\"/></entry>");
        let entries =
            [entry("http://127.0.0.2:1/x"), entry("bad.cap"), entry("a.cap"), entry("a.cap")].concat();
        let body = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\">{entries}</feed>");
        ([(header::ETAG, "\"1\"")], body).into_response()
    };
    let one = move || async move {
        got.fetch_add(1, Ordering::SeqCst);
        message("N1")
    };
    let router = Router::new()
        .route("/index", get(list))
        .route("/a.cap", get(one))
        .route("/bad.cap", get(|| async { "<!DOCTYPE a><a/>" }));
    let base = serve(router).await;
    let sources = Sources { feeds: vec![feed("a", format!("{base}/index"))], ..Sources::default() };
    let mut rig = start(&sources);
    let heard = rig.next().await;
    assert_eq!((heard.source.as_str(), heard.message.identifier.as_str()), ("a", "N1"));
    assert_eq!(heard.touch, Touch::City);
    until("answers that nothing changed", || same.load(Ordering::SeqCst) >= 2).await;
    assert_eq!(fetched.load(Ordering::SeqCst), 1);
    assert!(rig.inbox.try_recv().is_err(), "nothing else is heard");
    let sources = rig.board.sources();
    let why: Vec<&str> = sources[0].refusals.iter().map(|refused| refused.why.as_str()).collect();
    assert_eq!((sources[0].taken, sources[0].refused), (1, 2), "{sources:?}");
    assert!(why[0].contains("document type") && why[1].contains("another host"), "{why:?}");
    rig.end().await;
}

#[tokio::test]
async fn a_feed_that_fails_redirects_or_is_endless_does_not_stop_and_takes_nothing_in() {
    let turns = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&turns);
    let answer = move || async move {
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            1 => (StatusCode::FOUND, [(header::LOCATION, "/secret")]).into_response(),
            2 => "x".repeat(5 * 1024 * 1024).into_response(),
            3 => "<html/>".into_response(),
            _ => message("late").into_response(),
        }
    };
    let router = Router::new().route("/m", get(answer)).route("/secret", get(|| async { message("secret") }));
    let base = serve(router).await;
    let sources = Sources { feeds: vec![feed("b", format!("{base}/m"))], ..Sources::default() };
    let mut rig = start(&sources);
    assert_eq!(rig.next().await.message.identifier, "late");
    rig.end().await;
}

#[tokio::test]
async fn a_file_is_read_once_when_it_is_whole_and_moved_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("a.cap"), message("F1")).unwrap();
    std::fs::write(at("b.xml"), message("F2").replace("<scope>Public</scope>", "")).unwrap();
    std::fs::write(at("c.txt"), "not ours").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", at("d.cap")).unwrap();
    let scan_interval = Duration::from_millis(20);
    let sources = Sources { folder: Some(dir.path().to_owned()), scan_interval, ..Sources::default() };
    let mut rig = start(&sources);
    assert_eq!(rig.next().await.message.identifier, "F1");
    until("both files moved", || at("done/a.cap").exists() && at("refused/b.xml").exists()).await;
    let report = std::fs::read_to_string(at("refused/b.xml.report.txt")).unwrap();
    assert!(report.contains("needed is <scope>"), "{report}");
    assert!(at("c.txt").exists() && at("d.cap").exists() && rig.inbox.try_recv().is_err());
    rig.end().await;
}
