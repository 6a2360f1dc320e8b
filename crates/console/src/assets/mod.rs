//! The style sheet, the script and the icon: built in, and served under names that change with what is in them, so that a
//! browser may keep them for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use sha2::{Digest, Sha256};

struct Asset {
    text: String,
    media_type: &'static str,
    path: String,
}

impl Asset {
    fn new(name: &str, text: &str, media_type: &'static str) -> Self {
        let digest: [u8; 32] = Sha256::digest(text).into();
        let version = u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
        Self {
            text: text.to_owned(),
            media_type,
            path: format!("/console/assets/{version:016x}-{name}"),
        }
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "console.css",
        // Ours comes last, so that the workflow's picture takes our colours.
        &format!("{}\n{}", asl::graph::STYLESHEET, include_str!("console.css")),
        "text/css; charset=utf-8",
    )
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "console.js",
        include_str!("console.js"),
        "text/javascript; charset=utf-8",
    )
});
static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon.svg", include_str!("icon.svg"), "image/svg+xml"));

pub(crate) fn style_path() -> &'static str {
    &STYLE.path
}

pub(crate) fn script_path() -> &'static str {
    &SCRIPT.path
}

pub(crate) fn icon_path() -> &'static str {
    &ICON.path
}

/// `GET /console/assets/{name}`
pub(crate) async fn get_asset(Path(name): Path<String>) -> Response {
    let asset = [&STYLE, &SCRIPT, &ICON]
        .into_iter()
        .find(|asset| asset.path.rsplit('/').next() == Some(name.as_str()));
    let Some(asset) = asset else {
        return (StatusCode::NOT_FOUND, "There is no such file.").into_response();
    };
    let mut response = asset.text.as_str().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}
