//! Parameters that several tasks have, or that are said in few words; all are written `name=value`.

use lrlab_core::registry::{Keyword, Kind, Parameter, Range};

/// A parameter of any value, whose doc the caller gives.
pub(super) const fn named(name: &'static str, kind: Kind, default: Option<&'static str>) -> Parameter {
    Parameter { name, kind, default, keyword: Keyword::Named, range: Range::Any, pytorch: None, doc: "" }
}

/// A whole number of at least 1.
pub(super) const fn size(name: &'static str, default: &'static str, doc: &'static str) -> Parameter {
    Parameter { range: Range::AtLeastOne, doc, ..named(name, Kind::Integer, Some(default)) }
}

/// A file; none by default where `default` is empty.
pub(super) const fn file(name: &'static str, default: &'static str, doc: &'static str) -> Parameter {
    Parameter { doc, ..named(name, Kind::File, Some(default)) }
}
