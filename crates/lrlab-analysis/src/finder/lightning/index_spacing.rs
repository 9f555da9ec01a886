//! Lightning before 2.5.3: the steepest descent by index.
//!
//! `suggestion = lr[argmin gradient(loss)]`, which in an exponential sweep is the slope against the
//! logarithm of the rate.
//!
//! These versions index what is left after dropping losses that are not finite as if nothing were
//! dropped; with this smoothing nothing finite follows one, so it makes no difference.

use lrlab_core::registry::Source;

use super::{LINK, PLAN, steepest};
use crate::finder::{Finder, gradient};

/// `lr[argmin gradient(loss)]`.
pub(in crate::finder) static INDEX_SPACING: Finder = Finder {
    name: "lightning-before-2.5.3",
    tool: "Lightning up to 2.5.2, Tuner.lr_find",
    summary: "The rate where the smoothed loss falls fastest from one step to the next.",
    formula: "lr[argmin gradient(loss)], without the first 10 points and the last",
    source: Source { citation: "Lightning 2.5.2, tuner.lr_finder", link: LINK },
    plan: PLAN,
    suggest: |sweep| steepest(sweep, |losses, _| gradient::by_index(losses)),
};
