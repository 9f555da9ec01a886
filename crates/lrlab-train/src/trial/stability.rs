//! The sharpness up to which steps shrink, at the rates of the update about to be made.

use lrlab_core::optimizer::{GroupState, GroupStep, Moment};

use super::Trial;

impl Trial {
    /// Highest sharpness at which the rates of the update about to be made do not grow, over all
    /// groups, with the preconditioner's inverse diagonal where one is at work (empty otherwise);
    /// `None` before an optimizer whose preconditioner comes from gradients has seen any, and where the
    /// plan has no rates to give.
    pub(crate) fn stability(&mut self) -> Option<(f64, Vec<f32>)> {
        let groups = &self.groups;
        let mut fields = groups.fields.clone();
        let t = self.t.min(self.horizon.total_steps.saturating_sub(1));
        self.scheduler.clone().before_step(t, &mut fields.values).ok()?;
        fields.undecay();
        let mut own = groups.group_states.clone();
        for ((built, group), GroupState { t, numbers }) in
            groups.built.iter().zip(&fields.values).zip(&mut own)
        {
            built.optimizer.advance(GroupStep { group, t: *t, numbers });
        }
        // Each parameter has a limit of its own; measuring H scaled by 1/limit asks all of them at once.
        let limit_of = |index: usize| {
            let (place, group) = groups.of(index, &fields);
            let GroupState { t, numbers } = &own[place];
            groups.built[place].optimizer.stability_limit(Moment { group, t: *t, numbers })
        };
        let limits: Vec<f64> = (0..groups.states.len()).map(limit_of).collect();
        let limit = limits.iter().copied().fold(f64::INFINITY, f64::min);
        let (mut inverse, mut index, mut preconditioned) = (Vec::new(), 0, false);
        self.task.visit(&mut |param| {
            let (place, group) = groups.of(index, &fields);
            let state = &groups.states[index];
            let mut diagonal = vec![1.0; param.value.len()];
            let at = Moment { group, t: state.t, numbers: &own[place].numbers };
            preconditioned |= groups.built[place].optimizer.preconditioner(at, &state.slots, &mut diagonal);
            let share = if limits[index] == limit { 1.0 } else { (limit / limits[index]) as f32 };
            preconditioned |= share != 1.0;
            inverse.extend(diagonal.iter().map(|p| share / p));
            index += 1;
        });
        let known = inverse.iter().all(|x| x.is_finite());
        known.then(|| (limit, if preconditioned { inverse } else { Vec::new() }))
    }
}
