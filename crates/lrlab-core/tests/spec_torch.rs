//! PyTorch's constructors in, PyTorch's code out.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_core::{
    Horizon, OptimizerSpec, ScheduleSpec, Strategy,
    optimizer::registry::{Module, OPTIMIZERS, OptimizerEntry},
    registry::{Argument, Arguments, Kind, Parameter},
    spec::{PlanSpec, ScheduleChoice, TorchCall, TorchValue, Unit},
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
        (
            "SequentialLR([ExponentialLR(0.9), StepLR(2)], [5])",
            "exponential x0.9 every epoch for 5 epochs then step every 2 epochs x0.1 stepped each epoch",
        ),
        (
            "SequentialLR([LinearLR(0.1, 0.5, 5), LambdaLR(lambda e: 0.9 ** e)], [3])",
            "linear from 10% to 50% over 5 epochs for 3 epochs then lambda 0.9 ^ t every 1 epoch stepped each epoch",
        ),
        ("PolynomialLR(5, power=2.0)", "polynomial to 0 over 5 epochs power 2 stepped each epoch"),
        (
            "CosineAnnealingWarmRestarts(T_0=10, T_mult=2, eta_min=1e-4)",
            "warm-restarts every 10 epochs growing 2 to lr 1e-4 stepped each epoch",
        ),
        (
            "CyclicLR(0.01, 0.1, 20, mode='exp_range', gamma=0.99, cycle_momentum=False)",
            "cyclic from lr 0.01 to lr 0.1 up 20 steps mode exp_range gamma=0.99",
        ),
        (
            "OneCycleLR(max_lr=0.1, total_steps=1000, cycle_momentum=False)",
            "one-cycle peak lr 0.1 from lr 0.004 to lr 4e-7 over 1000 steps",
        ),
        (
            "OneCycleLR(max_lr=0.1, total_steps=100, cycle_momentum=False) per epoch",
            "cosine from lr 0.004 to lr 0.1 over 29 epochs then cosine from lr 0.1 to lr 4e-7 over 70 epochs stepped each epoch",
        ),
        ("LambdaLR(lr_lambda=lambda epoch: 0.95 ** epoch)", "lambda 0.95 ^ t every 1 epoch"),
        ("MultiplicativeLR(lambda step: 0.95) per step", "multiplicative 0.95"),
        (
            "ChainedScheduler([ConstantLR(opt, 0.1, total_iters=2), ExponentialLR(opt, 0.9)])",
            "hold 2 epochs at 10% then constant times exponential x0.9 every epoch stepped each epoch",
        ),
        ("swa_utils.SWALR(opt, swa_lr=0.05)", "cosine to lr 0.05 over 10 epochs stepped each epoch"),
        ("SWALR(0.05, anneal_epochs=0)", "constant at lr 0.05"),
        (
            "get_scheduler(\"cosine\", optimizer, num_warmup_steps=100, num_training_steps=1000)",
            "warmup 100 steps from 0 then cosine to 0 over 900 steps",
        ),
        (
            "transformers.get_scheduler(SchedulerType.COSINE_WITH_RESTARTS, optimizer, 100, 1000, {'num_cycles': 3})",
            "warmup 100 steps from 0 then (cosine to 0 over 300 steps repeat 3)",
        ),
        (
            "linear(num_warmup_steps=10, num_training_steps=100)",
            "warmup 10 steps from 0 then linear to 0 over 90 steps",
        ),
        ("linear from 50%", "linear from 50%"),
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
        (
            "StepLR(step_size=0, gamma=-1)",
            "step_size: got `0`, expected a whole number above 0; gamma: got `-1`, expected a number above 0",
        ),
        ("PolynomialLR(total_iters=0)", "total_iters: got `0`, expected a whole number above 0"),
        ("PolynomialLR(power=-1)", "power: got `-1`, expected a number above 0"),
        ("ConstantLR(factor=1.5)", "factor: got `1.5`, expected from 0 to 1"),
        (
            "CosineAnnealingWarmRestarts(T_0=0, T_mult=1.5)",
            "T_0: got `0`, expected a whole number above 0; T_mult: got `1.5`, expected a whole number above 0",
        ),
        ("CosineAnnealingLR(5, eta_min=-1)", "eta_min: got `-1`, expected from 0 to 1e30"),
        (
            "OneCycleLR(max_lr=1, total_steps=100, pct_start=1.0)",
            "pct_start: got `1 of 100 steps`, expected a share that leaves steps for the last fall",
        ),
        (
            "OneCycleLR(max_lr=1, total_steps=3)",
            "pct_start: got `0.3 of 3 steps`, expected a share that makes the rise longer than 1 step",
        ),
        ("OneCycleLR(max_lr=1)", "OneCycleLR needs total_steps: write `OneCycleLR(total_steps=...)`"),
        (
            "SequentialLR([StepLR(2), StepLR(3), StepLR(4)], milestones=[5, 3])",
            "milestones: got `[5, 3]`, expected whole numbers that grow",
        ),
        (
            "SequentialLR([StepLR(0), StepLR(3)], milestones=[5, 7])",
            "schedulers: got `2 with 2 milestones`, expected a list of constructors, one more than milestones",
        ),
        (
            "SWALR(swa_lr=-1, anneal_strategy='cosine')",
            "swa_lr: got `-1`, expected from 0 to 1e30; anneal_strategy: got `'cosine'`, expected 'cos' or 'linear'",
        ),
        (
            "LambdaLR(lr_lambda=0.5)",
            "lr_lambda: got `0.5`, expected a function such as `lambda epoch: 0.95 ** epoch`",
        ),
        ("LambdaLR(lambda epoch: 0.95 ** t)", "unknown name `t`, did you mean `e`?; known: epoch, pi, e"),
        (
            "CyclicLR(0.1, 0.2, gamma=0.9)",
            "gamma: got `0.9`, expected mode='exp_range' beside it, since mode='triangular' ignores it",
        ),
        (
            "cosine_with_restart(10, 100)",
            "unknown scheduler `cosine_with_restart`, did you mean `cosine_with_restarts`?",
        ),
        ("step(5)", "lrlab's own step takes no brackets: write `step every 5 epochs x0.5`"),
        (
            "torch cosine(10, 100)",
            "cosine is Hugging Face's, and `torch` stands before PyTorch's classes: leave out `torch`",
        ),
        ("linear(10, 5)", "num_training_steps: got `5`, expected 10 or more, which is num_warmup_steps"),
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
    for text in [
        "SequentialLR([ExponentialLR(0.9), OneCycleLR(0.1, 100)], [5])",
        "SequentialLR([ExponentialLR(0.9), MultiplicativeLR(lambda e: 0.5)], [5])",
        "SequentialLR([ChainedScheduler([ExponentialLR(0.9)]), StepLR(2)], [5])",
        "SequentialLR([CyclicLR(0.1, 0.2), StepLR(2)], [5])",
        "ChainedScheduler([ExponentialLR(0.9), CosineAnnealingLR(5, eta_min=0.1)])",
        "CyclicLR(0.1, 0.2, scale_fn=lambda x: 0.5 ** x)",
    ] {
        let message = text.parse::<PlanSpec>().unwrap_err().to_string();
        assert!(message.contains("`torch "), "{message}");
    }
    for text in [
        "SGD(lr=0.1, momentm=0.9)",
        "SGD(lr='a')",
        "AdamW(betas=(0.9,))",
        "Lamb(lr=1)",
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
fn momentum_and_metrics_become_fields_and_signals() {
    let pairs = [
        (
            "CyclicLR(base_lr=0.01, max_lr=0.1, step_size_up=20)",
            "cyclic from lr 0.01 to lr 0.1 up 20 steps | momentum: cyclic from value 0.9 to value 0.8 up 20 steps",
        ),
        (
            "SequentialLR([ExponentialLR(0.9), CyclicLR(0.1, 0.2, 10)], [5])",
            "exponential x0.9 every step for 5 steps then cyclic from lr 0.1 to lr 0.2 up 10 steps | momentum: \
             constant at value 0.9 for 5 steps then cyclic from value 0.9 to value 0.8 up 10 steps",
        ),
        (
            "ReduceLROnPlateau('max', factor=0.5, patience=3, threshold_mode='abs', cooldown=2)",
            "constant | plateau patience 3 epochs x0.5 cooldown 2 epochs threshold_abs=1e-4 mode=max",
        ),
        (
            "get_greedy_schedule(optimizer, patience=2, smooth=True)",
            "constant | greedy patience 2 epochs x0.95 smoothed=50 threshold_abs=1e-6",
        ),
    ];
    for (torch, own) in pairs {
        let plan: PlanSpec = torch.parse().unwrap_or_else(|error| panic!("{torch}: {error}"));
        assert_eq!(plan.to_string(), own, "{torch}");
        assert_eq!(own.parse(), Ok(plan), "{torch}");
    }
}

#[test]
fn what_a_scheduler_counts_is_told_where_it_is_not_usual() {
    for text in [
        "torch StepLR(5)",
        "torch StepLR(5) per step",
        "torch OneCycleLR(0.1, 100) per step",
        "torch OneCycleLR(0.1, 100) per epoch",
        "torch LambdaLR(lambda epoch: 0.95 ** epoch)",
    ] {
        let choice: ScheduleChoice = text.parse().unwrap();
        assert_eq!(choice.to_string(), text);
    }
    let usual: ScheduleChoice = "torch OneCycleLR(0.1, 100)".parse().unwrap();
    assert_eq!(usual.to_string(), "torch OneCycleLR(0.1, 100) per step");
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
fn code_for_fields_and_signals() {
    let text = "sgd lr=0.1 momentum=0.9 | cosine | momentum: linear from 90% | plateau patience 0 steps x0.5 | after end error";
    let code = code(text, Horizon::new(60, 10));
    let (head, rest) = code.split_once("\nclass Watch:").unwrap();
    assert_eq!(head, "import math\nimport torch\n");
    let (_, training) = rest.split_once("\noptimizer = ").unwrap();
    insta::assert_snapshot!(training, @r#"
    torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    plateau = Plateau(patience=0, times=0.5, floor=0.0, cooldown=0, after=0, threshold=1e-4)

    def set_values(step):
        optimizer.param_groups[0]["lr"] = 0.1 * (0.5 * (1 + math.cos(math.pi * min(step / 60, 1.0)))) * plateau.factor
        optimizer.param_groups[0]["momentum"] = 0.9 * (0.9 + -0.9 * min(step / 60, 1.0))

    step = 0
    for epoch in range(6):  # 10 steps each
        losses = []
        for inputs, targets in loader:
            if step >= 60:
                raise RuntimeError("the plan was made for 60 steps")
            optimizer.zero_grad()
            loss = loss_fn(model(inputs), targets)
            loss.backward()
            losses.append(loss.item())
            set_values(step)
            optimizer.step()
            step += 1
        metric = sum(losses) / len(losses)  # the mean training loss; put a validation loss here
        plateau.step(step, metric)
    "#);
}

#[test]
fn groups_of_one_class_share_an_optimizer() {
    let text = "for *.bias: sgd lr=0.1 | step every 3 epochs x0.1 ; sgd lr=0.2 momentum=0.9 | step every 2 epochs x0.5";
    insta::assert_snapshot!(code(text, Horizon::new(60, 10)), @r#"
    from fnmatch import fnmatchcase
    import torch
    from torch.optim.lr_scheduler import LambdaLR

    def of_group(index, patterns):
        fits = lambda name: next((i for i, p in enumerate(patterns) if fnmatchcase(name, p)), None)
        return [parameter for name, parameter in model.named_parameters() if fits(name) == index]

    optimizer = torch.optim.SGD([
        dict(params=of_group(0, ["*.bias", "*"]), lr=0.1),
        dict(params=of_group(1, ["*.bias", "*"]), lr=0.2, momentum=0.9),
    ])
    scheduler = LambdaLR(optimizer, [
        lambda epoch: 0.1 ** ((epoch * 10) // 30),
        lambda epoch: 0.5 ** ((epoch * 10) // 20),
    ])

    for epoch in range(6):  # 10 steps each
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            optimizer.step()
        scheduler.step()  # once after each epoch
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

/// A value that the parameter may have and that is not its default.
fn other_value(entry: &OptimizerEntry, param: &Parameter) -> Argument {
    let values = match param.kind {
        Kind::Flag => vec![Argument::Flag(param.default != Some("true"))],
        Kind::Choice(words) => words.iter().map(|word| Argument::Word((*word).to_owned())).collect(),
        Kind::Numbers => vec![Argument::Numbers(vec![1.0, -2.0, 0.5])],
        _ => [0.25, 1.25, 3.0, -0.25].map(Argument::Number).to_vec(),
    };
    let fits = |value: &Argument| {
        // Nesterov's momentum is the only one that does not go alone.
        let alone = Arguments::from([(param.name.to_owned(), value.clone())]);
        let built = param.name == "nesterov" || (entry.build)(&alone).is_ok();
        built && param.check(value).is_ok() && Some(value.to_string().as_str()) != param.default
    };
    let found = values.into_iter().find(fits);
    found.unwrap_or_else(|| panic!("no other value for {} {}", entry.name, param.name))
}

#[test]
fn every_option_of_pytorchs_optimizers_is_written_and_read_back() {
    for entry in OPTIMIZERS.iter().filter(|entry| entry.module == Module::Torch) {
        let mut args: Arguments =
            entry.params.iter().map(|param| (param.name.to_owned(), other_value(entry, param))).collect();
        if args.contains_key("nesterov") {
            // It does not go with the dampening.
            args.insert("nesterov".to_owned(), Argument::Flag(false));
        }
        let spec = OptimizerSpec { name: entry.name, args };
        let strategy = Strategy::single(spec.clone(), "constant".parse::<ScheduleSpec>().unwrap());
        let code = strategy.to_torch_code(Horizon::new(10, 10)).unwrap();
        let line = code.lines().find_map(|line| line.strip_prefix("optimizer = ")).unwrap();
        assert!(
            line.starts_with(&format!("torch.optim.{}(model.parameters(), lr=", entry.pytorch)),
            "{line}"
        );
        let read = line.replace("model.parameters()", "params").parse::<OptimizerSpec>();
        assert_eq!(read.as_ref(), Ok(&spec), "{line}");
        assert_eq!(spec.to_string().parse::<OptimizerSpec>().as_ref(), Ok(&spec));
    }
}

#[test]
fn options_by_position_are_those_of_pytorch() {
    for (torch, own) in [
        (
            "NAdam(p, 0.1, (0.8, 0.9), 1e-6, 0.1, 0.01, True)",
            "nadam lr=0.1 beta1=0.8 beta2=0.9 eps=1e-6 weight_decay=0.1 momentum_decay=0.01 decoupled_weight_decay=true",
        ),
        (
            "RAdam(p, 0.1, [0.8, 0.9], 1e-6, 0.1, True)",
            "radam lr=0.1 beta1=0.8 beta2=0.9 eps=1e-6 weight_decay=0.1 decoupled_weight_decay=true",
        ),
        (
            "Adamax(p, 0.1, (0.8, 0.9), 1e-6, 0.1)",
            "adamax lr=0.1 beta1=0.8 beta2=0.9 eps=1e-6 weight_decay=0.1",
        ),
        (
            "Adagrad(p, 0.1, 0.2, 0.3, 0.4, 1e-6)",
            "adagrad lr=0.1 lr_decay=0.2 weight_decay=0.3 initial_accumulator_value=0.4 eps=1e-6",
        ),
        ("Adadelta(p, 0.1, 0.8, 1e-3, 0.2)", "adadelta lr=0.1 rho=0.8 eps=1e-3 weight_decay=0.2"),
        (
            "RMSprop(p, 0.1, 0.9, 1e-6, 0.2, 0.3, True)",
            "rmsprop lr=0.1 alpha=0.9 eps=1e-6 weight_decay=0.2 momentum=0.3 centered=true",
        ),
        (
            "RMSprop(p, lr=0.01, alpha=0.99, centered=True, foreach=None)",
            "rmsprop lr=0.01 alpha=0.99 centered=true",
        ),
        (
            "Rprop(p, 0.1, (0.4, 1.5), (1e-5, 2))",
            "rprop lr=0.1 eta_minus=0.4 eta_plus=1.5 step_size_min=1e-5 step_size_max=2",
        ),
        ("ASGD(p, 0.1, 0.2, 0.5, 100, 0.3)", "asgd lr=0.1 lambd=0.2 alpha=0.5 t0=100 weight_decay=0.3"),
    ] {
        let read: OptimizerSpec = torch.parse().unwrap_or_else(|why| panic!("{torch}: {why}"));
        assert_eq!(own.parse(), Ok(read), "{torch}");
    }
}

#[test]
fn adagrads_first_sum_is_given_to_a_constructor_of_its_own() {
    let text = "for *.bias: adagrad lr=0.1 initial_accumulator_value=0.1 ; adagrad lr=0.2";
    let code = text.parse::<Strategy>().unwrap().to_torch_code(Horizon::new(10, 10)).unwrap();
    assert!(code.contains("optimizer0 = torch.optim.Adagrad(of_group(0, "), "{code}");
    assert!(code.contains(", lr=0.1, initial_accumulator_value=0.1)"), "{code}");
}
