"""Random parameters, and what the official clients make of them: flattened, encoded, signed. `official_requests.rs` compares."""
