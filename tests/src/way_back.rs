//! The way back of one run: `rutter undo`, struck or not, until it ends, with a person who answers what
//! it asks; and what must be true then.

use std::time::Duration;

use rutter_simcloud::{Difference, Summary, diff};

use crate::blow::Strike;
use crate::person::{self, in_words, questions};
use crate::{Ended, Stage};

/// How often `undo` is typed before it counts as one that does not end.
const UNDOS_MAX: usize = 8;
/// How often it may end without a question that can be answered before the person gives up.
const UNASKED_MAX: usize = 2;
/// A command that takes longer hangs.
const COMMAND_MAX: Duration = Duration::from_secs(90);

/// What a way back came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It ended, and all is as it was.
    Back,
    /// It ended, and what differs was named.
    Named(Vec<String>),
    /// It ended, and these differences were not named.
    Unnamed(Vec<String>),
    /// It does not end, whatever is typed.
    Stuck,
    /// It ended in a way that it never should.
    Odd,
}

/// A way back, told.
#[derive(Clone, Debug)]
pub struct WayBack {
    /// What it came to.
    pub verdict: Verdict,
    /// The commands with their exit codes.
    pub told: Vec<String>,
    /// The last thing that was printed.
    pub text: String,
    /// How many questions were answered.
    pub answered: usize,
    /// How many of the strikes fell.
    pub struck: usize,
}

impl WayBack {
    /// Whether a rollback may come to this.
    pub fn is_good(&self) -> bool {
        matches!(self.verdict, Verdict::Back | Verdict::Named(_))
    }
}

/// Takes a run back to where the cloud was `before`; each strike befalls one `undo` after the other.
/// After more than one strike the person answers at once; otherwise `undo` is typed again first, since
/// what struck has passed.
pub async fn take_back(stage: &Stage, before: &Summary, strikes: &[Strike]) -> WayBack {
    let mut way = Way {
        stage,
        before,
        told: Vec::new(),
        text: String::new(),
        answered: 0,
        struck: 0,
    };
    let mut patient = strikes.len() < 2;
    let mut strikes = strikes.iter().cloned();
    let mut unasked = 0;
    for _ in 0..UNDOS_MAX {
        stage.proxy.strike(strikes.next());
        let Some(ended) = way.undo().await else {
            return way.ends(Verdict::Odd);
        };
        way.struck += usize::from(stage.proxy.struck());
        way.text = format!("{}{}", ended.stdout, ended.stderr);
        match ended.code {
            None => {}
            Some(0) => return way.compare().await,
            Some(6) if way.text.contains("as far as it can be") => return way.compare().await,
            Some(2) if way.text.contains("ended before it began") => return way.compare().await,
            // It had ended, and was struck on its way out: what it left is shown.
            Some(2) if way.text.contains("was taken back already") => {
                let shown = stage.show().await;
                way.text = format!("{}{}", shown.stdout, shown.stderr);
                return way.compare().await;
            }
            Some(6) if std::mem::take(&mut patient) => {}
            Some(3..=6) => {
                let struck = stage.proxy.struck();
                unasked = match way.answer().await || struck {
                    true => 0,
                    false => unasked + 1,
                };
                if unasked == UNASKED_MAX {
                    return way.ends(Verdict::Stuck);
                }
            }
            Some(_) => return way.ends(Verdict::Odd),
        }
    }
    way.ends(Verdict::Stuck)
}

/// `rutter resolve STEP …`.
pub async fn resolve(stage: &Stage, step: &str, answer: &[String]) -> i32 {
    let run = stage.run_id();
    let mut words = vec!["resolve", &run, step];
    words.extend(answer.iter().map(String::as_str));
    words.extend(["--why", "looked"]);
    stage.say(&words).await.code.unwrap_or(-1)
}

struct Way<'a> {
    stage: &'a Stage,
    before: &'a Summary,
    told: Vec<String>,
    text: String,
    answered: usize,
    struck: usize,
}

impl Way<'_> {
    async fn undo(&mut self) -> Option<Ended> {
        let ended = tokio::time::timeout(COMMAND_MAX, self.stage.undo()).await;
        let code = ended.as_ref().map(|ended| ended.code);
        self.told.push(match code {
            Ok(Some(code)) => format!("undo {code}"),
            Ok(None) => "undo killed".to_owned(),
            Err(_) => "undo hangs".to_owned(),
        });
        ended.ok()
    }

    /// Answers what was asked, and says whether there was anything.
    async fn answer(&mut self) -> bool {
        let standing = self.differences().await;
        let mut any = false;
        for question in questions(&self.text) {
            for answer in question.answers(&standing) {
                let code = resolve(self.stage, &question.step, &answer).await;
                let answer = answer.join(" ");
                self.told
                    .push(format!("resolve {} {answer} {code}", question.step));
                any |= code == 0;
                self.answered += usize::from(code == 0);
            }
        }
        any
    }

    async fn differences(&self) -> Vec<Difference> {
        diff(self.before, &self.stage.cloud.summary().await)
    }

    async fn compare(self) -> WayBack {
        let differences = self.differences().await;
        let all = differences.iter().map(in_words).collect();
        let unnamed = person::unnamed(&differences, &self.text);
        let verdict = if differences.is_empty() {
            Verdict::Back
        } else if unnamed.is_empty() {
            Verdict::Named(all)
        } else {
            Verdict::Unnamed(unnamed.into_iter().map(in_words).collect())
        };
        self.ends(verdict)
    }

    fn ends(self, verdict: Verdict) -> WayBack {
        WayBack {
            verdict,
            told: self.told,
            text: self.text,
            answered: self.answered,
            struck: self.struck,
        }
    }
}
