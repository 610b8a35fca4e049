use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::connection::{Connection, live};
use super::resident::resident_kib;
use super::world::world;

/// What the service logs when it has as many codes as it makes ahead of need.
const FULL: &str = "codes are ready ahead of need";
/// Longer than making them takes on one core of a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The service as it is built, on a directory, killed when dropped.
pub(super) struct Service {
    binary: PathBuf,
    directory: PathBuf,
    running: Option<(Child, SocketAddr)>,
}

impl Service {
    /// With these settings of `sms` besides.
    pub(super) fn made(binary: &Path, directory: &Path, gateway: &str, sms: &str) -> Self {
        fs::write(directory.join("world.json"), world().to_string()).unwrap();
        fs::write(directory.join("settings.toml"), settings(gateway, sms)).unwrap();
        let (binary, directory) = (fs::canonicalize(binary).unwrap(), directory.to_owned());
        let service = Self { binary, directory, running: None };
        service.end_well(&["init", "--data", "node"]);
        service.end_well(&["import", "world.json", "--data", "node", "--allow-demo-secrets"]);
        service
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(&self.directory).args(arguments);
        command
    }

    fn end_well(&self, arguments: &[&str]) {
        let ended = self.command(arguments).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }

    /// How long that takes until the first answer.
    pub(super) fn start(&mut self) -> Duration {
        let start = Instant::now();
        let log = File::options().create(true).append(true).open(self.directory.join("log"));
        let mut child = self
            .command(&["serve", "--data", "node", "--config", "settings.toml"])
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(log.unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (_, address) = line.trim().split_once(" on http://").expect("it says where it serves");
        self.running = Some((child, address.parse().unwrap()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let status =
            runtime.block_on(async { Connection::to(self.address()).await.ask(&live()).await });
        assert_eq!(status, 200);
        start.elapsed()
    }

    /// Waits until it has all its codes, the first time that it has been started.
    pub(super) fn wait_until_full(&self) {
        let start = Instant::now();
        while !fs::read_to_string(self.directory.join("log")).unwrap().contains(FULL) {
            assert!(start.elapsed() < PATIENCE, "the service has no codes ready");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.running.as_ref().unwrap().1
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            // It may have ended by itself.
            drop(child.kill());
            drop(child.wait());
        }
    }

    pub(super) fn resident(&self) -> String {
        let (child, _) = self.running.as_ref().unwrap();
        format!("{} kB", resident_kib(&child.id().to_string()))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// More than twice as many as there are resends: no more are made while those are measured, for that is no business of
/// the gateway's.
const READY: usize = 4096;

fn settings(gateway: &str, sms: &str) -> String {
    format!(
        r#"
        [otp]
        life_seconds = 600
        ready = {READY}
        [otp.argon2]
        memory_kib = 4096
        passes = 1
        [limits]
        send_pause = [0, 0, 0, 0]
        sends_per_hour = 100
        sends_per_day = 100
        sends_per_range = 1000000
        sends_per_client = 1000000
        sends_per_node = 1000000
        [sms]
        drivers = ["stub"]
        {sms}
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
