//! Run, resume and undo are killed with SIGKILL at random instants, again and again. Whatever is left of
//! a run can be carried on to the end that it would have had, or taken back to where it began.
//!
//! `SOAK_SEED` and `SOAK_KILLS` set the seed and the number of kills of `make soak`.

#![expect(
    clippy::print_stdout,
    reason = "says what was struck and what was found"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rutter_simcloud::diff;
use rutter_tests::examples::EXAMPLES;
use rutter_tests::ground::{Ground, repeated, shape};
use rutter_tests::person::questions;
use rutter_tests::random::Random;
use rutter_tests::way_back::{resolve, take_back};
use rutter_tests::{Ended, Stage};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

/// How many trials are under way at once.
const AT_ONCE: usize = 3;
/// A run is taken up at most so often until it must have ended.
const RESUMES_MAX: usize = 8;

/// What a trial came to.
#[derive(Default)]
struct Report {
    /// The command and the change that was under way, for each kill.
    kills: Vec<String>,
    answered: usize,
    taken_back: bool,
    found: Option<String>,
}

struct Trial<'a> {
    ground: &'a Ground,
    stage: Stage,
    random: Random,
    report: Report,
}

/// What is typed.
#[derive(Clone, Copy)]
enum Command {
    Run,
    Resume,
    Undo,
}

impl Command {
    fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Resume => "resume",
            Self::Undo => "undo",
        }
    }
}

/// Kills what is driven then, once so many requests came and a little time has passed. Says where.
async fn kill_after(stage: &Stage, requests: usize, pause: Duration) -> String {
    const A_MOMENT: Duration = Duration::from_millis(1);
    while stage.proxy.seen().len() < requests {
        tokio::time::sleep(A_MOMENT).await;
    }
    tokio::time::sleep(pause).await;
    loop {
        if let Some(place) = stage.proxy.kill() {
            return place;
        }
        // Between two commands.
        tokio::time::sleep(A_MOMENT).await;
    }
}

impl Trial<'_> {
    /// Carries out a command; most of them are killed on their way.
    async fn command(&mut self, command: Command, kill: bool) -> Ended {
        let requests = match command {
            Command::Undo => self.ground.requests_back,
            Command::Run | Command::Resume => self.ground.requests,
        };
        let after = self.random.below(requests as u64 + 1) as usize;
        let pause = Duration::from_micros(self.random.below(15_000));
        self.stage.proxy.strike(None);
        let going = async {
            match command {
                Command::Run => self.ground.run(&self.stage).await,
                Command::Resume => self.ground.resume(&self.stage).await,
                Command::Undo => self.stage.undo().await,
            }
        };
        if !kill {
            return going.await;
        }
        tokio::pin!(going);
        let mut killing = std::pin::pin!(kill_after(&self.stage, after, pause));
        tokio::select! {
            ended = &mut going => ended,
            place = &mut killing => {
                let ended = going.await;
                if ended.code.is_none() {
                    self.report.kills.push(format!("{}, {place}", command.word()));
                }
                ended
            }
        }
    }

    async fn carry_out(mut self) -> Report {
        let mut ended = self.command(Command::Run, true).await;
        for _ in 0..self.random.below(3) {
            if ended.code.is_none() {
                ended = self.command_again().await;
            }
        }
        if self.random.below(2) == 0 {
            self.goes_on(ended).await;
        } else {
            self.goes_back().await;
        }
        self.report
    }

    /// Takes the run up, or begins it where nothing of it was recorded.
    async fn command_again(&mut self) -> Ended {
        if !self.stage.begun() {
            return self.command(Command::Run, true).await;
        }
        let ended = self.command(Command::Resume, true).await;
        match never_began(&ended) {
            true => self.command(Command::Run, true).await,
            false => ended,
        }
    }

    /// To the end that it would have had.
    async fn goes_on(&mut self, mut ended: Ended) {
        for _ in 0..RESUMES_MAX {
            let text = format!("{}{}", ended.stdout, ended.stderr);
            match ended.code {
                Some(0) => return self.compare_end().await,
                Some(3) if self.ground.until.is_some() => return self.compare_end().await,
                Some(2) if text.contains("is over") => return self.compare_end().await,
                Some(5) => self.answer(&text).await,
                None | Some(3) => {}
                Some(2) if never_began(&ended) => {}
                _ => {
                    self.report.found = Some(format!("it ends with {:?}: {text}", ended.code));
                    return;
                }
            }
            ended = match !self.stage.begun() || never_began(&ended) {
                true => self.ground.run(&self.stage).await,
                false => self.ground.resume(&self.stage).await,
            };
        }
        self.report.found = Some(format!("it does not end: {}", ended.stderr));
    }

    async fn answer(&mut self, text: &str) {
        let standing = diff(&self.ground.before, &self.stage.cloud.summary().await);
        for question in questions(text) {
            let mut answers = question.answers(&standing);
            if answers.is_empty() {
                answers = vec![vec!["--retry".to_owned()]];
            }
            for answer in answers {
                resolve(&self.stage, &question.step, &answer).await;
                self.report.answered += 1;
            }
        }
    }

    async fn compare_end(&mut self) {
        let state = self.stage.cloud.state().await;
        if shape(&state) != shape(&self.ground.after) {
            self.report.found = Some(format!("another end: {state}"));
        }
        let changes = self.stage.cloud.changes().await;
        let twice = repeated(&changes, &self.ground.changes);
        if !twice.is_empty() {
            self.report.found = Some(format!("sent twice: {twice:?}"));
        }
    }

    /// To where it began.
    async fn goes_back(&mut self) {
        self.report.taken_back = true;
        if !self.stage.begun() {
            return;
        }
        for _ in 0..self.random.below(3) {
            if self.command(Command::Undo, true).await.code.is_some() {
                break;
            }
        }
        let way = take_back(&self.stage, &self.ground.before, &[]).await;
        self.report.answered += way.answered;
        if !way.is_good() {
            let told = way.told.join(", ");
            self.report.found = Some(format!("{told}: {:?}: {}", way.verdict, way.text));
        }
    }
}

/// It died before its first record was safe, and did nothing.
fn never_began(ended: &Ended) -> bool {
    ended.code == Some(2) && ended.stderr.contains("ended before it began")
}

/// Kills until so many have fallen; returns what was found.
async fn soak(seed: u64, kills: usize) -> Vec<String> {
    let began = Instant::now();
    println!("seed {seed}, {kills} kills");
    let grounds: Vec<Lazy> = EXAMPLES.iter().map(|_| Lazy::default()).collect();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    let (mut fallen, mut answered, mut taken_back, mut trials) = (0, 0, 0, 0);
    let mut under_way = JoinSet::new();
    let mut number = 0;
    while fallen < kills || !under_way.is_empty() {
        while fallen < kills && under_way.len() < AT_ONCE {
            let mut random = Random::part(seed, number);
            number += 1;
            let of = usize::try_from(random.below(EXAMPLES.len() as u64)).unwrap_or(0);
            under_way.spawn(one(of, Arc::clone(&grounds[of]), random, number));
        }
        let Some(ended) = under_way.join_next().await else {
            continue;
        };
        let (name, report) = ended.expect("a trial does not panic");
        trials += 1;
        fallen += report.kills.len();
        answered += report.answered;
        taken_back += usize::from(report.taken_back);
        for place in report.kills {
            *places.entry(place).or_default() += 1;
        }
        if let Some(what) = report.found {
            println!("FOUND {name}: {what}");
            found.push(format!("{name}: {what}"));
        }
    }
    println!(
        "{trials} trials, {taken_back} of them taken back, {fallen} kills, {answered} questions answered, \
         {} findings, {} s",
        found.len(),
        began.elapsed().as_secs()
    );
    for (place, times) in places {
        println!("  {times:5}  {place}");
    }
    found
}

/// The ground of an example, prepared by the first trial that needs it.
type Lazy = Arc<OnceCell<Ground>>;

async fn one(of: usize, ground: Lazy, random: Random, number: u64) -> (String, Report) {
    let ground = ground.get_or_init(|| Ground::new(EXAMPLES[of])).await;
    let trial = Trial {
        stage: ground.rehearsed.stage().await,
        ground,
        random,
        report: Report::default(),
    };
    let report = trial.carry_out().await;
    (format!("trial {number}, {}", ground.name()), report)
}

fn setting(name: &str, otherwise: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(otherwise, |value| value.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_kills_at_random_lose_nothing() {
    let found = soak(setting("SOAK_SEED", 1), 60).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: `make soak`"]
async fn a_thousand_kills_at_random_lose_nothing() {
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = seed.map_or(1, |since| since.as_secs());
    let kills = usize::try_from(setting("SOAK_KILLS", 1_000)).expect("not so many");
    let found = soak(setting("SOAK_SEED", seed), kills).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}
