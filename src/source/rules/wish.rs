//! What those who judge follow of the demand: that files of the rules were written, and the finding whose page is open.

use crate::{
    model::object::ObjectKind,
    source::{live::Gone, supervisor::Demand},
};
use compact_str::CompactString;
use tokio::sync::watch;

/// What is wished.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wish {
    /// How often the cockpit wrote a file of the rules.
    written: u64,
    /// Name of the finding whose page is open.
    pub open: Option<CompactString>,
}

impl Wish {
    /// What is wished now.
    pub fn of(demand: &watch::Receiver<Demand>) -> Self {
        Self::from(&*demand.borrow())
    }

    /// Returns once something else is wished. Missed wishes are seen by what was known before.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub async fn other(&self, demand: &mut watch::Receiver<Demand>) -> Result<Self, Gone> {
        let other = demand.wait_for(|demand| Self::from(demand) != *self).await.map_err(|_| Gone)?;
        Ok(Self::from(&*other))
    }

    /// Returns once a file of the rules was written.
    ///
    /// # Errors
    /// Nobody listens any more.
    pub async fn written(&self, demand: &mut watch::Receiver<Demand>) -> Result<Self, Gone> {
        let other = demand.wait_for(|demand| demand.rules_written != self.written).await.map_err(|_| Gone)?;
        Ok(Self::from(&*other))
    }

    /// Whether a file of the rules was written between.
    pub const fn is_written_since(&self, before: &Self) -> bool {
        self.written != before.written
    }
}

impl From<&Demand> for Wish {
    fn from(demand: &Demand) -> Self {
        let open = demand.open.as_ref().filter(|open| open.kind == ObjectKind::Violation);
        Self { written: demand.rules_written, open: open.map(|open| open.id.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::object::ObjectRef;

    #[test]
    fn what_is_wished_anew_is_noticed_also_where_it_was_wished_before() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (wishes, mut demand) = watch::channel(Demand::default());
        let before = Wish::of(&demand);
        let open = Some(ObjectRef::new(ObjectKind::Violation, "x:1"));
        wishes.send_replace(Demand { rules_written: 1, open, ..Demand::default() });
        runtime.block_on(async {
            let now = before.other(&mut demand).await.expect("wished");
            assert!(now.is_written_since(&before) && now.open.as_deref() == Some("x:1"));
            assert_eq!(before.written(&mut demand).await.expect("wished"), now);
            drop(wishes);
            assert!(now.other(&mut demand).await.is_err());
        });
    }
}
