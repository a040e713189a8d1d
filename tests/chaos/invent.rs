//! Which calls a worker makes: by chance, the same ones for the same seed.

use std::time::Duration;

use crate::oracle::{Memory, Register};
use crate::part::Part;
use crate::random::Random;
use crate::subject::Manner;
use crate::ticket::{Expect, Job, Shape, Step, Ticket, value};
use crate::weather::Calm;

/// Of each part, shared by all of it.
pub const LISTS: usize = 3;
pub const COUNTERS: usize = 2;
/// Of all parts: those of a part come one after the other.
pub const ALL_LISTS: usize = LISTS * Part::ALL.len();
pub const ALL_COUNTERS: usize = COUNTERS * Part::ALL.len();
/// Of each worker at each target.
const REGISTERS: usize = 3;
const PAIRS: usize = 2;
/// A register is left for another after so many writes.
const WRITES: u64 = 30;

/// Makes jobs for one worker.
pub struct Inventor {
    part: Part,
    worker: u32,
    tickets: u64,
    pub random: Random,
}

impl Inventor {
    pub fn new(part: Part, worker: u32, random: Random) -> Self {
        Self {
            part,
            worker,
            tickets: 0,
            random,
        }
    }

    pub fn memory(&mut self, target: usize, lasts: bool) -> Memory {
        let registers = (0..REGISTERS).map(|_| self.register(target)).collect();
        Memory::new(lasts, registers, ALL_COUNTERS, PAIRS)
    }

    fn register(&mut self, target: usize) -> Register {
        Register::new(format!("register:{target}:{}", self.ticket()))
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket {
            worker: self.worker,
            number: self.tickets,
        }
    }

    pub fn job(&mut self, target: usize, lasts: bool, memory: &mut Memory) -> Job {
        match self.random.below(100) {
            0..=69 => self.command(target, lasts, memory),
            70..=87 => {
                let count = self.random.between(2, 12);
                let steps = (0..count).map(|_| self.step(lasts, memory)).collect();
                job(Shape::Pipeline, steps)
            }
            _ if lasts => self.transaction(target),
            _ => self.command(target, lasts, memory),
        }
    }

    /// A call of one command.
    pub fn command(&mut self, target: usize, lasts: bool, memory: &mut Memory) -> Job {
        let worn = memory.registers.iter().position(|it| it.written >= WRITES);
        let step = if let Some(at) = worn {
            let fresh = self.register(target);
            let old = std::mem::replace(&mut memory.registers[at], fresh);
            self.ask(["DEL", &old.key], Expect::Deleted)
        } else if self.random.chance(15) {
            let key = format!("once:{}.{}", self.worker, self.tickets + 1);
            self.ask(["SET", &key, "1"], Expect::Marked)
        } else if lasts && self.random.chance(15) {
            self.pop()
        } else {
            self.step(lasts, memory)
        };
        job(Shape::Command, vec![step])
    }

    /// A command that may stand anywhere.
    fn step(&mut self, lasts: bool, memory: &mut Memory) -> Step {
        match self.random.below(if lasts { 100 } else { 70 }) {
            0..=14 => self.echo(),
            15..=34 => {
                let register = self.random.below(REGISTERS);
                let key = memory.registers[register].key.clone();
                self.ask(["GET", &key], Expect::Generation { register })
            }
            35..=54 => self.set(memory),
            55..=69 => {
                let key = format!("once:{}.{}", self.worker, self.tickets + 1);
                self.ask(["INCR", &key], Expect::Once)
            }
            70..=82 => {
                let counter = self.part as usize * COUNTERS + self.random.below(COUNTERS);
                self.ask(
                    ["INCR", &format!("count:{counter}")],
                    Expect::Above { counter },
                )
            }
            _ => self.push(),
        }
    }

    fn echo(&mut self) -> Step {
        let ticket = self.ticket();
        let text = value(&format!("echo:{ticket}"), ticket.number);
        Step {
            ticket,
            args: vec![b"ECHO".to_vec(), text.clone()],
            expect: Expect::Text(text),
        }
    }

    fn set(&mut self, memory: &mut Memory) -> Step {
        let at = self.random.below(REGISTERS);
        let register = &mut memory.registers[at];
        register.written += 1;
        let generation = register.written;
        Step {
            ticket: self.ticket(),
            args: vec![
                b"SET".to_vec(),
                register.key.clone().into_bytes(),
                value(&register.key, generation),
            ],
            expect: Expect::Stored {
                register: at,
                generation,
            },
        }
    }

    fn list(&mut self) -> usize {
        self.part as usize * LISTS + self.random.below(LISTS)
    }

    fn push(&mut self) -> Step {
        let list = self.list();
        let element = format!("list:{list}|{}.{}", self.worker, self.tickets + 1);
        self.ask(
            ["LPUSH", &format!("list:{list}"), &element],
            Expect::Pushed { list },
        )
    }

    fn pop(&mut self) -> Step {
        let list = self.list();
        let block = self.random.millis(10, 100);
        let seconds = block.as_secs_f64().to_string();
        self.ask(
            ["BLPOP", &format!("list:{list}"), &seconds],
            Expect::Popped { list, block },
        )
    }

    /// Two counters raised together, and something between them that keeps the order honest.
    fn transaction(&mut self, target: usize) -> Job {
        let pair = self.random.below(PAIRS);
        let key = format!("pair:{target}:{}:{pair}", self.worker);
        let steps = vec![
            self.ask(["INCR", &key], Expect::Half { pair, first: true }),
            self.echo(),
            self.ask(
                ["INCR", &format!("{key}:twin")],
                Expect::Half { pair, first: false },
            ),
        ];
        job(Shape::Transaction, steps)
    }

    fn ask<const N: usize>(&mut self, args: [&str; N], expect: Expect) -> Step {
        Step {
            ticket: self.ticket(),
            args: args.iter().map(|arg| arg.as_bytes().to_vec()).collect(),
            expect,
        }
    }

    /// How the job's call is made, and after which time it is cancelled, if it is.
    pub fn manner(&mut self, job: &Job, calm: Option<Calm>) -> (Manner, Option<Duration>) {
        let random = &mut self.random;
        let patient = calm.is_some_and(|it| it.is_last);
        // Who shares connections and leaves them soon leaves its roles to others.
        let hasty = calm.is_some() && self.part != Part::Exclusive && random.chance(25);
        let deadline_ms = match random.below(100) {
            _ if hasty => random.between(1, 3) as i64,
            _ if patient => -1,
            0..=74 if calm.is_some() => 1500,
            75.. if calm.is_some() => 0,
            0..=34 => 0,
            35..=79 => random.between(1, 400) as i64,
            80..=89 => 1500,
            _ => -1,
        };
        let cancelled = match deadline_ms {
            _ if patient => None,
            -1 => Some(random.millis(0, 1000)),
            _ if random.chance(12) => Some(random.millis(0, 150)),
            _ => None,
        };
        let idempotent = job.steps.iter().all(|step| step.expect == Expect::Marked);
        let manner = Manner {
            deadline_ms,
            idempotent,
        };
        (manner, cancelled)
    }
}

fn job(shape: Shape, steps: Vec<Step>) -> Job {
    Job { shape, steps }
}
