//! The oracle of the chaos suite knows a wrong reply when it sees one.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]
#![allow(dead_code, reason = "the suite itself uses the rest")]

#[path = "chaos/answer.rs"]
mod answer;
#[path = "chaos/findings.rs"]
mod findings;
#[path = "chaos/oracle.rs"]
mod oracle;
#[path = "chaos/part.rs"]
mod part;
#[path = "chaos/random.rs"]
mod random;
#[path = "chaos/ticket.rs"]
mod ticket;

use std::time::Duration;

use answer::{Answer, Fate, Outcome};
use findings::Fault;
use oracle::{Memory, Register};
use ticket::{Expect, Step, Ticket, value};

fn memory() -> Memory {
    Memory::new(true, vec![Register::new("r".to_owned())], 1, 1)
}

fn step(expect: Expect) -> Step {
    let ticket = Ticket {
        worker: 1,
        number: 1,
    };
    Step {
        ticket,
        args: Vec::new(),
        expect,
    }
}

/// Writes a generation of the register, with this fate.
fn write(memory: &mut Memory, generation: u64, fate: Fate) {
    let step = step(Expect::Stored {
        register: 0,
        generation,
    });
    memory.learn(&step, &fate);
}

/// Whether a read may show it.
fn may_read(memory: &Memory, answer: Answer) -> bool {
    let step = step(Expect::Generation { register: 0 });
    memory.judge(&step, &answer, Duration::ZERO).is_ok()
}

fn generation(number: u64) -> Answer {
    Answer::Text(value("r", number))
}

fn ok() -> Fate {
    Fate::Answered(Answer::Text(b"OK".to_vec()))
}

#[test]
fn a_register_holds_what_was_confirmed_last_or_may_have_run() {
    let mut memory = memory();
    assert!(may_read(&memory, Answer::Nil));
    write(&mut memory, 1, ok());
    assert!(may_read(&memory, generation(1)));
    assert!(!may_read(&memory, Answer::Nil));
    write(&mut memory, 2, Fate::Failed(Outcome::Unknown));
    write(&mut memory, 3, Fate::Failed(Outcome::NotSent));
    write(&mut memory, 4, Fate::Failed(Outcome::Refused));
    let readable = [1, 2, 3, 4, 5].map(|number| may_read(&memory, generation(number)));
    assert_eq!(readable, [true, true, false, false, false]);
    write(&mut memory, 5, ok());
    let readable = [1, 2, 5].map(|number| may_read(&memory, generation(number)));
    assert_eq!(readable, [false, true, true]);
}

#[test]
fn the_value_of_another_key_and_a_damaged_one_are_wrong() {
    let mut memory = memory();
    write(&mut memory, 1, ok());
    assert!(!may_read(&memory, Answer::Text(value("s", 1))));
    let mut damaged = value("r", 1);
    damaged.push(b'x');
    assert!(!may_read(&memory, Answer::Text(damaged)));
    assert!(!may_read(&memory, Answer::Integer(1)));
}

#[test]
fn a_second_run_is_told_from_a_wrong_reply() {
    let judge = |number| {
        let judged = memory().judge(
            &step(Expect::Once),
            &Answer::Integer(number),
            Duration::ZERO,
        );
        judged.err().map(|(fault, _)| fault)
    };
    assert_eq!(judge(1), None);
    assert_eq!(judge(2), Some(Fault::DoubleExecution));
    assert_eq!(judge(0), Some(Fault::WrongReply));
}

#[test]
fn counters_rise_and_pairs_are_equal() {
    let mut memory = memory();
    let mut takes = |expect: Expect, number| {
        let (step, answer) = (step(expect), Answer::Integer(number));
        let right = memory.judge(&step, &answer, Duration::ZERO).is_ok();
        memory.learn(&step, &Fate::Answered(answer));
        right
    };
    assert!(takes(Expect::Above { counter: 0 }, 7));
    assert!(!takes(Expect::Above { counter: 0 }, 7));
    let half = |first| Expect::Half { pair: 0, first };
    assert!(takes(half(true), 3) && takes(half(false), 3));
    assert!(takes(half(true), 5) && !takes(half(false), 4));
}

#[test]
fn an_element_names_its_list_and_nothing_comes_only_after_the_time() {
    let memory = memory();
    let block = Duration::from_millis(100);
    let pop = step(Expect::Popped { list: 2, block });
    let element = |key: &str, text: &str| {
        Answer::Array(
            [key, text]
                .map(|it| Answer::Text(it.as_bytes().to_vec()))
                .to_vec(),
        )
    };
    let is_right = |answer, elapsed| memory.judge(&pop, &answer, elapsed).is_ok();
    assert!(is_right(element("list:2", "list:2|5.1"), Duration::ZERO));
    assert!(!is_right(element("list:2", "list:1|5.1"), Duration::ZERO));
    assert!(!is_right(element("list:1", "list:2|5.1"), Duration::ZERO));
    assert!(is_right(Answer::Nil, block));
    assert!(!is_right(Answer::Nil, block / 2));
}
