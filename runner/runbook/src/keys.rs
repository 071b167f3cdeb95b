//! The public keys of approvers: which kinds of them an answer can be held against.

use ssh_key::public::KeyData;
use ssh_key::{EcdsaCurve, PublicKey};

/// Refuses a public key that no answer can be held against.
///
/// # Errors
/// A sentence.
pub fn check(text: &str) -> Result<(), String> {
    let key = PublicKey::from_openssh(text)
        .map_err(|_| format!("`{text}` is no public key in OpenSSH's form"))?;
    check_kind(&key)
}

/// Refuses a key whose kind nothing here verifies.
///
/// # Errors
/// A sentence.
pub fn check_kind(key: &PublicKey) -> Result<(), String> {
    match key.key_data() {
        KeyData::Ed25519(_) | KeyData::SkEd25519(_) | KeyData::Rsa(_) => Ok(()),
        KeyData::SkEcdsaSha2NistP256(_) => Ok(()),
        KeyData::Ecdsa(key) if key.curve() != EcdsaCurve::NistP521 => Ok(()),
        _ => Err(format!(
            "keys of kind {} are not taken: use ssh-ed25519, ssh-rsa, ecdsa-sha2-nistp256 or -nistp384, or a \
             hardware key (sk-ssh-ed25519, sk-ecdsa-sha2-nistp256)",
            key.algorithm().as_str()
        )),
    }
}
