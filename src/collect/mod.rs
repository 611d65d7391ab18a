//! Collectors: one task owns one line.
