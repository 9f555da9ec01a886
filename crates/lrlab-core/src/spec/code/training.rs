//! The training loop around optimizers and schedulers.

use std::fmt::Write;

use super::Code;
use crate::{
    AfterEnd, Horizon,
    spec::{Clip, Strategy, torch_text::float_text},
};

impl Code {
    /// The loop.
    pub(super) fn training(&self, strategy: &Strategy, horizon: Horizon) -> String {
        let Horizon { total_steps, steps_per_epoch } = horizon;
        let epochs = total_steps.div_ceil(steps_per_epoch.max(1));
        let each =
            if steps_per_epoch == 1 { "1 step".to_owned() } else { format!("{steps_per_epoch} steps") };
        let steps = match total_steps.checked_rem(steps_per_epoch) {
            Some(0) | None => format!("{each} each"),
            Some(_) => format!("{each} each; stop after step {total_steps}"),
        };
        let reads = !self.readings.is_empty();
        let counts = strategy.after_end != AfterEnd::Hold || !self.values.is_empty();
        let mut code = String::new();
        let mut line = |depth: usize, text: &str| {
            let _ = writeln!(code, "{}{text}", "    ".repeat(depth));
        };
        if counts {
            line(0, "step = 0");
        }
        line(0, &format!("for epoch in range({epochs}):  # {steps}"));
        if reads {
            line(1, "losses = []");
        }
        line(1, "for inputs, targets in loader:");
        match strategy.after_end {
            AfterEnd::Hold => {}
            AfterEnd::Error => {
                line(2, &format!("if step >= {total_steps}:"));
                line(3, &format!("raise RuntimeError(\"the plan was made for {total_steps} steps\")"));
            }
            AfterEnd::Warn => {
                line(2, &format!("if step == {total_steps}:"));
                line(3, &format!("warnings.warn(\"the plan was made for {total_steps} steps\")"));
            }
        }
        for optimizer in &self.optimizers {
            line(2, &format!("{optimizer}.zero_grad()"));
        }
        if reads {
            line(2, "loss = loss_fn(model(inputs), targets)");
            line(2, "loss.backward()");
            line(2, "losses.append(loss.item())");
        } else {
            line(2, "loss_fn(model(inputs), targets).backward()");
        }
        match strategy.clip {
            Some(Clip::Norm(norm)) => line(
                2,
                &format!("torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm={})", float_text(norm)),
            ),
            Some(Clip::Value(value)) => line(
                2,
                &format!(
                    "torch.nn.utils.clip_grad_value_(model.parameters(), clip_value={})",
                    float_text(value)
                ),
            ),
            None => {}
        }
        if !self.values.is_empty() {
            line(2, "set_values(step)");
        }
        for optimizer in &self.optimizers {
            line(2, &format!("{optimizer}.step()"));
        }
        if counts {
            line(2, "step += 1");
        }
        for scheduler in &self.each_step {
            line(2, &format!("{scheduler}.step()  # after every optimizer step"));
        }
        for scheduler in &self.each_epoch {
            line(1, &format!("{scheduler}.step()  # once after each epoch"));
        }
        if reads {
            line(
                1,
                "metric = sum(losses) / len(losses)  # the mean training loss; put a validation loss here",
            );
        }
        for reading in &self.readings {
            line(1, reading);
        }
        code
    }
}
