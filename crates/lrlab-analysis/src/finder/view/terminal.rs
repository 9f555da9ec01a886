//! Range tests in characters.

use super::View;
use crate::plot::Screen;

/// The view as lines of text.
pub fn terminal(_view: &View, _screen: &Screen) -> String {
    String::new()
}
