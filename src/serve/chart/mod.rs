//! What a map needs besides tiles: `TileJSON`, style, glyphs, sprites, legend, the base map.
//!
//! Serves what stands in the binary and the configuration; nothing here comes from elsewhere at run time.

use utoipa::OpenApi;

use super::route::Route;

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi()]
pub(in crate::serve) struct Doc;
