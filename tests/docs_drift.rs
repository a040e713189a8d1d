//! The reference pages say what the code does.
//!
//! OPTIONS.md and the options of the manual page are written from the table of options;
//! `REWRITE_DOCS=1 cargo test --test docs_drift` writes them anew. docs/errors.md is written by hand and compared row by row.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use redisclient::error::{self, Code, Error};
use redisclient::options::{Row, Support, rows};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn options_page_is_the_table() {
    in_step("OPTIONS.md", &options_page());
}

#[test]
fn the_manual_has_every_option() {
    in_step(MANUAL, &manual_page());
}

fn in_step(name: &str, wanted: &str) {
    if std::env::var_os("REWRITE_DOCS").is_some() {
        let written = std::fs::write(file(name), wanted);
        written.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let help = "is out of date: REWRITE_DOCS=1 cargo test --test docs_drift";
    assert!(read(name) == wanted, "{name} {help}");
}

const MANUAL: &str = "docs/libredisclient.3";

/// The manual page with its options as the table has them.
fn manual_page() -> String {
    let page = read(MANUAL);
    let (head, rest) = halves(&page, "\n.\\\" begin options");
    let (mark, rest) = halves(rest, "\n");
    let (_, tail) = halves(rest, ".\\\" end options");
    let mut made = format!("{head}\n.\\\" begin options{mark}\n");
    for row in rows().filter(|row| matches!(row.support, Support::Built(_))) {
        let default = match row.default {
            "" => "none",
            default => default,
        };
        made += &format!(".TP\n.BR {} \" ({})\"\n", roff(row.name), roff(default));
        made += &format!("{}.\nTakes {}.\n", roff(row.doc), roff(row.accepted));
    }
    made + ".\\\" end options" + tail
}

fn halves<'a>(text: &'a str, at: &str) -> (&'a str, &'a str) {
    let halves = text.split_once(at);
    halves.unwrap_or_else(|| panic!("{MANUAL} has no {at:?}"))
}

/// As the page's source writes it; a long list may break after its commas.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    text.replace('`', "'")
        .replace(',', ",\\:")
        .replace(",\\: ", ", ")
}

const OPTIONS_HEAD: &str = include_str!("data/options_head.md");

fn options_page() -> String {
    let mut page = OPTIONS_HEAD.to_owned();
    page.push_str("\n| Option | Default | Live | Takes | What it does |\n|---|---|---|---|---|\n");
    for row in rows().filter(|row| matches!(row.support, Support::Built(_))) {
        let default = code(row.default);
        let live = if row.live { "yes" } else { "" };
        page += &format!(
            "| `{}` | {default} | {live} | {} | {} |\n",
            row.name, row.accepted, row.doc
        );
    }
    page.push_str(
        "\n## Not supported in this version\n\nThese names are taken. Setting one is an error, \
         except that what is off by default may be said to be off.\n\n\
         | Option | Accepted | What it will do |\n|---|---|---|\n",
    );
    for row in rows().filter(|row| !matches!(row.support, Support::Built(_))) {
        page += &format!("| `{}` | {} | {} |\n", row.name, accepted(row), row.doc);
    }
    page
}

fn accepted(row: &Row) -> String {
    match row.support {
        Support::Only(value) => code(value),
        _ => "nothing".to_owned(),
    }
}

fn code(text: &str) -> String {
    match text {
        "" => "none".to_owned(),
        _ => format!("`{text}`"),
    }
}

/// Cells of the table rows under a heading, without the table's own two head rows.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let start = page
        .find(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading}"));
    page[start + 1..]
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells
                .map(|cell| cell.trim_matches(' ').to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn every_code_stands_once_with_its_name_and_number() {
    let written: Vec<(String, String)> = table(&read("docs/errors.md"), "Codes")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let declared: Vec<(String, String)> = Code::ALL
        .iter()
        .map(|code| (format!("`{}`", code.name()), (*code as i32).to_string()))
        .collect();
    assert_eq!(written, declared);
}

#[test]
fn later_is_what_an_error_says_and_every_cell_is_filled() {
    for (row, code) in table(&read("docs/errors.md"), "Codes")
        .iter()
        .zip(Code::ALL)
    {
        assert_eq!(row.len(), 7, "{}", row[0]);
        assert!(row.iter().all(|cell| !cell.is_empty()), "{}", row[0]);
        let later = if Error::new(*code, "").retryable() {
            "yes"
        } else {
            "no"
        };
        assert_eq!(row[5].split(' ').next(), Some(later), "{}", row[0]);
    }
}

#[test]
fn a_servers_words_have_the_codes_written_there() {
    let page = read("docs/errors.md");
    let rows = table(&page, "A server's words");
    for row in &rows {
        let line = row[0].trim_matches('`');
        let error = error::from_line(line.as_bytes());
        assert_eq!(format!("`{}`", error.code().name()), row[1], "{line}");
        let codes = table(&page, "Codes");
        let of_code = codes
            .iter()
            .find(|code| code[0] == row[1])
            .expect("a known code");
        let class = of_code[6].split(", ").any(|class| class == row[2]);
        assert!(
            class || line.starts_with("ERR READONLY"),
            "{line}: {} is not with {}",
            row[2],
            row[1]
        );
    }
    let lines: BTreeSet<_> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(lines.len(), rows.len(), "a line stands twice");
}

/// Every error class of redis-py's connection and protocol part.
const CLASSES: &str = "RedisError ConnectionError AuthenticationError AuthorizationError BusyLoadingError \
    MaxConnectionsError ExternalAuthProviderError MasterNotFoundError SlaveNotFoundError \
    ReplicaNotFoundError TimeoutError InvalidResponse DataError PubSubError WatchError LockError \
    LockNotOwnedError ResponseError NoScriptError OutOfMemoryError ExecAbortError ReadOnlyError \
    NoPermissionError ModuleError NoSuchFieldsetError AuthenticationWrongNumberOfArgsError \
    TryAgainError ClusterCrossSlotError AskError MovedError ClusterError ClusterDownError \
    MasterDownError RedisClusterException SlotNotCoveredError CrossSlotTransactionError \
    InvalidPipelineStack ChildDeadlockedError IncorrectPolicyType RequestTokenErr TokenRenewalErr \
    InvalidTokenSchemaErr EventException NoValidDatabaseException UnhealthyDatabaseException \
    TemporaryUnavailableException InitialHealthCheckFailedError HttpError";

#[test]
fn every_redis_py_class_is_mapped_or_explained() {
    let page = read("docs/errors.md");
    let mapped: BTreeSet<String> = table(&page, "Codes")
        .iter()
        .flat_map(|row| row[6].split(", "))
        .filter(|class| *class != "none")
        .map(str::to_owned)
        .collect();
    let explained: BTreeSet<String> = table(&page, "redis-py classes without a counterpart")
        .into_iter()
        .inspect(|row| assert!(!row[1].is_empty(), "{} has no reason", row[0]))
        .map(|row| row[0].clone())
        .collect();
    assert!(
        mapped.is_disjoint(&explained),
        "both mapped and without a counterpart"
    );
    let written: BTreeSet<&str> = mapped.union(&explained).map(String::as_str).collect();
    assert_eq!(written, CLASSES.split_whitespace().collect());
}
