//! What the report of a large study costs: 100 strategies x 10 seeds x 2,000 steps.

use serde_json::Value;

use super::figure::{Bound, Figure};

/// Seconds from the logs to the last file.
const REPORT: Bound = Bound::AtMost(3.0);

/// Megabytes of the page beyond the chart script itself.
const PAGE: Bound = Bound::AtMost(2.0);

/// The lines of `reporting`, from `crates/lrlab-analysis/benches/reporting.rs`.
pub(super) fn figures(reporting: &Value) -> Vec<Figure> {
    let own = |name: &str| reporting[name].as_f64();
    vec![
        Figure::new("report of 1,000 runs x 2,000 steps", "s", own("report_s")).wanted(Some(REPORT)),
        Figure::new("its logs read", "s", own("read_s")),
        Figure::new("its strategies compared", "s", own("compare_s")),
        Figure::new("its files made and written", "s", own("write_s")),
        Figure::new("its peak memory", "MB", own("peak_mb")),
        Figure::new("its page, without the chart script", "MB", own("page_mb")).wanted(Some(PAGE)),
        Figure::new("its curves as CSV", "MB", own("curves_csv_mb")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn time_and_page_have_a_bound() {
        let missed = |measured: Value| -> Vec<String> {
            figures(&measured).into_iter().filter(Figure::is_missed).map(|figure| figure.name).collect()
        };
        assert!(missed(json!({ "report_s": 3.0, "page_mb": 2.0 })).is_empty());
        assert_eq!(
            missed(json!({ "report_s": 3.1, "page_mb": 2.1 })),
            ["report of 1,000 runs x 2,000 steps", "its page, without the chart script"]
        );
        assert_eq!(missed(json!({})).len(), 2, "what was not measured is missed");
    }
}
