//! The conversation with the person at the terminal of a run, while the run goes on.
//!
//! One question is drawn at a time. It is answered by what is typed after it was drawn, or elsewhere:
//! then it goes away. Leaving it, by Ctrl-D or `n`, answers nothing; it stays open for `rutter
//! approve`.

use std::collections::BTreeSet;
use std::time::Instant;

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{Evidence, Input, Name, Person, Question, Run, Settled};

use super::keyboard::{Keyboard, Stroke, in_foreground};
use super::prompt::is_terminal;
use super::question::{block, how_to_answer, how_to_approve, question_lines};
use super::typed::{Line, Typed};
use super::word::new_word;

/// What is to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawing {
    /// Lines that stay.
    pub lines: Vec<String>,
    /// The questions that these lines are about, where that changes; none when they are over.
    pub about: Option<Vec<u64>>,
    /// The line below everything, where a person types; nothing is typed now without one.
    pub input: Option<String>,
}

/// The conversation.
pub struct Interview {
    by: Person,
    keyboard: Keyboard,
    current: Option<Asking>,
    /// Questions that the person left open.
    left: BTreeSet<u64>,
    /// The line where the person typed is to be taken away.
    clear: bool,
    /// The terminal went away.
    gone: bool,
}

/// A question that is drawn.
struct Asking {
    step: Name,
    /// The numbers of all that one yes answers.
    questions: Vec<u64>,
    /// The word for yes, where `y` is none.
    word: Option<String>,
    /// What is to be entered after a yes.
    evidence: Vec<String>,
    entered: Evidence,
    said_yes: bool,
    how: String,
    /// What is typed; `None` until the question stands on the screen.
    line: Option<Line>,
    listens: bool,
}

/// What a stroke came to.
pub enum Heard {
    /// Something to draw, or nothing.
    Draw(Drawing),
    /// The person answered: inputs for the engine.
    Said(Vec<Input>),
}

impl Interview {
    /// A conversation with whoever sits at the terminal of this process; `None` without a person who
    /// can both read and answer.
    pub fn at_terminal(by: &Person) -> Option<Self> {
        let keyboard = (is_terminal() && in_foreground()).then(Keyboard::new);
        Some(Self {
            by: by.clone(),
            keyboard: keyboard??,
            current: None,
            left: BTreeSet::new(),
            clear: false,
            gone: false,
        })
    }

    /// Whether a question is drawn.
    pub fn is_open(&self) -> bool {
        self.current.is_some()
    }

    /// Whether a question is put to the person here, who has not left it open.
    pub fn asks(&self, question: &Question) -> bool {
        !self.gone && is_mine(question, &self.by) && !self.left.contains(&question.number)
    }

    /// Looks at the run: draws what it asks, takes away what is settled.
    pub fn attend(&mut self, run: &Run) -> Option<Drawing> {
        if std::mem::take(&mut self.clear) {
            return Some(self.closed(Vec::new()));
        }
        if run.interrupted() {
            return self.current.take().map(|_| self.closed(Vec::new()));
        }
        if let Some(asking) = &mut self.current {
            let open = |number: &u64| {
                let question = run.question(*number);
                question.is_some_and(|question| is_mine(question, &self.by))
            };
            if asking.questions.iter().any(open) {
                asking.questions.retain(open);
                return self.listen();
            }
            let told = asking
                .questions
                .iter()
                .filter_map(|number| settled(run, *number));
            let told = told.collect();
            return Some(self.closed(told));
        }
        self.draw_next(run)
    }

    /// When the drawn question begins to listen.
    pub fn wakes_at(&self) -> Option<Instant> {
        let asking = self.current.as_ref().filter(|asking| !asking.listens)?;
        asking.line.as_ref().map(Line::listens_at)
    }

    /// What the next keys come to. Cancel safe; never ready while nothing is asked.
    pub async fn hear(&mut self) -> Heard {
        let stroke = self.keyboard.next().await;
        self.take(&stroke)
    }

    fn take(&mut self, stroke: &Stroke) -> Heard {
        self.gone |= stroke.keys.is_empty();
        let Some(asking) = &mut self.current else {
            return Heard::Draw(Drawing::default());
        };
        let Some(line) = &mut asking.line else {
            return Heard::Draw(Drawing::default());
        };
        let typed = match stroke.keys.is_empty() {
            true => Typed::End,
            false => line.take(&stroke.keys, stroke.at),
        };
        match typed {
            Typed::More => Heard::Draw(Drawing {
                input: asking.input(),
                ..Drawing::default()
            }),
            Typed::End => Heard::Draw(self.leave()),
            Typed::Line(text) if asking.said_yes => self.entered(text),
            Typed::Line(text) => self.answered(&text),
        }
    }

    fn draw_next(&mut self, run: &Run) -> Option<Drawing> {
        let wanted = |question: &&Question| self.asks(question);
        let first = run.open_questions().find(wanted)?;
        // What one step holds at the same time is one question to a person.
        let together = |question: &&Question| {
            let both = [first, *question].map(|question| !question.approval.changes.is_empty());
            question.number == first.number || both == [true, true]
        };
        let questions: Vec<&Question> = run
            .open_questions_of(&first.step)
            .filter(wanted)
            .filter(together)
            .collect();
        let texts = questions.iter();
        let texts = texts.flat_map(|question| question_lines(question, run));
        let lines = block(&first.step, texts.collect(), how_to_answer(first, run), run);
        let about = questions.iter().map(|question| question.number).collect();
        let missing = |name: &String| {
            first
                .missing(&Evidence::new())
                .any(|missing| missing == name)
        };
        self.current = Some(Asking {
            step: first.step.clone(),
            questions: questions.iter().map(|question| question.number).collect(),
            word: first.approval.is_final().then(new_word),
            evidence: first
                .approval
                .evidence
                .iter()
                .filter(|name| missing(name))
                .cloned()
                .collect(),
            entered: Evidence::new(),
            said_yes: false,
            how: how_to_approve(first, run),
            line: None,
            listens: false,
        });
        Some(Drawing {
            lines,
            about: Some(about),
            input: None,
        })
    }

    /// The question stands on the screen: what is typed from here on may answer it, in a while.
    fn listen(&mut self) -> Option<Drawing> {
        let asking = self.current.as_mut()?;
        let now = Instant::now();
        let Some(line) = &asking.line else {
            if self.keyboard.open().is_err() {
                self.gone = true;
                return Some(self.leave());
            }
            asking.line = Some(Line::new(Instant::now()));
            return None;
        };
        if asking.listens || now < line.listens_at() {
            return None;
        }
        asking.listens = true;
        Some(Drawing {
            input: asking.input(),
            ..Drawing::default()
        })
    }

    fn answered(&mut self, text: &str) -> Heard {
        let Some(asking) = &mut self.current else {
            return Heard::Draw(Drawing::default());
        };
        if matches!(text.to_lowercase().as_str(), "n" | "no") {
            return Heard::Draw(self.leave());
        }
        let yes = match &asking.word {
            Some(word) => text.eq_ignore_ascii_case(word),
            None => matches!(text.to_lowercase().as_str(), "y" | "yes"),
        };
        if !yes {
            let said = match (text, &asking.word) {
                ("", _) => "an empty line answers nothing".to_owned(),
                (_, None) => "type y or n".to_owned(),
                (_, Some(word)) => format!("only `{word}` is a yes here"),
            };
            return Heard::Draw(asking.again(said));
        }
        asking.said_yes = true;
        self.next_evidence()
    }

    fn entered(&mut self, text: String) -> Heard {
        let Some(asking) = &mut self.current else {
            return Heard::Draw(Drawing::default());
        };
        if text.trim().is_empty() {
            let name = asking.evidence.first().cloned().unwrap_or_default();
            return Heard::Draw(asking.again(format!(
                "`{name}` must be entered; Ctrl-D leaves the question open"
            )));
        }
        let name = asking.evidence.remove(0);
        asking.entered.insert(name, text);
        self.next_evidence()
    }

    fn next_evidence(&mut self) -> Heard {
        let Some(asking) = &mut self.current else {
            return Heard::Draw(Drawing::default());
        };
        if let Some(name) = asking.evidence.first() {
            let said = format!("{}: {name}?", asking.step);
            return Heard::Draw(asking.again(said));
        }
        let answers = asking.questions.iter().map(|question| Input::Approve {
            question: *question,
            by: self.by.clone(),
            evidence: asking.entered.clone(),
        });
        let answers = answers.collect();
        self.current = None;
        self.keyboard.close();
        self.clear = true;
        Heard::Said(answers)
    }

    /// No answer is no refusal: the run waits, and can be approved or declined later.
    fn leave(&mut self) -> Drawing {
        let Some(asking) = self.current.take() else {
            return Drawing::default();
        };
        let said = format!("{}: not answered; `{}` does", asking.step, asking.how);
        self.left.extend(asking.questions);
        self.closed(vec![said])
    }

    fn closed(&mut self, lines: Vec<String>) -> Drawing {
        self.current = None;
        self.keyboard.close();
        Drawing {
            lines,
            about: Some(Vec::new()),
            input: None,
        }
    }
}

impl Asking {
    /// The line where the person types; nothing before it listens.
    fn input(&self) -> Option<String> {
        let typed = self.line.as_ref().filter(|_| self.listens)?.text();
        let (step, evidence) = (&self.step, self.evidence.first().filter(|_| self.said_yes));
        Some(match (evidence, &self.word) {
            (Some(name), _) => format!("{step}: {name}: {typed}"),
            (None, Some(word)) => format!("{step}: type `{word}` for yes: {typed}"),
            (None, None) => format!("{step}: [y/N] {typed}"),
        })
    }

    /// Draws once more, and is deaf for a while again.
    fn again(&mut self, said: String) -> Drawing {
        self.line = None;
        self.listens = false;
        Drawing {
            lines: vec![one_line(&said)],
            ..Drawing::default()
        }
    }
}

/// A question that nobody at this terminal is asked, with what to type elsewhere.
pub fn announced(question: &Question, run: &Run) -> Drawing {
    let how = format!("  `{}` says yes", how_to_approve(question, run));
    Drawing {
        lines: block(&question.step, question_lines(question, run), how, run),
        ..Drawing::default()
    }
}

/// Whether it waits for an answer of this person.
fn is_mine(question: &Question, by: &Person) -> bool {
    let may = question.approval.may_answer(by);
    question.settled.is_none() && may && !question.has_yes_of(by)
}

/// How a question was settled that this terminal did not answer.
fn settled(run: &Run, number: u64) -> Option<String> {
    let question = run.question(number)?;
    let how = match question.settled.as_ref()? {
        Settled::Approved => {
            let who: Vec<_> = question
                .yes
                .iter()
                .map(|yes| one_line(&yes.by.name))
                .collect();
            format!("{} said yes", who.join(" and "))
        }
        Settled::Declined { by } => format!("{} said no", one_line(&by.name)),
        Settled::Moot(why) => (*why).to_owned(),
    };
    Some(format!(
        "{}: question {number} is settled: {how}",
        question.step
    ))
}
