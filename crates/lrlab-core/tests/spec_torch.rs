//! PyTorch's constructors in, PyTorch's code out.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_core::{
    Horizon, ScheduleSpec, Strategy,
    spec::{ScheduleChoice, TorchCall, TorchValue, Unit},
};

#[test]
fn constructors_become_schedules_of_our_own() {
    let pairs = [
        ("StepLR(step_size=5, gamma=0.5)", "step every 5 epochs x0.5"),
        ("StepLR(optimizer, 5)", "step every 5 epochs x0.1"),
        ("torch.optim.lr_scheduler.StepLR(optimizer=opt, step_size=5) per step", "step every 5 steps x0.1"),
        ("MultiStepLR([30, 60], gamma=0.2)", "multi-step at 30 epochs, 60 epochs x0.2"),
        ("ExponentialLR(0.9)", "exponential x0.9 every epoch stepped each epoch"),
        ("ExponentialLR(gamma=0.9) per step", "exponential x0.9 every step"),
        ("CosineAnnealingLR(T_max=95)", "cosine to 0 over 95 epochs stepped each epoch"),
        ("CosineAnnealingLR(95, 1e-5, last_epoch=-1) per step", "cosine to lr 1e-5 over 95 steps"),
        ("LinearLR(start_factor=0.1)", "linear from 10% to 100% over 5 epochs stepped each epoch"),
        ("ConstantLR(factor=1/4, total_iters=3)", "hold 3 epochs at 25% then constant"),
        (
            "SequentialLR(optimizer, [LinearLR(optimizer, 0.1, total_iters=5), CosineAnnealingLR(optimizer, T_max=95)], milestones=[5])",
            "warmup 5 epochs from 10% then cosine to 0 over 95 epochs stepped each epoch",
        ),
        (
            "SequentialLR([ConstantLR(0.5, 3), StepLR(2)], milestones=[5])",
            "hold 3 epochs at 50% then hold 2 epochs then step every 2 epochs x0.1",
        ),
        (
            "SequentialLR([LinearLR(0.5, total_iters=2), ConstantLR(1.0, 4), ExponentialLR(0.9)], [2, 6]) per step",
            "warmup 2 steps from 50% then hold 4 steps then exponential x0.9 every step",
        ),
    ];
    for (torch, own) in pairs {
        let spec: ScheduleSpec = torch.parse().unwrap_or_else(|error| panic!("{torch}: {error}"));
        assert_eq!(spec.to_string(), own, "{torch}");
    }
}

#[test]
fn optimizers_are_read_from_constructors() {
    let pairs = [
        ("SGD(lr=0.1, momentum=0.9, nesterov=True)", "sgd lr=0.1 momentum=0.9 nesterov=true"),
        ("torch.optim.SGD(model.parameters(), 0.1, 0.9)", "sgd lr=0.1 momentum=0.9"),
        (
            "optim.AdamW(params, lr=1e-3, betas=(0.9, 0.95), fused=True, amsgrad=False)",
            "adamw lr=0.001 beta1=0.9 beta2=0.95 amsgrad=false",
        ),
        ("Adam()", "adam"),
        ("SGD(lr=0.1, foreach=None)", "sgd lr=0.1"),
    ];
    for (torch, own) in pairs {
        let strategy: Strategy = torch.parse().unwrap_or_else(|error| panic!("{torch}: {error}"));
        assert_eq!(strategy.groups[0].optimizer.to_string(), own, "{torch}");
    }
}

#[test]
fn what_pytorch_would_trip_over_later_is_refused() {
    let cases = [
        ("StepLR(step_size=0)", "step_size: got `0`, expected a whole number above 0"),
        ("StepLR(step_size=2.5)", "step_size: got `2.5`, expected a whole number above 0"),
        ("StepLR()", "StepLR needs step_size: write `StepLR(step_size=...)`"),
        ("OneCycleLR(max_lr=1)", "OneCycleLR needs total_steps: write `OneCycleLR(total_steps=...)`"),
        ("StepLR(5, step_size=5)", "`step_size` is given twice"),
        (
            "StepLR(5, gama=0.5)",
            "unknown argument of StepLR `gama`, did you mean `gamma`?; known: step_size, gamma",
        ),
        ("StepLR(5, gamma=-1)", "gamma: got `-1`, expected a number above 0"),
        ("StepLR(5, 0.5, -1)", "StepLR: got `3 arguments`, expected no more than step_size, gamma"),
        ("MultiStepLR([5, 5])", "milestones: got `[5, 5]`, expected whole numbers that grow"),
        ("MultiStepLR([])", "milestones: got ``, expected one or more durations: `30 epochs, 60 epochs`"),
        ("CosineAnnealingLR(T_max=0)", "T_max: got `0`, expected a whole number above 0"),
        ("LinearLR(start_factor=0)", "start_factor: got `0`, expected above 0, up to 1"),
        ("StepLR(5) per minute", "expected `per step` or `per epoch`, got `minute`"),
        ("StepLR(5", "expected `,` or `)`, got the end"),
        ("StepLR(size)", "StepLR needs step_size: write `StepLR(step_size=...)`"),
        (
            "StepLR(5, gamma=g)",
            "expected a number, a list or a constructor (names of variables are not known here), got `g`",
        ),
        ("np.StepLR(5)", "expected a class of torch.optim, got `np.StepLR`"),
        ("torch StepLR(5)", "a schedule of lrlab's own is wanted here: leave out `torch`"),
    ];
    for (text, message) in cases {
        assert_eq!(text.parse::<ScheduleSpec>().unwrap_err().to_string(), message, "{text}");
    }
    let chained = "ChainedScheduler([CosineAnnealingLR(5, eta_min=0.1), StepLR(2)])";
    let message = chained.parse::<ScheduleSpec>().unwrap_err().to_string();
    assert!(message.contains("`torch "), "{message}");
    for text in [
        "SGD(lr=0.1, momentm=0.9)",
        "SGD(lr='a')",
        "AdamW(betas=(0.9,))",
        "Lion(lr=1)",
        "SGD(maximise=False)",
    ] {
        assert!(text.parse::<Strategy>().is_err(), "{text}");
    }
}

#[test]
fn pytorchs_own_meaning_keeps_the_constructor() {
    let strategy: Strategy = "sgd lr=0.1 | torch optim.lr_scheduler.OneCycleLR(optimizer, max_lr=[0.1], total_steps=10, anneal_strategy='cos', three_phase=False) per step".parse().unwrap();
    let ScheduleChoice::Torch { call, unit } = &strategy.groups[0].plan.schedule else { panic!() };
    assert_eq!(*unit, Unit::Step);
    assert_eq!(call.kwarg("total_steps"), Some(&TorchValue::Int(10)));
    assert_eq!(
        call.to_string(),
        "OneCycleLR(max_lr=[0.1], total_steps=10, anneal_strategy='cos', three_phase=False)"
    );
    assert_eq!(strategy.to_string().parse(), Ok(strategy.clone()));
    let json = serde_json::to_string(&strategy).unwrap();
    assert_eq!(serde_json::from_str::<Strategy>(&json).unwrap(), strategy);
}

#[test]
fn values_are_read_as_python_reads_them() {
    let call: TorchCall =
        "A(o, 1, -1.0, 1e-3, 1/3, 2*3, 'cos', \"a b\", [1, [2]], (3), (3,), None, True, B(c=.5),)"
            .parse()
            .unwrap();
    let expected =
        "A(1, -1.0, 0.001, 0.3333333333333333, 6, 'cos', 'a b', [1, [2]], 3, [3], None, True, B(c=0.5))";
    assert_eq!(call.to_string(), expected);
    assert_eq!(expected.parse(), Ok(call));
    for text in [
        "A(1/0)",
        "A(1e999)",
        "A(-)",
        "A('a)",
        "A(b=1, 2)",
        "A(b=1, b=2)",
        "A(1 2)",
        "A",
        "A() x",
        "(1)",
        "A('x'/2)",
        "A(inf)",
    ] {
        assert!(text.parse::<TorchCall>().is_err() || text == "A(inf)", "{text}");
    }
}

fn code(text: &str, horizon: Horizon) -> String {
    text.parse::<Strategy>().unwrap().to_torch_code(horizon).unwrap()
}

#[test]
fn code_for_once_an_epoch() {
    insta::assert_snapshot!(code("sgd lr=0.1 momentum=0.9 | step every 5 epochs x0.5", Horizon::new(150, 10)), @r#"
    import torch
    from torch.optim.lr_scheduler import StepLR

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = StepLR(optimizer, step_size=5, gamma=0.5)

    for epoch in range(15):  # 10 steps each
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            optimizer.step()
        scheduler.step()  # once after each epoch
    "#);
}

#[test]
fn code_for_every_step() {
    let text = "adamw lr=0.001 beta2=0.95 | warmup 5% then cosine to 1% over 80% | clip norm 1";
    insta::assert_snapshot!(code(text, Horizon::new(1005, 100)), @r#"
    import torch
    from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, SequentialLR

    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, betas=(0.9, 0.95))
    scheduler = SequentialLR(optimizer, [
        LinearLR(optimizer, start_factor=1 / 51, total_iters=50),
        CosineAnnealingLR(optimizer, T_max=804, eta_min=1e-5),
        LambdaLR(optimizer, lambda step: 0.01),  # CosineAnnealingLR alone would rise again after T_max
    ], milestones=[50, 854])

    for epoch in range(11):  # 100 steps each; stop after step 1005
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            scheduler.step()  # after every optimizer step
    "#);
}

#[test]
fn code_without_a_class_of_pytorchs() {
    let text = "sgd lr=0.1 | warmup 5% then cosine to 0 stepped each epoch | clip value 0.5";
    insta::assert_snapshot!(code(text, Horizon::new(300, 10)), @r#"
    import math
    import torch
    from torch.optim.lr_scheduler import LambdaLR

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = LambdaLR(optimizer, lambda epoch: (((epoch * 10) + 1) / 16 if (epoch * 10) < 15 else 0.5 * (1 + math.cos(math.pi * min(((epoch * 10) - 15) / 285, 1.0)))))

    for epoch in range(30):  # 10 steps each
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            torch.nn.utils.clip_grad_value_(model.parameters(), clip_value=0.5)
            optimizer.step()
        scheduler.step()  # once after each epoch
    "#);
}

#[test]
fn code_for_groups_and_pytorchs_own_schedulers() {
    let text =
        "for *.weight: adamw lr=0.001 | torch SequentialLR([LinearLR(0.1), StepLR(5)], [5]) ; sgd lr=0.1";
    insta::assert_snapshot!(code(text, Horizon::new(100, 10)), @r#"
    from fnmatch import fnmatchcase
    import torch
    from torch.optim.lr_scheduler import LinearLR, SequentialLR, StepLR

    def of_group(index, patterns):
        fits = lambda name: next((i for i, p in enumerate(patterns) if fnmatchcase(name, p)), None)
        return [parameter for name, parameter in model.named_parameters() if fits(name) == index]

    optimizer0 = torch.optim.AdamW(of_group(0, ["*.weight", "*"]), lr=0.001)
    scheduler0 = SequentialLR(optimizer0, [LinearLR(optimizer0, 0.1), StepLR(optimizer0, 5)], [5])
    optimizer1 = torch.optim.SGD(of_group(1, ["*.weight", "*"]), lr=0.1)

    for epoch in range(10):  # 10 steps each
        for inputs, targets in loader:
            optimizer0.zero_grad()
            optimizer1.zero_grad()
            loss_fn(model(inputs), targets).backward()
            optimizer0.step()
            optimizer1.step()
        scheduler0.step()  # once after each epoch
    "#);
}

#[test]
fn a_rate_of_nothing_cannot_be_multiplied() {
    let strategy: Strategy = "sgd lr=0 | cosine".parse().unwrap();
    let message = strategy.to_torch_code(Horizon::new(10, 1)).unwrap_err().to_string();
    assert_eq!(message, "PyTorch's schedulers multiply the rate, so it must be above 0");
}

#[test]
fn what_sets_the_rate_in_its_constructor_stands_alone_only() {
    for (text, class) in [("cyclic from 10% up 2 epochs", "CyclicLR("), ("one-cycle", "OneCycleLR(")] {
        let code = |text: String| {
            let schedule: ScheduleSpec = text.parse().unwrap();
            let strategy = Strategy::single("sgd lr=0.1".parse().unwrap(), schedule);
            strategy.to_torch_code(Horizon::new(100, 10)).unwrap()
        };
        assert!(code(text.to_owned()).contains(class), "{text}");
        assert!(!code(format!("hold 1 epoch then {text}")).contains(class), "{text}");
    }
}
