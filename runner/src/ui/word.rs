//! Words for yes that nobody types by habit.

/// Two letters that are read and typed easily, in any keyboard layout's middle.
const SYLLABLES: [&str; 16] = [
    "ba", "da", "fe", "go", "ka", "ke", "lo", "ma", "mi", "no", "pa", "ro", "sa", "so", "ta", "vo",
];

/// A new word, of three syllables.
pub(super) fn new_word() -> String {
    let mut seed = [0; 3];
    if getrandom::fill(&mut seed).is_err() {
        // Without random numbers the clock is unpredictable enough: no secret is made here.
        let now = jiff::Timestamp::now().as_nanosecond().to_le_bytes();
        seed.copy_from_slice(&now[1..4]);
    }
    seed.iter()
        .map(|byte| SYLLABLES[usize::from(*byte) % SYLLABLES.len()])
        .collect()
}
