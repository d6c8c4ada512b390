//! Synapse, started by the test that needs it, on a port of its own and with nobody outside.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Whether Synapse limits rates as it ships.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    Relaxed,
    AsShipped,
    /// Relaxed, and a session ends after some seconds, renewed or not.
    ShortSessions,
    /// Relaxed, and a token ends after some seconds; a session can be renewed.
    ShortTokens,
    /// Relaxed, and reached by other homeservers of this machine.
    Federated,
}

pub struct Synapse {
    pub port: u16,
    dir: tempfile::TempDir,
    python: PathBuf,
    child: Option<Child>,
}

/// The Python with Synapse and nio in it.
pub fn python() -> PathBuf {
    // The test binary lies in target/<profile>/deps.
    let exe = std::env::current_exe().unwrap();
    let target = exe.ancestors().nth(3).unwrap();
    let made = Command::new(support_dir().join("venv.sh"))
        .arg(target)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "there is no homeserver to test against: see the line above"
    );
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
}

/// Where the scripts lie, whichever crate's tests these are.
fn support_dir() -> PathBuf {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let places = [
        "tests/support",
        "adapters/matrix/tests/support",
        "../../adapters/matrix/tests/support",
    ];
    let mut places = places.iter().map(|place| here.join(place));
    places
        .find(|place| place.join("venv.sh").is_file())
        .expect("the scripts are in the repository")
}

/// A port on which nobody listens, below those that the system gives to connections (32,768 and up
/// on Linux): none of them takes it before the homeserver does, or while it is down.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Processes that run side by side begin apart.
    let begin = std::process::id().wrapping_mul(31);
    (0..10_000)
        .map(|_| begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)))
        .map(|place| u16::try_from(10_000 + place % 10_000).unwrap())
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

impl Synapse {
    /// Resolves when it answers.
    pub async fn start(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        std::fs::write(
            dir.path().join("homeserver.yaml"),
            configuration(dir.path(), port, limits),
        )
        .unwrap();
        std::fs::write(dir.path().join("log.yaml"), LOG).unwrap();
        let python = python();
        if limits == Limits::Federated {
            let mut certificate = Command::new(&python);
            certificate.arg(support_dir().join("certificate.py"));
            let made = certificate.arg(dir.path()).status().unwrap();
            assert!(made.success(), "homeservers reach each other by TLS alone");
        }
        let mut synapse = Self {
            port,
            dir,
            python,
            child: None,
        };
        let made = synapse
            .command(&["--generate-keys"])
            .stdin(Stdio::piped())
            .output()
            .unwrap();
        let _ = made;
        synapse.up().await;
        synapse
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        command
            .arg(support_dir().join("homeserver.py"))
            .arg(self.dir.path().join("homeserver.yaml"))
            .args(more)
            .current_dir(self.dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Starts it (again), on the same port and data.
    pub async fn up(&mut self) {
        let mut child = self.command(&[]).stdin(Stdio::piped()).spawn().unwrap();
        let url = format!("{}/_matrix/client/versions", self.url());
        let client = matrix_sdk::reqwest::Client::new();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
        // There is nothing to wait on but its answer.
        let mut look = tokio::time::interval(Duration::from_millis(100));
        loop {
            look.tick().await;
            if client.get(&url).send().await.is_ok() {
                break;
            }
            assert!(
                child.try_wait().unwrap().is_none(),
                "Synapse ended: {}",
                self.log()
            );
            assert!(
                tokio::time::Instant::now() < deadline,
                "Synapse does not answer: {}",
                self.log()
            );
        }
        self.child = Some(child);
    }

    /// Kills it, as a power cut would.
    pub fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("homeserver.log")).unwrap_or_default()
    }
}

impl Drop for Synapse {
    fn drop(&mut self) {
        self.down();
    }
}

fn configuration(dir: &Path, port: u16, limits: Limits) -> String {
    let dir = dir.display();
    let (name, others) = match limits {
        Limits::Federated => {
            let among = free_port();
            (
                format!("localhost:{among}"),
                federated(&dir.to_string(), among),
            )
        }
        _ => ("localhost".to_owned(), ALONE.to_owned()),
    };
    let limits = match limits {
        Limits::AsShipped => String::new(),
        Limits::Relaxed | Limits::Federated => RELAXED.to_owned(),
        Limits::ShortSessions => format!("{RELAXED}session_lifetime: 12s\n"),
        Limits::ShortTokens => format!(
            "{RELAXED}refreshable_access_token_lifetime: 3s\nnonrefreshable_access_token_lifetime: 60s\n"
        ),
    };
    format!(
        "server_name: '{name}'
pid_file: {dir}/homeserver.pid
signing_key_path: {dir}/signing.key
media_store_path: {dir}/media
log_config: {dir}/log.yaml
database:
  name: sqlite3
  args: {{ database: {dir}/homeserver.db }}
{others}
  - {{ port: {port}, type: http, bind_addresses: ['127.0.0.1'], resources: [{{ names: [client], compress: false }}] }}
modules: [{{ module: many_events.ManyEvents, config: {{}} }}]
registration_shared_secret: registration
macaroon_secret_key: macaroon
form_secret: form
enable_registration: true
enable_registration_without_verification: true
report_stats: false
trusted_key_servers: []
presence: {{ enabled: false }}
bcrypt_rounds: 4
{limits}"
    )
}

/// What follows is its first listener.
const ALONE: &str = "federation_domain_whitelist: []
listeners:";

fn federated(dir: &str, port: u16) -> String {
    format!(
        "tls_certificate_path: {dir}/tls.crt
tls_private_key_path: {dir}/tls.key
federation_verify_certificates: false
ip_range_blacklist: []
listeners:
  - {{ port: {port}, type: http, tls: true, bind_addresses: ['127.0.0.1'], resources: [{{ names: [federation], compress: false }}] }}"
    )
}

/// Fast enough for a test that is in a hurry.
const RELAXED: &str = "
rc_message: { per_second: 10000, burst_count: 10000 }
rc_registration: { per_second: 10000, burst_count: 10000 }
rc_joins: { local: { per_second: 10000, burst_count: 10000 }, remote: { per_second: 10000, burst_count: 10000 } }
rc_joins_per_room: { per_second: 10000, burst_count: 10000 }
rc_room_creation: { per_second: 10000, burst_count: 10000 }
rc_admin_redaction: { per_second: 10000, burst_count: 10000 }
rc_invites: { per_room: { per_second: 10000, burst_count: 10000 }, per_user: { per_second: 10000, burst_count: 10000 }, per_issuer: { per_second: 10000, burst_count: 10000 } }
rc_login:
  address: { per_second: 10000, burst_count: 10000 }
  account: { per_second: 10000, burst_count: 10000 }
  failed_attempts: { per_second: 10000, burst_count: 10000 }
";

const LOG: &str = "version: 1
formatters: { plain: { format: '%(asctime)s %(name)s %(levelname)s %(message)s' } }
handlers: { file: { class: logging.FileHandler, filename: homeserver.log, formatter: plain } }
root: { level: WARNING, handlers: [file] }
";
