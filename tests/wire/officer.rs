//! What officers do over HTTP and at the keyboard, with the real binary.

mod backtest;
mod cap;
mod draft;
mod duty;
mod typed;
mod warning;
