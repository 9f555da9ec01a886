//! Optimizers against numbers that other implementations gave for them, over a thousand updates.
//!
//! Every optimizer sees the same gradients, which are made anew here from a hash; the files of
//! `golden/` hold a few of them, and parameters and states after some of the updates.

use std::{collections::BTreeMap, path::Path};

use lrlab_core::{
    Field, OptimizerSpec,
    optimizer::{
        Point,
        registry::{self, OptimizerEntry},
    },
    registry::{Argument, Kind},
};
use serde::Deserialize;

use super::{Steps, Trained};

/// A file of goldens.
#[derive(Deserialize)]
pub(crate) struct Goldens {
    pub(crate) steps: u64,
    /// From this step on, counted from 1, rates are this share of the groups' first ones.
    pub(crate) lr_edits: Vec<(u64, f64)>,
    /// The first values of each group's parameter.
    pub(crate) params: Vec<Vec<f64>>,
    gradients: Vec<Row>,
    pub(crate) cases: Vec<Case>,
    /// Matrices after one update of Muon; none in most files.
    #[serde(default)]
    pub(crate) matrices: Vec<Matrix>,
}

/// A matrix of zeros after one update.
#[derive(Deserialize)]
pub(crate) struct Matrix {
    pub(crate) shape: Vec<usize>,
    pub(crate) after: Vec<f64>,
}

#[derive(Deserialize)]
struct Row {
    step: u64,
    row: Vec<f64>,
}

/// One optimizer over several groups of one parameter each.
#[derive(Deserialize)]
pub(crate) struct Case {
    /// The optimizer of each group, as text.
    pub(crate) groups: Vec<String>,
    /// The shape of each group's parameter; vectors where none are given.
    #[serde(default)]
    shapes: Vec<Vec<usize>>,
    /// Parameters of the f64 run.
    pub(crate) f64: Vec<Stored>,
    /// Parameters of the f32 run.
    pub(crate) f32: Vec<Stored>,
    /// All that the f32 run kept.
    pub(crate) states: Vec<State>,
}

/// Each group's parameter after `step` updates.
#[derive(Deserialize)]
pub(crate) struct Stored {
    pub(crate) step: u64,
    pub(crate) params: Vec<Vec<f64>>,
    /// The point that is evaluated; none where that is the parameters themselves.
    #[serde(default)]
    pub(crate) evaluated: Vec<Vec<f64>>,
}

/// Each group's parameter, slots and numbers after `step` updates.
#[derive(Deserialize)]
pub(crate) struct State {
    pub(crate) step: u64,
    params: Vec<Vec<f64>>,
    groups: Vec<BTreeMap<String, Kept>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Number(f64),
    Slot(Vec<f64>),
}

impl Goldens {
    /// Reads `golden/{file}`, and checks that its gradients are those that are made here.
    pub(crate) fn read(file: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(file);
        let goldens: Self = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for Row { step, row } in &goldens.gradients {
            let own: Vec<f64> = (0..row.len()).map(|column| gradient(*step, column)).collect();
            assert_eq!(own, *row, "gradients of step {step}");
        }
        goldens
    }

    /// The case's groups before the first update.
    pub(crate) fn start<V: Steps>(&self, case: &Case) -> Run<V> {
        let mut first = 0;
        let groups = case.groups.iter().zip(&self.params).enumerate().map(|(index, (text, params))| {
            let spec: OptimizerSpec = text.parse().unwrap_or_else(|why| panic!("{text}: {why}"));
            let value = params.iter().map(|x| V::of(*x)).collect();
            let vector = [params.len()];
            let shape = case.shapes.get(index).map_or(&vector[..], Vec::as_slice);
            let trained = Trained::<V>::shaped(spec.name, &spec.args, value, shape);
            let columns = first..first + params.len();
            first = columns.end;
            Group { lr: trained.group.lr(), trained, columns }
        });
        Run { t: 0, groups: groups.collect() }
    }

    /// The case's groups as they were stored after some updates.
    pub(crate) fn resume<V: Steps>(&self, case: &Case, state: &State) -> Run<V> {
        let mut run = self.start::<V>(case);
        run.t = state.step;
        for (group, (params, kept)) in run.groups.iter_mut().zip(state.params.iter().zip(&state.groups)) {
            let trained = &mut group.trained;
            let of = |values: &[f64]| -> Vec<V> { values.iter().map(|x| V::of(*x)).collect() };
            trained.value = of(params);
            trained.state.t = state.step;
            trained.group_state.t = state.step;
            let optimizer = trained.optimizer.clone();
            let (mut slots, numbers) = (optimizer.slots(&trained.shape), optimizer.numbers());
            for (name, kept) in kept {
                match kept {
                    Kept::Slot(values) => {
                        let place = slots.iter().position(|slot| slot.name == name);
                        trained.state.slots[place.unwrap_or_else(|| panic!("slot {name}"))] = of(values);
                    }
                    Kept::Number(value) => {
                        let place = numbers.iter().position(|number| number.name == name);
                        // What follows from the count of updates is no number of ours.
                        if let Some(place) = place {
                            trained.group_state.numbers[place] = *value;
                        }
                    }
                }
            }
            slots.retain(|slot| !kept.contains_key(slot.name));
            assert!(slots.is_empty(), "{}: no slot {slots:?} is stored", case.label());
        }
        run
    }

    /// The rates' factor in update number `step`, from 1.
    fn factor(&self, step: u64) -> f64 {
        let mut edits = self.lr_edits.iter().rev();
        edits.find(|(at, _)| *at <= step).map_or(1.0, |(_, factor)| *factor)
    }
}

impl Case {
    /// The case in words, for messages.
    pub(crate) fn label(&self) -> String {
        self.groups.join(" and ")
    }

    /// The parameters of the f32 run after `step` updates.
    pub(crate) fn after(&self, step: u64) -> Stored {
        let states = self.states.iter().map(|state| (state.step, &state.params));
        let mut all = self.f32.iter().map(|stored| (stored.step, &stored.params)).chain(states);
        let (step, params) = all.find(|(known, _)| *known == step).unwrap();
        Stored { step, params: params.clone(), evaluated: Vec::new() }
    }
}

/// A case's groups while they train.
pub(crate) struct Run<V> {
    t: u64,
    groups: Vec<Group<V>>,
}

struct Group<V> {
    trained: Trained<V>,
    lr: f64,
    columns: std::ops::Range<usize>,
}

/// A parameter as it was given and as it came out.
#[derive(Clone, Copy)]
pub(crate) struct Compared {
    pub(crate) got: f64,
    pub(crate) want: f64,
    /// The larger of the parameter and the update that led to it: one that nearly cancels the other
    /// leaves only rounding behind.
    pub(crate) scale: f64,
}

impl<V: Steps> Run<V> {
    /// Updates made so far.
    pub(crate) fn updates(&self) -> u64 {
        self.t
    }

    /// One update; `stored` is what it should lead to, if that is known.
    pub(crate) fn step(&mut self, goldens: &Goldens, stored: Option<&Stored>) -> Vec<Compared> {
        let factor = goldens.factor(self.t + 1);
        let mut compared = Vec::new();
        for (index, Group { trained, lr, columns }) in self.groups.iter_mut().enumerate() {
            trained.group.set(Field::Lr, *lr * factor);
            let row: Vec<V> = columns.clone().map(|column| V::of(gradient(self.t, column))).collect();
            let before = trained.value.clone();
            trained.step(&row);
            for (i, want) in stored.iter().flat_map(|stored| stored.params[index].iter().enumerate()) {
                let (got, before): (f64, f64) = (trained.value[i].into(), before[i].into());
                compared.push(Compared { got, want: *want, scale: want.abs().max((got - before).abs()) });
            }
        }
        self.t += 1;
        compared
    }

    /// Each group's parameter at the point that is evaluated, and after the way back.
    pub(crate) fn evaluated(&self) -> Vec<[Vec<f64>; 2]> {
        let there_and_back = |group: &Group<V>| {
            let mut trained = group.trained.clone();
            [Point::Evaluate, Point::Train].map(|point| {
                trained.move_to(point);
                trained.value.iter().map(|x| (*x).into()).collect()
            })
        };
        self.groups.iter().map(there_and_back).collect()
    }

    /// Each group's parameter.
    pub(crate) fn values(&self) -> Vec<Vec<f64>> {
        self.groups.iter().map(|group| group.trained.value.iter().map(|x| (*x).into()).collect()).collect()
    }

    /// Updates until the last one; what was stored on the way, with the updates made.
    pub(crate) fn train(&mut self, goldens: &Goldens, stored: &[Stored]) -> Vec<(u64, Compared)> {
        let mut found = Vec::new();
        while self.t < goldens.steps {
            let golden = stored.iter().find(|stored| stored.step == self.t + 1);
            let compared = self.step(goldens, golden);
            found.extend(compared.into_iter().map(|compared| (self.t, compared)));
        }
        assert_eq!(found.len(), stored.len() * goldens.params.concat().len());
        found
    }
}

impl Compared {
    /// The distance as a share of the scale.
    pub(crate) fn relative(&self) -> f64 {
        let distance = (self.got - self.want).abs();
        // Not a number is as far as can be.
        if distance == 0.0 { 0.0 } else { (distance / self.scale).min(f64::INFINITY) }
    }

    /// The distance in units of the last place of an f32 of the scale's size.
    pub(crate) fn ulps(&self) -> f64 {
        let exponent = (self.scale as f32).max(f32::MIN_POSITIVE).log2().floor();
        let ulp = f64::from(f32::EPSILON) * f64::from(exponent).exp2();
        ((self.got - self.want).abs() / ulp).min(f64::INFINITY)
    }
}

/// The gradient of column `column` in the update after `step` updates: ten kinds of columns in turn, ordinary,
/// large, tiny, mostly 0, turning around, starting late, with spikes, always 0, steady and vanishing.
pub(crate) fn gradient(step: u64, column: usize) -> f64 {
    let noise = noise(step, column);
    match column % 10 {
        1 => noise * 1e4,
        2 => noise * 1e-8,
        3 if step % 9 != 4 => 0.0,
        4 => {
            if step.is_multiple_of(2) {
                0.75
            } else {
                -0.75
            }
        }
        5 if step < 60 => 0.0,
        6 => noise * if step % 50 == 17 { 1e4 } else { 1e-3 },
        7 => 0.0,
        8 => 0.5 + 0.25 * noise,
        9 => noise * 1e-20,
        _ => noise,
    }
}

/// A thousandth in -1..1.
fn noise(step: u64, column: usize) -> f64 {
    let count = step as u32 * 8191 + column as u32 + 1;
    let mixed = count.wrapping_mul(2_654_435_761);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519);
    (f64::from((mixed >> 11) % 2001) - 1000.0) / 1000.0
}

/// What of `entries` no case tries: an optimizer, or a parameter with another value than its default.
pub(crate) fn untried<'a>(
    entries: impl IntoIterator<Item = &'a &'static OptimizerEntry>,
    cases: &[Case],
) -> Vec<String> {
    let specs: Vec<OptimizerSpec> =
        cases.iter().flat_map(|case| &case.groups).map(|text| text.parse().unwrap()).collect();
    let mut untried = Vec::new();
    for entry in entries {
        let own: Vec<_> = specs.iter().filter(|spec| spec.name == entry.name).collect();
        if own.is_empty() {
            untried.push(entry.name.to_owned());
        }
        for parameter in entry.params {
            let default = parameter.default.map(|default| match parameter.kind {
                Kind::Flag => Argument::Flag(default == "true"),
                Kind::Number | Kind::Integer => Argument::Number(default.parse().unwrap_or(f64::NAN)),
                _ => Argument::Word(default.to_owned()),
            });
            let given = |spec: &&OptimizerSpec| spec.args.get(parameter.name).cloned();
            if !own.iter().filter_map(given).any(|argument| Some(argument) != default) {
                untried.push(format!("{} {}", entry.name, parameter.name));
            }
        }
    }
    assert!(specs.iter().all(|spec| registry::find(spec.name).is_some()));
    untried
}
