//! A real server of a test's own: private directory, Unix socket, free TCP port, no persistence.
//!
//! It answers before `start` returns and is gone, files included, when dropped, also when the
//! test panics or its process dies.

use super::raw::{RawClient, Value};
use super::tls::{self, Identity};
use super::{Flavour, PATIENCE, TempDir, free_port, spawn_for_life, wait_until};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

/// One field of what INFO answered, "" when there is none.
pub fn field_of(info: &str, field: &str) -> String {
    let mut lines = info.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(name, _)| *name == field);
    found.map_or_else(String::new, |(_, value)| value.to_owned())
}

/// A running server.
pub struct Server {
    flavour: Flavour,
    port: u16,
    /// Its TLS port and what it shows there.
    tls: Option<(u16, Identity)>,
    extra: Vec<String>,
    child: Mutex<Option<Child>>,
    directory: TempDir,
}

impl Server {
    /// Starts a server; `extra` are further configuration arguments, `["--maxclients", "10"]`.
    pub fn start(flavour: Flavour, extra: &[&str]) -> Self {
        Self::start_as(flavour, None, extra)
    }

    /// Starts the system's server with a TLS port beside its others. It shows `identity` and
    /// knows the authority of the tests; it wants a certificate of the client only when `extra`
    /// says `["--tls-auth-clients", "yes"]`.
    pub fn start_tls(identity: Identity, extra: &[&str]) -> Self {
        Self::start_as(Flavour::System, Some(identity), extra)
    }

    fn start_as(flavour: Flavour, identity: Option<Identity>, extra: &[&str]) -> Self {
        let mut server = Self {
            flavour,
            port: 0,
            tls: identity.map(|identity| (0, identity)),
            extra: extra.iter().map(|&arg| arg.to_owned()).collect(),
            child: Mutex::new(None),
            directory: TempDir::new(),
        };
        let mut failure = String::new();
        for _ in 0..10 {
            server.port = free_port();
            if let Some((port, _)) = &mut server.tls {
                *port = free_port();
            }
            match server.launch() {
                Ok(()) => return server,
                // Somebody took the port between the look and the start.
                Err(log) if log.contains("Address already in use") => failure = log,
                Err(log) => panic!("{} did not start: {log}", flavour.binary().display()),
            }
        }
        panic!("no port could be had for the server: {failure}");
    }

    /// Which server it is.
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Its TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// A directory that lives as long as the server.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The URL of its TCP port.
    pub fn url_tcp(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The URL of its Unix socket.
    pub fn url_unix(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its TLS port on 127.0.0.1 and, where there is one, ::1; panics when it has none.
    pub fn tls_port(&self) -> u16 {
        self.tls.expect("started by start_tls").0
    }

    /// The URL of its TLS port, with what makes a client trust it. By its address: the thread that looks
    /// a name up is never waited for.
    pub fn url_tls(&self) -> String {
        let ca = tls::file("ca.pem");
        let port = self.tls_port();
        format!("rediss://127.0.0.1:{port}?tls.ca_file={}", ca.display())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child().as_ref().expect("the server was killed").id()
    }

    /// Runs a command over a connection of the harness's own and answers its reply as text:
    /// items of an array one a line, an error as "(error) ...", nil as "(nil)".
    pub fn cli(&self, args: &[&str]) -> String {
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        self.query(&args).text()
    }

    /// As `cli`, with bytes in and the reply's structure out.
    pub fn query(&self, args: &[&[u8]]) -> Value {
        let mut client = self.connect().expect("connect to the server's socket");
        client.call(args).expect("an answer of the server")
    }

    /// One field of INFO, "" when there is none: `info("stats", "total_connections_received")`.
    pub fn info(&self, section: &str, field: &str) -> String {
        field_of(&self.cli(&["INFO", section]), field)
    }

    /// Stops the process: it holds its sockets and says nothing.
    pub fn pause(&self) {
        self.signal(libc::SIGSTOP);
        // The signal may come before the process has stopped.
        let stat = format!("/proc/{}/stat", self.pid());
        wait_until("the server has stopped", || {
            let stat = std::fs::read_to_string(&stat).unwrap();
            stat.rsplit_once(") ").unwrap().1.starts_with('T')
        });
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(libc::SIGCONT);
    }

    /// Kills the process; its port then refuses connections. Fine when it is dead already.
    pub fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again, empty, on the same port and socket; kills it before if need be.
    pub fn restart(&self) {
        self.kill();
        if let Err(log) = self.launch() {
            panic!(
                "the server did not start again on port {}: {log}",
                self.port
            );
        }
    }

    fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.pid()).unwrap();
        // SAFETY: kill takes plain numbers; the child is ours and not yet reaped.
        let failed = unsafe { libc::kill(pid, signal) };
        assert_eq!(failed, 0, "kill({pid}, {signal})");
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Starts the process and waits until it answers; gives its log when it ends instead.
    fn launch(&self) -> Result<(), String> {
        let log = self.directory.path().join("log");
        let _ = std::fs::remove_file(&log);
        let mut child = spawn_for_life(self.command(&log)).expect("start the server");
        let start = Instant::now();
        while !self.answers() {
            let ended = child.try_wait().unwrap().is_some();
            if ended || start.elapsed() > PATIENCE {
                let _ = child.kill();
                let _ = child.wait();
                return Err(std::fs::read_to_string(&log).unwrap_or_default());
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        *self.child() = Some(child);
        Ok(())
    }

    fn command(&self, log: &Path) -> Command {
        let mut command = Command::new(self.flavour.binary());
        command.arg("--port").arg(self.port.to_string());
        command.args(["--bind", "127.0.0.1"]);
        if let Some((port, identity)) = self.tls {
            command.args(["-::1", "--tls-port", &port.to_string()]);
            command.arg("--tls-cert-file").arg(identity.certificate());
            command.arg("--tls-key-file").arg(identity.key());
            command.arg("--tls-ca-cert-file").arg(tls::file("ca.pem"));
            command.args(["--tls-auth-clients", "no"]);
        }
        command.args(["--daemonize", "no", "--databases", "16"]);
        command.args(["--save", "", "--appendonly", "no"]);
        command.arg("--unixsocket").arg(self.socket());
        command.arg("--dir").arg(self.directory.path());
        command.arg("--logfile").arg(log);
        if self.flavour.at_least(7, 0) {
            command.args(["--enable-debug-command", "yes"]);
        }
        command.args(&self.extra);
        command.current_dir(self.directory.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Asked over the socket in the private directory, so that no other server can answer.
    fn answers(&self) -> bool {
        let ping = self
            .connect()
            .and_then(|mut client| client.call(&[b"PING"]));
        matches!(ping, Ok(Value::Status(pong)) if pong == "PONG")
    }

    fn connect(&self) -> std::io::Result<RawClient> {
        let mut client = RawClient::connect(&self.socket())?;
        if let Some(at) = self.extra.iter().position(|arg| arg == "--requirepass") {
            client.call(&[b"AUTH", self.extra[at + 1].as_bytes()])?;
        }
        Ok(client)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
