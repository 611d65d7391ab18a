//! Secrets stay out of logs and out of the words for officers, whatever goes wrong.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use baolu::notify::delivery::{End, Target};
use baolu::notify::receiver::Receivers;
use baolu::notify::token::Tokens;
use simulator::phone::Trouble;

use super::rig::{Rig, bounds, delivery, open, phones, receivers, to};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs on one thread, so that everything that is logged is caught here.
#[tokio::test]
async fn no_secret_reaches_a_log_or_an_outcome() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // While there is one subscriber only, a line that a test on another thread reaches first is
    // switched off for this thread too; beside a second one each thread is asked for itself.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());

    let phones = phones().await;
    for (status, code) in [(503, "UNAVAILABLE"), (401, "UNAUTHENTICATED"), (400, "INVALID_ARGUMENT")] {
        phones.play(&Trouble::Answer { status, code, retry_after: None }, 1);
    }
    phones.play(&Trouble::Cut, 1);
    phones.play(&Trouble::Hang(Duration::from_secs(1)), 1);
    let phone = r#"{"receiver":"p1","token":"hush-device-token","zone":"thuan-hoa","lang":"vi"}"#;
    let hook = "[[webhook]]\nname = \"duty\"\nurl = \"http://127.0.0.1:1/hush-webhook-url\"\n\
                secret_env = \"DUTY_SECRET\"\n";
    let mut all = receivers(&phones).with_tokens(Tokens::parse("phones.jsonl", phone).unwrap());
    all.webhooks = Receivers::parse("receivers.toml", hook).unwrap().webhooks;
    all.bounds.request_timeout = Duration::from_millis(300);
    all.bounds.tries_max = 3;
    let account: serde_json::Value = serde_json::from_str(&phones.service_account_json()).unwrap();
    let key_line = account["private_key"].as_str().unwrap().lines().nth(1).unwrap().to_owned();

    let mut rig = Rig::start(open(&all), Vec::new());
    (0..5).for_each(|n| rig.intend(delivery(n)));
    rig.intend(to(6, Target::Token { receiver: "p1".to_owned() }));
    rig.intend(to(7, Target::Webhook { receiver: "duty".to_owned() }));
    let outcomes = rig.ends(7).await;
    assert!(outcomes.iter().filter(|outcome| matches!(outcome.end, End::Failed { .. })).count() >= 3);
    assert!(bounds().tries_max > 3, "the test has its own bound");

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a delivery failed") && log.contains("a try did not succeed"), "{log}");
    let told = format!("{log}{outcomes:?}{all:?}");
    for secret in ["hush", "ya29.", "Bearer ", "PRIVATE KEY", key_line.as_str(), "assertion=eyJ"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}
