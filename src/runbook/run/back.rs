//! The way back: what was done is undone, the last first.

use super::{Key, Out, Outcome, Record, Run};
use crate::runbook::definition::{Deed, Undo};

impl Run {
    pub(super) fn go_back(&mut self, out: &mut Out) {
        let next = self.state.back.as_ref().and_then(|queue| queue.first()).cloned();
        let Some(step) = next else { return self.back_again(out) };
        let key = Key { step, back: true };
        let undo = self.plan.step(&key.step).and_then(|planned| planned.step.undo.clone());
        match undo {
            Some(Undo::Way(way)) => match way.deed {
                Deed::Act(_) => self.act(key, out),
                Deed::Manual(text) => self.by_hand(key, text.to_string(), out),
            },
            Some(Undo::None(why)) => {
                self.record(Record::Skipped { key, text: format!("there is no way back: {why}") }, None, out);
            }
            None => self.record(Record::Skipped { key, text: "nothing says how to undo it".into() }, None, out),
        }
    }

    fn back_again(&mut self, out: &mut Out) {
        let undone: Vec<&str> =
            self.state.acted.iter().filter(|acted| acted.is_undone).map(|acted| acted.step.as_str()).collect();
        let stands: Vec<&str> = self.state.standing().collect();
        let mut text = if undone.is_empty() {
            "went back".to_owned()
        } else {
            format!("went back: {} undone and verified", undone.join(", "))
        };
        if !stands.is_empty() {
            text += &format!("; {} stands, there is no way back from it", stands.join(", "));
        }
        self.finish(Outcome::Failed, text, out);
    }
}
