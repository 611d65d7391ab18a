//! The binary `baolu`.
#![allow(missing_docs)]

fn main() {}
