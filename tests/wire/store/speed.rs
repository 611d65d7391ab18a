//! Figures for `docs/store.md`, printed on demand:
//! `cargo test --release --test wire -- --ignored --nocapture store::speed`.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use sensors::station::SensorIx;
use sensors::time::Timestamp;

use super::town::{Writer, gauges, minute, of_readings, reading, stage_at};

/// So many sensors as a city has.
const SENSORS: usize = 200;

/// How long each size of commit is tried.
const EACH: Duration = Duration::from_secs(3);

/// What the disk takes by itself, over a file that is there already as the log is.
fn bare(path: &Path) -> Duration {
    let file = File::create(path).unwrap();
    let mut times = Vec::new();
    for page in 0..400 {
        let at = Instant::now();
        file.write_all_at(&[1; 4096], page % 200 * 4096).unwrap();
        file.sync_data().unwrap();
        if page >= 200 {
            times.push(at.elapsed());
        }
    }
    times.sort_unstable();
    times[times.len() / 2]
}

#[test]
#[ignore = "prints figures; run it in release on a quiet machine"]
fn how_fast_readings_become_durable() {
    let dir = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    let mut writer = Writer::open(dir.path(), &gauges(SENSORS));
    println!("a bare write of 4 KiB with fdatasync: median {:?}", bare(&dir.path().join("bare")));
    let mut n = 0_i64;
    for batch in [1, 64, 512, 2_000, 5_000] {
        let (began, mut readings, mut times) = (Instant::now(), 0, Vec::new());
        while began.elapsed() < EACH {
            let commit = (0..batch).map(|_| {
                n += 1;
                reading((n % SENSORS as i64) as u32, minute(n / SENSORS as i64), n)
            });
            let commit = of_readings(commit.collect());
            let at = Instant::now();
            writer.commit(&commit);
            times.push(at.elapsed());
            readings += batch;
        }
        let rate = f64::from(readings) / began.elapsed().as_secs_f64();
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "commits of {batch}: {rate:.0} readings/s; median {:?}, p99 {:?}, max {:?}",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
    let began = Instant::now();
    let found = writer.store.recent_readings(SensorIx(0), Timestamp::MIN).unwrap().len();
    println!("{n} readings kept; {found} of one sensor restored in {:?}", began.elapsed());
    let (reader, began) = (writer.store.reader(1).unwrap(), Instant::now());
    let all = (Timestamp::MIN, Timestamp::MAX);
    let page = reader.series(&stage_at("gauge-7"), all, None, None, 1_000).unwrap().items.len();
    println!("a page of {page} in {:?}", began.elapsed());
    let size = |name: &str| std::fs::metadata(dir.path().join(name)).map_or(0, |file| file.len());
    println!("database {} bytes, log {} bytes", size("baolu.db"), size("baolu.db-wal"));
}
