use rutter_manifest::SECTION;
use rutter_plugin::{Outline, inspect, sentences};

/// A component before anybody compiles it: what is let through wants no more than a plugin may, is the same whatever is
/// appended that is no code, and says what it may do.
pub fn component(data: &[u8]) {
    let outline = Outline::read(data);
    if let Ok(outline) = &outline {
        assert!(
            outline.instances <= 64 && outline.memories <= 8,
            "{outline:?}"
        );
        assert!(outline.tables <= 16, "{outline:?}");
        let longer = [data, &section("any", b"text")].concat();
        assert_eq!(Outline::read(&longer).as_ref(), Ok(outline));
    }
    match inspect(data) {
        Ok(inspected) => {
            assert!(outline.is_ok(), "inspected, and not to be compiled");
            assert!(
                !sentences(&inspected.manifest).is_empty()
                    || inspected.manifest.permissions.is_empty()
            );
            // A second manifest is none: nobody could say which is meant.
            let twice = [data, &section(SECTION, b"[plugin]")].concat();
            assert!(inspect(&twice).is_err());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A custom section with a name and content of fewer than 128 bytes.
fn section(name: &str, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(name.len()).expect("a short name");
    let body = [&[length], name.as_bytes(), content].concat();
    let size = u8::try_from(body.len()).expect("a short section");
    [&[0, size], body.as_slice()].concat()
}
