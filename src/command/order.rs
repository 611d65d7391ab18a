//! `baolu enter` and `baolu trust`: an officer's orders to the service that runs on this machine.
//!
//! It writes nothing by itself: what is not answered is not done, and may be sent again.

use std::net::SocketAddr;
use std::time::Duration;

use sensors::quality::Check;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::command::cli::{Failure, Language};

/// How long the service may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What both orders name.
#[derive(Clone, Debug, clap::Args)]
pub struct OrderArgs {
    /// The station.
    #[arg(long)]
    pub station: String,
    /// What it measures.
    #[arg(long, default_value = "stage")]
    pub parameter: String,
    /// The sensor's name where the station measures the parameter twice.
    #[arg(long)]
    pub sensor: Option<String>,
    /// Who signs: an id of officers.toml.
    #[arg(long, value_name = "OFFICER")]
    pub by: String,
    /// Where the service listens on this machine.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub server: SocketAddr,
    /// The order's key; without it one that follows from what is ordered.
    #[arg(long)]
    pub key: Option<String>,
    /// Language of the answer.
    #[arg(long, value_enum, default_value = "vi")]
    pub lang: Language,
}

/// `baolu enter`.
#[derive(Clone, Debug, clap::Args)]
pub struct EnterArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub order: OrderArgs,
    /// The number that was read.
    #[arg(long, allow_negative_numbers = true)]
    pub value: f64,
    /// Its unit; it must be the parameter's.
    #[arg(long, default_value = "m")]
    pub unit: String,
    /// When it was read, RFC 3339 with an offset, as 2025-11-16T21:00:00+07:00; now, where absent.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Seconds that a depth of rain covers.
    #[arg(long)]
    pub period_s: Option<u32>,
    /// What for, in your words; it stands in the ledger.
    #[arg(long)]
    pub note: Option<String>,
}

/// `baolu trust`.
#[derive(Clone, Debug, clap::Args)]
pub struct TrustArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub order: OrderArgs,
    /// What was done about the gauge; it stands in the ledger.
    #[arg(long)]
    pub note: String,
}

/// Enters a reading and says how it was judged.
///
/// # Errors
/// What is wrong with the order, or why nobody answered.
pub async fn enter(args: EnterArgs) -> Result<(), Failure> {
    let EnterArgs { order, value, unit, at, period_s, note } = args;
    let at = match at {
        Some(at) => at,
        None => now(&order).await?,
    };
    let body = json!({
        "parameter": order.parameter, "sensor": order.sensor, "value": value, "unit": unit,
        "measured_at": at, "period_s": period_s, "note": note,
    });
    let answer = give(&order, "entries", &at, &body).await?;
    println!("{}", entered(&order, &answer, value, &unit));
    Ok(())
}

/// What became of a reading, and what follows where it is doubted.
fn entered(order: &OrderArgs, answer: &Json, value: f64, unit: &str) -> String {
    let text = |key: &str| answer.get(key).and_then(Json::as_str);
    let (sensor, by) = (text("sensor").unwrap_or("-"), &order.by);
    let check = Check::ALL.into_iter().find(|check| Some(check.as_str()) == text("check"));
    let (vi, en) = check.map(Check::words).unwrap_or_default();
    let repeated = text("outcome") == Some("repeated");
    match order.lang {
        Language::Vi => {
            let value = value.to_string().replace('.', ",");
            match text("quality") {
                _ if repeated => format!("{sensor}: {value} {unit} đã được ghi từ trước, không ghi lần nữa"),
                Some("suspect") => format!(
                    "Đã ghi {sensor}: {value} {unit}, nghi ngờ ({vi}), người ký {by}. Số đọc bị nghi ngờ chỉ báo cho trực ban; hãy đọc lại và nhập thêm một lần"
                ),
                Some("rejected") => format!("Đã ghi {sensor}: {value} {unit}, bị loại ({vi}), người ký {by}"),
                _ => format!("Đã ghi {sensor}: {value} {unit}, người ký {by}"),
            }
        }
        Language::En => match text("quality") {
            _ if repeated => format!("{sensor}: {value} {unit} was entered before and is not entered again"),
            Some("suspect") => format!(
                "Entered {sensor}: {value} {unit}, suspect ({en}), signed by {by}. A suspect reading tells officers only; read it again and enter it once more"
            ),
            Some("rejected") => format!("Entered {sensor}: {value} {unit}, rejected ({en}), signed by {by}"),
            _ => format!("Entered {sensor}: {value} {unit}, signed by {by}"),
        },
    }
}

/// Ends what is held against a sensor.
///
/// # Errors
/// What is wrong with the order, or why nobody answered.
pub async fn trust(args: TrustArgs) -> Result<(), Failure> {
    let TrustArgs { order, note } = args;
    let body = json!({ "parameter": order.parameter, "sensor": order.sensor, "note": note });
    // A gauge that fails again after the same repair must not be taken for an order that was done.
    let at = now(&order).await?;
    let answer = give(&order, "trust", &at, &body).await?;
    let sensor = answer.get("sensor").and_then(Json::as_str).unwrap_or_default();
    let repeated = answer.get("outcome").and_then(Json::as_str) == Some("repeated");
    println!(
        "{}",
        match (order.lang, repeated) {
            (Language::Vi, false) => format!("{sensor} được tin dùng trở lại, người ký {}", order.by),
            (Language::Vi, true) =>
                format!("{sensor}: lệnh này đã thực hiện từ trước, không thực hiện lần nữa"),
            (Language::En, false) => format!("{sensor} is trusted again, signed by {}", order.by),
            (Language::En, true) => format!("{sensor}: this order was done before and is not done again"),
        }
    );
    Ok(())
}

/// The moment by the service's clock, which in an exercise is not ours.
async fn now(order: &OrderArgs) -> Result<String, Failure> {
    let live = client(order)?.get(format!("http://{}/health/live", order.server)).send().await;
    let live = live.map_err(|why| unreached(order, &why))?.json::<Json>().await;
    let live = live.map_err(|why| unreached(order, &why))?;
    let now = live.get("generated_at").and_then(Json::as_str);
    now.map(str::to_owned).ok_or_else(|| unreached(order, &"it does not say what time it is"))
}

fn client(order: &OrderArgs) -> Result<reqwest::Client, Failure> {
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build();
    client.map_err(|why| unreached(order, &why))
}

fn unreached(order: &OrderArgs, why: &dyn std::fmt::Display) -> Failure {
    let hint = "is `baolu serve` running there? Nothing is known to be done; send it again";
    Failure::Running(format!("asking the service at {}: {why}; {hint}", order.server))
}

/// Orders; `at` belongs to the key, so that the same words at another time are another order.
async fn give(order: &OrderArgs, act: &str, at: &str, body: &Json) -> Result<Json, Failure> {
    let bytes = body.to_string();
    let key = order.key.clone().unwrap_or_else(|| {
        format!("{:x}", Sha256::digest(format!("{} {act} {} {at} {bytes}", order.by, order.station)))
    });
    let failed = |why: &dyn std::fmt::Display| unreached(order, why);
    let station = &order.station;
    if station.is_empty() || !station.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        let allowed = "an id has letters, digits and `-` only; /api/v1/stations lists every station";
        return Err(Failure::Input(vec![format!("--station: {station:?} is no station; {allowed}")]));
    }
    let asked = client(order)?
        .post(format!("http://{}/api/v1/stations/{station}/{act}", order.server))
        .header("baolu-officer", &order.by)
        .header("idempotency-key", key.get(..64).unwrap_or(&key))
        .header("content-type", "application/json")
        .body(bytes);
    let response = asked.send().await.map_err(|why| failed(&why))?;
    let status = response.status();
    let answer: Json = response.json().await.map_err(|why| failed(&why))?;
    if status.is_success() {
        return Ok(answer);
    }
    let detail = answer.get("detail").and_then(Json::as_str).unwrap_or("it did not say why");
    if status.is_server_error() { Err(failed(&detail)) } else { Err(Failure::Input(vec![detail.to_owned()])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_officer_reads_in_words_that_a_reading_is_doubted_and_what_follows() {
        let mut order = OrderArgs {
            station: "phu-oc".to_owned(),
            parameter: "stage".to_owned(),
            sensor: None,
            by: "truc-ban".to_owned(),
            server: SocketAddr::from(([127, 0, 0, 1], 1)),
            key: None,
            lang: Language::Vi,
        };
        let answer = json!({
            "outcome": "done", "sensor": "phu-oc/stage", "quality": "suspect", "check": "rate_of_change",
        });
        let said = entered(&order, &answer, 6.02, "m");
        assert!(said.contains("6,02 m, nghi ngờ (thay đổi nhanh bất thường)"), "{said}");
        order.lang = Language::En;
        let said = entered(&order, &answer, 6.02, "m");
        assert!(said.contains("officers only"), "{said}");
        let good = json!({ "outcome": "done", "sensor": "phu-oc/stage", "quality": "good" });
        assert_eq!(entered(&order, &good, 3.02, "m"), "Entered phu-oc/stage: 3.02 m, signed by truc-ban");
    }
}
