//! The table of commands is what the newest Valkey and the newest Redis say.
//!
//! `BLESS=1 cargo test --test command_table` writes `src/command/table.rs` anew from COMMAND of
//! both servers. Without it the table is compared, with every server that is there.

mod support;

use redisclient::command::{Command, Flags, find};
use std::collections::BTreeMap;
use support::raw::Value;
use support::{Flavour, Server};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/command/table.rs");
const NEWEST: [Flavour; 2] = [Flavour::NewestValkey, Flavour::NewestRedis];
const FETCH: &str = "run tests/support/fetch-servers.sh";

/// The server's words for flags, and ours, in the order in which the table names them.
const FLAGS: [(&str, &str, Flags); 7] = [
    ("write", "WRITE", Flags::WRITE),
    ("readonly", "READONLY", Flags::READONLY),
    ("blocking", "BLOCKING", Flags::BLOCKING),
    ("movablekeys", "MOVABLE_KEYS", Flags::MOVABLE_KEYS),
    ("admin", "ADMIN", Flags::ADMIN),
    ("pubsub", "PUBSUB", Flags::PUBSUB),
    ("no_multi", "NO_MULTI", Flags::NO_MULTI),
];

/// A row as a server tells it.
#[derive(Clone, Debug)]
struct Row {
    arity: i64,
    keys: [i64; 3],
    flags: Vec<String>,
    container: bool,
}

type Rows = BTreeMap<String, Row>;

#[test]
fn the_table_is_what_the_newest_servers_say() {
    let bless = std::env::var_os("BLESS").is_some();
    let missing = NEWEST.iter().any(|flavour| !flavour.is_available());
    assert!(
        !(bless && missing),
        "the table is made from both newest servers: {FETCH}"
    );
    if missing {
        eprintln!("the table's text is not compared, a newest server is missing: {FETCH}");
        return;
    }
    let made = render(&merge(rows_of(NEWEST[0]), rows_of(NEWEST[1])));
    if bless {
        std::fs::write(TABLE, made).unwrap();
        return;
    }
    let table = std::fs::read_to_string(TABLE).unwrap();
    let line = table.lines().zip(made.lines()).position(|(a, b)| a != b);
    assert!(
        table == made,
        "src/command/table.rs differs from the servers at line {}; \
         BLESS=1 cargo test --test command_table writes it anew",
        line.map_or(0, |line| line + 1)
    );
}

#[test]
fn every_server_at_hand_agrees_with_the_table() {
    for flavour in Flavour::all_available() {
        let rows = rows_of(flavour);
        assert!(rows.len() > 300, "COMMAND told {} rows", rows.len());
        for (name, row) in rows {
            let (command, sub) = name
                .split_once('|')
                .map_or((&*name, None), |(c, s)| (c, Some(s)));
            let known = find(command.as_bytes(), sub.map(str::as_bytes));
            let known = known.unwrap_or_else(|| panic!("{name} is not in the table"));
            agree(
                known,
                &row,
                &format!("{name} of {} {}", flavour.name(), flavour.version()),
            );
        }
    }
}

/// The table is at least as careful as this server, and keys are where it says.
fn agree(known: &Command, row: &Row, whose: &str) {
    let keys = [known.first_key, known.last_key, known.key_step].map(i64::from);
    assert_eq!(keys, row.keys, "keys of {whose}");
    let arity = i64::from(known.arity);
    let admits = arity == row.arity || arity < 0 && -arity <= row.arity.abs();
    assert!(admits, "arity of {whose}");
    let says = |flag: &str| row.flags.iter().any(|told| told == flag);
    let has = |flag: Flags| known.flags.contains(flag);
    assert!(has(Flags::WRITE) || !says("write"), "write of {whose}");
    assert!(
        has(Flags::BLOCKING) || !says("blocking"),
        "blocking of {whose}"
    );
    assert!(
        says("readonly") || !has(Flags::READONLY),
        "readonly of {whose}"
    );
    assert_eq!(
        known.flags.contains(Flags::CONTAINER),
        row.container,
        "subcommands of {whose}"
    );
}

fn rows_of(flavour: Flavour) -> Rows {
    let server = Server::start(flavour, &[]);
    let mut rows = Rows::new();
    collect(server.query(&[b"COMMAND"]).items(), &mut rows);
    rows
}

fn collect(told: &[Value], rows: &mut Rows) {
    for row in told {
        let items = row.items();
        let number = |at: usize| match items[at] {
            Value::Integer(number) => number,
            ref other => panic!("not a number: {other:?}"),
        };
        let subcommands = items[9].items();
        collect(subcommands, rows);
        let made = Row {
            arity: number(1),
            keys: [number(3), number(4), number(5)],
            flags: items[2].items().iter().map(Value::text).collect(),
            container: !subcommands.is_empty(),
        };
        rows.insert(items[0].text().to_uppercase(), made);
    }
}

/// Both servers' rows. Where they differ, the more careful word is taken: what one of them takes
/// for a write is one, only what both take for a read is one.
fn merge(mut rows: Rows, more: Rows) -> Rows {
    for (name, b) in more {
        let Some(a) = rows.get_mut(&name) else {
            rows.insert(name, b);
            continue;
        };
        assert_eq!(
            a.keys, b.keys,
            "the servers place the keys of {name} differently"
        );
        if a.arity != b.arity {
            a.arity = -a.arity.abs().min(b.arity.abs());
        }
        a.container |= b.container;
        let is_read = |row: &Row| row.flags.iter().any(|flag| flag == "readonly");
        let reads = is_read(a) && is_read(&b);
        a.flags.extend(b.flags);
        a.flags.retain(|flag| reads || flag != "readonly");
    }
    rows
}

fn render(rows: &Rows) -> String {
    let [valkey, redis] = NEWEST.map(|flavour| flavour.version());
    let names = FLAGS.map(|(_, ours, _)| format!("const {ours}: Flags = Flags::{ours};\n"));
    let mut text = format!(
        "//! Every command of Valkey {valkey} and Redis {redis}, as their COMMAND tells it.\n//!\n\
         //! Generated: `BLESS=1 cargo test --test command_table` writes it anew. A row is name,\n\
         //! arity, position of the first and the last key, step between keys, flags.\n\n\
         use super::{{Command, Flags}};\n\n\
         const NONE: Flags = Flags::NONE;\n{}const CONTAINER: Flags = Flags::CONTAINER;\n\n\
         const fn row(name: &'static str, arity: i8, keys: [i8; 3], flags: Flags) -> Command {{\n\
         \x20   let [first_key, last_key, key_step] = keys;\n\
         \x20   Command {{\n        name,\n        arity,\n        first_key,\n        last_key,\n        key_step,\n        flags,\n    }}\n\
         }}\n\n#[rustfmt::skip]\npub(super) const ROWS: [Command; {}] = [\n",
        names.concat(),
        rows.len()
    );
    for (name, row) in rows {
        let [first, last, step] = row.keys;
        let keys = format!("[{first}, {last}, {step}]");
        let (arity, flags) = (row.arity, flags(row));
        text += &format!("    row({name:?}, {arity}, {keys}, {flags}),\n");
    }
    text + "];\n"
}

/// `WRITE.union(BLOCKING)`, or `NONE`.
fn flags(row: &Row) -> String {
    let told = |flag: &str| row.flags.iter().any(|told| told == flag);
    let given = FLAGS.iter().filter(|(theirs, ..)| told(theirs));
    let mut names: Vec<&str> = given.map(|(_, ours, _)| *ours).collect();
    if row.container {
        names.push("CONTAINER");
    }
    let Some((first, rest)) = names.split_first() else {
        return "NONE".to_owned();
    };
    rest.iter().fold((*first).to_owned(), |text, name| {
        format!("{text}.union({name})")
    })
}
