//! All parameters of a task as one vector, in the order of `visit`.

use crate::Task;

/// Copies the parameters into `to`, whose memory is used again.
pub(crate) fn save(task: &mut dyn Task, to: &mut Vec<f32>) {
    to.clear();
    task.visit(&mut |param| to.extend_from_slice(param.value));
}

/// Puts `from` into the parameters.
///
/// # Panics
/// Where `from` is shorter than the parameters are together.
pub(crate) fn load(task: &mut dyn Task, from: &[f32]) {
    let mut rest = from;
    task.visit(&mut |param| {
        let (own, others) = rest.split_at(param.value.len());
        param.value.copy_from_slice(own);
        rest = others;
    });
}
