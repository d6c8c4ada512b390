//! `setup`, `recover`, and what happens without them.

use underrose_matrix::{Credentials, Key, Matrix, OpenError, SetupError, recover, setup};

use crate::support::bot::{made, settings};
use crate::support::person::{PASSWORD, Person, Signed, register};
use crate::{name, shared};

fn password() -> Credentials {
    Credentials::Password(PASSWORD.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_store_that_setup_made_nothing_runs() {
    let url = shared().await;
    let bot = name("bot");
    register(&url, &bot).await;
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(&url, &bot, &dir.path().join("matrix"));
    let refused = Matrix::open(settings.clone()).await;
    let Err(error @ OpenError::NoStore { .. }) = refused.map(|_| ()) else {
        panic!("it ran without a store")
    };
    assert!(error.to_string().contains("underrose setup matrix"));
    assert!(!dir.path().join("matrix").exists(), "it made something");

    let done = made(&settings).await;
    let recovery_key = done.recovery_key.expect("the recovery key, once");
    assert!(Matrix::open(settings.clone()).await.is_ok());
    // Only the owner may look into the folder.
    let mode = std::fs::metadata(&settings.folder).unwrap().permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
        0o700
    );
    // Run again, it is the same device, and there is no second key.
    let again = made(&settings).await;
    assert_eq!(again.device, done.device);
    assert_eq!(again.recovery_key, None);
    // Another key opens nothing.
    let mut other = settings.clone();
    other.key = Key([8; 32]);
    assert!(matches!(
        Matrix::open(other).await,
        Err(OpenError::Store { .. })
    ));
    // Nothing in the store can be read without it.
    for file in std::fs::read_dir(&settings.folder).unwrap() {
        // The database's own log comes and goes.
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(&recovery_key));
        assert!(!text.contains("syt_"), "an access token lies open");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_machine_is_recovered_with_the_same_identity() {
    let url = shared().await;
    let bot = name("bot");
    register(&url, &bot).await;
    let dir = tempfile::tempdir().unwrap();
    let first = settings(&url, &bot, &dir.path().join("first"));
    let done = made(&first).await;
    let recovery_key = done.recovery_key.unwrap();
    let second = settings(&url, &bot, &dir.path().join("second"));
    // Without the key a second machine must not make a second identity.
    let refused = setup(&second, password()).await;
    assert!(matches!(refused, Err(SetupError::IdentityExists)));
    let third = settings(&url, &bot, &dir.path().join("third"));
    let wrong = recover(
        &third,
        password(),
        "EsTj 3yST y93F SLpB jJsz eAXc 2XzA ygD3 w69H fGaN TKBj jXEd",
    )
    .await;
    assert!(matches!(wrong, Err(SetupError::Recovery(_))));
    let fourth = settings(&url, &bot, &dir.path().join("fourth"));
    let recovered = recover(&fourth, password(), &recovery_key).await.unwrap();
    assert_ne!(recovered.device, done.device);
    // Somebody else sees one identity, and both devices signed by it.
    let alice = Person::new(&url, &name("alice"), Signed::Yes).await;
    let user = matrix_sdk::ruma::UserId::parse(&done.user).unwrap();
    let mut request = matrix_sdk::ruma::api::client::keys::get_keys::v3::Request::new();
    request.device_keys.insert(user.clone(), vec![]);
    let answer = alice.client.send(request).await.unwrap();
    let identity = answer.self_signing_keys[&user].json().get();
    let signer: serde_json::Value = serde_json::from_str(identity).unwrap();
    let signer = signer["keys"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    for device in [done.device, recovered.device] {
        let keys = answer.device_keys[&user][device.as_str()].json().get();
        let keys: serde_json::Value = serde_json::from_str(keys).unwrap();
        assert!(
            keys["signatures"][user.as_str()][&signer].is_string(),
            "{device} is not signed"
        );
    }
    let taken = recover(&fourth, password(), &recovery_key).await;
    assert!(matches!(taken, Err(SetupError::Exists(_))));
}
