//! The networks' clients bring different implementations of TLS, and one that has to choose between
//! two panics at its first connection. So the real binary has both clients in one process connect
//! to servers whose certificate nobody signed: each must speak TLS, and refuse that certificate.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use toml::Table;
use underrose_on_networks::config::{self, Place};
use underrose_on_networks::matrix::Town;
use underrose_on_networks::matrix::person::{PASSWORD, register};

/// A server for TLS on loopback, and how the handshakes ended that a client did not give up before
/// it said anything of the certificate: it does so where another connection has told it already.
struct Server {
    port: u16,
    ended: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(dir: &Path) -> Self {
        let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
        if !cert.exists() {
            let made = Command::new("openssl")
                .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
                .args(["ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
                .args(["-subj", "/CN=127.0.0.1", "-addext"])
                .args(["subjectAltName=IP:127.0.0.1", "-out"])
                .args([&cert, Path::new("-keyout"), &key])
                .output()
                .expect("install openssl: it makes a certificate for this test");
            assert!(made.status.success(), "{made:?}");
        }
        let chain = vec![CertificateDer::from_pem_file(&cert).unwrap()];
        let key = PrivateKeyDer::from_pem_file(&key).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ended = Arc::default();
        let (config, ends) = (Arc::new(config), Arc::clone(&ended));
        std::thread::spawn(move || serve(&listener, &config, &ends));
        Self { port, ended }
    }

    fn ended(&self) -> Vec<String> {
        self.ended.lock().unwrap().clone()
    }
}

fn serve(listener: &TcpListener, config: &Arc<ServerConfig>, ended: &Mutex<Vec<String>>) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut connection = ServerConnection::new(config.clone()).unwrap();
        let end = loop {
            match connection.complete_io(&mut stream) {
                Ok(_) if connection.is_handshaking() => {}
                Ok(_) => break Some("the certificate was taken".to_owned()),
                Err(error) if given_up(error.kind()) => break None,
                Err(error) => {
                    // Says goodbye, where there is something to say.
                    let _ = connection.complete_io(&mut stream);
                    break Some(error.to_string());
                }
            }
        };
        ended.lock().unwrap().extend(end);
    }
}

fn given_up(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
    )
}

fn refused_the_certificate(server: &Server) -> bool {
    let alerts = [
        "UnknownCA",
        "BadCertificate",
        "UnknownIssuer",
        "CertificateUnknown",
    ];
    let ended = server.ended();
    !ended.is_empty()
        && ended
            .iter()
            .all(|end| alerts.iter().any(|alert| end.contains(alert)))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_networks_clients_speak_tls_in_one_process() {
    let town = Town::new(&[]).await;
    let me = register(&town.url(), "rose").await;
    let dir = tempfile::tempdir().unwrap();
    let (homeserver, slack) = (Server::start(dir.path()), Server::start(dir.path()));

    // Matrix is set up on a homeserver that is there; then both addresses are the servers'.
    let plain = town.url();
    run(
        &dir,
        &configuration(&dir, &plain, me.as_str(), &slack),
        &["setup"],
        true,
    );
    run(
        &dir,
        &configuration(&dir, &plain, me.as_str(), &slack),
        &["setup", "matrix"],
        true,
    );
    let url = format!("https://127.0.0.1:{}", homeserver.port);
    let configured = configuration(&dir, &url, me.as_str(), &slack);
    let said = run(&dir, &configured, &["check", "--connect"], false);
    assert!(!said.contains("a defect at"), "{said}");
    assert!(
        said.contains("matrix: WRONG") && said.contains("slack: WRONG"),
        "{said}"
    );
    let (there, here) = (homeserver.ended(), slack.ended());
    assert!(
        refused_the_certificate(&homeserver),
        "matrix: {there:?}; {said}"
    );
    assert!(refused_the_certificate(&slack), "slack: {here:?}; {said}");
}

fn configuration(dir: &tempfile::TempDir, homeserver: &str, user: &str, slack: &Server) -> Table {
    let place = |network: &str, section| Place {
        network: network.to_owned(),
        section,
        rooms: ["security", "announce", "general", "dev"]
            .map(|name| (name, format!("!{name}:localhost")))
            .to_vec(),
        handles: vec![("alice", format!("@alice-{network}:localhost"))],
    };
    let matrix = Table::from_iter([
        ("homeserver".to_owned(), homeserver.into()),
        ("user".to_owned(), user.into()),
    ]);
    let address = format!("https://127.0.0.1:{}/api", slack.port);
    let workspace = Table::from_iter([
        ("bot_token".to_owned(), "env:TEST_SLACK_BOT".into()),
        ("app_token".to_owned(), "env:TEST_SLACK_APP".into()),
        ("api_url".to_owned(), address.into()),
    ]);
    let places = [
        place("matrix", Some(("matrix", matrix))),
        place("slack", Some(("slack", workspace))),
    ];
    let mut table = config::table(&places, None, "");
    let path = |name: &str| dir.path().join(name).display().to_string();
    table.insert("data".to_owned(), path("data").into());
    let key = Table::from_iter([("file".to_owned(), path("master.key").into())]);
    table.insert("key".to_owned(), key.into());
    table
}

/// A command of the real binary: its `main` is what says which implementation counts.
fn run(dir: &tempfile::TempDir, config: &Table, args: &[&str], succeeds: bool) -> String {
    let file = dir.path().join("config.toml");
    std::fs::write(&file, config.to_string()).unwrap();
    let exe = std::env::current_exe().unwrap();
    let binary = exe.ancestors().nth(2).unwrap().join("underrose");
    assert!(
        binary.is_file(),
        "{} is not there: run tests/matrix.sh, or cargo build first",
        binary.display()
    );
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(binary)
        .args(args)
        .env("UNDERROSE_CONFIG", file)
        .env("UNDERROSE_MATRIX_PASSWORD", PASSWORD)
        .env("TEST_SLACK_BOT", "xoxb-emulated-bot")
        .env("TEST_SLACK_APP", "xapp-emulated-app")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&stdout).into_owned() + String::from_utf8_lossy(&stderr).as_ref();
    assert_eq!(status.success(), succeeds, "{args:?}: {said}");
    said
}
