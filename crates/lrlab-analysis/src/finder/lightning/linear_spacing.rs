//! Lightning from 2.5.3 on: the steepest descent against the rate itself.
//!
//! `suggestion = lr[argmin d loss / d lr]`
//!
//! In an exponential sweep a step at a low rate is short, so the same fall of the loss is steeper there by
//! the ratio of the rates: noise at the low end outweighs the descent.

use lrlab_core::registry::Source;

use super::{LINK, PLAN, steepest};
use crate::finder::{Finder, gradient};

/// `lr[argmin d loss / d lr]`.
pub(in crate::finder) static LINEAR_SPACING: Finder = Finder {
    name: "lightning",
    tool: "Lightning 2.5.3 to 2.6, Tuner.lr_find",
    summary: "The rate where the smoothed loss falls fastest against the rate itself.",
    formula: "lr[argmin d loss / d lr], without the first 10 points and the last",
    source: Source { citation: "Lightning 2.6.6, tuner.lr_finder, and issue 21141", link: LINK },
    plan: PLAN,
    suggest: |sweep| steepest(sweep, gradient::by_coordinate),
};
