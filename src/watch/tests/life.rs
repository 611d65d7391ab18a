//! The life of warnings, told as scores: what is measured and ordered when, and what must follow.

mod desk;
mod fuse;
mod group;
mod order;
mod restart;
mod score;
mod story;
mod words;
