//! The house ring: rules of the house that the compiler does not check.

#[cfg(test)]
mod dependency;
#[cfg(test)]
mod source;

use std::path::Path;

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
