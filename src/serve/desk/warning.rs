//! Warnings over HTTP: what waits and what is in force, the checks before a signature and before an
//! all-clear, and the officers' orders. It reads forms; what may be done is decided by the writer.

mod form;
mod order;
mod show;

use axum::routing::{MethodRouter, get, post};
use utoipa::OpenApi;

use crate::serve::App;
use crate::serve::route::{CHANGE, Limits, MEMORY, Route, STORE};

/// Bulletins in several languages, with room; a longer body is refused.
const LETTER: Limits = Limits { body_bytes: 65_536, timeout_s: Some(15), at_once: 8 };

/// An order about one warning.
const fn change(operation: &'static str, path: &'static str, mount: fn() -> MethodRouter<App>) -> Route {
    Route::order(operation, path, LETTER, CHANGE, mount)
}

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route::local("list_warnings", "/api/v1/warnings", MEMORY, &[400, 403], || get(show::list)).tagged(),
    Route::local("show_warning", "/api/v1/warnings/{id}", STORE, &[400, 403, 404], || get(show::one)),
    Route::local("list_warning_versions", "/api/v1/warnings/{id}/versions", STORE, &[400, 403, 404], || {
        get(show::versions)
    })
    .tagged(),
    Route::local("show_warning_area", "/api/v1/warnings/{id}/area", MEMORY, &[400, 403, 404], || {
        get(show::area)
    })
    .tagged(),
    Route::local(
        "show_warning_preflight",
        "/api/v1/warnings/{id}/preflight",
        MEMORY,
        &[400, 403, 404],
        || get(show::preflight),
    )
    .tagged(),
    change("approve_warning", "/api/v1/warnings/{id}/approve", || post(order::approve)),
    change("decline_warning", "/api/v1/warnings/{id}/decline", || post(order::decline)),
    change("extend_warning", "/api/v1/warnings/{id}/extend", || post(order::extend)),
    change("acknowledge_warning", "/api/v1/warnings/{id}/acknowledge", || post(order::acknowledge)),
    change("assign_warning", "/api/v1/warnings/{id}/assign", || post(order::assign)),
    change("comment_warning", "/api/v1/warnings/{id}/comment", || post(order::comment)),
    change("update_warning", "/api/v1/warnings/{id}/update", || post(order::update)),
    change("clear_warning", "/api/v1/warnings/{id}/all-clear", || post(order::all_clear)),
    change("cancel_warning", "/api/v1/warnings/{id}/cancel", || post(order::cancel)),
    change("supersede_warning", "/api/v1/warnings/{id}/supersede", || post(order::supersede)),
];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    show::list,
    show::one,
    show::versions,
    show::area,
    show::preflight,
    order::approve,
    order::decline,
    order::extend,
    order::acknowledge,
    order::assign,
    order::comment,
    order::update,
    order::all_clear,
    order::cancel,
    order::supersede
))]
pub(in crate::serve) struct Doc;
