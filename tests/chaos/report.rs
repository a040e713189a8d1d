//! What a run came to: a table for people, JSON for programs. A column for each part of it, and one
//! for the run as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use crate::findings::{Fault, Finding};
use crate::json::{joined, object, quoted};
use crate::part::Part;
use crate::settings::Settings;
use crate::tally::Tally;

pub struct Report<'a> {
    pub settings: &'a Settings,
    pub servers: String,
    pub took: Duration,
    /// Of each part, as all that follows.
    pub tallies: [Tally; 3],
    /// The last number is that of all.
    pub faults: BTreeMap<&'static str, [u64; 4]>,
    pub findings: Vec<Finding>,
    /// The worst overrun of a deadline while nothing else went on.
    pub idle_overruns: [Duration; 3],
    /// Growth of resident memory over the most of the first half, in KiB.
    pub growth: i64,
}

const COLUMNS: [&str; 4] = ["answered", "refused", "not sent", "unknown"];
const WORST: [&str; 4] = [
    "worst end after a deadline",
    "worst end after a cancel",
    "worst end after a close",
    "worst end of a queue's freeing",
];

/// A row of figures: of each part, and of all.
type Row = (String, [String; 4]);

impl Report<'_> {
    fn found(&self, fault: Fault, part: Option<Part>) -> u64 {
        let found = self.findings.iter().filter(|it| it.fault == fault);
        found.filter(|it| part.is_none() || it.part == part).count() as u64
    }

    pub fn table(&self) -> String {
        let mut text = String::new();
        let Settings { seed, .. } = self.settings;
        let (name, took) = (self.settings.name(), self.took.as_secs());
        let _ = writeln!(
            text,
            "chaos: {name}, seed {seed}, {took} s, {}",
            self.servers
        );
        for part in self.settings.peer.parts() {
            self.commands(*part, &mut text);
        }
        let figures = |text: &mut String, (name, row): Row| {
            let _ = write!(text, "| {name:<30} |");
            let cells = row.map(|it| format!(" {it:>12} |")).concat();
            let _ = writeln!(text, "{cells}");
        };
        let _ = writeln!(text);
        let names = Part::ALL.map(Part::name);
        let heading = [names[0], names[1], names[2], "all"].map(str::to_owned);
        figures(&mut text, (String::new(), heading));
        for row in self.injected().into_iter().chain(self.verdict()) {
            figures(&mut text, row);
        }
        text
    }

    /// The commands of a part by kind.
    fn commands(&self, part: Part, text: &mut String) {
        let row = |text: &mut String, name: &str, counts: [String; 4]| {
            let [a, b, c, d] = counts;
            let _ = writeln!(text, "{name:<30}{a:>12}{b:>10}{c:>10}{d:>10}");
        };
        let heading = format!("\ncommands, {}", part.name());
        row(text, &heading, COLUMNS.map(str::to_owned));
        let mut totals = [0; 4];
        for (kind, counts) in &self.tallies[part as usize].commands {
            let name = format!("  {kind}");
            row(text, &name, counts.map(|it| it.to_string()));
            totals.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
        }
        row(text, "  all", totals.map(|it| it.to_string()));
    }

    /// Faults by kind. What strikes a server strikes all parts.
    fn injected(&self) -> Vec<Row> {
        let faults = self.faults.iter();
        let rows = faults.map(|(kind, row)| {
            let name = format!("fault: {kind}");
            (name, row.map(|it| it.to_string()))
        });
        rows.collect()
    }

    /// What counts.
    fn verdict(&self) -> Vec<Row> {
        let [a, b, c] = &self.tallies;
        let sum = |name: &str, of: fn(&Tally) -> u64| {
            let each = [of(a), of(b), of(c)];
            let row = [each[0], each[1], each[2], each.iter().sum()];
            (name.to_owned(), row.map(|it| it.to_string()))
        };
        let mut rows = vec![
            sum("calls", |it| it.calls),
            sum("replies checked", |it| it.checked),
        ];
        let marks = self.tallies.iter().flat_map(|it| it.marks.keys());
        for name in marks.collect::<BTreeSet<_>>() {
            let each = [a, b, c].map(|it| it.marks.get(name).copied().unwrap_or(0));
            let row = [each[0], each[1], each[2], each.iter().sum()];
            rows.push((name.clone(), row.map(|it| it.to_string())));
        }
        rows.extend(Fault::ALL.map(|fault| {
            let [x, y, z] = Part::ALL.map(|part| self.found(fault, Some(part)));
            let row = [x, y, z, self.found(fault, None)];
            (fault.name().to_owned(), row.map(|it| it.to_string()))
        }));
        for (at, name) in WORST.iter().enumerate() {
            rows.push(times(name, [a, b, c].map(|it| it.worst[at])));
            rows.push(times("  less standstills", [a, b, c].map(|it| it.net[at])));
        }
        rows.push(times("worst overrun when idle", self.idle_overruns));
        let mut growth = [const { String::new() }; 4];
        growth[3] = format!("{} KiB", self.growth);
        rows.push(("growth of memory".to_owned(), growth));
        rows
    }

    pub fn json(&self) -> String {
        let commands = Part::ALL.map(|part| {
            let kinds = self.tallies[part as usize].commands.iter();
            let kinds = kinds.map(|(kind, counts)| {
                let counts = COLUMNS.iter().zip(counts);
                (kind.clone(), object(counts.map(|(a, b)| (*a, b))))
            });
            (part.name(), object(kinds))
        });
        let mut names = Part::ALL.map(Part::name).to_vec();
        names.push("all");
        let figures = self.injected().into_iter().chain(self.verdict());
        let figures = figures.map(|(name, row)| {
            let cells = names.iter().zip(row);
            (name, object(cells.map(|(a, b)| (*a, quoted(&b)))))
        });
        let texts = self.findings.iter().map(|it| quoted(&it.to_string()));
        let members = [
            ("client", quoted(self.settings.name())),
            ("seed", self.settings.seed.to_string()),
            ("seconds", self.took.as_secs().to_string()),
            ("servers", quoted(&self.servers)),
            ("commands", object(commands)),
            ("figures", object(figures)),
            ("findings", format!("[{}]", joined(texts))),
        ];
        object(members) + "\n"
    }
}

/// A row of times.
fn times(name: &str, each: [Duration; 3]) -> Row {
    let worst = each.into_iter().max().unwrap_or_default();
    let row = [each[0], each[1], each[2], worst];
    let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    (name.to_owned(), row.map(millis))
}
