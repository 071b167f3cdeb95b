//! Answers that an SSH key vouches for, where the system's users do not tell people apart.
//!
//! What is signed names the run, the question's number and a digest of everything it was shown with, so
//! that a signature is an answer to that question and to no other. Signing is left to `ssh-keygen`,
//! which knows passphrases, agents and hardware keys; no private key is ever read here.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use rutter_contracts::hex;
use rutter_engine::Approval;
use rutter_runbook::keys;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use ssh_key::public::{EcdsaPublicKey, KeyData};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, PublicKey, SshSig};

use crate::children;

/// Keeps signatures for other purposes from being taken for answers, and the other way round.
const NAMESPACE: &str = "rutter-answer";

/// What a person signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    text: String,
}

impl Statement {
    /// An answer to a question of a run, which `digest` describes; signed is its JSON.
    ///
    /// # Errors
    /// When the answer cannot be written as JSON.
    pub fn new(run: &str, digest: &str, answer: &impl Serialize) -> serde_json::Result<Self> {
        let answer = serde_json::to_string(answer)?;
        let text = format!("rutter answer\nrun {run}\nquestion {digest}\n{answer}\n");
        Ok(Self { text })
    }

    /// Has it signed by the key in a file: a private key, or the public half of one that an agent holds.
    ///
    /// # Errors
    /// A sentence, when `ssh-keygen` cannot be started or does not sign; why it did not, and what it wants
    /// of the person, it says itself.
    pub fn sign(&self, key: &Path) -> Result<String, String> {
        let cannot = |error: std::io::Error| format!("`ssh-keygen` cannot be started: {error}");
        let mut child = children::signer("ssh-keygen")
            .args(["-q", "-Y", "sign", "-n", NAMESPACE, "-f"])
            .arg(key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        if let Some(mut input) = child.stdin.take() {
            // One that has gone away says why on its way out.
            let _ = input.write_all(self.text.as_bytes());
        }
        let ended = child.wait_with_output().map_err(cannot)?;
        if ended.status.success() {
            return String::from_utf8(ended.stdout)
                .map_err(|_| "`ssh-keygen` wrote no signature".to_owned());
        }
        Err(format!(
            "`ssh-keygen` does not sign with `{}`",
            key.display()
        ))
    }

    /// The public key that signed it.
    ///
    /// # Errors
    /// A sentence, when the signature is none of this statement.
    pub fn signer(&self, signature: &str) -> Result<String, String> {
        let signed = SshSig::from_pem(signature)
            .map_err(|error| format!("its signature cannot be read: {error}"))?;
        let key = PublicKey::from(signed.public_key().clone());
        keys::check_kind(&key)?;
        let text = SshSig::signed_data(NAMESPACE, signed.hash_alg(), self.text.as_bytes());
        let sound = text.is_ok_and(|text| is_by(&signed, &text));
        if signed.namespace() != NAMESPACE || !sound {
            return Err("its signature is not for an answer to this question".to_owned());
        }
        key.to_openssh()
            .map_err(|error| format!("the key of its signature cannot be written: {error}"))
    }
}

/// Whether the key that a signature names has signed these bytes.
fn is_by(signed: &SshSig, text: &[u8]) -> bool {
    let (kind, bytes) = (signed.signature().algorithm(), signed.signature_bytes());
    match (signed.public_key(), kind) {
        (KeyData::Ed25519(key), Algorithm::Ed25519) => {
            let key = UnparsedPublicKey::new(&ED25519, &key.0);
            key.verify(text, bytes).is_ok()
        }
        (KeyData::SkEd25519(key), Algorithm::SkEd25519) => touched(key.application(), text, bytes)
            .is_some_and(|(text, bytes)| {
                let key = UnparsedPublicKey::new(&ED25519, &key.public_key().0);
                key.verify(&text, bytes).is_ok()
            }),
        (KeyData::Ecdsa(key), Algorithm::Ecdsa { curve }) if key.curve() == curve => {
            is_by_point(key, text, bytes)
        }
        (KeyData::SkEcdsaSha2NistP256(key), Algorithm::SkEcdsaSha2NistP256) => {
            touched(key.application(), text, bytes).is_some_and(|(text, bytes)| {
                let key = EcdsaPublicKey::NistP256(*key.ec_point());
                is_by_point(&key, &text, bytes)
            })
        }
        (
            KeyData::Rsa(key),
            Algorithm::Rsa {
                hash: Some(HashAlg::Sha512),
            },
        ) => {
            let parts = key.n.as_positive_bytes().zip(key.e.as_positive_bytes());
            parts.is_some_and(|(n, e)| {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA512, text, bytes).is_ok()
            })
        }
        _ => false,
    }
}

/// What a hardware key signs when somebody touched it, and the signature without what it adds: it signs the
/// digests of its application and of the text, and between them its flags and its counter.
fn touched<'a>(application: &str, text: &[u8], bytes: &'a [u8]) -> Option<(Vec<u8>, &'a [u8])> {
    let (bytes, flags) = bytes.split_at_checked(bytes.len().checked_sub(5)?)?;
    let application = Sha256::digest(application.as_bytes());
    let text = [&application[..], flags, &Sha256::digest(text)[..]].concat();
    (flags.first()? & 1 == 1).then_some((text, bytes))
}

/// Whether a key on one of NIST's curves has signed these bytes: two integers, each as long as the curve.
fn is_by_point(key: &EcdsaPublicKey, text: &[u8], bytes: &[u8]) -> bool {
    let (rule, length) = match key.curve() {
        EcdsaCurve::NistP256 => (&ECDSA_P256_SHA256_FIXED, 32),
        EcdsaCurve::NistP384 => (&ECDSA_P384_SHA384_FIXED, 48),
        EcdsaCurve::NistP521 => return false,
    };
    let key = UnparsedPublicKey::new(rule, key.as_sec1_bytes());
    padded(bytes, length).is_some_and(|bytes| key.verify(text, &bytes).is_ok())
}

/// Two integers of `length` bytes, from SSH's form: each after its length, without leading zeros but for
/// one that keeps it positive.
fn padded(mut bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut padded = Vec::with_capacity(2 * length);
    for _ in 0..2 {
        let (size, rest) = bytes.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
        let (number, rest) = rest.split_at_checked(size)?;
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        padded.resize(padded.len() + length.checked_sub(number.len())?, 0);
        padded.extend_from_slice(number);
        bytes = rest;
    }
    bytes.is_empty().then_some(padded)
}

/// Tells a question from every other one: its number and all that it was shown with.
pub fn digest(number: u64, approval: &Approval) -> String {
    // What was recorded can be written: it was read from there, or is about to be.
    let shown = serde_json::to_vec(approval).unwrap_or_default();
    let digest = hex::encode(&Sha256::digest(shown));
    format!("{number} {digest}")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;

    use rutter_engine::Evidence;

    use super::*;
    use crate::journal::Message;

    /// A new key of a kind, and its public half.
    fn key(folder: &Path, kind: &str) -> (PathBuf, String) {
        let path = folder.join(kind);
        let (kind, bits) = kind
            .split_once('-')
            .map_or((kind, None), |(kind, bits)| (kind, Some(bits)));
        let made = Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-C", "alice", "-t", kind])
            .args(bits.map(|bits| ["-b", bits]).into_iter().flatten())
            .arg("-f")
            .arg(&path)
            .status()
            .expect("ssh-keygen is there");
        assert!(made.success());
        let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        (path, public.trim().to_owned())
    }

    fn yes(question: u64) -> Message {
        Message::Approve {
            question,
            evidence: Evidence::new(),
        }
    }

    fn statement(run: &str, digest: &str, question: u64) -> Statement {
        Statement::new(run, digest, &yes(question)).unwrap()
    }

    #[test]
    fn a_signature_is_one_answer_to_one_question_of_one_run() {
        let folder = tempfile::tempdir().unwrap();
        for kind in ["ed25519", "rsa", "ecdsa-256", "ecdsa-384"] {
            let (path, public) = key(folder.path(), kind);
            keys::check(&public).unwrap();
            let said = statement("7f", "1 ab", 1);
            let signature = said.sign(&path).unwrap();
            let signer = said.signer(&signature).unwrap();
            assert!(public.starts_with(&signer), "{signer}\n{public}");
            for other in [
                statement("80", "1 ab", 1),
                statement("7f", "1 ac", 1),
                statement("7f", "2 ab", 2),
            ] {
                let told = other.signer(&signature).unwrap_err();
                assert!(
                    told.contains("not for an answer to this question"),
                    "{told}"
                );
            }
        }
    }

    #[test]
    fn an_integer_of_a_signature_may_be_shorter_or_longer_than_the_curve() {
        let bytes = [0, 0, 0, 1, 7, 0, 0, 0, 3, 0, 0x80, 9];
        assert_eq!(padded(&bytes, 2), Some(vec![0, 7, 0x80, 9]));
        assert_eq!(padded(&bytes[..11], 2), None, "cut off");
        assert_eq!(padded(&bytes, 1), None, "too long");
        assert_eq!(padded(&[255; 8], 2), None);
        let more = [&bytes[..], &[0]].concat();
        assert_eq!(padded(&more, 2), None, "more than two");
    }

    #[test]
    fn a_signature_for_another_purpose_is_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = key(folder.path(), "ed25519");
        let said = statement("7f", "1 ab", 1);
        let text = folder.path().join("text");
        std::fs::write(&text, &said.text).unwrap();
        let signed = Command::new("ssh-keygen")
            .args(["-q", "-Y", "sign", "-n", "file", "-f"])
            .args([&path, &text])
            .status()
            .unwrap();
        assert!(signed.success());
        let signature = std::fs::read_to_string(text.with_extension("sig")).unwrap();
        assert!(said.signer(&signature).is_err());
        assert!(said.signer("rubbish").is_err());
    }

    #[test]
    fn a_key_that_cannot_be_used_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let told = keys::check("ssh-ed25519 AAAAnonsense alice").unwrap_err();
        assert!(told.contains("no public key"), "{told}");
        let (_, other) = key(folder.path(), "ecdsa-521");
        let told = keys::check(&other).unwrap_err();
        assert!(
            told.contains("ecdsa-sha2-nistp521") && told.contains("use "),
            "{told}"
        );
        let told = statement("7f", "1 ab", 1).sign(&folder.path().join("none"));
        assert!(told.unwrap_err().contains("does not sign"));
    }
}
