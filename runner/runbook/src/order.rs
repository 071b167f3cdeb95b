//! Which steps a step waits for, and whether any wait for each other.
//!
//! A step without `needs` waits for all steps above it. Only those are kept that no other step
//! above waits for, since waiting for the last of a chain is waiting for all of it: ten thousand
//! steps in sequence have ten thousand needs, not fifty million.

use std::collections::{BTreeMap, BTreeSet};

/// Why one step waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Because {
    /// It stands below and has no `needs`.
    Below,
    /// `needs` names it.
    Named,
    /// An expression reads it.
    Read,
    /// `needs` names a step inside it: it has to begin, which is less than to be over.
    Part,
}

/// What a step says about its order.
#[derive(Clone, Debug, Default)]
pub(super) struct Wishes {
    /// The steps in `needs`, if it has any such key.
    pub named: Option<Vec<usize>>,
    /// The steps that run the sub-runbooks of those in `needs` that stand inside one.
    pub parts: Vec<usize>,
    /// The steps that its expressions read.
    pub read: Vec<usize>,
}

/// For each step the steps it waits for, and why.
pub(super) type Needs = Vec<BTreeMap<usize, Because>>;

/// Works out what each step waits for.
pub(super) fn needs(steps: &[Wishes]) -> Needs {
    // The steps above that no step above waits for.
    let mut last: BTreeSet<usize> = BTreeSet::new();
    let mut waited_for = vec![false; steps.len()];
    let mut all = Vec::with_capacity(steps.len());
    for (index, wishes) in steps.iter().enumerate() {
        let mut needs: BTreeMap<usize, Because> = BTreeMap::new();
        needs.extend(wishes.read.iter().map(|read| (*read, Because::Read)));
        match &wishes.named {
            Some(named) => needs.extend(named.iter().map(|name| (*name, Because::Named))),
            None => {
                for above in &last {
                    needs.entry(*above).or_insert(Because::Below);
                }
            }
        }
        for need in needs.keys() {
            last.remove(need);
            waited_for[*need] = true;
        }
        for part in &wishes.parts {
            needs.entry(*part).or_insert(Because::Part);
        }
        if !waited_for[index] {
            last.insert(index);
        }
        all.push(needs);
    }
    all
}

/// A cycle, if there is one: each step waits for the next, the last for the first.
pub(super) fn cycle(needs: &Needs) -> Option<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        OnPath,
        Done,
    }
    let mut seen = vec![Seen::No; needs.len()];
    for start in 0..needs.len() {
        if seen[start] != Seen::No {
            continue;
        }
        // Walked by hand: a chain of ten thousand steps would overflow the stack.
        let mut path = vec![(start, needs[start].keys())];
        seen[start] = Seen::OnPath;
        while let Some((step, rest)) = path.last_mut() {
            let step = *step;
            match rest.next() {
                None => {
                    seen[step] = Seen::Done;
                    path.pop();
                }
                Some(&next) => match seen[next] {
                    Seen::Done => {}
                    Seen::No => {
                        seen[next] = Seen::OnPath;
                        path.push((next, needs[next].keys()));
                    }
                    Seen::OnPath => {
                        let steps: Vec<usize> = path.iter().map(|(step, _)| *step).collect();
                        let from = steps.iter().position(|step| *step == next)?;
                        return Some(steps[from..].to_vec());
                    }
                },
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(named: Option<&[usize]>, read: &[usize]) -> Wishes {
        Wishes {
            named: named.map(<[usize]>::to_vec),
            parts: Vec::new(),
            read: read.to_vec(),
        }
    }

    fn waits(steps: &[Wishes]) -> Vec<Vec<usize>> {
        needs(steps)
            .into_iter()
            .map(|needs| needs.into_keys().collect())
            .collect()
    }

    #[test]
    fn without_needs_a_step_waits_for_all_above() {
        let steps = [
            wishes(None, &[]),
            wishes(Some(&[]), &[]),
            wishes(Some(&[0]), &[]),
            wishes(None, &[]),
            wishes(None, &[0]),
        ];
        assert_eq!(
            waits(&steps),
            [vec![], vec![], vec![0], vec![1, 2], vec![0, 3]]
        );
    }

    #[test]
    fn a_reference_adds_a_need() {
        let steps = [
            wishes(None, &[]),
            wishes(Some(&[]), &[]),
            wishes(Some(&[1]), &[0]),
        ];
        assert_eq!(waits(&steps)[2], [0, 1]);
    }

    #[test]
    fn waiting_for_a_part_is_not_waiting_for_the_whole() {
        let mut part = wishes(Some(&[]), &[]);
        part.parts = vec![0];
        let steps = [wishes(None, &[]), part, wishes(None, &[])];
        assert_eq!(waits(&steps), [vec![], vec![0], vec![0, 1]]);
        assert_eq!(needs(&steps)[1][&0], Because::Part);
    }

    #[test]
    fn a_cycle_is_found_and_shown_in_order() {
        let steps = [wishes(None, &[2]), wishes(None, &[]), wishes(None, &[])];
        assert_eq!(cycle(&needs(&steps)), Some(vec![0, 2, 1]));
        let own = [wishes(Some(&[0]), &[])];
        assert_eq!(cycle(&needs(&own)), Some(vec![0]));
    }

    #[test]
    fn ten_thousand_steps_in_sequence_have_as_many_needs() {
        let steps = vec![wishes(None, &[]); 10_000];
        let needs = needs(&steps);
        assert_eq!(needs.iter().map(BTreeMap::len).sum::<usize>(), 9_999);
        assert_eq!(cycle(&needs), None);
    }

    proptest::proptest! {
        #[test]
        fn a_step_without_needs_reaches_every_step_above(
            steps in proptest::collection::vec(
                (proptest::option::of(proptest::collection::vec(0usize..12, 0..3)), proptest::collection::vec(0usize..12, 0..2)),
                1..12,
            )
        ) {
            let count = steps.len();
            let within = |list: Vec<usize>| list.into_iter().filter(|step| *step < count).collect::<Vec<_>>();
            let wishes: Vec<Wishes> = steps
                .into_iter()
                .map(|(named, read)| Wishes { named: named.map(within), parts: Vec::new(), read: within(read) })
                .collect();
            let needs = needs(&wishes);
            proptest::prop_assume!(cycle(&needs).is_none());
            for (index, wish) in wishes.iter().enumerate().filter(|(_, wish)| wish.named.is_none()) {
                let mut reached = BTreeSet::new();
                let mut open: Vec<usize> = needs[index].keys().copied().collect();
                while let Some(step) = open.pop() {
                    if reached.insert(step) {
                        open.extend(needs[step].keys());
                    }
                }
                proptest::prop_assert!((0..index).all(|above| reached.contains(&above)), "{wish:?}");
            }
        }
    }
}
