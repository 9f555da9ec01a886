//! A schedule as Burn's `LrScheduler`.

use std::sync::Arc;

use burn::optim::lr_scheduler::{LrScheduler, LrSchedulerRecord};
use lrlab_core::{Horizon, Schedule, ScheduleSpec, SpecError};

/// Any lrlab schedule where Burn wants a learning-rate scheduler.
///
/// Its whole state is the number of updates made, so resuming is setting that number.
///
/// ```
/// use burn::optim::lr_scheduler::LrScheduler;
/// use lrlab_train::adapter::ScheduleAdapter;
///
/// let mut scheduler = ScheduleAdapter::new("step every 2 steps x0.5", 0.1, 6)?;
/// let rates: Vec<f64> = (0..6).map(|_| scheduler.step()).collect();
/// assert_eq!(rates, [0.1, 0.1, 0.05, 0.05, 0.025, 0.025]);
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ScheduleAdapter {
    schedule: Arc<dyn Schedule>,
    base: f64,
    t: u64,
}

impl ScheduleAdapter {
    /// The schedule written in `text`, for a rate of `lr` and a training of `total_steps` updates;
    /// an epoch is taken to be the whole training.
    ///
    /// # Errors
    /// Text that is no schedule, or one that does not fit the training.
    pub fn new(text: &str, lr: f64, total_steps: u64) -> Result<Self, SpecError> {
        let spec: ScheduleSpec = text.parse()?;
        Self::from_spec(&spec, lr, Horizon::new(total_steps, total_steps))
    }

    /// The schedule of `spec` for a rate of `lr` over `horizon`.
    ///
    /// # Errors
    /// A schedule that does not fit the horizon.
    pub fn from_spec(spec: &ScheduleSpec, lr: f64, horizon: Horizon) -> Result<Self, SpecError> {
        Ok(Self { schedule: spec.build(horizon)?, base: lr, t: 0 })
    }
}

impl LrScheduler for ScheduleAdapter {
    fn step(&mut self) -> f64 {
        let lr = self.schedule.value_at(self.t, self.base);
        self.t += 1;
        lr
    }

    fn to_record(&self) -> LrSchedulerRecord {
        LrSchedulerRecord::new().with_scalar("t", self.t)
    }

    fn load_record(&mut self, record: LrSchedulerRecord) {
        // Burn's trait leaves no room for an error; a record without `t` is not one of ours, and
        // carrying on from a wrong step in silence would be worse than stopping here.
        self.t = record.scalar("t").expect("the record of an lrlab schedule holds `t`, the updates made");
    }
}
