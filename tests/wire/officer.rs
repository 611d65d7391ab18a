//! What officers do over HTTP and at the keyboard, with the real binary.

mod cap;
mod backtest;
mod draft;
mod duty;
mod typed;
mod warning;
