//! A plan: which schedule moves which field of which groups.

use std::sync::Arc;

use crate::{Field, ParamGroup, Schedule, Scheduler};

/// Which names a rule speaks of: `*` stands for any run of characters, all else for itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Pattern(pub String);

impl Pattern {
    /// The pattern that matches every name.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Whether the whole of `name` fits.
    pub fn matches(&self, name: &str) -> bool {
        fn fits(pattern: &[u8], name: &[u8]) -> bool {
            match pattern.split_first() {
                None => name.is_empty(),
                Some((b'*', rest)) => (0..=name.len()).any(|skip| fits(rest, &name[skip..])),
                Some((first, rest)) => {
                    name.split_first().is_some_and(|(n, left)| n == first && fits(rest, left))
                }
            }
        }
        fits(self.0.as_bytes(), name.as_bytes())
    }
}

/// One line of a plan: this schedule moves this field of the groups whose name fits.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which groups.
    pub group: Pattern,
    /// Which of their fields.
    pub field: Field,
    /// How the field moves.
    pub schedule: Arc<dyn Schedule>,
}

/// Rules over groups. The value that a schedule starts from is the group's own at the plan's first
/// step, so a plan can be entered at any `t`: resuming is setting `t`.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    rules: Vec<Rule>,
    bases: Vec<ParamGroup>,
}

impl Plan {
    /// A plan of `rules` for groups whose own values are `bases`, one for each group in order.
    pub fn new(rules: Vec<Rule>, bases: Vec<ParamGroup>) -> Self {
        Self { rules, bases }
    }
}

impl Scheduler for Plan {
    fn before_step(&mut self, t: u64, groups: &mut [ParamGroup]) {
        for rule in &self.rules {
            for (group, base) in groups.iter_mut().zip(&self.bases) {
                if rule.group.matches(&group.name) {
                    group.set(rule.field, rule.schedule.value_at(t, base.get(rule.field)));
                }
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Scheduler> {
        Box::new(self.clone())
    }
}
