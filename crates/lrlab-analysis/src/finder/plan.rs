//! The rates of a range test, before it is run.

/// How the rates of a sweep follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spacing {
    /// Each is the one before times the same factor.
    Exponential,
    /// Each is the one before plus the same difference.
    Linear,
}

/// A range test to be run.
///
/// Its rates are those of lrlab's `range-test` and of fastai: `to` is reached after the last step.
/// torch-lr-finder reaches it at the last step, and so does Lightning, which is one step ahead from its second step on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepPlan {
    /// The first rate, above 0.
    pub from: f64,
    /// The rate after the last step, above `from`.
    pub to: f64,
    /// Updates, at least 1.
    pub steps: u64,
    /// What lies between.
    pub spacing: Spacing,
    /// The sweep stops once the smoothed loss is above this many times the least so far.
    pub stop: f64,
}

impl SweepPlan {
    /// The rate of step `t`, which counts from 0.
    pub fn rate(&self, t: u64) -> f64 {
        let x = t as f64 / self.steps.max(1) as f64;
        match self.spacing {
            Spacing::Exponential => self.from * (self.to / self.from).powf(x),
            Spacing::Linear => self.from + (self.to - self.from) * x,
        }
    }

    /// The rates of all steps.
    pub fn rates(&self) -> Vec<f64> {
        (0..self.steps).map(|t| self.rate(t)).collect()
    }

    /// The schedule that makes this sweep, as a spec writes it.
    ///
    /// ```
    /// use lrlab_analysis::finder::find;
    /// use lrlab_core::Strategy;
    ///
    /// let plan = find("fastai-valley").unwrap().plan;
    /// assert_eq!(plan.schedule(), "range-test from lr 1e-7 to lr 1e1 sweep exponential");
    /// let strategy: Strategy = format!("sgd lr=1 | {}", plan.schedule()).parse()?;
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    pub fn schedule(&self) -> String {
        let sweep = match self.spacing {
            Spacing::Exponential => "exponential",
            Spacing::Linear => "linear",
        };
        format!("range-test from lr {:e} to lr {:e} sweep {sweep}", self.from, self.to)
    }
}
