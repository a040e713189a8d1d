//! Keeps the books of one worker or one queue: asks the oracle about each reply, looks for the cause
//! of each failure, compares times, and writes down what became of every command.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::answer::{Done, Failure, Fate};
use crate::blame::{Circumstances, unexplained};
use crate::call::{Made, describe};
use crate::findings::Fault;
use crate::hush;
use crate::journal::Journal;
use crate::machine::Beats;
use crate::oracle::Memory;
use crate::part::Part;
use crate::scene::Target;
use crate::tally::Tally;
use crate::ticket::{Job, Shape};
use crate::weather::Calm;
use crate::worker::World;

/// A call may end so long after its deadline, its cancel or its client's close.
pub const PATIENCE: Duration = Duration::from_millis(250);
/// So long nothing may take in a calm.
const SLUGGISH: Duration = Duration::from_secs(1);
/// Calls that are remembered for a finding.
const HISTORY: usize = 12;
const LATE: usize = 100;
/// What a call ends after.
pub const ENDS: [&str; 4] = [
    "its deadline",
    "its cancel",
    "the close of its client",
    "the freeing of its queue",
];

pub struct Clerk<'a> {
    world: &'a World<'a>,
    part: Part,
    journal: Journal,
    pub tally: Tally,
    history: VecDeque<String>,
    /// Ends that may be the worst ones yet, within bounds: for which of `ENDS`, when due, when they
    /// came. What the machine lost meanwhile is asked later, for it takes a moment.
    late: Vec<(usize, Instant, Instant)>,
    /// When nobody looked whether something had ended.
    away: Beats,
}

impl<'a> Clerk<'a> {
    pub fn new(world: &'a World<'a>, part: Part, name: &str) -> Self {
        let mut journal = Journal::create(&world.journals.join(name));
        journal.line(&format!("part {}", part.name()));
        Self {
            world,
            part,
            journal,
            tally: Tally::default(),
            history: VecDeque::new(),
            late: Vec::new(),
            away: Beats::default(),
        }
    }

    /// A call has ended.
    pub fn settle(
        &mut self,
        target: &Target,
        memory: &mut Memory,
        job: &Job,
        made: &Made,
        done: Done,
    ) {
        self.tally.calls += 1;
        self.remember(target, job, made, &done);
        if let Err(failure) = &done.result {
            self.explain(failure, made);
        }
        self.check_times(made);
        match done.fates(job.steps.len(), job.shape != Shape::Command) {
            Ok(fates) => {
                let elapsed = made.ended - made.started;
                self.check_replies(target.lasts, memory, job, &fates, elapsed);
            }
            Err(why) => self.find(Fault::WrongReply, &why),
        }
    }

    /// The books are closed.
    pub fn finish(mut self) {
        self.compare_late();
        for line in self.tally.lines() {
            self.journal.line(&line);
        }
        self.journal.finish();
    }

    pub fn check_replies(
        &mut self,
        lasts: bool,
        memory: &mut Memory,
        job: &Job,
        fates: &[Fate],
        elapsed: Duration,
    ) {
        for (step, fate) in job.steps.iter().zip(fates) {
            if let Fate::Answered(answer) = fate
                && let Err((fault, why)) = memory.judge(step, answer, elapsed)
            {
                self.find(fault, &format!("ticket {}: {why}", step.ticket));
            }
            memory.learn(step, fate);
            self.journal.note(step, fate, lasts);
            self.tally.count(step.expect.kind(), fate);
        }
    }

    /// A failure must have a cause.
    fn explain(&mut self, failure: &Failure, made: &Made) {
        let Some(handle) = &made.handle else { return };
        let calm = self.world.calm_at(made.started);
        let silence = handle.traits.timeout;
        let starved = |until: Instant| 2 * self.slow(until - silence, until) > silence;
        let then = Circumstances {
            cancelled: made.may_be_cancelled(),
            closed: handle.closing.get().is_some(),
            tls: handle.traits.tls,
            waits: handle.traits.waits,
            narrow: made.narrow,
            calm: calm.is_some_and(|it| it.until.is_none_or(|until| made.ended < until)),
            patient: made.limit.is_none_or(|limit| limit >= SLUGGISH)
                && calm.is_some()
                && made.ended - made.started > SLUGGISH / 2 + self.slow(made.started, made.ended),
            starved: calm.is_some() && starved(made.ended),
        };
        if let Some(why) = unexplained(failure, then) {
            let Failure {
                message,
                outcome,
                code,
                ..
            } = failure;
            let text = format!("{why}: {message} ({code}, {outcome:?})");
            self.find(Fault::NoCause, &text);
        }
    }

    /// Deadlines, cancels and closes end a call at once, and a calm lets none sleep.
    fn check_times(&mut self, made: &Made) {
        let closing = made
            .handle
            .as_ref()
            .and_then(|it| it.closing.get().copied());
        let due = made.limit.map(|limit| made.started + limit);
        let cancelled = made.firing().map(|(fired, done)| {
            self.check_end(1, fired, done);
            done
        });
        for (at, due) in [due, cancelled, closing].into_iter().enumerate() {
            if let Some(due) = due {
                self.check_end(at, due.max(made.started), made.ended);
            }
        }
        let calm = self.world.calm_at(made.started);
        if let Some(calm) = calm
            && made.handle.is_some()
        {
            let until = calm.until.map_or(made.ended, |until| until.min(made.ended));
            let asleep = until.saturating_duration_since(made.started);
            self.check_hush(calm, made, until);
            if asleep > SLUGGISH && asleep > SLUGGISH + self.slow(made.started, until) {
                self.find(Fault::NoCause, &format!("it took {asleep:?} of a calm"));
            }
        }
    }

    /// Who shares connections does not sleep on when all others fall silent.
    fn check_hush(&mut self, calm: Calm, made: &Made, until: Instant) {
        if self.part == Part::Exclusive {
            return;
        }
        if hush::next_volley(calm.settled(), made.started).is_none() {
            return;
        }
        let asleep = until.saturating_duration_since(made.started);
        if asleep > hush::PATIENCE && asleep > hush::PATIENCE + self.slow(made.started, until) {
            let text = format!("it slept on for {asleep:?} when all others fell silent");
            self.find(Fault::NoCause, &text);
        }
    }

    /// What is due for one of `ENDS` has ended.
    pub fn check_end(&mut self, at: usize, due: Instant, ended: Instant) {
        let late = ended.saturating_duration_since(due);
        self.tally.worst[at] = late.max(self.tally.worst[at]);
        if late > PATIENCE {
            let lost = self.lost(due, ended);
            if late > PATIENCE + lost {
                let what = ENDS[at];
                self.find(
                    Fault::Overrun,
                    &format!("the end came {late:?} after {what}"),
                );
            }
        }
        if late > self.tally.net[at] {
            self.late.push((at, due, ended));
            if self.late.len() == LATE {
                self.compare_late();
            }
        }
    }

    fn compare_late(&mut self) {
        for (at, due, ended) in std::mem::take(&mut self.late) {
            let net = (ended - due).saturating_sub(self.world.machine.lost(due, ended));
            self.tally.net[at] = net.max(self.tally.net[at]);
        }
    }

    /// Nobody looked since then whether something had ended.
    pub fn was_away(&mut self, since: Instant) {
        self.away.note(since, Instant::now());
    }

    /// Time that the machine kept threads from running, three times: a call takes several wake-ups.
    fn lost(&self, from: Instant, until: Instant) -> Duration {
        3 * self.world.machine.lost(from, until) + self.away.lost(from, until)
    }

    /// The same for what takes a server to end: it may be kept from running too.
    fn slow(&self, from: Instant, until: Instant) -> Duration {
        let pulse = 3 * self.world.pulse.lost(from, until);
        self.lost(from, until).max(pulse)
    }

    fn remember(&mut self, target: &Target, job: &Job, made: &Made, done: &Done) {
        let came = match &done.result {
            Ok(answer) => answer.show(),
            Err(failure) => format!("{:?}: {}", failure.outcome, failure.message),
        };
        let [from, until] =
            [made.started, made.ended].map(|at| (at - self.world.began).as_secs_f64());
        let limit = made
            .limit
            .map_or("no limit".to_owned(), |it| format!("limit {it:?}"));
        let line = format!(
            "{from:.3} to {until:.3} s, {}, {limit}: {} -> {came}",
            target.name,
            describe(job)
        );
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(line);
    }

    /// A finding, with the last calls and the faults of the last seconds.
    pub fn find(&mut self, fault: Fault, what: &str) {
        let mut lines = vec![
            what.to_owned(),
            "the calls before, the last of them it:".to_owned(),
        ];
        lines.extend(self.history.iter().map(|line| format!("  {line}")));
        if let Some(weather) = self.world.weather {
            let now = Instant::now();
            let from = now - Duration::from_secs(2).min(now - self.world.began);
            lines.push("the faults of the last 2 s:".to_owned());
            let told = weather.told(self.part, self.world.began, (from, now));
            lines.extend(told.iter().map(|line| format!("  {line}")));
        }
        self.world
            .findings
            .add(Some(self.part), fault, lines.join("\n"));
    }
}
