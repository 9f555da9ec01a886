//! What was read last, for all trials that read the same.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
};

use crate::TaskError;

type Kept = Option<(String, Arc<dyn Any + Send + Sync>)>;

static LAST: Mutex<Kept> = Mutex::new(None);

/// What `make` gives, or gave when it was last asked for under this `key`, which holds everything that decides
/// it: the hashes of its files among it.
///
/// Trials of a study ask at once; the first makes it while the others wait.
pub(crate) fn shared<T: Send + Sync + 'static>(
    key: &str,
    make: impl FnOnce() -> Result<T, TaskError>,
) -> Result<Arc<T>, TaskError> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, value)) = &*last
        && known == key
        && let Ok(value) = Arc::clone(value).downcast::<T>()
    {
        return Ok(value);
    }
    // Before the next is made: two large tables need not be held at once.
    *last = None;
    let made = Arc::new(make()?);
    let kept: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&made);
    *last = Some((key.to_owned(), kept));
    Ok(made)
}
