//! A place in one call: what is in force there, what the gauges near it say, and whom to ask.
//!
//! Reads the newest snapshot; decides nothing.

use utoipa::OpenApi;

use super::route::Route;

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi()]
pub(in crate::serve) struct Doc;
