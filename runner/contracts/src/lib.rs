//! What is known about the cloud's APIs, as data with typed look-up, and how a call looks on the wire.
