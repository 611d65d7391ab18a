//! What an order says, read before its handler runs: who signs, no query, the body, and for a change of a
//! paper its id and the version that was seen. It looks at the form only.

use axum::RequestExt as _;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::sign::Signed;
use crate::serve::App;
use crate::serve::problem::{FieldError, Problem};
use crate::serve::query::NoQuery;
use crate::serve::station::Id;

/// A body of JSON, without a query.
pub(in crate::serve) struct Said<T>(pub(in crate::serve) T);

/// An order that asks for something new.
pub(in crate::serve) struct New<T> {
    /// Who signs it.
    pub(in crate::serve) signed: Signed,
    /// What it says.
    pub(in crate::serve) form: T,
}

/// An order about one paper, of which a version was seen.
pub(in crate::serve) struct Change<T> {
    /// The paper.
    pub(in crate::serve) id: String,
    /// Who signs it; it names a version.
    pub(in crate::serve) signed: Signed,
    /// What it says.
    pub(in crate::serve) form: T,
}

impl<T: DeserializeOwned> FromRequest<App> for Said<T> {
    type Rejection = Response;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, Response> {
        let _: NoQuery = request.extract_parts().await.map_err(Problem::into_response)?;
        let body = Bytes::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        read(&body).map(Self).map_err(Problem::into_response)
    }
}

impl<T: DeserializeOwned> FromRequest<App> for New<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let signed = Signed::from_request_parts(&mut parts, app).await.map_err(Problem::into_response)?;
        let Said(form) = Said::from_request(Request::from_parts(parts, body), app).await?;
        Ok(Self { signed, form })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Change<T> {
    type Rejection = Response;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, Response> {
        let Id(id) = request.extract_parts().await.map_err(Problem::into_response)?;
        let New { signed, form } = New::from_request(request, app).await?;
        if signed.if_match.is_none() {
            return Err(Problem::unconditional().into_response());
        }
        Ok(Self { id, signed, form })
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|why| {
        FieldError::new("body", format!("can't be read: {why}"), "/openapi.json says what it holds").into()
    })
}
