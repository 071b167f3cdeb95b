//! The resources of one kind, by id. A register knows which of them have something coming by themselves and when, so that
//! nobody has to look at all of them to find out; and it counts what is looked at, so that a test can prove that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Debug)]
pub(crate) struct Register<T> {
    held: BTreeMap<String, T>,
    agenda: Agenda,
    index: Index<T>,
    /// While somebody watches: what each resource that was touched since was before; `None` if it was not there.
    watched: Option<BTreeMap<String, Option<T>>>,
    looks: Looks,
}

/// What is due when.
#[derive(Clone, Debug, Default)]
struct Agenda {
    /// Whether it was ever asked for; until then nothing is written down.
    kept: bool,
    by_date: BTreeSet<(i64, String)>,
    dates: BTreeMap<String, i64>,
    /// Those that were touched, of which nobody has said yet when they are due.
    undated: BTreeSet<String>,
}

/// By which other names a resource is called, and who is called so. It is as old as the agenda: what was touched since
/// is looked at as well.
#[derive(Clone, Debug)]
struct Index<T> {
    names: Option<fn(&T) -> Vec<String>>,
    by_name: BTreeMap<String, BTreeSet<String>>,
    by_id: BTreeMap<String, Vec<String>>,
}

/// A count that goes on while the register is only read.
#[derive(Debug, Default)]
struct Looks(AtomicU64);

impl Looks {
    fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
}

impl Clone for Looks {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

impl<T> Default for Register<T> {
    fn default() -> Self {
        Self {
            held: BTreeMap::new(),
            agenda: Agenda::default(),
            index: Index::default(),
            watched: None,
            looks: Looks::default(),
        }
    }
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self {
            names: None,
            by_name: BTreeMap::new(),
            by_id: BTreeMap::new(),
        }
    }
}

impl<T: Clone> Register<T> {
    /// From here on its resources are found by these names, too.
    pub fn called_by(mut self, names: fn(&T) -> Vec<String>) -> Self {
        self.index.names = Some(names);
        self
    }

    /// Returns those that are called so, by id.
    pub fn called(&self, name: &str) -> Vec<(&String, &T)> {
        let Some(names) = self.index.names else {
            return Vec::new();
        };
        let ids: BTreeSet<&String> = match self.agenda.kept {
            true => {
                let called = self.index.by_name.get(name).into_iter().flatten();
                called.chain(&self.agenda.undated).collect()
            }
            false => self.held.keys().collect(),
        };
        self.looks.add(ids.len() as u64);
        let held = ids.into_iter().filter_map(|id| self.held.get_key_value(id));
        held.filter(|(_, resource)| names(resource).iter().any(|one| one == name))
            .collect()
    }

    pub fn contains_key(&self, id: &str) -> bool {
        self.held.contains_key(id)
    }

    pub fn get(&self, id: &str) -> Option<&T> {
        self.looks.add(1);
        self.held.get(id)
    }

    /// Returns a resource to change it; what is due of it is asked anew.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.looks.add(1);
        if self.held.contains_key(id) {
            self.touch(id);
        }
        self.held.get_mut(id)
    }

    /// Returns a resource to change it, a new one if it is not there.
    pub fn get_or_default(&mut self, id: &str) -> &mut T
    where
        T: Default,
    {
        self.looks.add(1);
        self.touch(id);
        self.held.entry(id.to_owned()).or_default()
    }

    pub fn insert(&mut self, id: String, resource: T) -> Option<T> {
        self.touch(&id);
        self.held.insert(id, resource)
    }

    pub fn remove(&mut self, id: &str) -> Option<T> {
        if self.held.contains_key(id) {
            self.touch(id);
        }
        self.held.remove(id)
    }

    /// Returns all of them, by id. It costs as much as there are: what only wants some has a better way.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &T)> {
        self.held.iter().inspect(|_| self.looks.add(1))
    }

    /// Returns those that are named, all if none is.
    pub fn named<'a>(
        &'a self,
        ids: &[String],
    ) -> Box<dyn Iterator<Item = (&'a String, &'a T)> + 'a> {
        if ids.is_empty() {
            return Box::new(self.iter());
        }
        let ids: BTreeSet<&String> = ids.iter().collect();
        self.looks.add(ids.len() as u64);
        let found: Vec<_> = ids
            .into_iter()
            .filter_map(|id| self.held.get_key_value(id))
            .collect();
        Box::new(found.into_iter())
    }

    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.iter().map(|(_, resource)| resource)
    }

    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.iter().map(|(id, _)| id)
    }

    /// Returns those of which something is due by an instant, and those that were touched since the last time: by id.
    /// `date` says of a resource when something happens to it that nobody does.
    pub fn due(&mut self, now: i64, date: impl Fn(&T) -> Option<i64>) -> Vec<String> {
        if !self.agenda.kept {
            self.agenda.kept = true;
            self.agenda.undated = self.held.keys().cloned().collect();
        }
        let mut due = std::mem::take(&mut self.agenda.undated);
        for id in &due {
            let date = self.held.get(id).and_then(&date);
            self.agenda.date(id, date);
            self.index.note(id, self.held.get(id));
        }
        let by_date = self.agenda.by_date.iter();
        due.extend(
            by_date
                .take_while(|(at, _)| *at <= now)
                .map(|(_, id)| id.clone()),
        );
        self.looks.add(due.len() as u64);
        due.into_iter().collect()
    }

    /// Returns what was touched since [`Registered::watch`]: what each was, and what it is.
    pub fn watched(&self) -> impl Iterator<Item = (Option<&T>, Option<&T>)> {
        debug_assert!(self.watched.is_some(), "this register is not watched");
        let watched = self.watched.iter().flatten();
        watched.map(|(id, before)| (before.as_ref(), self.get(id)))
    }

    fn touch(&mut self, id: &str) {
        if self.agenda.kept {
            self.agenda.undated.insert(id.to_owned());
        }
        if let Some(watched) = &mut self.watched
            && !watched.contains_key(id)
        {
            watched.insert(id.to_owned(), self.held.get(id).cloned());
        }
    }
}

/// What there is to do with a register, whatever is in it.
pub(crate) trait Registered {
    /// Remembers from now on what is touched, as it was.
    fn watch(&mut self);

    fn unwatch(&mut self);

    /// Returns how many resources were looked at so far.
    fn looks(&self) -> u64;
}

impl<T> Registered for Register<T> {
    fn watch(&mut self) {
        self.watched = Some(BTreeMap::new());
    }

    fn unwatch(&mut self) {
        self.watched = None;
    }

    fn looks(&self) -> u64 {
        self.looks.0.load(Ordering::Relaxed)
    }
}

impl<T> Index<T> {
    /// Notes by which names a resource is called now; none if it is gone.
    fn note(&mut self, id: &str, resource: Option<&T>) {
        let Some(names) = self.names else { return };
        for before in self.by_id.remove(id).into_iter().flatten() {
            if let Some(ids) = self.by_name.get_mut(&before) {
                ids.remove(id);
                if ids.is_empty() {
                    self.by_name.remove(&before);
                }
            }
        }
        let Some(resource) = resource else { return };
        let names = names(resource);
        for name in &names {
            let ids = self.by_name.entry(name.clone()).or_default();
            ids.insert(id.to_owned());
        }
        self.by_id.insert(id.to_owned(), names);
    }
}

impl Agenda {
    fn date(&mut self, id: &str, date: Option<i64>) {
        let before = match date {
            Some(at) => self.dates.insert(id.to_owned(), at),
            None => self.dates.remove(id),
        };
        if let Some(before) = before {
            self.by_date.remove(&(before, id.to_owned()));
        }
        self.by_date.extend(date.map(|at| (at, id.to_owned())));
    }
}

impl<T: Clone> FromIterator<(String, T)> for Register<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(resources: I) -> Self {
        Self {
            held: resources.into_iter().collect(),
            ..Self::default()
        }
    }
}

impl<T: Clone> std::ops::Index<&str> for Register<T> {
    type Output = T;

    fn index(&self, id: &str) -> &T {
        self.looks.add(1);
        &self.held[id]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Register<i64> {
        let numbers = [10, 20, 30].into_iter();
        numbers.map(|at| (format!("n{at}"), at)).collect()
    }

    #[test]
    fn who_is_due_is_told_without_looking_at_the_others() {
        let mut register = three();
        register.due(0, |at| Some(*at));
        let looks = register.looks();
        assert_eq!(register.due(9, |at| Some(*at)), [""; 0]);
        assert_eq!(register.due(20, |at| Some(*at)), ["n10", "n20"]);
        assert_eq!(register.looks() - looks, 2);
    }

    #[test]
    fn what_is_touched_is_asked_for_its_date_anew() {
        let mut register = three();
        register.due(0, |at| Some(*at));
        *register.get_mut("n10").unwrap() = 50;
        register.insert("n5".to_owned(), 5);
        register.remove("n20");
        assert_eq!(register.due(0, |at| Some(*at)), ["n10", "n20", "n5"]);
        assert_eq!(register.due(30, |at| Some(*at)), ["n30", "n5"]);
        assert_eq!(register.due(50, |at| Some(*at)), ["n10", "n30", "n5"]);
    }

    #[test]
    fn who_is_called_so_is_found_without_looking_at_the_others_whatever_was_touched_since() {
        let mut register = three().called_by(|number| vec![format!("tens {}", number / 10)]);
        let ids = |register: &Register<i64>, name: &str| {
            let called = register.called(name).into_iter();
            called.map(|(id, _)| id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&register, "tens 2"), ["n20"]);
        register.due(0, |_| None);
        let looks = register.looks();
        assert_eq!(ids(&register, "tens 2"), ["n20"]);
        assert_eq!(register.looks() - looks, 1);
        *register.get_mut("n10").unwrap() = 21;
        register.remove("n20");
        register.insert("n22".to_owned(), 22);
        assert_eq!(ids(&register, "tens 2"), ["n10", "n22"]);
        assert_eq!(ids(&register, "tens 1"), [""; 0]);
        register.due(0, |_| None);
        assert_eq!(ids(&register, "tens 2"), ["n10", "n22"]);
        assert_eq!(ids(&register, "tens 1"), [""; 0]);
    }

    #[test]
    fn a_watch_tells_what_was_and_what_is() {
        let mut register = three();
        register.insert("n1".to_owned(), 1);
        register.watch();
        *register.get_mut("n10").unwrap() += 1;
        *register.get_mut("n10").unwrap() += 1;
        register.remove("n20");
        register.insert("n2".to_owned(), 2);
        let watched: Vec<_> = register.watched().collect();
        assert_eq!(
            watched,
            [(Some(&10), Some(&12)), (None, Some(&2)), (Some(&20), None)]
        );
    }
}
