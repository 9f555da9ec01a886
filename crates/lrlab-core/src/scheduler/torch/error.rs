//! What PyTorch's schedulers raise.

/// An exception of PyTorch's, with its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TorchError {
    /// `ValueError`.
    #[error("{0}")]
    Value(String),
    /// `TypeError`.
    #[error("{0}")]
    Type(String),
    /// `KeyError`.
    #[error("{0}")]
    Key(String),
    /// `ZeroDivisionError`: which class divides what.
    #[error("{0}")]
    ZeroDivision(String),
    /// `NotImplementedError`.
    #[error("{0}")]
    NotImplemented(String),
    /// `OverflowError`: a power too large for a float.
    #[error("{0}")]
    Overflow(String),
    /// `IndexError`.
    #[error("{0}")]
    Index(String),
    /// `RuntimeError`.
    #[error("{0}")]
    Runtime(String),
}

impl TorchError {
    /// The class of the exception in Python: `ValueError`.
    pub fn python_class(&self) -> &'static str {
        match self {
            Self::Value(_) => "ValueError",
            Self::Type(_) => "TypeError",
            Self::Key(_) => "KeyError",
            Self::ZeroDivision(_) => "ZeroDivisionError",
            Self::NotImplemented(_) => "NotImplementedError",
            Self::Overflow(_) => "OverflowError",
            Self::Index(_) => "IndexError",
            Self::Runtime(_) => "RuntimeError",
        }
    }
}
