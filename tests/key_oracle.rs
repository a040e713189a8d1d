//! The keys of made-up calls, by this library and by COMMAND GETKEYS of every server at hand.
//!
//! Where a server does not have a command, or is too old to say how keys are used, there is
//! nothing to compare. The differences that are understood are listed in `known`.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]
#![allow(clippy::expect_used, reason = "a test ends at a failure")]

#[path = "key_oracle/case.rs"]
mod case;
#[path = "key_oracle/known.rs"]
mod known;
mod support;
#[path = "key_oracle/vectors.rs"]
mod vectors;

use case::{Call, Case};
use known::KNOWN;
use redisclient::command::{Access, Command, Flags, all};
use std::collections::{BTreeMap, BTreeSet};
use support::raw::{RawClient, Value};
use support::{Flavour, Server};
use vectors::{Generator, Vector};

/// Calls made up for each command whose keys are at fixed places.
const FIXED: usize = 24;
/// Calls made up for each whose keys, or their uses, depend on its arguments.
const MOVABLE: usize = 1000;
/// Differences that are written out; the rest is only counted.
const SHOWN: usize = 20;

#[test]
fn every_server_at_hand_finds_the_same_keys() {
    let servers = Flavour::all_available();
    let threads = servers
        .into_iter()
        .map(|server| std::thread::spawn(move || compare(server)));
    let threads: Vec<_> = threads.collect();
    let failures = threads.into_iter().map(|thread| thread.join().unwrap());
    let failures: String = failures.collect();
    assert!(failures.is_empty(), "{failures}");
}

/// Compares with one server; answers the differences, "" when there are none.
fn compare(flavour: Flavour) -> String {
    let server = Server::start(flavour, &[]);
    let mut client = RawClient::connect(&server.socket()).unwrap();
    let calls = make_up(flavour, &mut client);
    let cases = ask(flavour, &mut client, calls);
    let with_keys = cases.iter().filter(|case| !case.theirs.is_empty()).count();
    assert!(
        with_keys > 8_000,
        "only {with_keys} of {} calls have keys",
        cases.len()
    );
    let mut met = BTreeSet::new();
    let mut failures = Vec::new();
    for case in cases.iter().filter(|case| !case.agrees()) {
        let mut known = KNOWN.iter();
        match known.position(|known| (known.on)(flavour) && (known.explains)(case)) {
            Some(at) => drop(met.insert(at)),
            None => failures.push(case.describe()),
        }
    }
    for (at, known) in KNOWN.iter().enumerate() {
        if (known.on)(flavour) && !met.contains(&at) {
            failures.push(format!("no longer to be met: {}", known.why));
        }
    }
    report(flavour, &failures)
}

fn report(flavour: Flavour, failures: &[String]) -> String {
    let whose = format!("{} {}", flavour.name(), flavour.version());
    let shown = failures.iter().take(SHOWN);
    let mut text: String = shown
        .map(|failure| format!("{whose}: {failure}\n"))
        .collect();
    if failures.len() > SHOWN {
        text += &format!("{whose}: {} differences in all\n", failures.len());
    }
    text
}

/// Calls of every command that the server has and that can have keys.
fn make_up(server: Flavour, client: &mut RawClient) -> Vec<Call> {
    let mut arities = BTreeMap::new();
    collect_arities(client.call(&[b"COMMAND"]).unwrap().items(), &mut arities);
    let mut generator = Generator::new(0x5eed_0f6b_6579_7321);
    let mut calls = Vec::new();
    for command in all().iter().filter(|command| !command.specs.is_empty()) {
        // Before 7.0 a container has one row for all of its subcommands.
        let row = match command.name.split_once('|') {
            Some((container, _)) if !server.at_least(7, 0) => container,
            _ => command.name,
        };
        let Some(&arity) = arities.get(row) else {
            continue;
        };
        for _ in 0..how_many(command) {
            let args = generator.vector(command);
            calls.push(Call {
                command,
                arity,
                args,
            });
        }
    }
    calls
}

fn how_many(command: &Command) -> usize {
    let mut specs = command.specs.iter();
    let varies = specs.any(|spec| spec.access.contains(Access::VARIABLE));
    match varies || command.flags.contains(Flags::MOVABLE_KEYS) {
        true => MOVABLE,
        false => FIXED,
    }
}

fn collect_arities(rows: &[Value], arities: &mut BTreeMap<String, i64>) {
    for row in rows {
        let items = row.items();
        let Value::Integer(arity) = items[1] else {
            panic!("not an arity: {:?}", items[1]);
        };
        arities.insert(items[0].text().to_uppercase(), arity);
        collect_arities(items.get(9).map_or(&[][..], Value::items), arities);
    }
}

fn ask(server: Flavour, client: &mut RawClient, calls: Vec<Call>) -> Vec<Case> {
    let names = answers(client, "GETKEYS", &calls);
    let uses = server
        .at_least(7, 0)
        .then(|| answers(client, "GETKEYSANDFLAGS", &calls));
    let cases = calls.into_iter().zip(names).enumerate();
    let cases = cases.map(|(at, (call, names))| {
        let uses = uses.as_ref().map(|uses| &uses[at]);
        Case::new(server, call, &names, uses)
    });
    cases.collect()
}

fn answers(client: &mut RawClient, subcommand: &str, calls: &[Call]) -> Vec<Value> {
    let asked = |call: &Call| -> Vector {
        let head = ["COMMAND", subcommand].map(|word| word.as_bytes().to_vec());
        head.into_iter().chain(call.args.iter().cloned()).collect()
    };
    let commands: Vec<Vector> = calls.iter().map(asked).collect();
    client.pipeline(&commands).unwrap()
}
