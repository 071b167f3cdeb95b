use rutter_simcloud::World;

/// A month, in milliseconds.
const MONTH_MS: i64 = 30 * 86_400_000;

/// A world file: one that is accepted lives for a month, and settles the same in one go or in two.
pub fn world(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(mut world) = World::from_toml(text, "fuzz.world.toml") else {
        return;
    };
    let end = world.start_ms().saturating_add(MONTH_MS);
    let mut twice = world.clone();
    world.settle(end);
    twice.settle(twice.start_ms().saturating_add(MONTH_MS / 3));
    twice.settle(end);
    assert_eq!(world.summary(), twice.summary());
    drop(world.charges());
}
