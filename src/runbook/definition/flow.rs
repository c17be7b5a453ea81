//! In which order steps follow one another.

use super::step::{Kind, Step};

/// The order of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The step that leads steps side by side, of each of them.
    leader: Vec<Option<usize>>,
    /// The step after each; of one of those side by side, the step after its leader.
    next: Vec<Option<usize>>,
}

/// Place of a step by its name; `Some(None)` for `end`.
pub fn place(steps: &[Step], id: &str) -> Option<Option<usize>> {
    if id == "end" { Some(None) } else { steps.iter().position(|step| step.id == id).map(Some) }
}

impl Flow {
    /// The order of these steps. Names that are not known lead to the end; the lint tells of them.
    pub fn of(steps: &[Step]) -> Self {
        let mut leader = vec![None; steps.len()];
        for (index, step) in steps.iter().enumerate() {
            let Kind::Parallel(members) = &step.kind else { continue };
            for member in members {
                if let Some(Some(at)) = place(steps, member) {
                    leader[at] = Some(index);
                }
            }
        }
        let after = |index: usize| match &steps[index].next {
            Some(id) => place(steps, id).flatten(),
            None => (index + 1..steps.len()).find(|at| leader[*at].is_none()),
        };
        let next = (0..steps.len()).map(|index| after(leader[index].unwrap_or(index))).collect();
        Self { leader, next }
    }

    /// Where it begins.
    pub fn first(&self) -> Option<usize> {
        self.leader.iter().position(Option::is_none)
    }

    /// The step after this one.
    pub fn after(&self, index: usize) -> Option<usize> {
        self.next.get(index).copied().flatten()
    }

    /// The step that leads this one beside others.
    pub fn leader(&self, index: usize) -> Option<usize> {
        self.leader.get(index).copied().flatten()
    }

    /// Steps that may come right after this one.
    fn following(&self, steps: &[Step], index: usize) -> Vec<usize> {
        match &steps[index].kind {
            Kind::Branch(branch) => {
                [&branch.then, &branch.otherwise].into_iter().filter_map(|id| place(steps, id).flatten()).collect()
            }
            Kind::Parallel(members) => {
                let members = members.iter().filter_map(|id| place(steps, id).flatten());
                members.chain(self.after(index)).collect()
            }
            _ => self.after(index).into_iter().collect(),
        }
    }

    /// Steps that may be reached from these.
    fn reached(&self, steps: &[Step], from: impl IntoIterator<Item = usize>) -> Vec<bool> {
        let mut reached = vec![false; steps.len()];
        let mut open: Vec<usize> = from.into_iter().collect();
        while let Some(index) = open.pop() {
            if !std::mem::replace(&mut reached[index], true) {
                open.extend(self.following(steps, index));
            }
        }
        reached
    }

    /// Steps that no way leads to.
    pub fn unreachable(&self, steps: &[Step]) -> Vec<usize> {
        let reached = self.reached(steps, self.first());
        (0..steps.len()).filter(|index| !reached[*index]).collect()
    }

    /// Whether one step may come before another.
    pub fn precedes(&self, steps: &[Step], earlier: usize, later: usize) -> bool {
        self.reached(steps, self.following(steps, earlier))[later]
    }

    /// A step from which a way leads back to itself without passing a branch that counts how often.
    pub fn endless(&self, steps: &[Step]) -> Option<usize> {
        let counts = |index: usize| matches!(&steps[index].kind, Kind::Branch(branch) if branch.at_most.is_some());
        // 0: not seen, 1: on the way, 2: done.
        let mut marks = vec![0_u8; steps.len()];
        for start in 0..steps.len() {
            let mut way = vec![(start, 0)];
            while let Some((index, taken)) = way.pop() {
                if taken == 0 && marks[index] != 0 {
                    continue;
                }
                marks[index] = 1;
                let following = if counts(index) { Vec::new() } else { self.following(steps, index) };
                let Some(next) = following.get(taken) else {
                    marks[index] = 2;
                    continue;
                };
                if marks[*next] == 1 {
                    return Some(*next);
                }
                way.push((index, taken + 1));
                way.push((*next, 0));
            }
        }
        None
    }
}
