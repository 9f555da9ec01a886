//! An optimizer and a schedule of your own against a built-in strategy, each at a rate searched for it.
#![expect(clippy::print_stdout, reason = "an example may talk")]

use lrlab::{BuiltStrategy, Optimizer, StudyDraft, core::optimizer, core::schedule};
use lrlab::{analysis::planner::ComparePlanner, investigate::Investigator, train::study::study_horizon};

#[derive(Debug)]
struct SignDescent;

impl Optimizer for SignDescent {
    fn slots(&self, _: &[usize]) -> Vec<optimizer::Slot> {
        Vec::new()
    }
    fn step(&self, context: &mut dyn optimizer::StepContext) {
        context.for_each(&mut |p| {
            p.value.iter_mut().zip(&*p.grad).for_each(|(x, g)| *x -= p.at.group.lr() as f32 * g.signum());
        });
    }
    fn stability_limit(&self, _: optimizer::Moment<'_>) -> f64 {
        f64::NAN
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let study = toml::from_str::<StudyDraft>(include_str!("own_arm.toml"))?.studies()?.remove(0);
    let answer = Investigator::without_logs(&false.into())
        .with_strategies(&|arm, trial, horizon| {
            let fall = move |t: u64, lr: f64| lr * (1.0 - t as f64 / horizon.total_steps as f64);
            (arm == 0).then(|| BuiltStrategy::of(SignDescent, schedule::from_fn(fall), trial.strategy.lr()))
        })
        .ask(&mut ComparePlanner::new(study.clone(), study_horizon(&study)?), &())?;
    println!("{}", answer.words());
    Ok(())
}

#[test]
fn compares() {
    main().unwrap();
}
