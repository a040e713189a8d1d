//! Fires cancels at their time, on a thread of its own.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::shot::Shot;

/// Accepts shots until it is dropped; those left are then fired at once.
#[derive(Clone)]
pub struct Trigger(Sender<(Instant, Arc<Shot>)>);

impl Trigger {
    pub fn start() -> Self {
        let (sender, inbox) = channel::<(Instant, Arc<Shot>)>();
        std::thread::spawn(move || {
            let mut waiting = Vec::new();
            loop {
                let now = Instant::now();
                let next = waiting.iter().map(|(at, _)| *at).min();
                let pause = next.map_or(Duration::from_secs(1), |at| at - now.min(at));
                match inbox.recv_timeout(pause) {
                    Ok(shot) => waiting.push(shot),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                let now = Instant::now();
                waiting.retain(|(at, shot)| {
                    let early = *at > now;
                    if !early {
                        shot.fire();
                    }
                    early
                });
            }
            waiting.iter().for_each(|(_, shot)| shot.fire());
        });
        Self(sender)
    }

    pub fn after(&self, pause: Duration) -> Arc<Shot> {
        let shot = Arc::new(Shot::new());
        let _ = self.0.send((Instant::now() + pause, Arc::clone(&shot)));
        shot
    }
}
