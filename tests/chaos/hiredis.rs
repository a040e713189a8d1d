//! The same calls through hiredis, to see what that does in the same weather.
//!
//! Its sources are fetched and compiled when they are asked for; `hiredis_user.c` uses them as
//! programs do.

use std::ffi::{CStr, CString, c_char, c_int, c_longlong, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::answer::{Answer, Done, Failure, Outcome};
use crate::route::Route;
use crate::support::compiler;
use crate::ticket::{Job, Shape};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Where `fetch-peers.sh` puts its sources.
const SOURCES: &str = "hiredis-3.5.0";
/// Its limit when a call has none.
const LIMIT: Duration = Duration::from_secs(1);

/// The loaded library.
pub struct Hiredis {
    functions: Functions,
}

type User = *mut c_void;
type Reply = *mut c_void;

#[derive(Clone, Copy)]
struct Functions {
    new: extern "C" fn(*const c_char, c_int) -> User,
    free: extern "C" fn(User),
    call: extern "C" fn(
        User,
        c_int,
        usize,
        *const c_int,
        *const *const c_char,
        *const usize,
        *mut Reply,
    ) -> c_int,
    reply_type: extern "C" fn(Reply) -> c_int,
    reply_integer: extern "C" fn(Reply) -> c_longlong,
    reply_text: extern "C" fn(Reply, *mut usize) -> *const c_char,
    reply_count: extern "C" fn(Reply) -> usize,
    reply_at: extern "C" fn(Reply, usize) -> Reply,
    reply_free: extern "C" fn(Reply),
}

/// A connection of one thread.
pub struct Connection {
    functions: Functions,
    user: User,
}

// SAFETY: a connection is used by the one thread that owns it.
unsafe impl Send for Connection {}

impl Hiredis {
    /// Fetches, compiles and loads it; panics when it cannot be had.
    pub fn load() -> Self {
        let library = compile(&fetch());
        let path = CString::new(library).unwrap();
        // SAFETY: a library that was compiled a moment ago; it is never unloaded.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!handle.is_null(), "cannot load {}", path.to_string_lossy());
        // SAFETY: the types are those of hiredis_user.c.
        let functions = unsafe {
            Functions {
                new: function(handle, c"user_new"),
                free: function(handle, c"user_free"),
                call: function(handle, c"user_call"),
                reply_type: function(handle, c"reply_type"),
                reply_integer: function(handle, c"reply_integer"),
                reply_text: function(handle, c"reply_text"),
                reply_count: function(handle, c"reply_count"),
                reply_at: function(handle, c"reply_at"),
                reply_free: function(handle, c"reply_free"),
            }
        };
        Self { functions }
    }

    pub fn connection(&self, route: &Route) -> Connection {
        let (host, port) = match route {
            Route::Tcp(port) | Route::Tls(port) => ("127.0.0.1".to_owned(), c_int::from(*port)),
            Route::Unix(path) => (path.display().to_string(), 0),
        };
        let host = CString::new(host).unwrap();
        Connection {
            user: (self.functions.new)(host.as_ptr(), port),
            functions: self.functions,
        }
    }
}

/// Where the sources are.
fn fetch() -> PathBuf {
    let script = Path::new(ROOT).join("tests/support/fetch-peers.sh");
    let fetched = Command::new(script).output().expect("sh");
    let peers = std::env::var_os("REDISCLIENT_PEERS").map(PathBuf::from);
    let peers = peers.unwrap_or_else(|| Path::new(ROOT).join(".cache/peers"));
    let sources = peers.join(SOURCES);
    let complaint = String::from_utf8_lossy(&fetched.stdout);
    assert!(sources.join("hiredis.c").is_file(), "{complaint}");
    sources
}

fn compile(sources: &Path) -> String {
    let library = sources.join("libhiredis_user.so");
    let user = Path::new(ROOT).join("tests/chaos/hiredis_user.c");
    let mut command = compiler();
    command
        .args(["-shared", "-fPIC", "-O2", "-w", "-I"])
        .arg(sources);
    command.arg("-o").arg(&library).arg(user);
    for name in [
        "alloc.c",
        "async.c",
        "hiredis.c",
        "net.c",
        "read.c",
        "sds.c",
        "sockcompat.c",
    ] {
        command.arg(sources.join(name));
    }
    let status = command.status().expect("a C compiler");
    assert!(status.success(), "hiredis does not compile");
    library.display().to_string()
}

/// # Safety
/// The handle is that of a loaded library, and the function there has the type `F`.
unsafe fn function<F>(handle: *mut c_void, name: &CStr) -> F {
    // SAFETY: as the caller promises.
    let symbol = unsafe { libc::dlsym(handle, name.as_ptr()) };
    assert!(!symbol.is_null(), "no {}", name.to_string_lossy());
    // SAFETY: as the caller promises; functions are as large as pointers here.
    unsafe { std::mem::transmute_copy(&symbol) }
}

impl Connection {
    pub fn call(&mut self, job: &Job, limit: Option<Duration>) -> Done {
        let (multi, exec) = (vec![b"MULTI".to_vec()], vec![b"EXEC".to_vec()]);
        let mut commands: Vec<&[Vec<u8>]> = job.steps.iter().map(|it| &it.args[..]).collect();
        if job.shape == Shape::Transaction {
            commands.insert(0, &multi);
            commands.push(&exec);
        }
        let args: Vec<&Vec<u8>> = commands.iter().copied().flatten().collect();
        let argc: Vec<c_int> = commands.iter().map(|it| it.len() as c_int).collect();
        let argv: Vec<*const c_char> = args.iter().map(|it| it.as_ptr().cast()).collect();
        let lengths: Vec<usize> = args.iter().map(|it| it.len()).collect();
        let mut replies: Vec<Reply> = vec![std::ptr::null_mut(); commands.len()];
        let limit = limit.unwrap_or(LIMIT).as_millis() as c_int;
        let answered = (self.functions.call)(
            self.user,
            limit,
            commands.len(),
            argc.as_ptr(),
            argv.as_ptr(),
            lengths.as_ptr(),
            replies.as_mut_ptr(),
        );
        let result = match answered {
            0 => Err(Failure {
                code: -1,
                outcome: Outcome::Unknown,
                attempts: 3,
                message: "gave up".to_owned(),
            }),
            _ => Ok(self.gather(job.shape, &replies)),
        };
        Done {
            result,
            partial: None,
        }
    }

    fn gather(&self, shape: Shape, replies: &[Reply]) -> Answer {
        let mut answers: Vec<Answer> = replies
            .iter()
            .map(|reply| {
                let answer = self.read(*reply);
                (self.functions.reply_free)(*reply);
                answer
            })
            .collect();
        match shape {
            Shape::Pipeline => Answer::Array(answers),
            // The last of them: EXEC's, or the only one.
            Shape::Transaction | Shape::Command => answers.pop().unwrap_or(Answer::Nil),
        }
    }

    fn read(&self, reply: Reply) -> Answer {
        let text = || {
            let mut length = 0;
            let text = (self.functions.reply_text)(reply, &mut length);
            // SAFETY: a text of the reply, which is live.
            unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) }.to_vec()
        };
        match (self.functions.reply_type)(reply) {
            1 | 5 => Answer::Text(text()),
            2 => {
                let count = (self.functions.reply_count)(reply);
                let at = |index| (self.functions.reply_at)(reply, index);
                Answer::Array((0..count).map(|index| self.read(at(index))).collect())
            }
            3 => Answer::Integer((self.functions.reply_integer)(reply)),
            4 => Answer::Nil,
            6 => Answer::Error(text()),
            other => Answer::Odd(format!("a reply of type {other}")),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        (self.functions.free)(self.user);
    }
}
