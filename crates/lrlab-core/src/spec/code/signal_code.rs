//! Signals as Python: a class for those that have no exact form in PyTorch.

use std::fmt::Write;

use crate::{
    Duration, Horizon,
    registry::{Argument, Level},
    signal::{self, Setting},
    spec::{Fault, Problem, SignalSpec, SpecError, read_argument, torch_text::float_text},
};

/// A signal with its arguments as numbers.
pub(super) struct Written {
    name: &'static str,
    setting: Setting,
    patience: u64,
    cooldown: u64,
    after: u64,
    times: f64,
    floor: f64,
    ceiling: f64,
    smoothed: u64,
    threshold: f64,
    relative: bool,
    maximize: bool,
    nan: String,
}

/// Reads a signal, which must be one that can be built.
pub(super) fn write(spec: &SignalSpec, setting: Setting) -> Result<Written, SpecError> {
    spec.build(setting).map_err(|faults| {
        SpecError::new(faults.into_iter().map(|fault| Problem::of("signals", fault)).collect())
    })?;
    let entry = signal::find(spec.name)
        .ok_or_else(|| SpecError::new(vec![Problem::of("signals", Fault::refused(spec.name))]))?;
    let value = |name: &str| {
        let default = || {
            let param = entry.params.iter().find(|param| param.name == name)?;
            read_argument(param, param.default.filter(|text| !text.is_empty())?).ok()
        };
        spec.args.get(name).cloned().or_else(default)
    };
    let steps = |name: &str| match value(name) {
        Some(Argument::Duration(duration)) => Some(Duration::steps(duration, setting.horizon)),
        _ => None,
    };
    let number = |name: &str| match value(name) {
        Some(Argument::Number(number) | Argument::Level(Level::Fraction(number))) => Some(number),
        _ => None,
    };
    let word = |name: &str| match value(name) {
        Some(Argument::Word(word)) => word,
        _ => String::new(),
    };
    let absolute = number("threshold_abs");
    Ok(Written {
        name: spec.name,
        setting,
        patience: steps("patience").unwrap_or(0),
        cooldown: steps("cooldown").unwrap_or(0),
        after: steps("after").unwrap_or(setting.warmup),
        times: number("factor").unwrap_or(1.0),
        floor: number("floor").unwrap_or(0.0),
        ceiling: number("ceiling").unwrap_or(1.0),
        smoothed: number("smoothed").unwrap_or(1.0) as u64,
        threshold: absolute.or_else(|| number("threshold")).unwrap_or(0.0),
        relative: absolute.is_none(),
        maximize: word("mode") == "max" || (word("mode").is_empty() && word("metric") == "accuracy"),
        nan: word("nan"),
    })
}

impl Written {
    /// `ReduceLROnPlateau` over a constant rate `lr`, where it does the same at the end of each epoch.
    pub(super) fn as_torch(&self, lr: f64) -> Option<String> {
        let Horizon { steps_per_epoch, .. } = self.setting.horizon;
        let epochs = |steps: u64| steps.is_multiple_of(steps_per_epoch).then(|| steps / steps_per_epoch);
        if self.name != "plateau" || self.after > 0 || self.nan != "bad" {
            return None;
        }
        let (patience, cooldown) = (epochs(self.patience)?, epochs(self.cooldown)?);
        let mut code = "ReduceLROnPlateau(optimizer".to_owned();
        if self.maximize {
            code.push_str(", mode='max'");
        }
        let _ = write!(code, ", factor={}, patience={patience}", float_text(self.times));
        let _ = write!(code, ", threshold={}", float_text(self.threshold));
        if !self.relative {
            code.push_str(", threshold_mode='abs'");
        }
        if cooldown > 0 {
            let _ = write!(code, ", cooldown={cooldown}");
        }
        if self.floor > 0.0 {
            let _ = write!(code, ", min_lr={}", float_text(self.floor * lr));
        }
        code.push_str(", eps=0.0)");
        Some(code)
    }

    /// The name of the class that [`class`](Self::class) defines, called with the arguments.
    pub(super) fn constructor(&self) -> String {
        let class = if self.name == "greedy" { "Greedy" } else { "Plateau" };
        let mut code = format!(
            "{class}(patience={}, times={}, floor={}, cooldown={}, after={}, threshold={}",
            self.patience,
            float_text(self.times),
            float_text(self.floor),
            self.cooldown,
            self.after,
            float_text(self.threshold)
        );
        for (flag, said) in [(!self.relative, ", relative=False"), (self.maximize, ", maximize=True")] {
            code.push_str(if flag { said } else { "" });
        }
        if self.nan != "bad" {
            let _ = write!(code, ", nan='{}'", self.nan);
        }
        if self.name == "greedy" {
            let (ceiling, smoothed) = (float_text(self.ceiling), self.smoothed);
            let _ = write!(code, ", ceiling={ceiling}, smoothed={smoothed}");
        }
        code.push(')');
        code
    }

    /// The class of its kind; the same text for all of one kind.
    pub(super) fn class(&self) -> &'static str {
        if self.name == "greedy" { GREEDY } else { PLATEAU }
    }
}

/// What both begin with.
pub(super) const WATCH: &str = "
class Watch:
    \"\"\"Tells whether a metric improves; all times are optimizer steps.\"\"\"

    def __init__(self, patience, times, floor, cooldown, after, threshold, relative=True, maximize=False, nan='bad'):
        self.patience, self.times, self.floor, self.cooldown, self.after = patience, times, floor, cooldown, after
        self.threshold, self.relative, self.sign, self.nan = threshold, relative, 1 if maximize else -1, nan
        self.factor, self.best = 1.0, None

    def skips(self, step, value):
        if step >= self.after and self.nan == 'error' and not math.isfinite(value):
            raise ValueError(f'the metric is {value} after {step} steps')
        return step < self.after or (self.nan == 'ignore' and not math.isfinite(value))

    def improves(self, value):
        if not math.isfinite(value):
            return False
        if self.best is not None:
            distance = self.threshold * abs(self.best) if self.relative else self.threshold
            if self.sign * value <= self.sign * self.best + distance:
                return False
        self.best = value
        return True
";

const PLATEAU: &str = "
class Plateau(Watch):
    \"\"\"The factor that the rates are multiplied by, lower after each plateau of the metric.\"\"\"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.since = self.after

    def step(self, step, value):
        if self.skips(step, value):
            return
        if self.improves(value):
            self.since = max(self.since, step)
        elif step - self.since > self.patience:
            self.factor = max(self.factor * self.times, self.floor)
            self.since = step + self.cooldown
";

const GREEDY: &str = "
class Greedy(Watch):
    \"\"\"The factor that the rates are multiplied by, higher while the metric improves, lower while it does not.\"\"\"

    def __init__(self, *args, ceiling, smoothed, **kwargs):
        super().__init__(*args, **kwargs)
        self.ceiling, self.smoothed, self.recent = ceiling, smoothed, []
        self.good_since = self.bad_since = self.after

    def step(self, step, value):
        if self.skips(step, value):
            return
        if math.isfinite(value):
            self.recent = [*self.recent, value][-self.smoothed:]
            value = sum(one / len(self.recent) for one in self.recent)
        if self.best is None and self.improves(value):
            self.good_since, self.bad_since = max(self.good_since, step), max(self.bad_since, step)
        elif step <= min(self.good_since, self.bad_since):
            pass
        elif self.improves(value):
            self.bad_since = max(self.bad_since, step)
            if step - self.good_since > self.patience:
                self.change(min(self.factor / self.times, self.ceiling), step)
        else:
            self.good_since = max(self.good_since, step)
            if step - self.bad_since > self.patience:
                self.change(max(self.factor * self.times, self.floor), step)

    def change(self, factor, step):
        self.factor = factor
        self.good_since = self.bad_since = step + self.cooldown
";
