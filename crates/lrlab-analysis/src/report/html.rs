//! One page that works offline: the template filled in, with the figures' data and every script inside.

use minijinja::{Environment, context, syntax::SyntaxConfig};
use plotly::Plot;

use super::{Artifact, Format, Report, ReportError, figures, page};

/// `report.html`.
pub(super) static FORMAT: Format = Format {
    name: "html",
    file: "report.html",
    doc: "One page with interactive figures, the table and the rules; works offline and loads nothing.",
    render,
};

const FILE: &str = "report.html";
const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(include_str!("figures.js"), include_str!("page.js"));

fn render(report: &Report) -> Result<Vec<Artifact>, ReportError> {
    let (data, shown) = figures::data(report)?;
    let sources = Plot::offline_js_sources();
    let plotly = plotly_script(&sources)?;
    let failed =
        |error: minijinja::Error| ReportError::Render { file: FILE.to_owned(), why: format!("{error:#}") };

    let mut environment = Environment::new();
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?);
    environment.add_template(FILE, TEMPLATE).map_err(failed)?;
    let html = environment
        .get_template(FILE)
        .and_then(|template| {
            template.render(context! {
                page => page::page(report, &shown),
                nonce => nonce(&data),
                style => STYLE,
                data => data,
                script => SCRIPT,
                plotly => plotly,
            })
        })
        .map_err(failed)?;
    Ok(vec![Artifact { name: FILE.to_owned(), bytes: html.into_bytes() }])
}

/// The text of plotly.js alone, out of the script elements that the crate offers with `MathJax`.
fn plotly_script(sources: &str) -> Result<&str, ReportError> {
    sources
        .split("<script type=\"text/javascript\">")
        .filter_map(|element| element.split_once("</script>"))
        .map(|(text, _)| text)
        .find(|text| text.contains("window.Plotly = Plotly"))
        .ok_or_else(|| ReportError::Render {
            file: FILE.to_owned(),
            why: "plotly.js is not where it was".to_owned(),
        })
}

/// A word that the page's own scripts carry and nothing smuggled into the page can know beforehand,
/// since it depends on all the data; the same data give the same word (FNV-1a, 128 bits).
fn nonce(data: &str) -> String {
    let hash = data.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plotly_is_taken_without_mathjax() {
        let sources = Plot::offline_js_sources();
        let script = plotly_script(&sources).unwrap();
        assert!(script.contains("plotly.js v") && script.len() > 1_000_000 && script.len() < 5_500_000);
        assert!(!script.contains("</script"));
        assert!(plotly_script("<script type=\"text/javascript\">else</script>").is_err());
    }
}
