//! `LR301`: a group whose pattern fits no parameter.

use lrlab_core::{
    Pattern,
    registry::{Source, nearest},
};

use crate::lint::{Check, Hit, Lint, Severity, Subject};

pub(in crate::lint) static PATTERN_FITS_NOTHING: Lint = Lint {
    code: "LR301",
    name: "pattern-fits-nothing",
    severity: Severity::Error,
    summary: "the pattern of a group, or of `no decay for`, fits none of the model's parameters",
    why: "The group has nothing to train, and the parameters that were meant get another group's rate, or decay all \
          the same; training refuses it.",
    source: Source {
        citation: "PyTorch issue 67761; mmsegmentation issue 3544",
        link: "https://github.com/pytorch/pytorch/issues/67761",
    },
    check: Check::Whole(check),
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let Some(names) = subject.parameters else { return Vec::new() };
    let fits = |pattern: &Pattern| names.iter().any(|name| pattern.matches(name));
    let idle = subject.groups.iter().filter(|group| !fits(&group.spec.params));
    let of_groups = idle.map(|group| hit(&group.spec.params, names).of(group));
    let masks = subject.no_decay.iter().filter(|mask| !fits(mask)).map(|mask| hit(mask, names));
    of_groups.chain(masks).collect()
}

fn hit(pattern: &Pattern, names: &[String]) -> Hit {
    let sentence = format!("`{}` fits none of the {} parameters", pattern.0, names.len());
    let fix = if let Some(name) = nearest(&pattern.0, names.iter().map(String::as_str)) {
        format!("did you mean `{name}`? A star stands for any characters: `*.bias`")
    } else {
        let some: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
        format!("name parameters of the model, such as {}; a star stands for any characters", some.join(", "))
    };
    Hit::new(sentence, fix)
}

#[cfg(test)]
mod tests {
    use lrlab_core::{Horizon, Strategy};

    use crate::lint::{Finding, lint};

    fn of(text: &str) -> Vec<Finding> {
        let strategy: Strategy = text.parse().unwrap();
        let names = ["layer1.weight", "layer1.bias"].map(str::to_owned);
        lint(&strategy, Horizon::new(1000, 100), Some(&names)).unwrap()
    }

    #[test]
    fn a_pattern_without_a_parameter_is_told() {
        let found = of("for *.wieght: sgd lr=0.1 | cosine; for *: sgd lr=0.2 | cosine");
        assert_eq!((found[0].code, found[0].group.as_deref()), ("LR301", Some("*.wieght")));
        assert_eq!(found[0].sentence, "`*.wieght` fits none of the 2 parameters");
    }

    #[test]
    fn a_mask_over_weight_decay_is_held_to_it_too() {
        let found = of("adamw | cosine | no decay for *.bias *.scale");
        assert_eq!((found[0].code, found[0].group.as_deref()), ("LR301", None));
        assert_eq!(found[0].sentence, "`*.scale` fits none of the 2 parameters");
    }

    #[test]
    fn patterns_that_fit_are_let_be() {
        assert_eq!(of("for *.bias: sgd lr=0.1 | cosine; for *: sgd lr=0.2 | cosine"), []);
    }
}
