//! The OpenAPI document: written from the handlers and the route list, kept in `docs/openapi.json`.

use std::sync::LazyLock;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{OpenApi as Document, Ref};
use utoipa::{Modify, OpenApi};

use super::problem::{FieldError, Problem};
use super::query::{Query, Raw};
use super::route::{Access, Route, routes};
use super::{
    alert, answer, backtest, basin, cap, chart, desk, discharge, health, intake, latest, metric, open, order,
    page, place, proof, rain, reservoir, risk, station, stream, tile,
};

/// Problems that every route may give.
const EVERYWHERE: [u16; 5] = [405, 406, 413, 500, 503];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "baolu",
        description = "Real-time hydrology and flood early warning: stations, readings, alerts, live events. \
                       Every error is an RFC 9457 problem.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(
        station::list,
        station::show,
        station::series::list,
        rain::show,
        discharge::show,
        basin::list,
        basin::show,
        reservoir::list,
        reservoir::show,
        latest::show,
        alert::list,
        alert::show,
        order::reading::enter,
        order::reading::trust,
        stream::follow,
        health::station::show,
        health::live,
        health::ready,
        metric::show,
        show,
    ),
    components(schemas(Problem, FieldError))
)]
struct Api;

/// Writes the problems of the route list, and who may ask, into the document.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut Document) {
        for route in routes() {
            let item = document.paths.paths.get_mut(route.path);
            let Some(operation) = item
                .and_then(|item| if route.method == "POST" { item.post.as_mut() } else { item.get.as_mut() })
            else {
                continue;
            };
            if route.tagged {
                let same =
                    ResponseBuilder::new().description("Nothing changed since the tag in If-None-Match");
                operation.responses.responses.insert("304".to_owned(), same.build().into());
            }
            for status in route.problems.iter().chain(&EVERYWHERE) {
                let name = status.to_string();
                if operation.responses.responses.contains_key(&name) {
                    continue;
                }
                let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
                let response = ResponseBuilder::new()
                    .description(meaning(*status, route))
                    .content("application/problem+json", problem)
                    .build();
                operation.responses.responses.insert(name, response.into());
            }
        }
    }
}

fn meaning(status: u16, route: &Route) -> String {
    match (status, route.access) {
        (400, _) => "A key or a value of the question is not allowed; every mistake is named".to_owned(),
        (403, Access::Loopback | Access::Officer) => "Only programs on the same machine may ask".to_owned(),
        (409, _) => "It can't be carried out as things are; the detail says why".to_owned(),
        (404, _) => "There is nothing of that id".to_owned(),
        (413, _) => format!("The body is longer than {} bytes", route.limits.body_bytes),
        (503, _) => "Too many at once, or it took too long; ask again after Retry-After seconds".to_owned(),
        _ => StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default()
            .to_owned(),
    }
}

/// What everybody reads, joined with what each part brings.
fn whole() -> Document {
    let mut document = Api::openapi();
    let parts: [fn() -> Document; 15] = [
        cap::Doc::openapi,
        backtest::Doc::openapi,
        proof::Doc::openapi,
        risk::Doc::openapi,
        tile::Doc::openapi,
        chart::Doc::openapi,
        place::Doc::openapi,
        open::Doc::openapi,
        intake::Doc::openapi,
        page::Doc::openapi,
        desk::warning::Doc::openapi,
        desk::draft::Doc::openapi,
        desk::duty::Doc::openapi,
        desk::typed::Doc::openapi,
        desk::foreign::Doc::openapi,
    ];
    for part in parts {
        document.merge(part());
    }
    Problems.modify(&mut document);
    document
}

/// The document as it is served, and as it is kept in `docs/openapi.json`.
pub fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> =
        LazyLock::new(|| whole().to_pretty_json().unwrap_or_else(|_| "{}".to_owned()));
    &DOCUMENT
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "show_openapi", tag = "health",
    responses((status = 200, description = "The OpenAPI document", body = Object))
)]
pub(crate) async fn show(Raw(raw): Raw, asked: HeaderMap) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    Ok(answer::constant(&asked, document().as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_and_the_route_list_name_the_same_routes() {
        let document = whole();
        let told: BTreeSet<_> = document
            .paths
            .paths
            .iter()
            .flat_map(|(path, item)| {
                let operations = [&item.get, &item.post].into_iter().flatten();
                operations.map(|op| (path.clone(), op.operation_id.clone().unwrap_or_default()))
            })
            .collect();
        let listed = routes().map(|route| (route.path.to_owned(), route.operation.to_owned())).collect();
        assert_eq!(told, listed);
    }

    #[test]
    fn the_kept_document_is_the_served_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
        if std::env::var_os("BAOLU_WRITE_OPENAPI").is_some() {
            std::fs::write(path, document()).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == document(),
            "docs/openapi.json differs; BAOLU_WRITE_OPENAPI=1 cargo test writes it anew"
        );
    }
}
