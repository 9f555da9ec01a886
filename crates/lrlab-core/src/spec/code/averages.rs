//! Averages of the weights, by PyTorch's `AveragedModel`.

use std::fmt::Write;

use super::Code;
use crate::{
    Horizon,
    spec::{AverageKind, Strategy, torch_text::float_text},
};

impl Code {
    /// The averages that the strategy keeps, and what updates them.
    pub(super) fn averages(&mut self, strategy: &Strategy, horizon: Horizon) {
        for average in &strategy.averages {
            self.averaging.insert("AveragedModel");
            let name = average.kind.word();
            let judged = if average.judged { "  # judge the training by it" } else { "" };
            match average.kind {
                AverageKind::Ema { decay } => {
                    self.averaging.insert("get_ema_multi_avg_fn");
                    let decay = float_text(decay);
                    let _ = writeln!(
                        self.body,
                        "{name} = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn({decay})){judged}"
                    );
                    self.after_update.push(format!("{name}.update_parameters(model)"));
                }
                AverageKind::Swa { from, every } => {
                    let _ = writeln!(self.body, "{name} = AveragedModel(model){judged}");
                    let (from, every) = (from.steps(horizon).max(1), every.steps(horizon).max(1));
                    let due = match every {
                        1 => format!("step >= {from}"),
                        _ => format!("step >= {from} and (step - {from}) % {every} == 0"),
                    };
                    self.after_update.push(format!("if {due}:"));
                    self.after_update.push(format!("    {name}.update_parameters(model)"));
                }
            }
        }
    }
}
