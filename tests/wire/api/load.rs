//! How many questions a second; a figure for the reader, and a floor that only a fault would break.

use std::time::{Duration, Instant};

use super::house::House;
use crate::store::town::tick;

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_is_answered_hundreds_of_times_a_second() {
    let mut house = House::open().await;
    let seq = house.commit(tick(0));
    house.shows(seq).await;
    let began = Instant::now();
    let askers: Vec<_> = (0..8)
        .map(|_| {
            let (client, url) = (house.client.clone(), house.url("/api/v1/latest"));
            tokio::spawn(async move {
                let mut count = 0_u32;
                while began.elapsed() < Duration::from_secs(1) {
                    let response = client.get(&url).send().await.unwrap();
                    assert_eq!(response.status(), 200);
                    response.bytes().await.unwrap();
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut count = 0;
    for asker in askers {
        count += asker.await.unwrap();
    }
    let per_s = f64::from(count) / began.elapsed().as_secs_f64();
    println!("{per_s:.0} answers of /api/v1/latest a second over 8 connections");
    assert!(per_s > 100.0, "only {per_s:.0} a second");
    house.stop().await;
}
