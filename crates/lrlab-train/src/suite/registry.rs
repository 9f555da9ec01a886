//! The problems there are. Adding one: a static in the file of its family, and a line here.

use lrlab_core::registry::same_name;

use super::{Problem, quadratics, tables};

/// Every problem, family by family.
pub static SUITE: &[&Problem] = &[
    &quadratics::NARROW_SGD,
    &quadratics::WIDE_MOMENTUM,
    &tables::DIGITS_SOFTMAX_SGD,
    &tables::DIGITS_SOFTMAX_ADAM,
    &tables::DIGITS_MLP_MOMENTUM,
    &tables::DIGITS_MLP_ADAMW,
];

/// The problem of that name, hyphens and underscores being the same.
pub fn find(name: &str) -> Option<&'static Problem> {
    SUITE.iter().copied().find(|problem| same_name(problem.name, name))
}
