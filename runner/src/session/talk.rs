//! What is said to whoever sits at the terminal about open questions, and what is heard of them.

use std::time::Instant;

use rutter_engine::{Question, Run};

use crate::ui::{Drawing, Heard, Interview, announced};

/// The conversation; where nobody sits who could answer, what is asked is said once.
pub(super) struct Talk {
    interview: Option<Interview>,
    /// The newest question that was looked at.
    newest: u64,
}

impl Talk {
    pub(super) fn new(interview: Option<Interview>) -> Self {
        Self {
            interview,
            newest: 0,
        }
    }

    /// What is to be drawn for the run as it stands.
    pub(super) fn attend(&mut self, run: &Run) -> Option<Drawing> {
        let drawn = self.interview.as_mut().and_then(|one| one.attend(run));
        drawn.or_else(|| self.announce(run))
    }

    /// A question that nobody here is asked.
    fn announce(&mut self, run: &Run) -> Option<Drawing> {
        let asked_here = |question: &Question| {
            let interview = self.interview.as_ref();
            interview.is_some_and(|interview| interview.asks(question))
        };
        let mut newer = run
            .open_questions()
            .filter(|question| question.number > self.newest);
        let question = newer.find(|question| !asked_here(question));
        if let Some(question) = question {
            self.newest = question.number;
        }
        question.map(|question| announced(question, run))
    }

    /// Whether a question is drawn that waits for keys.
    pub(super) fn is_open(&self) -> bool {
        self.interview.as_ref().is_some_and(Interview::is_open)
    }

    /// When the drawn question begins to listen.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        self.interview.as_ref()?.wakes_at()
    }

    /// What the next keys come to; never ready where nobody sits.
    pub(super) async fn hear(&mut self) -> Heard {
        match &mut self.interview {
            Some(interview) => interview.hear().await,
            None => std::future::pending().await,
        }
    }
}
