//! What happened, told to whoever wants to know: listeners by the exact type of an event.
//!
//! A listener runs on the thread that caused the event, with no lock of the library held, so it
//! may use the client; what it does there causes events in turn. It may register and unregister,
//! itself too; that counts from the next event on. While nobody listens, an event costs one load.

mod connection;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use connection::{CloseReason, ConnectionClosed, ConnectionOpened, ConnectionReleased};

use crate::net::lock;
use crate::sys::sync::Mutex;

/// Called with each event of its type; known again by its allocation.
pub type Listener<E> = Arc<dyn Fn(&E) + Send + Sync>;

/// Listeners to one type of event: replaced as a whole, so that a dispatch keeps what it began with.
type Listeners<E> = Arc<Vec<Listener<E>>>;

/// See the module.
#[derive(Default)]
pub struct Dispatcher {
    /// How many are registered, over all types.
    registered: AtomicUsize,
    /// `Listeners<E>` by the type of `E`.
    by_type: Mutex<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
}

impl Dispatcher {
    /// Calls `listener` with each event of type `E` from now on; `false` when it is already.
    pub fn register<E: Any>(&self, listener: &Listener<E>) -> bool {
        self.change(|listeners| {
            let is_new = !listeners.iter().any(|other| Arc::ptr_eq(other, listener));
            if is_new {
                listeners.push(Arc::clone(listener));
                self.registered.fetch_add(1, Ordering::Relaxed);
            }
            is_new
        })
    }

    /// Calls it no more; `false` when it was not registered. A dispatch under way may still do so.
    pub fn unregister<E: Any>(&self, listener: &Listener<E>) -> bool {
        self.change(|listeners: &mut Vec<Listener<E>>| {
            let found = listeners
                .iter()
                .position(|other| Arc::ptr_eq(other, listener));
            let Some(index) = found else { return false };
            listeners.remove(index);
            self.registered.fetch_sub(1, Ordering::Relaxed);
            true
        })
    }

    fn change<E: Any>(&self, edit: impl FnOnce(&mut Vec<Listener<E>>) -> bool) -> bool {
        let mut by_type = lock(&self.by_type);
        let entry = by_type
            .entry(TypeId::of::<E>())
            .or_insert_with(|| Box::new(Listeners::<E>::default()));
        let listeners = entry.downcast_mut::<Listeners<E>>();
        listeners.is_some_and(|listeners| edit(Arc::make_mut(listeners)))
    }

    /// Calls the listeners to `E`, in the order they came, with what `make` makes.
    #[inline]
    pub fn dispatch<E: Any>(&self, make: impl FnOnce() -> E) {
        if self.registered.load(Ordering::Relaxed) != 0 {
            self.tell(make);
        }
    }

    #[cold]
    fn tell<E: Any>(&self, make: impl FnOnce() -> E) {
        let listeners = self.listeners::<E>();
        if listeners.is_empty() {
            return;
        }
        let event = make();
        for listener in listeners.iter() {
            // A panic ends with its listener: the call that caused the event did nothing wrong.
            let _ = catch_unwind(AssertUnwindSafe(|| listener(&event)));
        }
    }

    fn listeners<E: Any>(&self) -> Listeners<E> {
        let by_type = lock(&self.by_type);
        let entry = by_type.get(&TypeId::of::<E>());
        let listeners = entry.and_then(|entry| entry.downcast_ref::<Listeners<E>>());
        listeners.cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Rain(u32);
    struct Snow;

    /// A listener that notes what it hears.
    fn noting() -> (Arc<Mutex<Vec<u32>>>, Listener<Rain>) {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        (
            heard,
            Arc::new(move |rain: &Rain| lock(&notes).push(rain.0)),
        )
    }

    #[test]
    fn only_listeners_to_the_very_type_are_called_and_each_once() {
        let dispatcher = Dispatcher::default();
        let (heard, listener) = noting();
        assert!(dispatcher.register(&listener));
        assert!(!dispatcher.register(&listener));
        let snow: Listener<Snow> = Arc::new(|_| panic!("it rains"));
        assert!(dispatcher.register(&snow));
        dispatcher.dispatch(|| Rain(1));
        assert_eq!(*lock(&heard), [1]);
        assert!(dispatcher.unregister(&listener));
        assert!(!dispatcher.unregister(&listener));
        dispatcher.dispatch(|| Rain(2));
        assert_eq!(*lock(&heard), [1]);
    }

    #[test]
    fn an_event_that_nobody_hears_is_not_made() {
        let dispatcher = Dispatcher::default();
        dispatcher.dispatch(|| -> Rain { unreachable!() });
        let snow: Listener<Snow> = Arc::new(|_| ());
        dispatcher.register(&snow);
        dispatcher.dispatch(|| -> Rain { unreachable!() });
    }

    #[test]
    fn a_listener_registers_and_unregisters_while_it_is_called() {
        let dispatcher = Arc::new(Dispatcher::default());
        let (heard, other) = noting();
        let own: Arc<Mutex<Option<Listener<Rain>>>> = Arc::default();
        let once: Listener<Rain> = {
            let (dispatcher, own) = (Arc::clone(&dispatcher), Arc::clone(&own));
            Arc::new(move |_| {
                let own = lock(&own).take().unwrap();
                assert!(dispatcher.register(&other) && dispatcher.unregister(&own));
            })
        };
        *lock(&own) = Some(Arc::clone(&once));
        dispatcher.register(&once);
        for number in 1..=3 {
            dispatcher.dispatch(|| Rain(number));
        }
        assert_eq!(*lock(&heard), [2, 3]);
        assert_eq!(dispatcher.registered.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_listener_may_cause_events() {
        let dispatcher = Arc::new(Dispatcher::default());
        let (heard, noting) = noting();
        let inner = Arc::downgrade(&dispatcher);
        let echo: Listener<Snow> = Arc::new(move |_| {
            inner.upgrade().unwrap().dispatch(|| Rain(9));
        });
        dispatcher.register(&noting);
        dispatcher.register(&echo);
        dispatcher.dispatch(|| Snow);
        assert_eq!(*lock(&heard), [9]);
    }

    #[test]
    fn a_panic_ends_with_its_listener() {
        let dispatcher = Dispatcher::default();
        let bad: Listener<Rain> = Arc::new(|rain| assert!(rain.0 == 0));
        let (heard, good) = noting();
        dispatcher.register(&bad);
        dispatcher.register(&good);
        dispatcher.dispatch(|| Rain(1));
        assert_eq!(*lock(&heard), [1]);
    }
}
