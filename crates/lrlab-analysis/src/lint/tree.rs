//! The parts of a schedule of lrlab's own, with the steps at which they start.

use lrlab_core::{
    Duration, Horizon, ScheduleSpec,
    registry::Argument,
    schedule::{self, Form},
};

/// One schedule of a tree.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) spec: &'a ScheduleSpec,
    /// The step at which it starts.
    pub(super) start: u64,
    /// The step at which the next stage takes over, or the training ends.
    pub(super) end: u64,
    /// Whether the rate is its value, times others' at most: not one of the factors after the first,
    /// nor something repeated or stretched.
    pub(super) is_main: bool,
    horizon: Horizon,
    path: Vec<usize>,
}

impl<'a> Node<'a> {
    /// The steps of a duration, given or by default.
    pub(super) fn steps(&self, name: &str) -> Option<u64> {
        self.durations(name).first().map(|duration| duration.steps(self.horizon))
    }

    /// The durations of a parameter, given or by default.
    pub(super) fn durations(&self, name: &str) -> Vec<Duration> {
        match self.spec.args.get(name) {
            Some(Argument::Duration(duration)) => vec![*duration],
            Some(Argument::Durations(durations)) => durations.clone(),
            Some(Argument::Points(points)) => points.iter().map(|point| point.at).collect(),
            Some(_) => Vec::new(),
            None => {
                let entry = schedule::find(self.spec.name);
                let default = entry.and_then(|entry| entry.param(name)?.default);
                default.and_then(|text| text.parse().ok()).into_iter().collect()
            }
        }
    }

    /// A number, given or by default.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.spec.args.get(name) {
            Some(Argument::Number(number)) => Some(*number),
            _ => schedule::find(self.spec.name)?.param(name)?.default?.parse().ok(),
        }
    }

    /// Whether a parameter was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.spec.args.contains_key(name)
    }

    /// The whole tree that `root` is, with this part changed.
    pub(super) fn changed(
        &self,
        root: &ScheduleSpec,
        change: impl FnOnce(&mut ScheduleSpec),
    ) -> ScheduleSpec {
        let mut root = root.clone();
        let mut part = &mut root;
        for index in &self.path {
            part = &mut part.inner[*index];
        }
        change(part);
        root
    }

    fn child(&self, index: usize, start: u64, end: u64) -> Node<'a> {
        let path = self.path.iter().copied().chain([index]).collect();
        Node { spec: &self.spec.inner[index], start, end, path, ..self.clone() }
    }

    fn children(&self) -> Vec<Node<'a>> {
        let given = |name| self.steps(name).unwrap_or(0);
        let all = 0..self.spec.inner.len();
        match schedule::find(self.spec.name).map(|entry| entry.form) {
            Some(Form::Before) => {
                let start = self.start.saturating_add(given("for"));
                all.map(|index| self.child(index, start, self.end)).collect()
            }
            Some(Form::Directly(_)) => {
                let end = self.end.min(self.start.saturating_add(given("for")));
                all.map(|index| self.child(index, self.start, end)).collect()
            }
            Some(Form::Between { word: "then", .. }) => self.stages(),
            Some(Form::Between { .. }) => all
                .map(|index| Node {
                    is_main: self.is_main && index == 0,
                    ..self.child(index, self.start, self.end)
                })
                .collect(),
            _ => {
                let is_main = self.is_main && !matches!(self.spec.name, "repeat" | "stretched");
                all.map(|index| Node { is_main, ..self.child(index, self.start, self.end) }).collect()
            }
        }
    }

    /// A stage before the last one tells its own length, whatever stretch it is built for.
    fn stages(&self) -> Vec<Node<'a>> {
        let mut start = self.start;
        let mut nodes = Vec::with_capacity(self.spec.inner.len());
        for (index, spec) in self.spec.inner.iter().enumerate() {
            let length = spec.build(self.horizon).ok().and_then(|schedule| schedule.length());
            let is_last = index + 1 == self.spec.inner.len();
            let next = if is_last { self.end } else { start.saturating_add(length.unwrap_or(0)) };
            nodes.push(self.child(index, start, next.min(self.end)));
            start = next;
        }
        nodes
    }
}

/// Every part of a schedule, the whole first, then in the order of the text.
pub(super) fn nodes(spec: &ScheduleSpec, horizon: Horizon) -> Vec<Node<'_>> {
    let whole = Node { spec, start: 0, end: horizon.total_steps, is_main: true, horizon, path: Vec::new() };
    let mut found = Vec::new();
    let mut open = vec![whole];
    while let Some(node) = open.pop() {
        open.extend(node.children().into_iter().rev());
        found.push(node);
    }
    found
}

/// The steps at which something may change: where parts start, and where their durations end.
pub(super) fn borders(nodes: &[Node<'_>]) -> Vec<u64> {
    let ends = |node: &Node<'_>| -> Vec<u64> {
        let given = node.spec.args.keys().flat_map(|name| node.durations(name));
        given.map(|duration| node.start.saturating_add(duration.steps(node.horizon))).collect()
    };
    nodes.iter().flat_map(|node| ends(node).into_iter().chain([node.start, node.end])).collect()
}

/// Whether the end of the plan was written as a share of the training, so that it is where it is meant
/// to be.
pub(super) fn ends_by_share(nodes: &[Node<'_>]) -> bool {
    let share = |duration: &Duration| matches!(duration, Duration::Fraction(_));
    let ends = |node: &Node<'_>| match node.spec.name {
        "stage" => node.durations("for"),
        _ if node.has("over") => node.durations("over"),
        _ => Vec::new(),
    };
    // Of several that end there, the innermost decides.
    let last = nodes.iter().filter(|node| node.is_main).max_by_key(|node| node.start);
    let start = last.map_or(0, |node| node.start);
    let mut deciding = nodes.iter().rev().filter(|node| node.is_main && node.start == start);
    match deciding.find_map(|node| ends(node).first().copied()) {
        Some(duration) => share(&duration),
        None => nodes
            .iter()
            .all(|node| node.spec.args.keys().flat_map(|name| node.durations(name)).all(|d| share(&d))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_start_where_the_ones_before_them_end() {
        let text =
            "warmup 10 steps then (constant for 20% then cosine to 50% over 30 steps then linear to 0)";
        let spec: ScheduleSpec = text.parse().unwrap();
        let found: Vec<(&str, u64, u64)> = nodes(&spec, Horizon::new(100, 10))
            .iter()
            .map(|node| (node.spec.name, node.start, node.end))
            .collect();
        let expected = [
            ("warmup", 0, 100),
            ("sequence", 10, 100),
            ("stage", 10, 30),
            ("constant", 10, 30),
            ("cosine", 30, 60),
            ("linear", 60, 100),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn factors_are_beside_the_way() {
        let spec: ScheduleSpec = "cosine to 0 times step every 20% x0.5".parse().unwrap();
        let nodes = nodes(&spec, Horizon::new(100, 10));
        assert_eq!(nodes.iter().map(|node| node.is_main).collect::<Vec<_>>(), [true, true, false]);
        assert!(borders(&nodes).contains(&20));
        let changed = nodes[2].changed(&spec, |part| part.args.clear());
        assert_eq!(changed.inner[1].args.len(), 0);
    }

    #[test]
    fn what_is_written_as_a_share_is_meant() {
        let by_share = |text: &str| {
            let spec: ScheduleSpec = text.parse().unwrap();
            ends_by_share(&nodes(&spec, Horizon::new(100, 10)))
        };
        let meant =
            ["cosine over 80%", "warmup 1 epoch then linear over 50%", "step every 1 epoch x0.5 for 60%"];
        assert!(meant.iter().all(|text| by_share(text)));
        assert!(!by_share("warmup 10% then linear over 5 epochs"));
        assert!(!by_share("cosine over 10 steps"));
    }
}
