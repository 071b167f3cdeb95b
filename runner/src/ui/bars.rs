//! A terminal while a run is under way: what is over stands above as lines, what is under way below
//! them, as `screen.rs` lays it out, and the line where a person types last.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use rutter_diagnostic::neutral::{Style, neutral, one_line};
use rutter_engine::{At, Fact, Record, Run, Timestamp};

use super::ascii::marks;
use super::board::Board;
use super::footer::fitting;
use super::names::Names;
use super::printer::paint;
use super::screen::{Size, rows};
use super::slow::SlowCall;
use super::words::now;
use super::wrap::wrap;
use super::{Drawing, Printer, Show, Tone, Weight, describe};
use crate::journal::LogLevel;
use crate::took::TookFolder;

/// How often what takes time is redrawn.
const TICK: Duration = Duration::from_millis(200);

/// Shows a run by bars, on a terminal.
pub(super) struct BarShow {
    printer: Printer,
    screen: Arc<Mutex<Screen>>,
    took: TookFolder,
    ticker: Option<(Arc<std::sync::atomic::AtomicBool>, JoinHandle<()>)>,
}

struct Screen {
    bars: MultiProgress,
    /// The bar of the run; its message is all that is under way.
    run: ProgressBar,
    /// The line where a person types, while one does.
    input: Option<ProgressBar>,
    /// The questions that stand above, with that line.
    asked: BTreeSet<u64>,
    board: Board,
    names: Names,
    style: Style,
    ascii: bool,
}

impl BarShow {
    /// Shows a run; `took` tells how long its steps took before.
    pub(super) fn new(printer: Printer, took: TookFolder) -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let run = bars.add(ProgressBar::new(0));
        let screen = Arc::new(Mutex::new(Screen {
            bars,
            run,
            input: None,
            asked: BTreeSet::new(),
            board: Board::default(),
            names: Names::default(),
            style: printer.error_style(),
            ascii: printer.output().ascii,
        }));
        Self {
            printer,
            ticker: tick(&screen),
            screen,
            took,
        }
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        lock(&self.screen)
    }

    fn above(&self, screen: &Screen, text: &str, tone: Tone) {
        let style = self.printer.error_style();
        let text = neutral(text);
        for line in wrap(
            &marks(&text, screen.ascii),
            size().columns.saturating_sub(1),
        ) {
            // A terminal that went away has nobody in front of it.
            let _ = screen.bars.println(paint(&line, tone, style));
        }
    }
}

/// The terminal as it is at this moment.
fn size() -> Size {
    let (rows, columns) = Term::stderr().size();
    Size {
        columns: usize::from(columns),
        rows: usize::from(rows),
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

/// How many columns the bar of the run takes, with the space after it: none where words need them.
fn bar_columns(columns: usize) -> usize {
    match columns {
        0..60 => 0,
        60..100 => 13,
        _ => 25,
    }
}

/// The run's line, and below it what else there is.
fn run_style(columns: usize, alone: bool, ascii: bool) -> ProgressStyle {
    let bar = match bar_columns(columns) {
        0 => String::new(),
        columns => format!("{{bar:{}}} ", columns - 1),
    };
    let below = if alone { "" } else { "\n{prefix}" };
    let style = style(&format!("{bar}{{msg}}{below}"));
    match ascii {
        true => style.progress_chars("#-"),
        false => style,
    }
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
        bar.set_message(fitting(text, self.ascii));
    }

    /// Makes the screen show what the board says.
    fn redraw(&mut self) {
        if self.board.runbook.is_empty() {
            return;
        }
        let size = size();
        let bar = bar_columns(size.columns);
        let rows = rows(&self.board, &self.asked, now(), size, bar);
        let mut lines = rows
            .into_iter()
            .map(|row| paint(&marks(&row.text, self.ascii), row.tone, self.style));
        let first = lines.next().unwrap_or_default();
        let below = lines.collect::<Vec<_>>().join("\n");
        self.run
            .set_style(run_style(size.columns, below.is_empty(), self.ascii));
        self.run.set_length(self.board.steps);
        self.run.set_position(self.board.steps_over);
        self.run.set_prefix(below);
        self.run.set_message(first);
    }
}

impl Show for BarShow {
    fn record(&mut self, record: &Record, run: &Run) {
        let mut screen = self.screen();
        if screen.board.runbook.is_empty() && run.has_plan() {
            screen.board = Board::new(self.took.load(&run.plan().name));
        }
        screen.board.record(record, run);
        screen.names.record(record);
        let line = describe(record, run);
        // A question stands below for as long as it is open.
        let below = matches!(record.fact, Fact::ApprovalAsked { .. });
        if line.weight >= Weight::Headline && !below {
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

    fn slow(&mut self, at: &At, call: &SlowCall) {
        self.screen().board.slow(at, call);
    }

    fn note(&mut self, text: &str) {
        self.above(&self.screen(), &one_line(text), Tone::Plain);
    }

    fn ask(&mut self, drawing: &Drawing) {
        let mut screen = self.screen();
        for line in &drawing.lines {
            self.above(&screen, line, Tone::Asks);
        }
        if let Some(about) = &drawing.about {
            screen.asked = about.iter().copied().collect();
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
