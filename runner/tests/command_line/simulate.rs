//! The simulated cloud over HTTP.

use crate::{Bench, WORLD};

#[test]
fn the_simulated_cloud_tells_its_port_and_stops_in_time() {
    let bench = Bench::new();
    let world = bench.state().join("w.toml");
    std::fs::write(
        &world,
        "schema = 1\n[accounts.a]\nid = \"1111111111111111\"\n",
    )
    .unwrap();
    let port = bench.state().join("port");
    let ended = bench.run(&[
        "simulate",
        "--world",
        world.to_str().unwrap(),
        "--limit",
        "1s",
        "--port-file",
        port.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let port = std::fs::read_to_string(port).unwrap();
    assert_eq!(
        ended.stdout.trim(),
        format!("http://127.0.0.1:{}", port.trim())
    );
}

#[test]
fn a_simulation_that_is_refused_tells_nobody_an_address() {
    let bench = Bench::new();
    let world = bench.state().join("w.toml");
    std::fs::write(&world, WORLD).unwrap();
    let port = bench.state().join("port");
    let (world, port_file) = (world.to_str().unwrap(), port.to_str().unwrap());
    let asked = ["simulate", "--world", world, "--port-file", port_file];
    for wrong in [["--listen", "0.0.0.0:0"], ["--time-scale", "0"]] {
        let ended = bench.run(&[&asked[..], &wrong[..]].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
        assert!(!port.exists());
    }
}
