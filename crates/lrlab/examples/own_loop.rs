//! A Burn module of your own, in a loop of your own, with an lrlab schedule and optimizer.
#![expect(clippy::print_stdout, reason = "an example may talk")]

use burn::{
    nn::{LinearConfig, loss::MseLoss, loss::Reduction},
    optim::{GradientsParams, lr_scheduler::LrScheduler},
    tensor::{Device, Distribution, Tensor},
};
use lrlab::{ModuleOptimizer, ScheduleAdapter, SpecError};

fn main() -> Result<(), SpecError> {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::random([64, 3], Distribution::Default, &device);
    let y = x.clone().sum_dim(1) * 2.0;
    let mut model = LinearConfig::new(3, 1).init(&device);
    let mut schedule = ScheduleAdapter::new("warmup 10% then cosine to 0", 0.1, 200)?;
    let mut optimizer = ModuleOptimizer::new("sgd momentum=0.9")?;
    for step in 0..200 {
        let loss = MseLoss::new().forward(model.forward(x.clone()), y.clone(), Reduction::Mean);
        if step % 50 == 0 {
            println!("step {step}: loss {}", loss.clone().into_scalar::<f32>());
        }
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(schedule.step(), model, gradients);
    }
    let loss = MseLoss::new().forward(model.forward(x), y, Reduction::Mean).into_scalar::<f32>();
    assert!(loss < 1e-4, "a line is easy to learn, but the loss is still {loss}");
    Ok(())
}

#[test]
fn learns() {
    main().unwrap();
}
