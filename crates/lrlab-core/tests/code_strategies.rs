//! Strategies that the caller's code builds.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_core::{Horizon, Strategy, spec::Code};

fn code(takes_rate: bool) -> Strategy {
    Strategy::of_code(Code { name: "train.lion".to_owned(), takes_rate }, 0.01)
}

#[test]
fn they_read_back_from_json_at_every_rate() {
    for strategy in [code(true), code(false), code(true).with_lr(0.3)] {
        let text = serde_json::to_string(&strategy).unwrap();
        assert_eq!(serde_json::from_str::<Strategy>(&text).unwrap(), strategy, "{text}");
    }
    let wrong = r#"{"optimizer": "sgd", "code": "train.lion"}"#;
    let error = serde_json::from_str::<Strategy>(wrong).unwrap_err().to_string();
    assert!(error.contains("takes_rate = true"), "{error}");
}

#[test]
fn they_are_named_and_have_no_other_code() {
    assert_eq!(code(false).to_string(), "the code train.lion at lr=0.01");
    assert_eq!(code(false).short_label(), "the code train.lion");
    assert!(code(false).has_own_rate() && !code(true).has_own_rate());
    let error = code(true).to_torch_code(Horizon::new(10, 1)).unwrap_err().to_string();
    assert!(error.contains("PyTorch already"), "{error}");
}
