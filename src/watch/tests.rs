//! The promises of one decision after the other, on the city of Huế as it is configured.

#[cfg(feature = "demo")]
mod batch;
mod clock;
mod cut;
mod draft;
mod inferred;
mod law;
mod order;
mod pace;
mod restart;
mod review;
mod rig;
mod rule;
mod sight;
#[cfg(feature = "demo")]
mod storm;
mod telemetry;
mod undelivered;
mod writer;
