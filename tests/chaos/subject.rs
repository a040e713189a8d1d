//! The library under test, driven through its C functions as a program in another language would.

use std::ffi::{CString, c_char};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use redisclient::client::{Client, Stats};
use redisclient::ffi::call::Call;
use redisclient::ffi::client::{
    redisclient_close, redisclient_command_call, redisclient_free, redisclient_open,
};
use redisclient::ffi::error::ErrorHandle;
use redisclient::ffi::pipeline::{
    PipelineHandle, redisclient_pipeline_add, redisclient_pipeline_atomic,
    redisclient_pipeline_free, redisclient_pipeline_new, redisclient_pipeline_run_call,
};
use redisclient::ffi::reply::redisclient_reply_free;
use redisclient::ffi::stats::redisclient_stats_get;
use redisclient::ffi::status::{REDISCLIENT_CALL_IDEMPOTENT, REDISCLIENT_OK};
use redisclient::resp::Node;

use crate::answer::{Answer, Done, Failure};
use crate::reading::{read, take_error};
use crate::shot::Shot;

/// A client handle, freed when dropped.
pub struct Handle {
    pub client: *mut Client,
    pub traits: Traits,
    /// When somebody began to close it.
    pub closing: OnceLock<Instant>,
}

/// What of a client's options decides what its calls may come to.
#[derive(Clone, Copy)]
pub struct Traits {
    pub timeout: Duration,
    /// A caller waits for a pooled connection as long as its deadline lets it.
    pub waits: bool,
    pub tls: bool,
    /// limits.in_flight.
    pub room: usize,
    /// How many connections it has beside those of its pool, at most.
    pub links: u64,
}

/// More than everybody here has under way at once.
pub const ROOMY: usize = 65_536;

impl Traits {
    /// Whether its callers may have more under way than limits.in_flight allows.
    pub fn is_narrow(&self) -> bool {
        self.room < ROOMY
    }
}

/// How one call is made.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    /// Milliseconds; 0 the client's own limit, -1 none.
    pub deadline_ms: i64,
    pub idempotent: bool,
}

// SAFETY: the C API lets any thread use a client.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    pub fn open(url: &str, traits: Traits) -> Result<Self, Failure> {
        let url = CString::new(url).unwrap();
        let (mut client, mut error) = (null_mut(), null_mut());
        // SAFETY: a text and two places.
        let status = unsafe { redisclient_open(url.as_ptr(), null(), &mut client, &mut error) };
        match status {
            REDISCLIENT_OK => Ok(Self {
                client,
                traits,
                closing: OnceLock::new(),
            }),
            _ => Err(take_error(error)),
        }
    }

    pub fn close(&self) {
        self.closing.get_or_init(Instant::now);
        // SAFETY: live until dropped.
        unsafe { redisclient_close(self.client) };
    }

    /// Frees it without regard for other owners: in a forked child there are none that run.
    pub fn free_in_child(&self) {
        // SAFETY: the child does not use it again and leaves without dropping it.
        unsafe { redisclient_free(self.client) };
    }

    /// The client's own account of itself.
    pub fn stats(&self) -> Stats {
        // SAFETY: all fields are plain numbers.
        let mut stats: Stats = unsafe { std::mem::zeroed() };
        stats.size = size_of::<Stats>();
        // SAFETY: live until dropped, and a place of the size it says.
        let status = unsafe { redisclient_stats_get(self.client, &mut stats, null_mut()) };
        assert_eq!(status, REDISCLIENT_OK);
        stats
    }

    pub fn command(&self, args: &[Vec<u8>], manner: Manner, shot: Option<&Shot>) -> Done {
        let (argv, lengths) = argv(args);
        let call = call(manner, shot);
        let (mut reply, mut error) = (null_mut(), null_mut());
        // SAFETY: the client and the cancel are live, the arrays as long as said, the outputs places.
        let status = unsafe {
            redisclient_command_call(
                self.client,
                &call,
                argv.len(),
                argv.as_ptr(),
                lengths.as_ptr(),
                &mut reply,
                &mut error,
            )
        };
        done(status, reply, error)
    }

    pub fn pipeline(
        &self,
        commands: &[&[Vec<u8>]],
        atomic: bool,
        manner: Manner,
        shot: Option<&Shot>,
    ) -> Done {
        // SAFETY: the client is live.
        let pipeline = unsafe { redisclient_pipeline_new(self.client) };
        for args in commands {
            let (argv, lengths) = argv(args);
            // SAFETY: the pipeline is live, the arrays as long as said.
            unsafe {
                redisclient_pipeline_add(pipeline, argv.len(), argv.as_ptr(), lengths.as_ptr());
            }
        }
        run(pipeline, atomic, &call(manner, shot))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: opened once, and this is its last use.
        unsafe { redisclient_free(self.client) };
    }
}

fn run(pipeline: *mut PipelineHandle, atomic: bool, call: &Call) -> Done {
    let (mut reply, mut error) = (null_mut(), null_mut());
    // SAFETY: the pipeline is live and freed here, the outputs are places.
    let status = unsafe {
        redisclient_pipeline_atomic(pipeline, i32::from(atomic));
        let status = redisclient_pipeline_run_call(pipeline, call, &mut reply, &mut error);
        redisclient_pipeline_free(pipeline);
        status
    };
    done(status, reply, error)
}

/// As the C API wants them.
pub fn argv(args: &[Vec<u8>]) -> (Vec<*const c_char>, Vec<usize>) {
    let argv = args.iter().map(|arg| arg.as_ptr().cast()).collect();
    (argv, args.iter().map(Vec::len).collect())
}

/// As the C API wants it.
pub fn call(manner: Manner, shot: Option<&Shot>) -> Call {
    Call {
        size: size_of::<Call>(),
        deadline_ms: manner.deadline_ms,
        route: null(),
        cancel: shot.map_or(null_mut(), |shot| shot.cancel),
        flags: match manner.idempotent {
            true => REDISCLIENT_CALL_IDEMPOTENT,
            false => 0,
        },
        reserved: 0,
    }
}

fn done(status: i32, reply: *mut Node, error: *mut ErrorHandle) -> Done {
    let answer = (!reply.is_null()).then(|| {
        let answer = read(reply);
        // SAFETY: ours, and not used again.
        unsafe { redisclient_reply_free(reply) };
        answer
    });
    match (status, answer) {
        (REDISCLIENT_OK, Some(answer)) => Done {
            result: Ok(answer),
            partial: None,
        },
        (REDISCLIENT_OK, None) => Done {
            result: Ok(Answer::Odd("OK without a reply".to_owned())),
            partial: None,
        },
        (_, answer) => Done {
            result: Err(take_error(error)),
            partial: match answer {
                Some(Answer::Array(items)) => Some(items),
                Some(other) => Some(vec![other]),
                None => None,
            },
        },
    }
}
