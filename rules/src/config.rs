//! The rules and phrases of a city, read from TOML; every mistake at once.
