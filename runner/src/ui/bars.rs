//! Bars on a terminal: one for the run, one for each attempt under way; what is finished stands
//! above them as lines.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use rutter_diagnostic::neutral::{neutral, one_line};
use rutter_engine::{At, Record, Run, Timestamp};

use super::board::Board;
use super::footer::fitting;
use super::names::Names;
use super::printer::paint;
use super::words::{count, duration};
use super::{Drawing, Printer, Show, Tone, Weight, describe};
use crate::journal::LogLevel;

/// More attempts under way than this are counted, not drawn: a screen has some fifty lines.
const BARS_MAX: usize = 16;

/// How often what takes time is redrawn.
const TICK: Duration = Duration::from_millis(200);

/// Shows a run by bars, on a terminal.
pub(super) struct BarShow {
    printer: Printer,
    screen: Arc<Mutex<Screen>>,
    ticker: Option<(Arc<std::sync::atomic::AtomicBool>, JoinHandle<()>)>,
}

struct Screen {
    bars: MultiProgress,
    run: ProgressBar,
    more: ProgressBar,
    /// The line where a person types, while one does.
    input: Option<ProgressBar>,
    steps: BTreeMap<At, ProgressBar>,
    board: Board,
    names: Names,
    started: Option<Timestamp>,
}

impl BarShow {
    pub(super) fn new(printer: Printer) -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let run = bars.add(ProgressBar::new(0));
        run.set_style(style("{bar:24} {pos} of {len} steps  {msg}"));
        let more = bars.add(ProgressBar::no_length());
        more.set_style(style("{msg}"));
        let screen = Arc::new(Mutex::new(Screen {
            bars,
            run,
            more,
            input: None,
            steps: BTreeMap::new(),
            board: Board::default(),
            names: Names::default(),
            started: None,
        }));
        Self {
            printer,
            ticker: tick(&screen),
            screen,
        }
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        lock(&self.screen)
    }

    fn above(&self, screen: &Screen, text: &str, tone: Tone) {
        let text = paint(&neutral(text), tone, self.printer.error_style());
        // A terminal that went away has nobody in front of it.
        let _ = screen.bars.println(text);
    }
}

/// Redraws what takes time. Without a thread the bars move with the records only.
fn tick(
    screen: &Arc<Mutex<Screen>>,
) -> Option<(Arc<std::sync::atomic::AtomicBool>, JoinHandle<()>)> {
    use std::sync::atomic::{AtomicBool, Ordering};
    let over = Arc::new(AtomicBool::new(false));
    let (screen, until) = (screen.clone(), over.clone());
    let thread = std::thread::Builder::new()
        .name("bars".to_owned())
        .spawn(move || {
            while !until.load(Ordering::Relaxed) {
                std::thread::park_timeout(TICK);
                lock(&screen).redraw();
            }
        });
    thread.ok().map(|thread| (over, thread))
}

fn lock(screen: &Mutex<Screen>) -> MutexGuard<'_, Screen> {
    // What is drawn is made anew at each tick; nothing half drawn remains.
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are constants and well formed")
}

impl Screen {
    /// Shows the line where a person types, below all bars, or takes it away.
    fn type_in(&mut self, text: Option<&str>) {
        let Some(text) = text else {
            if let Some(bar) = self.input.take() {
                bar.finish_and_clear();
                self.bars.remove(&bar);
            }
            return;
        };
        let bars = &self.bars;
        let bar = self.input.get_or_insert_with(|| {
            let bar = bars.add(ProgressBar::no_length());
            bar.set_style(style("{msg}"));
            bar
        });
        bar.set_message(fitting(text));
    }

    /// Makes the bars show what the board says.
    fn redraw(&mut self) {
        let Some(started) = self.started else {
            return;
        };
        let now = now();
        self.run.set_length(self.board.steps);
        self.run.set_position(self.board.steps_over);
        self.run.set_message(duration(now.since(started)));
        let (bars, more) = (&self.bars, &self.more);
        let board = &self.board;
        self.steps.retain(|at, bar| {
            let stays = board.entries().any(|(entry, _)| entry == at);
            if !stays {
                bar.finish_and_clear();
                bars.remove(bar);
            }
            stays
        });
        let mut hidden = 0;
        for (at, entry) in board.entries() {
            if !self.steps.contains_key(at) && self.steps.len() >= BARS_MAX {
                hidden += 1;
                continue;
            }
            let bar = self.steps.entry(at.clone()).or_insert_with(|| {
                let bar = bars.insert_before(more, ProgressBar::no_length());
                bar.set_style(style("  {prefix}  {wide_msg}"));
                bar
            });
            let place = format!(
                "{} {}",
                self.names.place(at),
                duration(now.since(entry.since))
            );
            bar.set_prefix(one_line(&place));
            bar.set_message(one_line(&entry.text(now)));
        }
        more.set_message(if hidden > 0 {
            format!("  and {} more under way", count(hidden, "attempt"))
        } else {
            String::new()
        });
    }
}

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

impl Show for BarShow {
    fn record(&mut self, record: &Record, run: &Run) {
        let mut screen = self.screen();
        screen.board.record(record);
        screen.names.record(record);
        screen.started.get_or_insert(run.started());
        let line = describe(record, run);
        if line.weight >= Weight::Headline {
            self.above(&screen, &line.text, line.tone);
        }
    }

    fn waiting(&mut self, at: &At, label: &str, seen: &str, deadline: Timestamp) {
        self.screen().board.waiting(at, label, seen, deadline);
    }

    fn again(&mut self, at: &At, what: &str, due: Timestamp) {
        self.screen().board.again(at, what, due);
    }

    fn progress(&mut self, at: &At, done: u64, total: u64, message: &str) {
        self.screen().board.progress(at, done, total, message);
    }

    fn log(&mut self, at: &At, level: LogLevel, message: &str) {
        if level >= LogLevel::Warn {
            let screen = self.screen();
            let text = format!("{}: | {}", screen.names.place(at), one_line(message));
            self.above(&screen, &text, Tone::Asks);
        }
    }

    fn note(&mut self, text: &str) {
        self.above(&self.screen(), &one_line(text), Tone::Plain);
    }

    fn ask(&mut self, drawing: &Drawing) {
        let mut screen = self.screen();
        for line in &drawing.lines {
            self.above(&screen, line, Tone::Asks);
        }
        screen.type_in(drawing.input.as_deref());
    }

    fn finish(&mut self, _run: &Run) {
        if let Some((over, thread)) = self.ticker.take() {
            over.store(true, std::sync::atomic::Ordering::Relaxed);
            thread.thread().unpark();
            // A panic there has been shown already.
            let _ = thread.join();
        }
        let mut screen = self.screen();
        screen.board.clear();
        screen.redraw();
        screen.run.finish_and_clear();
        screen.more.finish_and_clear();
        screen.type_in(None);
        // As above: there may be no terminal any more.
        let _ = screen.bars.clear();
    }
}

impl Drop for BarShow {
    fn drop(&mut self) {
        self.finish(&Run::new());
    }
}
