//! The C functions in any order, with any arguments that their documentation allows.
//!
//! NULL where a pointer may be NULL, lengths that no memory has, objects at every stage of their
//! life; never a dangling pointer. Checked of each call: no panic was caught, outputs are written
//! on success alone, an error object says what the status says.
#![allow(unsafe_code, reason = "it plays the C program")]

mod arguments;
mod calls;
mod facts;
mod lists;
mod objects;
mod protocol;
mod replies;

use objects::Objects;

use super::input::Input;

/// Calls at most; an input can ask for no more.
const CALLS: usize = 200;

/// Each call is chosen by a byte and takes its arguments from what follows.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut objects = Objects::default();
    for _ in 0..CALLS {
        if input.is_empty() {
            break;
        }
        match input.below(7) {
            0 => objects.change(&mut input),
            1 => protocol::call(&mut objects, &mut input),
            2 => replies::call(&mut objects, &mut input),
            3 => calls::call(&mut objects, &mut input),
            4 => lists::call(&mut objects, &mut input),
            5 => facts::call(&objects, &mut input),
            _ => calls::by_hand(&mut objects, &mut input),
        }
    }
}
