//! The training loop around optimizers and schedulers.

use std::fmt::Write;

use super::Code;
use crate::{
    AfterEnd, Horizon,
    event::SKIPPED_IN_A_ROW,
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
        let counts = strategy.after_end != AfterEnd::Hold
            || !self.values.is_empty()
            || self.after_update.iter().any(|line| line.contains("step"));
        let mut code = String::new();
        let mut line = |depth: usize, text: &str| {
            let _ = writeln!(code, "{}{text}", "    ".repeat(depth));
        };
        if counts {
            line(0, "step = 0");
        }
        if strategy.skip_non_finite {
            line(0, "skipped = 0");
        }
        line(0, &format!("for epoch in range({epochs}):  # {steps}"));
        if reads {
            line(1, "losses = []");
        }
        for optimizer in &self.two_points {
            line(1, &format!("{optimizer}.train()  # to where gradients are taken"));
        }
        let batches = strategy.accumulate;
        if batches == 1 {
            line(1, "for inputs, targets in loader:");
        } else {
            line(1, "for batch, (inputs, targets) in enumerate(loader):");
        }
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
        self.gradients(strategy, &mut line);
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
        for after in &self.after_update {
            line(2, after);
        }
        for scheduler in &self.each_step {
            line(2, &format!("{scheduler}.step()  # after every optimizer step"));
        }
        for optimizer in &self.two_points {
            line(1, &format!("{optimizer}.eval()  # to what is evaluated and saved"));
        }
        for scheduler in &self.each_epoch {
            line(1, &format!("{scheduler}.step()  # once after each epoch"));
        }
        if reads {
            let mean = "metric = sum(losses) / len(losses)";
            let some = if strategy.skip_non_finite { " if losses else math.nan" } else { "" };
            line(1, &format!("{mean}{some}  # the mean training loss; put a validation loss here"));
        }
        for reading in &self.readings {
            line(1, reading);
        }
        code
    }

    /// From the beginning of an update to its gradient, or to the next batch.
    fn gradients(&self, strategy: &Strategy, line: &mut impl FnMut(usize, &str)) {
        let (batches, skips, reads) =
            (strategy.accumulate, strategy.skip_non_finite, !self.readings.is_empty());
        if batches == 1 {
            self.zero_grad(line, 2);
        } else {
            line(2, &format!("if batch % {batches} == 0:"));
            self.zero_grad(line, 3);
            let share = format!("min({batches}, len(loader) - batch // {batches} * {batches})");
            line(3, &format!("share = {share}  # batches of this update"));
            if skips {
                line(3, "total = 0.0");
            }
        }
        let share = if batches == 1 { "" } else { " / share" };
        if reads || skips {
            line(2, "loss = loss_fn(model(inputs), targets)");
            let scaled = if batches == 1 { "loss".to_owned() } else { format!("(loss{share})") };
            line(2, &format!("{scaled}.backward()"));
            if batches != 1 && skips {
                line(2, "total += loss.detach() / share");
            }
            if reads && !skips {
                line(2, "losses.append(loss.item())");
            }
        } else if batches == 1 {
            line(2, "loss_fn(model(inputs), targets).backward()");
        } else {
            line(2, &format!("(loss_fn(model(inputs), targets){share}).backward()"));
        }
        if batches != 1 {
            line(2, &format!("if (batch + 1) % {batches} and batch + 1 < len(loader):"));
            line(3, "continue");
        }
        if skips {
            let loss = if batches == 1 { "loss" } else { "total" };
            line(2, "gradients = [p.grad for p in model.parameters() if p.grad is not None]");
            line(2, &format!("if not all(torch.isfinite(g).all() for g in [{loss}, *gradients]):"));
            line(3, "skipped += 1");
            line(3, &format!("if skipped == {SKIPPED_IN_A_ROW}:"));
            line(4, "raise RuntimeError(\"diverged: no batch has a finite loss and gradient any more\")");
            line(3, "continue  # this update is left out");
            line(2, "skipped = 0");
            if reads {
                line(2, &format!("losses.append({loss}.item())"));
            }
        }
    }

    fn zero_grad(&self, line: &mut impl FnMut(usize, &str), depth: usize) {
        for optimizer in &self.optimizers {
            line(depth, &format!("{optimizer}.zero_grad()"));
        }
    }
}
