//! Answers that an SSH key vouches for, where the system's users do not tell people apart.
//!
//! What is signed names the run, the question's number and a digest of everything it was shown with, so
//! that a signature is an answer to that question and to no other. Signing is left to `ssh-keygen`,
//! which knows passphrases, agents and hardware keys; no private key is ever read here.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use ring::signature::{
    ED25519, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use rutter_engine::Approval;
use sha2::{Digest as _, Sha256};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, PublicKey, SshSig};

use crate::journal::Message;

/// Keeps signatures for other purposes from being taken for answers, and the other way round.
const NAMESPACE: &str = "rutter-answer";

/// What a person signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    text: String,
}

impl Statement {
    /// An answer to a question of a run, which `digest` describes.
    pub fn new(run: &str, digest: &str, answer: &Message) -> serde_json::Result<Self> {
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
        let mut child = Command::new("ssh-keygen")
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
        refuse_kind(&key)?;
        let text = SshSig::signed_data(NAMESPACE, signed.hash_alg(), self.text.as_bytes());
        let sound = text.is_ok_and(|text| is_by(&signed, &text));
        if signed.namespace() != NAMESPACE || !sound {
            return Err("its signature is none of an answer to this question".to_owned());
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
        (KeyData::SkEd25519(key), Algorithm::SkEd25519) => {
            let application = Sha256::digest(key.application().as_bytes());
            // A token signs the digests of both, and between them its flags and its counter.
            let Some((bytes, flags)) = bytes.split_at_checked(bytes.len().saturating_sub(5)) else {
                return false;
            };
            let touched = flags.first().is_some_and(|flags| flags & 1 == 1);
            let text = [&application[..], flags, &Sha256::digest(text)[..]].concat();
            let key = UnparsedPublicKey::new(&ED25519, &key.public_key().0);
            touched && key.verify(&text, bytes).is_ok()
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

/// Tells a question from every other one: its number and all that it was shown with.
pub fn digest(number: u64, approval: &Approval) -> String {
    // What was recorded can be written: it was read from there, or is about to be.
    let shown = serde_json::to_vec(approval).unwrap_or_default();
    let digest = Sha256::digest(shown);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{number} {digest}")
}

/// Refuses a public key that no answer can be held against.
///
/// # Errors
/// A sentence.
pub fn check_key(text: &str) -> Result<(), String> {
    let key = PublicKey::from_openssh(text)
        .map_err(|_| format!("`{text}` is no public key in OpenSSH's form"))?;
    refuse_kind(&key)
}

fn refuse_kind(key: &PublicKey) -> Result<(), String> {
    match key.key_data() {
        KeyData::Ed25519(_) | KeyData::SkEd25519(_) | KeyData::Rsa(_) => Ok(()),
        _ => Err(format!(
            "keys of kind {} are not taken: use ssh-ed25519, sk-ssh-ed25519 or ssh-rsa",
            key.algorithm().as_str()
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rutter_engine::Evidence;

    use super::*;

    /// A new key of a kind, and its public half.
    fn key(folder: &Path, kind: &str) -> (PathBuf, String) {
        let path = folder.join(kind);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-C", "alice", "-t", kind, "-f"])
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
        for kind in ["ed25519", "rsa"] {
            let (path, public) = key(folder.path(), kind);
            check_key(&public).unwrap();
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
                    told.contains("none of an answer to this question"),
                    "{told}"
                );
            }
        }
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
        let told = check_key("ssh-ed25519 AAAAnonsense alice").unwrap_err();
        assert!(told.contains("no public key"), "{told}");
        let (_, other) = key(folder.path(), "ecdsa");
        assert!(check_key(&other).is_err());
        let told = statement("7f", "1 ab", 1).sign(&folder.path().join("none"));
        assert!(told.unwrap_err().contains("does not sign"));
    }
}
