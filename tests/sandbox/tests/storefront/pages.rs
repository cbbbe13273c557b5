use std::collections::BTreeSet;

use crate::support::Shop;

/// The files of the pages, as they lie in the sources.
pub(crate) fn sources(extension: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storefront/static");
    let entries = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let of_kind = entries.filter(|path| path.extension().is_some_and(|found| found == extension));
    let mut files: Vec<(String, String)> = of_kind
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            (name, std::fs::read_to_string(&path).expect("text"))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no .{extension}");
    files
}

/// The values of an attribute.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let mark = format!(" {name}=\"");
    html.match_indices(&mark).filter_map(|(at, _)| html[at + mark.len()..].split('"').next()).collect()
}

#[tokio::test]
async fn every_file_is_served_and_nothing_else() {
    let shop = Shop::start().await;
    for (extension, kind) in
        [("js", "text/javascript; charset=utf-8"), ("css", "text/css; charset=utf-8"), ("svg", "image/svg+xml")]
    {
        for (name, text) in sources(extension) {
            let answer = shop.get(&format!("/static/{name}")).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, kind), "{name}");
            assert_eq!(answer.text(), text);
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
    }
    for path in ["/", "/return", "/return?merchant_uid=a&status=paid"] {
        let answer = shop.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
    }
    for path in ["/nothing", "/static/", "/static/index.html", "/static/../mod.rs", "/index.html", "/favicon.ico"] {
        assert_eq!(shop.get(path).await.status, 404, "{path}");
    }
    assert_eq!(shop.send("HEAD", "/", &[], "").await.status, 200);
    assert_eq!(shop.send("POST", "/", &[], "").await.status, 405);
}

#[tokio::test]
async fn nothing_runs_but_our_scripts_and_iamports() {
    let shop = Shop::start().await;
    let billing_api = shop.customer("jisu").await.get("/api/session").await.json();
    let billing_api = billing_api["billing_api"].as_str().expect("a URL").to_owned();
    for path in ["/", "/return", "/static/shop.js", "/nothing"] {
        let answer = shop.get(path).await;
        let expected = format!(
            "default-src 'none'; script-src 'self' http://127.0.0.1:8010/v1/iamport.js; style-src 'self'; \
             img-src 'self'; connect-src 'self' {billing_api}; form-action 'none'; base-uri 'none'; \
             frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        );
        assert_eq!(answer.header("content-security-policy"), expected, "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin-allow-popups");
        assert_eq!(answer.header("x-frame-options"), "DENY");
    }
    let api = shop.get("/api/session").await;
    assert_eq!(api.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(api.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn the_pages_live_under_their_own_policy() {
    let shop = Shop::start().await;
    for path in ["/", "/return"] {
        let html = shop.get(path).await.text().to_owned();
        assert!(!html.contains("{{"), "{path}: a placeholder is left");
        assert!(!html.contains("<style") && !html.contains(" style="), "{path}: inline style");
        assert!(!html.contains(" on"), "{path}: inline handler");
        let scripts = html.matches("<script").count();
        let sources = attributes(&html, "src");
        assert_eq!(scripts, html.matches("</script>").count());
        assert_eq!(html.matches("></script>").count(), scripts, "{path}: inline script");
        for address in sources.into_iter().chain(attributes(&html, "href")) {
            match address {
                "http://127.0.0.1:8010/v1/iamport.js" => assert_eq!(path, "/"),
                local if local.starts_with('/') => assert_eq!(shop.get(local).await.status, 200, "{local}"),
                fragment => {
                    let id = fragment.strip_prefix('#').expect("a fragment");
                    assert!(attributes(&html, "id").contains(&id), "{path}: {fragment}");
                }
            }
        }
        let ids = attributes(&html, "id");
        let different: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(different.len(), ids.len(), "{path}: an id twice");
        for label in attributes(&html, "for").into_iter().chain(attributes(&html, "aria-labelledby")) {
            assert!(different.contains(label), "{path}: {label} labels nothing");
        }
        for tag in ["input", "select"] {
            for (at, _) in html.match_indices(&format!("<{tag} ")) {
                let element = html[at..].split('>').next().expect("an element");
                let id = attributes(element, "id").first().copied().expect("an id");
                assert!(attributes(&html, "for").contains(&id), "{path}: {id} has no label");
            }
        }
    }
    for (name, script) in sources("js") {
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style"] {
            assert!(!script.contains(sink), "{name}: {sink}");
        }
    }
}

#[tokio::test]
async fn every_element_that_a_script_looks_for_is_there() {
    let shop = Shop::start().await;
    let ids_of = async |path: &str| {
        let html = shop.get(path).await.text().to_owned();
        attributes(&html, "id").into_iter().map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let (shop_ids, return_ids) = (ids_of("/").await, ids_of("/return").await);
    for (name, script) in sources("js") {
        let ids = if name == "return.js" { &return_ids } else { &shop_ids };
        for (at, mark) in script.match_indices("$(\"") {
            let id = script[at + mark.len()..].split('"').next().expect("an id");
            assert!(ids.contains(id), "{name}: there is no #{id}");
        }
    }
}

#[test]
fn the_integration_fits_into_the_readme() {
    let (_, script) = sources("js").into_iter().find(|(name, _)| name == "billing.js").expect("billing.js");
    let (_, rest) = script.split_once("// README: begin\n").expect("its begin");
    let (snippet, _) = rest.split_once("// README: end\n").expect("its end");
    assert!((10..=30).contains(&snippet.lines().count()), "{} lines", snippet.lines().count());
    for needed in ["IMP.request_pay(", "IMP.init(", "/checkout", "/complete", "imp_uid"] {
        assert!(snippet.contains(needed), "{needed}");
    }
    // An outcome is never taken from the window.
    assert!(!script.contains(".success") && !script.contains("paid_amount"));
}
