//! The table of commands is what the newest Valkey and the newest Redis say.
//!
//! `BLESS=1 cargo test --test command_table` writes `src/command/table.rs` anew from COMMAND of
//! both servers. Without it the table is compared, with every server that is there.

#[path = "command_table/older.rs"]
mod older;
mod support;
#[path = "command_table/told.rs"]
mod told;

use redisclient::command::{
    Command, Flags, RequestPolicy, ResponsePolicy, Spec, find, policies_of_tips,
};
use std::collections::{BTreeMap, BTreeSet};
use support::raw::Value;
use support::{Flavour, Server};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/command/table.rs");
const NEWEST: [Flavour; 2] = [Flavour::NewestValkey, Flavour::NewestRedis];
const FETCH: &str = "run tests/support/fetch-servers.sh";

/// The server's words for flags, and ours, in the order in which the table names them.
const FLAGS: [(&str, &str, Flags); 8] = [
    ("write", "WRITE", Flags::WRITE),
    ("readonly", "READONLY", Flags::READONLY),
    ("blocking", "BLOCKING", Flags::BLOCKING),
    ("movablekeys", "MOVABLE_KEYS", Flags::MOVABLE_KEYS),
    ("admin", "ADMIN", Flags::ADMIN),
    ("pubsub", "PUBSUB", Flags::PUBSUB),
    ("no_multi", "NO_MULTI", Flags::NO_MULTI),
    (
        "no_mandatory_keys",
        "NO_MANDATORY_KEYS",
        Flags::NO_MANDATORY_KEYS,
    ),
];

/// A row as a server tells it.
#[derive(Clone, Debug)]
struct Row {
    arity: i64,
    keys: [i64; 3],
    flags: Vec<String>,
    container: bool,
    specs: Vec<Spec>,
    policies: (RequestPolicy, ResponsePolicy),
    /// In what the newest servers differ.
    remarks: Vec<String>,
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
        let mut rows = rows_of(flavour);
        let mut least = 300;
        if !older::tells_subcommands(flavour) {
            least = 200;
            rows.retain(|name, row| !older::is_gone(name) && !older::is_spread(name, row));
        }
        assert!(rows.len() > least, "COMMAND told {} rows", rows.len());
        for (name, row) in rows {
            let whose = format!("{name} of {} {}", flavour.name(), flavour.version());
            let known = listed(&name).unwrap_or_else(|| panic!("{whose} is not in the table"));
            agree(known, &row, &whose);
        }
    }
}

/// The row of "GET" or "CONFIG|GET" in the table.
fn listed(name: &str) -> Option<&'static Command> {
    match name.split_once('|') {
        Some((name, sub)) => find(name.as_bytes(), Some(sub.as_bytes())),
        None => find(name.as_bytes(), None),
    }
}

/// The table is at least as careful as this server, and keys are where it says.
fn agree(known: &Command, row: &Row, whose: &str) {
    let keys = [known.first_key, known.last_key, known.key_step].map(i64::from);
    assert_eq!(keys, row.keys, "keys of {whose}");
    assert!(
        row.specs.is_empty() || told::places(known.specs) == told::places(&row.specs),
        "key specifications of {whose}"
    );
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
        let texts = |at: usize| -> Vec<String> {
            let told = items.get(at).map_or(&[][..], Value::items);
            told.iter().map(Value::text).collect()
        };
        let subcommands = items.get(9).map_or(&[][..], Value::items);
        collect(subcommands, rows);
        let specs = told::specs(items.get(8));
        let tips = texts(7);
        let made = Row {
            arity: number(1),
            keys: [number(3), number(4), number(5)],
            flags: texts(2),
            container: !subcommands.is_empty(),
            policies: policies_of_tips(!specs.is_empty(), tips.iter().map(String::as_str)),
            specs,
            remarks: Vec::new(),
        };
        rows.insert(items[0].text().to_uppercase(), made);
    }
}

/// Both servers' rows. Where they differ, the more careful word is taken: what one of them takes
/// for a write is one, only what both take for a read is one.
fn merge(mut rows: Rows, more: Rows) -> Rows {
    let [valkey, redis] = ["Valkey", "Redis"];
    for (name, row) in &mut rows {
        if !more.contains_key(name) {
            row.remarks.push(format!("{valkey} only"));
        }
    }
    for (name, mut b) in more {
        let Some(a) = rows.get_mut(&name) else {
            b.remarks.push(format!("{redis} only"));
            rows.insert(name, b);
            continue;
        };
        assert_eq!(
            a.keys, b.keys,
            "the servers place the keys of {name} differently"
        );
        assert_eq!(
            a.policies, b.policies,
            "the servers have different policies for {name}"
        );
        for (of_a, of_b) in told::merge(&mut a.specs, &b.specs, &name) {
            let remark = format!("{of_a} in {valkey}, {of_b} in {redis}");
            if !a.remarks.contains(&remark) {
                a.remarks.push(remark);
            }
        }
        if a.arity != b.arity {
            let remark = format!("arity {} in {valkey}, {} in {redis}", a.arity, b.arity);
            a.remarks.push(remark);
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
    let mut text = head(rows);
    for (name, row) in rows {
        let [first, last, step] = row.keys;
        let (arity, flags, specs) = (row.arity, flags(row), told::render_specs(&row.specs));
        let (request, response) = row.policies;
        let policies = told::render_policies(!row.specs.is_empty(), request, response);
        text += &format!(
            "    row({name:?}, {arity}, [{first}, {last}, {step}], {flags}, {specs}){policies},"
        );
        if !row.remarks.is_empty() {
            text += &format!(" // {}", row.remarks.join("; "));
        }
        text.push('\n');
    }
    text + "];\n"
}

/// All that stands before the rows.
fn head(rows: &Rows) -> String {
    let [valkey, redis] = NEWEST.map(|flavour| flavour.version());
    let flags = FLAGS.map(|(_, ours, _)| format!("const {ours}: Flags = Flags::{ours};\n"));
    let specs = rows.values().flat_map(|row| &row.specs);
    let accesses: BTreeSet<String> = specs
        .map(|spec| told::render_constant(spec.access))
        .collect();
    let accesses: Vec<String> = accesses.into_iter().collect();
    format!(
        "//! Every command of Valkey {valkey} and Redis {redis}, as their COMMAND tells it.\n//!\n\
         //! Generated: `BLESS=1 cargo test --test command_table` writes it anew. A row is name,\n\
         //! arity, position of the first and the last key, step between keys, flags, all key\n\
         //! specifications, and the policies where they are not the defaults. A remark says in\n\
         //! what the two servers differ.\n\n\
         use super::row::row;\n\
         use super::spec::{{after, counted, key, range, unknown}};\n\
         use super::{{Access, Command, Flags}};\n\
         use super::{{RequestPolicy as To, ResponsePolicy as As}};\n\n\
         const NONE: Flags = Flags::NONE;\n{}const CONTAINER: Flags = Flags::CONTAINER;\n\n{}\n\
         #[rustfmt::skip]\npub(super) static COMMANDS: [Command; {}] = [\n",
        flags.concat(),
        accesses.concat(),
        rows.len()
    )
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
