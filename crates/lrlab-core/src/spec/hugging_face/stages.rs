//! `get_wsd_schedule`: a warmup, a stable stage and a decay, each counted on its own.

use super::{TRAINING, WARMUP, Wave, function};
use crate::spec::{
    TorchCall, Unit,
    import::{Given, Imported, Read, lasting, made_of, plain, share, then},
};

/// Translates it.
pub(super) fn stable(call: &TorchCall, unit: Unit) -> Read<Imported> {
    let names = [
        WARMUP,
        "num_decay_steps",
        TRAINING,
        "num_stable_steps",
        "warmup_type",
        "decay_type",
        "min_lr_ratio",
        "num_cycles",
    ];
    let mut given = Given::new(call, &names, unit);
    let (warmup, decay) = (given.count_or_none(WARMUP, None), given.count("num_decay_steps", None));
    let stable = if given.has("num_stable_steps") {
        given.count_or_none("num_stable_steps", None)
    } else if given.has(TRAINING) {
        let total = given.count(TRAINING, None);
        if total < warmup + decay {
            let allowed = format!("{} or more, the steps of warmup and decay", warmup + decay);
            given.wrong(TRAINING, total, allowed);
        }
        total.saturating_sub(warmup + decay)
    } else {
        given.wrong("num_training_steps or num_stable_steps", "neither", "one of them");
        0
    };
    let rise = given.word("warmup_type", &["linear", "cosine", "1-sqrt"]);
    let fall = given.word("decay_type", &["cosine", "linear", "1-sqrt"]);
    let lowest = given.factor("min_lr_ratio", 0.0);
    let wave = Wave::read(&mut given, share(lowest));
    let down = |name| plain(name, vec![("to", share(lowest)), ("over", lasting(decay, unit))]);
    let mut next = match fall {
        "linear" => down("linear"),
        "1-sqrt" => down("one-minus-sqrt"),
        // A wave that is not half a one does not end at the lowest rate, which then holds.
        _ if wave.cycles != 0.5 => {
            let wave = wave.over(decay, unit);
            let rising = made_of("stage", vec![("for", lasting(decay, unit))], vec![wave]);
            then(rising, plain("constant", vec![("at", share(lowest))]))
        }
        _ => wave.over(decay, unit),
    };
    if stable > 0 {
        next = made_of("hold", vec![("for", lasting(stable, unit))], vec![next]);
    }
    let spec = if warmup == 0 {
        next
    } else {
        let over = lasting(warmup, unit);
        match rise {
            "linear" => made_of("warmup", vec![("for", over), ("from", share(lowest))], vec![next]),
            "cosine" => {
                let args = vec![("from", share(lowest)), ("to", share(1.0)), ("over", over)];
                then(plain("cosine", args), next)
            }
            _ => {
                let curve = format!("(1 - sqrt(1 - min(t / {warmup}, 1))) * (1 - {lowest}) + {lowest}");
                then(made_of("stage", vec![("for", over)], vec![function(&curve, unit)]), next)
            }
        }
    };
    given.check(&spec);
    given.done(spec.into())
}
