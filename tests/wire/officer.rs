//! What officers do over HTTP and at the keyboard, with the real binary.

mod attack;
mod backtest;
mod cap;
mod draft;
mod duty;
mod foreign;
mod story;
mod typed;
mod warning;
