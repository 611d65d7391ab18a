//! Officers at work over the real service: what they order, and what goes out.

#[cfg(test)]
mod cap;
