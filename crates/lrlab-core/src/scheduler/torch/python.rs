//! Python's arithmetic where it is not Rust's: division and powers that raise, floored division,
//! and bisection of lists that nobody sorted.
//!
//! Whole numbers travel as f64, exact up to 2^53.

use super::TorchError;

fn zero_division(what: &str) -> TorchError {
    TorchError::ZeroDivision(what.to_owned())
}

/// `a / b`.
pub(super) fn divide(a: f64, b: f64) -> Result<f64, TorchError> {
    if b == 0.0 { Err(zero_division("float division by zero")) } else { Ok(a / b) }
}

/// `a / b` of two whole numbers.
pub(super) fn divide_whole(a: f64, b: f64) -> Result<f64, TorchError> {
    if b == 0.0 { Err(zero_division("division by zero")) } else { Ok(a / b) }
}

/// `a % b == 0`.
pub(super) fn is_multiple(a: f64, b: f64) -> Result<bool, TorchError> {
    // The sign of Python's remainder is another, its zeros are not.
    if b == 0.0 { Err(zero_division("integer modulo by zero")) } else { Ok(a % b == 0.0) }
}

/// `a // b`.
pub(super) fn floor_divide(a: f64, b: f64) -> Result<f64, TorchError> {
    if b == 0.0 {
        return Err(zero_division("integer division or modulo by zero"));
    }
    let remainder = a % b;
    let quotient = ((a - remainder) / b).round();
    let below = remainder != 0.0 && (remainder < 0.0) != (b < 0.0);
    Ok(if below { quotient - 1.0 } else { quotient })
}

/// `base ** exponent`: C's `pow`, which is not repeated multiplication.
pub(super) fn power(base: f64, exponent: f64) -> Result<f64, TorchError> {
    if base == 0.0 && exponent < 0.0 {
        return Err(zero_division("0.0 cannot be raised to a negative power"));
    }
    let result = base.powf(exponent);
    if result.is_infinite() && base.is_finite() && exponent.is_finite() {
        return Err(TorchError::Overflow("(34, 'Numerical result out of range')".to_owned()));
    }
    if result.is_nan() && base < 0.0 && exponent.is_finite() {
        return Err(TorchError::Type(format!("{base} ** {exponent} is complex, and a rate here is a float")));
    }
    Ok(result)
}

/// `bisect.bisect_right(list, x)`, step by step: torch does not check that milestones are sorted.
pub(super) fn bisect_right(list: &[f64], x: f64) -> usize {
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if x < list[middle] {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floored_division_is_pythons() {
        for (a, b, python) in [(7.0, 2.0, 3.0), (-7.0, 2.0, -4.0), (7.0, -2.0, -4.0), (-7.0, -2.0, 3.0)] {
            assert_eq!(floor_divide(a, b), Ok(python), "{a} // {b}");
        }
        assert_eq!((floor_divide(-6.0, 3.0), floor_divide(0.0, 5.0)), (Ok(-2.0), Ok(0.0)));
        assert_eq!((is_multiple(-6.0, 3.0), is_multiple(-7.0, 3.0)), (Ok(true), Ok(false)));
    }

    #[test]
    fn zeros_below_a_line_raise() {
        let raised = [divide(1.0, 0.0), floor_divide(1.0, 0.0), power(0.0, -1.0)];
        assert!(
            raised.iter().all(|got| got.as_ref().is_err_and(|e| e.python_class() == "ZeroDivisionError"))
        );
        assert_eq!(power(0.0, 0.0), Ok(1.0));
        let raised = [power(2.0, 1024.0), power(-8.0, 0.5)].map(|got| got.unwrap_err().python_class());
        assert_eq!(raised, ["OverflowError", "TypeError"]);
    }

    #[test]
    fn bisection_of_an_unsorted_list_is_pythons() {
        assert_eq!((bisect_right(&[1.0, 2.0, 2.0], 2.0), bisect_right(&[], 1.0)), (3, 0));
        assert_eq!(bisect_right(&[10.0, 5.0, 20.0], 7.0), 2);
    }
}
