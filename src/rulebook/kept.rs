//! What was taken from something once, so that it need not be taken again: kept by its type.

use std::{
    any::{Any, TypeId},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

type Value = Arc<dyn Any + Send + Sync>;

/// Values that follow from what holds this, each made when first asked for. Another that is cloned from it begins with none.
#[derive(Default)]
pub struct Kept(Mutex<Vec<(TypeId, Value)>>);

impl Kept {
    /// The value of a type; `make` makes it when it is asked for the first time. Two who ask at the same time may both make it.
    pub fn get<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(value) = self.find::<T>() {
            return value;
        }
        // Not under the lock: what makes it may ask for something else.
        let made = Arc::new(make());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((TypeId::of::<T>(), made.clone()));
        made
    }

    /// The same values for another that they follow from as well.
    pub fn share(&self) -> Self {
        Self(Mutex::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }

    fn find<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, value) = all.iter().find(|(of, _)| *of == TypeId::of::<T>())?;
        value.clone().downcast().ok()
    }
}

impl Clone for Kept {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_made_once() {
        let kept = Kept::default();
        assert_eq!((*kept.get(|| 1_u8), *kept.get(|| 2_u8), *kept.get(|| "three")), (1, 1, "three"));
        assert_eq!((*kept.clone().get(|| 4_u8), *kept.share().get(|| 5_u8)), (4, 1));
    }
}
