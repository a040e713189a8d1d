//! Opening: an address and a use of client.h become a connection.

use std::cell::RefCell;
use std::ffi::{CStr, c_char};

use redis::aio::MultiplexedConnection;
use redis::{ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};
use tokio::runtime::Runtime;

use crate::give_up;

unsafe extern "C" {
    fn absent(format: *const c_char, ...) -> !;
}

pub enum Client {
    Alone(RefCell<redis::Connection>),
    Shared(Runtime, MultiplexedConnection),
}

/// As in client.h.
#[repr(C)]
pub struct RawUse {
    mode: *const c_char,
    user: *const c_char,
    password: *const c_char,
    connections: usize,
}

pub struct Use {
    mode: String,
    login: Option<(String, String)>,
}

impl Use {
    /// # Safety
    /// Its texts are NUL-terminated.
    pub unsafe fn read(raw: &RawUse) -> Self {
        // SAFETY: the caller's.
        let text = |it: *const c_char| unsafe { CStr::from_ptr(it) }.to_string_lossy().into_owned();
        Self {
            mode: text(raw.mode),
            login: (!raw.user.is_null()).then(|| (text(raw.user), text(raw.password))),
        }
    }
}

fn place(address: &str) -> ConnectionAddr {
    if address.starts_with('/') {
        return ConnectionAddr::Unix(address.into());
    }
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "6379"));
    ConnectionAddr::Tcp(
        host.to_owned(),
        port.parse().unwrap_or_else(|error| give_up(error)),
    )
}

impl Client {
    pub fn open(address: &str, how: &Use) -> Self {
        let mut settings = RedisConnectionInfo::default();
        if let Some((user, password)) = &how.login {
            settings = settings.set_username(user).set_password(password);
            settings = settings.set_protocol(ProtocolVersion::RESP3);
        }
        let info = place(address)
            .into_connection_info()
            .unwrap_or_else(|error| give_up(error));
        let client = redis::Client::open(info.set_redis_settings(settings));
        let client = client.unwrap_or_else(|error| give_up(error));
        match how.mode.as_str() {
            "alone" => {
                let opened = client.get_connection();
                Self::Alone(RefCell::new(opened.unwrap_or_else(|error| give_up(error))))
            }
            "shared" => Self::share(&client),
            // SAFETY: a NUL-terminated text without a format in it.
            _ => unsafe { absent(c"has no pool of its own".as_ptr()) },
        }
    }

    fn share(client: &redis::Client) -> Self {
        let runtime = Runtime::new().unwrap_or_else(|error| give_up(error));
        let opened = runtime.block_on(client.get_multiplexed_async_connection());
        Self::Shared(runtime, opened.unwrap_or_else(|error| give_up(error)))
    }
}
