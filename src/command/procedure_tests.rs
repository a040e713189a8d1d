//! The keys of commands with a procedure, call by call.

use super::super::{Key, keys, lookup};
use super::*;

/// "key:use key:use", or the error.
fn told(line: &str) -> String {
    let args: Vec<&str> = line.split(' ').collect();
    let told = |key: Key| {
        let words: Vec<&str> = key.access.words().collect();
        format!("{}:{}", args[key.position], words.join("+"))
    };
    match keys(&args) {
        Ok(keys) => keys.iter().map(told).collect::<Vec<_>>().join(" "),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn each_is_a_command_of_the_table() {
    for (name, procedure) in PROCEDURES {
        assert_eq!(lookup(&[name]).unwrap().procedure, procedure, "{name}");
    }
}

#[test]
fn sort_stores_at_its_last_store() {
    for (line, expected) in [
        ("SORT a", "a:RO+access"),
        (
            "SORT a BY w_* LIMIT 0 5 GET # store b",
            "a:RO+access b:OW+update",
        ),
        ("SORT a STORE b STORE c", "a:RO+access c:OW+update"),
        ("SORT a BY STORE GET STORE", "a:RO+access"),
        ("SORT a LIMIT STORE x", "a:RO+access"),
        ("SORT a STORE", "a:RO+access"),
        ("SORT_RO a BY w_*", "a:RO+access"),
    ] {
        assert_eq!(told(line), expected, "{line}");
    }
}

#[test]
fn migrate_takes_one_key_or_those_behind_keys() {
    for (line, expected) in [
        ("MIGRATE h 1 a 0 9", "a:RW+access+delete"),
        (
            "MIGRATE h 1 a 0 9 COPY REPLACE AUTH KEYS",
            "a:RW+access+delete",
        ),
        (
            "MIGRATE h 1  0 9 AUTH2 u KEYS keys a b",
            "a:RW+access+delete b:RW+access+delete",
        ),
        ("MIGRATE h 1 a 0 9 KEYS b", "Malformed"),
        ("MIGRATE h 1  0 9 KEYS", "Malformed"),
        ("MIGRATE h 1 a 0", "Arity"),
    ] {
        assert_eq!(told(line), expected, "{line}");
    }
}

#[test]
fn a_radius_is_stored_at_the_last_place_named() {
    for (line, expected) in [
        ("GEORADIUS a 1 2 3 m", "a:RO+access"),
        (
            "GEORADIUS a 1 2 3 m STORE b STOREDIST c",
            "a:RO+access c:OW+update",
        ),
        (
            "GEORADIUS a 1 2 3 m STORE store",
            "a:RO+access store:OW+update",
        ),
        (
            "GEORADIUSBYMEMBER a STORE 3 m storedist b",
            "a:RO+access b:OW+update",
        ),
        ("GEORADIUSBYMEMBER a x 3 m STORE", "a:RO+access"),
        ("GEORADIUS_RO a 1 2 3 m", "a:RO+access"),
    ] {
        assert_eq!(told(line), expected, "{line}");
    }
}

#[test]
fn streams_are_half_of_what_follows() {
    for (line, expected) in [
        ("XREAD STREAMS a 0", "a:RO+access"),
        (
            "XREAD COUNT 1 BLOCK 0 streams a b 0 $",
            "a:RO+access b:RO+access",
        ),
        ("XREAD COUNT STREAMS STREAMS a 0", "a:RO+access"),
        (
            "XREADGROUP GROUP STREAMS STREAMS CLAIM 5 NOACK STREAMS a >",
            "a:RO+access",
        ),
        ("XREAD STREAMS a b 0", "Malformed"),
        ("XREAD COUNT 1 STREAMS", "Malformed"),
        ("XREAD COUNT 1", "Arity"),
        ("XREAD COUNT 1 BLOCK", "Malformed"),
        ("XREAD a b c", "Malformed"),
        ("XREADGROUP GROUP g c COUNT 1", "Arity"),
        ("XREADGROUP GROUP g c COUNT 1 GROUP", "Malformed"),
    ] {
        assert_eq!(told(line), expected, "{line}");
    }
}

#[test]
fn options_say_what_becomes_of_a_key() {
    for (line, expected) in [
        ("SET a 1", "a:OW+update"),
        ("SET a GET", "a:OW+update"),
        ("SET a 1 NX get", "a:RW+access+update"),
        ("BITFIELD a GET u8 0 OVERFLOW SAT GET u8 1", "a:RO+access"),
        ("BITFIELD a GET u8 0 SET u8 0 1", "a:RW+access+update"),
        ("BITFIELD a INCRBY u8 0 1", "a:RW+access+update"),
        ("BITFIELD a GET u8", "a:RW+access+update"),
        ("BITFIELD a", "a:RO+access"),
        ("BITFIELD_RO a GET u8 0", "a:RO+access"),
    ] {
        assert_eq!(told(line), expected, "{line}");
    }
}
