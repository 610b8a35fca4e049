use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use esoz_otp::config::StoreConfig;
use esoz_otp::store::Store;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::binary::node::init;
use crate::binary::program::{Program, run};

/// The service as it is installed, in a directory, with one gateway.
pub(super) struct Service {
    directory: PathBuf,
    running: Option<Program>,
}

impl Service {
    /// A data directory and settings; nothing runs yet.
    pub(super) fn made(directory: &Path, gateway: &str) -> Self {
        init(directory);
        Self::found(directory, gateway)
    }

    /// On a data directory that is there.
    pub(super) fn found(directory: &Path, gateway: &str) -> Self {
        fs::write(directory.join("settings.toml"), settings(gateway)).unwrap();
        Self { directory: directory.to_owned(), running: None }
    }

    /// Starts it, and says where it listens.
    pub(super) fn start(&mut self) -> SocketAddr {
        let arguments = ["serve", "--data", "node", "--config", "settings.toml"];
        self.running.insert(Program::start(&self.directory, &arguments)).address()
    }

    /// Begins to start it, without waiting for anything.
    pub(super) fn begin_to_start(&mut self) {
        let arguments = ["serve", "--data", "node", "--config", "settings.toml"];
        self.running = Some(Program::start(&self.directory, &arguments));
    }

    /// `kill -9`. Returns when it is gone.
    pub(super) fn kill(&mut self) {
        drop(self.running.take());
    }

    /// Asks it to end.
    pub(super) fn stop(&mut self) {
        let ended = self.running.take().unwrap().stop();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }

    /// Returns when no thread of it runs any more.
    pub(super) fn freeze(&self) {
        let pid = self.pid();
        kill_process(pid, Signal::STOP).unwrap();
        waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED).unwrap();
    }

    pub(super) fn thaw(&self) {
        kill_process(self.pid(), Signal::CONT).unwrap();
    }

    fn pid(&self) -> Pid {
        let id = self.running.as_ref().unwrap().id();
        Pid::from_raw(id.try_into().unwrap()).unwrap()
    }

    /// What is wrong with its log of audit, while it does not run.
    pub(super) fn verify_audit(&self) -> Result<(), String> {
        assert!(self.running.is_none());
        let ended = run(&self.directory, &["audit", "verify", "--data", "node"]);
        if ended.code == Some(0) { Ok(()) } else { Err(ended.stderr) }
    }

    /// Its data, while it does not run.
    pub(super) fn store(&self) -> Store {
        assert!(self.running.is_none());
        let config = StoreConfig { cache_mib: 8, ..StoreConfig::default() };
        Store::open(&self.directory.join("node"), config).unwrap()
    }
}

/// As many codes for as many phones as the machine gives, each for the longest time.
fn settings(gateway: &str) -> String {
    format!(
        r#"
        [otp]
        life_seconds = 600
        ready = 64
        [otp.argon2]
        memory_kib = 4096
        passes = 1
        [limits]
        sends_per_range = 1000000
        sends_per_client = 1000000
        sends_per_node = 1000000
        [store]
        cache_mib = 8
        [sms]
        drivers = ["stub"]
        timeout_seconds = 2
        [gateway.stub]
        url = "{gateway}"
        body = '{{"id": "{{id}}", "phone": "{{phone}}", "text": "{{text}}"}}'
        id_at = "/response_result/0/message_id"
        verdict_at = ["/response_result/0/response_status"]
        taken = ["OK"]
        allow_local = true
        allow_http = true
        "#
    )
}
