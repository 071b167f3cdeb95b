//! What the wish to take back a part of a run comes to: which steps go along and why, and what stays.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::part::{Again, Part, PartFrom, PartRefused, PartWish, Stay, Why, WhyStays};
use crate::place::Phase;
use crate::plan::{Because, Name, Uses};
use crate::record::RunEnd;
use crate::run::{Change, Run, StepRun};

/// Steps by their place in the plan, and why each is part of it.
type Found = BTreeMap<usize, Why>;

impl Run {
    /// What taking back a part of the run comes to. Nothing is changed.
    ///
    /// # Errors
    /// Why it cannot be taken back, or not be made again.
    pub fn part(&self, wish: &PartWish) -> Result<Part, PartRefused> {
        self.may_be_taken_back()?;
        let mut search = Search::begin(self, wish)?;
        loop {
            search.follow()?;
            if !search.add_what_is_made_of_it()? {
                break;
            }
        }
        let part = search.part();
        self.refuse_doubt(&part)?;
        Ok(part)
    }

    /// Whether any part of the run can be taken back now.
    ///
    /// # Errors
    /// When the run was taken back, or is about to be.
    pub fn may_be_taken_back(&self) -> Result<(), PartRefused> {
        if let Some(rollback) = self.rollback_under_way() {
            return Err(PartRefused::UnderWay(rollback.by.name.clone()));
        }
        let whole = self.rollback.as_ref().filter(|back| back.part.is_none());
        match (&self.end, whole) {
            (Some(RunEnd::RolledBack(_)), _) => Err(PartRefused::TakenBack),
            (_, Some(rollback)) => Err(PartRefused::UnderWay(rollback.by.name.clone())),
            _ => Ok(()),
        }
    }

    /// Nothing is made again while it is not known whether it is there.
    fn refuse_doubt(&self, part: &Part) -> Result<(), PartRefused> {
        if !part.redo {
            return Ok(());
        }
        let again = |change: &&Change| {
            part.again.iter().any(|again| {
                let all = again.item.is_none() || again.item == change.at.item;
                again.step == change.at.step && all
            })
        };
        let mut doubtful = self.changes.iter().filter(again);
        let doubtful = doubtful.find(|change| self.is_open(change) && !change.may_be_open());
        doubtful.map_or(Ok(()), |change| {
            Err(PartRefused::InDoubt {
                step: change.at.step.clone(),
                change: change.number,
                label: change.call.label(),
            })
        })
    }

    fn place_of(&self, step: &Name) -> Result<usize, PartRefused> {
        self.steps.get_index_of(step).ok_or_else(|| {
            let last = |id: &&Name| id.rsplit('.').next() == Some(&**step);
            PartRefused::NoSuchStep {
                step: step.clone(),
                nested: self.steps.keys().filter(last).cloned().collect(),
            }
        })
    }

    fn begun_place_of(&self, step: &Name) -> Result<usize, PartRefused> {
        let place = self.place_of(step)?;
        match self.steps[place].began {
            Some(_) => Ok(place),
            None => Err(PartRefused::NotRun(step.clone())),
        }
    }

    fn name_of(&self, place: usize) -> Name {
        let found = self.steps.get_index(place);
        found.map(|(name, _)| name.clone()).unwrap_or_default()
    }
}

/// The search for all that goes along.
struct Search<'a> {
    run: &'a Run,
    wish: &'a PartWish,
    /// Places of the steps that a person wants kept.
    keep: BTreeSet<usize>,
    /// The one item that is meant, of the step at this place.
    item: Option<(usize, Name)>,
    /// What goes along.
    found: Found,
    /// Kept steps that wait for it by the order of the file alone.
    passed: BTreeSet<usize>,
    /// Steps around it: they are not over any more, and what waits for them goes along.
    around: BTreeSet<usize>,
    /// Changes that stay.
    stays: BTreeMap<u64, WhyStays>,
    queue: VecDeque<(usize, Reach)>,
}

/// How far a step's dependents are reached.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    /// The step goes along, or is not over any more.
    All,
    /// The step stays: what stands below it stands below the others too.
    Below,
}

impl<'a> Search<'a> {
    fn begin(run: &'a Run, wish: &'a PartWish) -> Result<Self, PartRefused> {
        let keep = wish.keep.iter().map(|step| run.place_of(step));
        let mut search = Self {
            run,
            wish,
            keep: keep.collect::<Result<_, _>>()?,
            item: None,
            found: Found::new(),
            passed: BTreeSet::new(),
            around: BTreeSet::new(),
            stays: BTreeMap::new(),
            queue: VecDeque::new(),
        };
        match &wish.what {
            PartFrom::After(step) => search.begin_after(step)?,
            PartFrom::Step { step, item } => {
                let place = run.begun_place_of(step)?;
                if let Some(item) = item {
                    search.item = Some((place, search.item_of(place, step, item)?));
                }
                search.reach(place, Why::Meant)?;
            }
        }
        search.begin_what_failed()?;
        Ok(search)
    }

    /// What was being taken back before, and could not be, goes along: some of it is gone already.
    fn begin_what_failed(&mut self) -> Result<(), PartRefused> {
        let before = self.run.rollback.as_ref();
        let part = before.and_then(|back| back.part.as_ref());
        for again in part.into_iter().flat_map(|part| &part.again) {
            let place = self.run.place_of(&again.step)?;
            match &again.item {
                Some(item) if !self.found.contains_key(&place) && self.item.is_none() => {
                    self.item = Some((place, item.clone()));
                    self.reach(place, Why::Meant)?;
                }
                Some(item) if self.item.as_ref() == Some(&(place, item.clone())) => {}
                _ if again.keeps => {}
                _ => self.go_along_whole(place, Why::Meant)?,
            }
        }
        Ok(())
    }

    fn begin_after(&mut self, step: &Name) -> Result<(), PartRefused> {
        let place = self.run.begun_place_of(step)?;
        let ended = self.run.steps[place].ended;
        let ended = ended.ok_or_else(|| PartRefused::NotOver(step.clone()))?;
        let after = |step: &StepRun| step.began.is_some_and(|began| began > ended);
        for (later, state) in self.run.steps.values().enumerate() {
            if !after(state) {
                continue;
            }
            if !self.keep.contains(&later) {
                self.reach(later, Why::Meant)?;
            } else if self.passed.insert(later) {
                self.queue.push_back((later, Reach::Below));
            }
        }
        match self.found.is_empty() {
            true => Err(PartRefused::Nothing(step.clone())),
            false => Ok(()),
        }
    }

    fn item_of(&self, place: usize, step: &Name, item: &Name) -> Result<Name, PartRefused> {
        let known = self.run.steps[place].items.keys().flatten();
        match known.clone().find(|known| *known == item) {
            Some(item) => Ok(item.clone()),
            None => Err(PartRefused::NoSuchItem {
                step: step.clone(),
                item: item.clone(),
                known: known
                    .map(|key| self.run.item_name(step, key).into())
                    .collect(),
            }),
        }
    }

    /// A step goes along.
    fn reach(&mut self, place: usize, why: Why) -> Result<(), PartRefused> {
        if self.found.contains_key(&place) {
            return Ok(());
        }
        let by_order = matches!(&why, Why::Waits { because, .. } if *because == Because::Order);
        if self.keep.contains(&place) {
            if by_order {
                if self.passed.insert(place) {
                    self.queue.push_back((place, Reach::Below));
                }
                return Ok(());
            }
            if !self.wish.redo {
                let kept = self.run.name_of(place);
                return Err(PartRefused::Depends { kept, why });
            }
        }
        self.found.insert(place, why);
        self.queue.push_back((place, Reach::All));
        Ok(())
    }

    /// Reaches all that depends on what was reached.
    fn follow(&mut self) -> Result<(), PartRefused> {
        while let Some((place, reach)) = self.queue.pop_front() {
            let step = &self.run.steps[place];
            if reach == Reach::All && self.found.contains_key(&place) {
                for inner in &step.inner.steps {
                    self.reach(*inner, Why::Nested(self.run.name_of(place)))?;
                }
            }
            if reach == Reach::All
                && let Some(caller) = step.caller
                && self.around.insert(caller)
            {
                self.queue.push_back((caller, Reach::All));
            }
            for dependent in &step.dependents {
                self.depend(place, *dependent, reach)?;
            }
        }
        Ok(())
    }

    fn depend(&mut self, on: usize, dependent: usize, reach: Reach) -> Result<(), PartRefused> {
        let name = self.run.name_of(on);
        let needs = &self.run.plan().steps[dependent].needs;
        let because = needs.iter().find(|need| need.step == name);
        let because = because.map_or(Because::Order, |need| need.because);
        if reach == Reach::Below && because != Because::Order {
            return Ok(());
        }
        let on = name;
        self.reach(dependent, Why::Waits { on, because })
    }

    /// What was made of something that is taken back goes along with its step; where that step is
    /// kept, the something stays, and all that its item made. Returns whether a step was added.
    fn add_what_is_made_of_it(&mut self) -> Result<bool, PartRefused> {
        self.name_what_stays();
        loop {
            let pairs = self.made_of_it();
            if pairs.is_empty() {
                return Ok(false);
            }
            let before = (self.found.len(), self.item.is_some());
            for (newer, older) in pairs {
                let place = self.run.place_of(&newer.at.step)?;
                if self.keep.contains(&place) || self.stays.contains_key(&newer.number) {
                    self.keep_for(newer.number, older);
                } else {
                    let (step, change) = (older.at.step.clone(), older.number);
                    self.go_along_whole(place, Why::MadeOf { step, change })?;
                }
            }
            if (self.found.len(), self.item.is_some()) != before {
                return Ok(true);
            }
        }
    }

    /// A step goes along with all its items, also where one alone was meant.
    fn go_along_whole(&mut self, place: usize, why: Why) -> Result<(), PartRefused> {
        self.item = self.item.take().filter(|(only, _)| *only != place);
        self.reach(place, why)
    }

    /// The changes that stay by themselves: those of kept steps, and what nothing takes back.
    fn name_what_stays(&mut self) {
        for change in self.run.standing_of_runs() {
            let Some(place) = self.run.steps.get_index_of(&change.at.step) else {
                continue;
            };
            if !self.is_again(place, change) {
                continue;
            }
            let why = if self.keep.contains(&place) {
                WhyStays::Kept
            } else if self.is_beyond_return(change) {
                WhyStays::Final
            } else {
                continue;
            };
            self.stays.entry(change.number).or_insert(why);
        }
    }

    /// Whether nothing takes a change back.
    fn is_beyond_return(&self, change: &Change) -> bool {
        let by_plugin = || {
            let plugin = match self.run.planned(&change.at.step).map(|step| &step.uses) {
                Some(Uses::Plugin(plugin)) => plugin.undo,
                _ => false,
            };
            plugin && !change.is_final()
        };
        change.passed.is_none() && change.reverse.is_none() && !change.call.covered && !by_plugin()
    }

    /// Changes that stay, each with one that would be taken back and that it was made of.
    fn made_of_it(&self) -> Vec<(&'a Change, &'a Change)> {
        let goes = |change: &&Change| {
            let place = self.run.steps.get_index_of(&change.at.step);
            let again = place.is_some_and(|place| self.is_again(place, change));
            again && !self.stays.contains_key(&change.number)
        };
        let (going, staying): (Vec<_>, Vec<_>) = self.run.standing_of_runs().partition(goes);
        // By the first of the ids that each is known by.
        let mut made: BTreeMap<String, Vec<(&Change, Vec<String>)>> = BTreeMap::new();
        for change in going {
            let ids = change.made();
            if let Some(first) = ids.first() {
                made.entry(first.clone()).or_default().push((change, ids));
            }
        }
        let mut pairs = Vec::new();
        for newer in staying.into_iter().filter(|change| !change.destroys()) {
            let names = newer.names();
            let known = names.iter().filter_map(|name| made.get(*name)).flatten();
            for (older, ids) in known {
                let all = ids.iter().all(|id| names.contains(id.as_str()));
                if all && older.number < newer.number {
                    pairs.push((newer, *older));
                }
            }
        }
        pairs
    }

    fn keep_for(&mut self, newer: u64, older: &Change) {
        let why = WhyStays::NeededBy(newer);
        for change in self.run.changes_of(&older.at) {
            if change.stands() && change.at.phase == Phase::Run {
                let stays = self.stays.entry(change.number);
                stays.or_insert_with(|| why.clone());
            }
        }
    }

    /// Whether the item that made a change waits again.
    fn is_again(&self, place: usize, change: &Change) -> bool {
        let meant = match &self.item {
            Some((only, item)) if *only == place => change.at.item.as_ref() == Some(item),
            _ => true,
        };
        meant && self.found.contains_key(&place)
    }

    /// What was made in passing stays with what it is behind.
    fn keep_what_is_behind(&mut self) {
        for change in self.run.changes() {
            let maker = change.passed.as_ref().map(|passed| passed.of);
            if let Some(maker) = maker.filter(|maker| self.stays.contains_key(maker)) {
                let why = WhyStays::NeededBy(maker);
                self.stays.entry(change.number).or_insert(why);
            }
        }
    }

    fn part(mut self) -> Part {
        self.keep_what_is_behind();
        let run = self.run;
        let begun = |place: &usize| run.steps[*place].began.is_some();
        let again = self.found.iter().filter(|(place, _)| begun(place));
        let again = again.map(|(place, why)| Again {
            step: run.name_of(*place),
            item: match &self.item {
                Some((only, item)) if only == place => Some(item.clone()),
                _ => None,
            },
            why: why.clone(),
            keeps: self.keep.contains(place),
        });
        let kept = self.passed.iter().filter(|place| begun(place));
        let stays = self.stays.iter().rev().map(|(change, why)| Stay {
            change: *change,
            why: why.clone(),
        });
        Part {
            kept: kept
                .filter(|place| !self.found.contains_key(place))
                .map(|place| run.name_of(*place))
                .collect(),
            again: again.collect(),
            stays: stays.collect(),
            redo: self.wish.redo,
        }
    }
}
