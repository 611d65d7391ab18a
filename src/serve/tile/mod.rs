//! Tiles: what the newest snapshot, or the store of a past moment, shows on a map.
//!
//! Makes features of the state and keeps encoded tiles by what they were made of; encoding is the crate `maps`.

use utoipa::OpenApi;

use super::route::Route;

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi()]
pub(in crate::serve) struct Doc;
