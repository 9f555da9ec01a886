//! What strategies will do, as a chart.

use std::collections::BTreeMap;

use lrlab_core::{Field, Preview};

use super::{Chart, Curve, Panel, PlotError, Scale, Time};

/// More steps than this are no picture any more.
pub const MOST_STEPS: u64 = 20_000_000;

/// A preview under the name that a legend shows.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The name.
    pub label: &'a str,
    /// What it will do.
    pub preview: &'a Preview,
    /// Whether rates are shares of whatever rate the group has.
    pub shares: bool,
}

impl Chart {
    /// The learning rate of every group in a panel, and each other field that moves in one of its own.
    /// The axis of the learning rate is logarithmic where `log` says so.
    ///
    /// # Errors
    /// A training of more than [`MOST_STEPS`] steps, what `PyTorch` raises in its middle, and values that
    /// cannot be drawn.
    pub fn of_previews(shown: &[Shown<'_>], time: Time, log: bool) -> Result<Self, PlotError> {
        if time.total_steps > MOST_STEPS {
            return Err(PlotError::TooLong { steps: time.total_steps });
        }
        let mut panels: BTreeMap<Field, Vec<Curve>> = BTreeMap::new();
        for Shown { label, preview, .. } in shown {
            let raised = |error| PlotError::Plan { label: (*label).to_owned(), error };
            let single = preview.groups().len() == 1;
            for (index, group) in preview.groups().enumerate() {
                let label = if single { (*label).to_owned() } else { format!("{}: {label}", group.name) };
                for field in preview.moved(index) {
                    let values: Vec<f64> = preview.values(index, field).map_err(raised)?.collect();
                    if field == Field::Lr || values.iter().any(|value| *value != group.get(field)) {
                        panels.entry(field).or_default().push(Curve { label: label.clone(), values });
                    }
                }
            }
        }
        let shares = shown.iter().all(|shown| shown.shares);
        let panels = panels.into_iter().map(|(field, curves)| Panel {
            quantity: match field {
                Field::Lr if shares => "learning rate (share of the group's own)".to_owned(),
                Field::Lr => "learning rate".to_owned(),
                field => field.name().replace('_', " "),
            },
            scale: if log && field == Field::Lr { Scale::Log } else { Scale::Linear },
            curves,
        });
        Self::new(None, time, panels.collect())
    }
}

#[cfg(test)]
mod tests {
    use lrlab_core::Horizon;

    use super::*;

    const TIME: Time = Time { total_steps: 10, steps_per_epoch: None };

    fn preview(text: &str) -> Preview {
        Preview::new(&text.parse().unwrap(), Horizon::new(10, 1)).unwrap()
    }

    #[test]
    fn a_panel_is_drawn_for_each_field_that_moves() {
        let two = "for *.bias: sgd lr=0.2; for *: sgd lr=0.1 momentum=0.9 | cosine | momentum: linear to 50%";
        let preview = preview(two);
        let chart = |shares, log| {
            Chart::of_previews(&[Shown { label: "mine", preview: &preview, shares }], TIME, log).unwrap()
        };
        let drawn = chart(false, true);
        let labels =
            |panel: &Panel| -> Vec<String> { panel.curves.iter().map(|c| c.label.clone()).collect() };
        assert_eq!(labels(&drawn.panels()[0]), ["*.bias: mine", "*: mine"]);
        assert_eq!(labels(&drawn.panels()[1]), ["*: mine"]);
        assert_eq!(drawn.panels()[0].scale, Scale::Log);
        assert_eq!(drawn.panels()[1].scale, Scale::Linear);
        assert!(chart(true, false).panels()[0].quantity.contains("share"));
    }

    #[test]
    fn what_cannot_be_drawn_says_why() {
        let preview = preview("sgd lr=1 | torch OneCycleLR(max_lr=0.1, total_steps=5)");
        let shown = [Shown { label: "short", preview: &preview, shares: false }];
        let error = Chart::of_previews(&shown, TIME, false).unwrap_err().to_string();
        assert!(error.contains("short: OneCycleLR") && error.contains("Tried to step"), "{error}");
        let long = Time { total_steps: MOST_STEPS + 1, ..TIME };
        let error = Chart::of_previews(&shown, long, false).unwrap_err();
        assert_eq!(error, PlotError::TooLong { steps: MOST_STEPS + 1 });
    }
}
