//! Every change of every runbook is struck: its request or its answer is lost, it is refused, the binary
//! is killed before, in between and after. Then the run is taken back. The changes of the way back are
//! struck alike, once and twice in a row. Each must end, and what still differs from the start must have
//! been named.

#![expect(clippy::print_stdout, reason = "says what each trial came to")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use rutter_tests::examples::{EXAMPLES, Example};
use rutter_tests::ground::Ground;
use rutter_tests::way_back::{WayBack, take_back};
use rutter_tests::{Blow, Ended, Made, Place, Stage, Strike};
use tokio::task::JoinSet;

/// How many trials are under way at once.
const AT_ONCE: usize = 3;

/// What is struck.
#[derive(Clone, Debug)]
enum Trial {
    /// A change of the run.
    Run(Made, Blow),
    /// A change of the run, which is then taken up again.
    Resumed(Made, Blow),
    /// Changes of one `undo` after the other.
    Undo(Vec<Strike>),
}

impl std::fmt::Display for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run(made, blow) => write!(f, "run\t{made}\t{blow:?}"),
            Self::Resumed(made, blow) => write!(f, "resume\t{made}\t{blow:?}"),
            Self::Undo(strikes) => {
                let places: Vec<String> = strikes
                    .iter()
                    .map(|strike| strike.place.to_string())
                    .collect();
                let blows: Vec<String> = strikes
                    .iter()
                    .map(|strike| format!("{:?}", strike.blow))
                    .collect();
                write!(f, "undo\t{}\t{}", places.join(" + "), blows.join(" + "))
            }
        }
    }
}

async fn carry_out(ground: &Ground, trial: &Trial) -> (WayBack, bool) {
    match trial {
        Trial::Run(made, blow) | Trial::Resumed(made, blow) => {
            let stage = ground.rehearsed.stage().await;
            let mut told = vec![format!("run {}", struck_run(&stage, made, *blow).await)];
            let fell = stage.proxy.struck();
            if matches!(trial, Trial::Resumed(..)) && stage.begun() {
                let ended = stage.resume_until(&made.step).await;
                told.push(format!("resume {}", code(&ended)));
            }
            let mut way = take_back(&stage, &ground.before, &[]).await;
            told.append(&mut way.told);
            way.told = told;
            (way, fell)
        }
        Trial::Undo(strikes) => {
            let stage = ground.rehearsed.stage_from(&ground.end).await;
            let way = take_back(&stage, &ground.before, strikes).await;
            let fell = way.struck > 0;
            (way, fell)
        }
    }
}

async fn struck_run(stage: &Stage, made: &Made, blow: Blow) -> String {
    stage.proxy.strike(Some(blow.at(&made.place)));
    code(&stage.run_until(&made.step).await)
}

fn code(ended: &Ended) -> String {
    let code = ended.code.map(|code| code.to_string());
    code.unwrap_or_else(|| "killed".to_owned())
}

/// Every trial of an example.
fn trials(ground: &Ground) -> Vec<Trial> {
    let blows = Blow::ALL;
    let mut trials = Vec::new();
    for made in &ground.rehearsed.changes {
        trials.extend(blows.map(|blow| Trial::Run(made.clone(), blow)));
        trials.extend(blows.map(|blow| Trial::Resumed(made.clone(), blow)));
    }
    for (index, place) in ground.back.iter().enumerate() {
        trials.extend(blows.map(|blow| Trial::Undo(vec![blow.at(place)])));
        // The second undo is struck where the first one was, or at what comes next.
        let next = ground.back.get(index + 1).unwrap_or(place);
        let first_again = Place {
            number: 1,
            ..place.clone()
        };
        let second = |turn: usize, at: &Place| blows[(index + turn) % blows.len()].at(at);
        for (turn, blow) in blows.into_iter().enumerate() {
            trials.push(Trial::Undo(vec![
                blow.at(place),
                second(turn, &first_again),
            ]));
        }
        let next = Place {
            number: 1,
            ..next.clone()
        };
        trials.push(Trial::Undo(vec![
            blows[index % blows.len()].at(place),
            second(3, &next),
        ]));
    }
    trials
}

struct Told {
    line: String,
    good: bool,
    text: String,
}

async fn tell(ground: Arc<Ground>, trial: Trial) -> Told {
    let began = Instant::now();
    let (way, fell) = carry_out(&ground, &trial).await;
    let good = way.is_good();
    let mark = if good { "ok" } else { "BAD" };
    let fell = if fell { "" } else { " (the blow did not fall)" };
    let line = format!(
        "{mark}\t{}\t{trial}\t{}\t{:?}{fell}\t{} ms",
        ground.name(),
        way.told.join(", "),
        way.verdict,
        began.elapsed().as_millis()
    );
    Told {
        line,
        good,
        text: way.text,
    }
}

/// Carries out trials and prints what each came to. Returns those that went badly.
async fn carry_out_all(trials: Vec<(Arc<Ground>, Trial)>) -> Vec<String> {
    let mut waiting = trials.into_iter();
    let mut under_way = JoinSet::new();
    let mut bad = Vec::new();
    loop {
        while under_way.len() < AT_ONCE
            && let Some((ground, trial)) = waiting.next()
        {
            under_way.spawn(tell(ground, trial));
        }
        let Some(told) = under_way.join_next().await else {
            return bad;
        };
        let told = told.expect("a trial does not panic");
        println!("{}", told.line);
        if !told.good {
            for line in told.text.lines() {
                println!("    | {line}");
            }
            bad.push(told.line);
        }
    }
}

/// The examples that are wanted, carried out and taken back undisturbed, in their order.
async fn grounds(wanted: impl Fn(&Example) -> bool) -> Vec<Arc<Ground>> {
    let mut waiting = EXAMPLES
        .iter()
        .filter(|example| wanted(example))
        .enumerate();
    let mut under_way = JoinSet::new();
    let mut grounds = BTreeMap::new();
    loop {
        while under_way.len() < AT_ONCE
            && let Some((place, example)) = waiting.next()
        {
            under_way.spawn(async move { (place, Ground::new(*example).await) });
        }
        let Some(ready) = under_way.join_next().await else {
            return grounds.into_values().collect();
        };
        let (place, ground) = ready.expect("an example ends well");
        grounds.insert(place, Arc::new(ground));
    }
}

/// Of all trials one for each change of each runbook, and one for each change of its way back; the blows
/// take turns.
struct Spread {
    seen: BTreeSet<String>,
    turn: usize,
}

impl Spread {
    fn choose(&mut self, ground: &Ground) -> Vec<Trial> {
        let runbook = ground.example.procedure.runbook;
        let mut chosen = Vec::new();
        for made in &ground.rehearsed.changes {
            if self.is_new(format!("{runbook} {} {}", made.step, made.place.action)) {
                let (blow, made) = (self.next(), made.clone());
                // Five turns against six blows, so that each kind of trial sees every blow.
                chosen.push(match self.turn % 5 < 3 {
                    true => Trial::Run(made, blow),
                    false => Trial::Resumed(made, blow),
                });
            }
        }
        for place in &ground.back {
            if self.is_new(format!("{runbook} back {place}")) {
                let first = self.next().at(place);
                let again = Place {
                    number: 1,
                    ..place.clone()
                };
                chosen.push(Trial::Undo(match self.turn.is_multiple_of(5) {
                    true => vec![first, self.next().at(&again)],
                    false => vec![first],
                }));
            }
        }
        chosen
    }

    fn is_new(&mut self, what: String) -> bool {
        self.seen.insert(what)
    }

    fn next(&mut self) -> Blow {
        self.turn += 1;
        Blow::ALL[self.turn % Blow::ALL.len()]
    }
}

/// All examples whose name holds what `WAY_BACK_ONLY` says, with the trials that are chosen of each.
async fn all_end(mut choose: impl FnMut(&Ground) -> Vec<Trial>) {
    let only = std::env::var("WAY_BACK_ONLY").unwrap_or_default();
    let began = Instant::now();
    let mut all = Vec::new();
    for ground in grounds(|example| example.procedure.name().contains(&only)).await {
        let trials = choose(&ground);
        println!(
            "# {}: {} changes, {} of the way back, {} trials",
            ground.name(),
            ground.rehearsed.changes.len(),
            ground.back.len(),
            trials.len()
        );
        all.extend(trials.into_iter().map(|trial| (Arc::clone(&ground), trial)));
    }
    let number = all.len();
    assert!(number > 0, "nothing is called {only}");
    let bad = carry_out_all(all).await;
    let seconds = began.elapsed().as_secs();
    println!("# {number} trials, {} bad, {seconds} s", bad.len());
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_can_be_struck_and_the_way_back_ends() {
    let mut spread = Spread {
        seen: BTreeSet::new(),
        turn: 0,
    };
    all_end(|ground| spread.choose(ground)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: `make soak-matrix`"]
async fn whatever_strikes_every_way_back_ends() {
    all_end(trials).await;
}
